"""``BearerAuth``: the dependencies that a user of FastAPI writes down.

Without ``from __future__ import annotations``: FastAPI reads the signatures, and one of them names a local.
"""

import inspect
import re
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Annotated, Any, Final, TypeVar, overload

from fastapi import APIRouter, Security
from fastapi.security import SecurityScopes
from fastapi.security.base import SecurityBase
from starlette.applications import Starlette
from starlette.requests import HTTPConnection
from starlette.types import Lifespan

from jwtmr import AuthError, ConfigurationError, Names, Principal, TokenUse
from jwtmr.bearer import (
    DEFAULT_SOURCES,
    Edge,
    HealthView,
    Requirements,
    ResourceMetadata,
    Startup,
    TokenSource,
    ValidatorOrMaker,
)
from jwtmr_fastapi.documents import router_for_metadata, router_for_probes
from jwtmr_fastapi.gate import Gate
from jwtmr_fastapi.lifespan import started, started_before
from jwtmr_fastapi.openapi import HttpBearer, OAuth2Code

_DEFAULT_OPENAPI: Final = HttpBearer()
_SCHEME_NAME: Final = re.compile(r"[a-zA-Z0-9._-]+", re.ASCII)
"""A key of OpenAPI's components."""

AppT = TypeVar("AppT", bound=Starlette)
F = TypeVar("F", bound=Callable[..., Any])


def _no_dependency(method: F) -> F:
    """Let FastAPI refuse ``method`` itself as a dependency, as it refuses a ``Principal`` whose ``Depends`` is missing.

    ``Depends(auth.require)``, without its parentheses, would make a dependency at each request, and check nobody.
    """
    signature = inspect.signature(method)
    trap = inspect.Parameter("parentheses_are_missing", inspect.Parameter.KEYWORD_ONLY, annotation=Principal)
    method.__dict__["__signature__"] = signature.replace(parameters=[*signature.parameters.values(), trap])
    return method


class OptionalAuth(SecurityBase):
    """The dependency ``auth.optional``: the principal, or None for a request without any credentials.

    None only where no scopes are asked, here or further out: else it is 401. Bad credentials are refused all the same.
    """

    def __init__(self, gate: Gate, auth: "BearerAuth") -> None:
        self._gate: Final = gate
        self.model = auth.model
        self.scheme_name = auth.scheme_name

    async def __call__(self, connection: HTTPConnection, security_scopes: SecurityScopes) -> Principal | None:
        """Called by FastAPI."""
        try:
            return await self._gate.principal(connection, security_scopes.scopes)
        except AuthError as error:
            if error.code == "missing_token" and not security_scopes.scopes:
                return None
            raise self._gate.exception(connection, error) from error


