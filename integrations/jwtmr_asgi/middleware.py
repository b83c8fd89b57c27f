"""ASGI middleware that lets nobody through without a valid token, unless told otherwise."""

from __future__ import annotations

from functools import partial
from typing import Final

from jwtmr import CODES, AuthError, ConfigurationError, Names, Principal
from jwtmr.bearer import (
    DEFAULT_SOURCES,
    Edge,
    FromSubprotocol,
    HealthView,
    RequestHead,
    ResourceMetadata,
    Startup,
    TokenSource,
    ValidatorOrMaker,
    check_path,
    is_preflight,
)
from jwtmr_asgi.answers import RefusalResponse, send_document
from jwtmr_asgi.expiry import Session, seconds_left
from jwtmr_asgi.health import HealthApp
from jwtmr_asgi.inside import answer_to
from jwtmr_asgi.lifespan import Lifespan
from jwtmr_asgi.paths import ExcludedPaths, header_values, route_path
from jwtmr_asgi.types import App, Receive, Scope, Send
from jwtmr_asgi.users import Entered, enter


class BearerAuthMiddleware:
    """Validates the token of every request and WebSocket before ``app`` sees it. Refuses by default.

    ``validator``, ``realm``, ``token_sources``, ``resource_metadata``, ``startup``
        As :class:`jwtmr.bearer.Edge` says. Keys are fetched in the lifespan; the document of ``resource_metadata`` is
        served here, without credentials.
    ``exclude``
        Paths of HTTP requests that need no token, below ``root_path``: ``/healthz``, or ``/static/*`` for all below.
    ``optional``
        Let requests without any credentials through. Bad ones are refused all the same.
    ``close_at_expiry``
        Close a WebSocket when its token expires.
    ``health``
        The path, such as ``/readyz``, at which readiness probes are answered here, as by ``health_app(validator)``.

    What ``principal.require(…)`` raises out of ``app`` before that answers is answered here; a WebSocket that is open
    is closed with 1008. Raises :class:`jwtmr.ConfigurationError`. CORS preflights pass. A scope of an unknown type is a
    ``RuntimeError``.
    """

    def __init__(
        self,
        app: App,
        validator: ValidatorOrMaker,
        *,
        realm: str = "api",
        token_sources: tuple[TokenSource, ...] | list[TokenSource] = DEFAULT_SOURCES,
        resource_metadata: ResourceMetadata | None = None,
        startup: Startup = "warn",
        exclude: Names = (),
        optional: bool = False,
        close_at_expiry: bool = False,
        health: str | None = None,
    ) -> None:
        if not callable(app):
            raise ConfigurationError("app", "must be an ASGI application")
        for parameter, given in (("optional", optional), ("close_at_expiry", close_at_expiry)):
            if type(given) is not bool:
                raise ConfigurationError(parameter, f"must be a bool, not {type(given).__name__}")
        if health is not None:
            check_path("health", health)
        self._app: Final = app
        self._edge: Final = Edge(
            validator,
            realm=realm,
            token_sources=token_sources,
            resource_metadata=resource_metadata,
            startup=startup,
        )
        self._excluded: Final = ExcludedPaths(exclude)
        self._optional: Final = optional
        self._close_at_expiry: Final = close_at_expiry
        self._health_path: Final = health
        self._health: Final = HealthApp(self._edge, HealthView())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, or the lifespan."""
        if not isinstance(scope.get("headers", []), (list, tuple)):
            scope = {**scope, "headers": list(scope["headers"])}  # ASGI promises no more than that it can be read once
        if scope["type"] == "lifespan":
            await Lifespan(self._edge).run(self._app, scope, receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            raise RuntimeError("BearerAuthMiddleware lets nothing through that it does not know")

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._asks_for_metadata(scope):
            await self._edge.validator_async()  # whose issuers it names: made beside the loop if need be
            await send_document(scope, send, self._edge.metadata_document())
            return
        if self._health_path is not None and _is_at(scope, self._health_path):
            await self._health(scope, receive, send)
            return
        if (scope["method"] == "OPTIONS" and is_preflight(_head(scope))) or self._excluded.match(scope):
            await self._app(enter(scope, Entered(self._edge, None)), receive, send)
            return
        try:
            principal = await self._principal(scope)
        except AuthError as error:
            await RefusalResponse(self._edge.refusal(error))(scope, receive, send)
            return
        found = Entered(self._edge, principal)
        try:
            await self._app(enter(scope, found), receive, found.sender(send))
        except AuthError as error:
            await _answer(error, found, scope, receive, send)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            principal = await self._principal(scope)
            left = seconds_left(principal) if principal is not None and self._close_at_expiry else None
            if left is not None and left <= 0:  # within the leeway: it would end before it began
                raise CODES["expired"]("exp has passed")
        except AuthError as error:
            await RefusalResponse(self._edge.refusal(error))(scope, receive, send)
            return
        found = Entered(self._edge, principal)
        inner, noting = enter(self._without_token(scope), found), found.sender(send)
        try:
            if left is None:
                await self._app(inner, receive, noting)
            else:
                await Session(receive, noting).run(self._app, inner, left)
        except AuthError as error:
            await _answer(error, found, scope, receive, send)

    async def _principal(self, scope: Scope) -> Principal | None:
        try:
            token = self._edge.token(_head(scope))
        except AuthError as error:
            if self._optional and error.code == "missing_token":
                return None
            raise
        validator = self._edge.made or await self._edge.validator_async()
        return await validator.validate_async(token)

    def _asks_for_metadata(self, scope: Scope) -> bool:
        metadata = self._edge.resource_metadata
        if metadata is None or scope["method"] not in ("GET", "HEAD"):
            return False
        return _is_at(scope, metadata.decoded_path)

    def _without_token(self, scope: Scope) -> Scope:
        """A subprotocol that holds the token is none that the application could select, or log."""
        source = self._edge.source
        if not isinstance(source, FromSubprotocol):
            return scope
        others = source.others(scope.get("subprotocols") or [])
        headers = [(name, value) for name, value in scope["headers"] if name.lower() != b"sec-websocket-protocol"]
        if others:
            headers.append((b"sec-websocket-protocol", ", ".join(others).encode("latin-1")))
        return {**scope, "subprotocols": others, "headers": headers}


async def _answer(error: AuthError, found: Entered, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer what the application asked in vain, or raise ``error`` again where that is something else."""
    answer = answer_to(error, found)
    if answer is None:
        raise error
    await answer(scope, receive, send)


def _is_at(scope: Scope, path: str) -> bool:
    return path in (scope["path"], route_path(scope))


def _head(scope: Scope) -> RequestHead:
    method = scope["method"] if scope["type"] == "http" else None
    return RequestHead(method, partial(header_values, scope), scope.get("subprotocols") or ())