class BearerAuth(SecurityBase):
    """A dependency that returns the :class:`jwtmr.Principal` of whoever calls, or refuses. Routes and WebSockets.

        principal: Annotated[Principal, Security(auth, scopes=["orders/read"])]

    **All** scopes must be granted, those of the route, of its router and of the application; the token is verified
    once. Without scopes ``Depends(auth)`` is the same.

    ``validator``, ``realm``, ``token_sources``, ``resource_metadata``, ``startup``
        As :class:`jwtmr.bearer.Edge` says.
    ``scheme_name``
        The name of the security scheme in OpenAPI; two objects in one application need two.
    ``openapi``
        What Swagger's *Authorize* does: :class:`HttpBearer` asks for a token, :class:`OAuth2Code` signs in.

    Raises :class:`jwtmr.ConfigurationError`. Refusals are answered with ``{"detail": {"code": …, "message": …}}``, a
    WebSocket before it is accepted; so is what ``principal.require(…)`` raises out of a view, unless an exception
    handler for ``AuthError`` does it. Whatever else is raised, by a view or below, is nobody's refusal and passes.
    """

    def __init__(
        self,
        validator: ValidatorOrMaker,
        *,
        realm: str = "api",
        token_sources: tuple[TokenSource, ...] | list[TokenSource] = DEFAULT_SOURCES,
        resource_metadata: ResourceMetadata | None = None,
        startup: Startup = "warn",
        scheme_name: str = "BearerAuth",
        openapi: HttpBearer | OAuth2Code = _DEFAULT_OPENAPI,
    ) -> None:
        if not isinstance(scheme_name, str) or not _SCHEME_NAME.fullmatch(scheme_name):
            raise ConfigurationError("scheme_name", "must consist of ASCII letters, digits, '.', '-' and '_'")
        if not isinstance(openapi, (HttpBearer, OAuth2Code)):
            raise ConfigurationError("openapi", "must be HttpBearer() or OAuth2Code(…)")
        edge = Edge(
            validator,
            realm=realm,
            token_sources=token_sources,
            resource_metadata=resource_metadata,
            startup=startup,
        )
        self._gate: Final = Gate(edge)
        self.model = openapi.model
        self.scheme_name = scheme_name
        self.optional: Final = OptionalAuth(self._gate, self)

    async def __call__(self, connection: HTTPConnection, security_scopes: SecurityScopes) -> Principal:
        """Called by FastAPI."""
        try:
            return await self._gate.principal(connection, security_scopes.scopes)
        except AuthError as error:
            raise self._gate.exception(connection, error) from error

    @_no_dependency
    def require(
        self, *, scopes: Names = (), any_group: Names | None = None, token_use: TokenUse | None = None
    ) -> Callable[..., Coroutine[Any, Any, Principal]]:
        """A dependency that returns the principal, and asks for more than scopes.

        **All** ``scopes`` must be granted, the caller be in **one** of ``any_group``, the token be for ``token_use``.
        Raises :class:`jwtmr.ConfigurationError` here, for a bare string for example.
        """
        asked = Requirements(scopes=scopes, any_group=any_group, token_use=token_use)

        async def required(
            connection: HTTPConnection,
            principal: Annotated[Principal, Security(self, scopes=sorted(asked.scopes))],
        ) -> Principal:
            try:
                return asked.enforce(principal)
            except AuthError as error:
                raise self._gate.exception(connection, error) from error

        return required

    @overload
    def lifespan(self, app: Starlette, /) -> AbstractAsyncContextManager[None]: ...
    @overload
    def lifespan(self, own: Lifespan[AppT], /) -> Lifespan[AppT]: ...

    def lifespan(self, given: Starlette | Lifespan[AppT], /) -> AbstractAsyncContextManager[None] | Lifespan[AppT]:
        """Do what ``startup`` says before the application serves: ``FastAPI(lifespan=auth.lifespan)``.

        An application with a lifespan of its own: ``FastAPI(lifespan=auth.lifespan(its_own))``. That begins when the
        keys are there, and its state is passed through. The validator is not closed: whoever made it does that.
        """
        return started(self._gate, given) if isinstance(given, Starlette) else started_before(self._gate, given)

    def override(self, app: Starlette, principal: Principal | None) -> AbstractContextManager[None]:
        """For tests: inside of ``with auth.override(app, principal):`` every caller of ``app`` is ``principal``.

        No token is looked at, and no key fetched. Scopes, groups and token use are asked of the stand-in as of anybody;
        ``None`` is a caller without credentials. Make one with ``jwtmr.testing.make_principal``.
        """
        if not isinstance(app, Starlette):
            raise ConfigurationError("app", "must be the application whose callers are replaced")
        if principal is not None and not isinstance(principal, Principal):
            raise ConfigurationError("principal", "must be a Principal, or None for no credentials")
        return self._gate.faked(app, principal)

    @property
    def metadata_router(self) -> APIRouter:
        """The RFC 9728 document, for ``app.include_router(auth.metadata_router)``. Needs no credentials.

        Raises :class:`jwtmr.ConfigurationError` without ``resource_metadata``.
        """
        return router_for_metadata(self._gate)

    def health_router(self, path: str = "/readyz", *, required: Names = (), show_urls: bool = False) -> APIRouter:
        """Readiness probes: ``app.include_router(auth.health_router())``. 200 while tokens can be checked, else 503.

        ``required`` and ``show_urls`` are those of :class:`jwtmr.bearer.HealthView`. It needs no credentials, and is in
        no schema. A probe counts as traffic: it starts a fetch of keys that is due, and does not wait for it. Under
        :meth:`override` it says ``ok`` and starts none. Raises :class:`jwtmr.ConfigurationError`; for an id that no
        authority has here, or at the first probe where the validator is made by a function.
        """
        return router_for_probes(self._gate, path, HealthView(required=required, show_urls=show_urls))
