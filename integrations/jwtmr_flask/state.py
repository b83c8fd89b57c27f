"""One ``BearerAuth`` in one application: its edge, whom it knows, and who stands in for callers in tests."""

from __future__ import annotations

from collections.abc import Generator, Hashable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, NoReturn, TypedDict

from flask import Flask

from jwtmr import AuthError, ConfigurationError, Principal
from jwtmr.bearer import (
    NO_KEYS_NEEDED,
    Document,
    Edge,
    HealthView,
    RequestHead,
    Requirements,
    ResourceMetadata,
    Startup,
    TokenSource,
    ValidatorOrMaker,
)
from jwtmr_flask.callers import callers, current_request
from jwtmr_flask.refusals import BearerRefusal, refused


class Settings(TypedDict):
    """What ``app.config`` may say too: as ``JWTMR_REALM`` and so on."""

    realm: str
    token_sources: tuple[TokenSource, ...] | list[TokenSource]
    resource_metadata: ResourceMetadata | None
    startup: Startup


@dataclass(frozen=True, slots=True, eq=False)
class _Fake:
    principal: Principal | None


class AppState:
    """What a ``BearerAuth`` keeps in ``app.extensions["jwtmr"]``."""

    def __init__(self, edge: Edge, validator: ValidatorOrMaker | None) -> None:
        self.edge = edge
        self.validator = validator
        """As it was given. Without any the edge has one that complains."""
        self.initialised = False
        self._fakes: Final[list[_Fake]] = []

    @property
    def overridden(self) -> bool:
        """Whether nobody's token is looked at."""
        return bool(self._fakes)

    def check(self) -> None:
        """Raise :class:`ConfigurationError` for what no request may be served with."""
        if self.overridden:
            return
        if self.validator is None:
            _no_validator()
        if not self.initialised and (self.edge.startup == "require" or self.edge.resource_metadata is not None):
            raise ConfigurationError("app", "must be given to init_app, for startup='require' and resource_metadata")

    def enter(self, asked: Requirements, *, optional: bool) -> None:
        """Let the current request in, or raise its refusal. Its token is verified once."""
        who = callers()
        try:
            who.last = self._principal(asked, who.by_state)
        except AuthError as error:
            if not (optional and error.code == "missing_token"):
                raise refused(error, self.edge.refusal(error)) from error
            who.last = None

    def _principal(self, asked: Requirements, known: dict[Hashable, Principal]) -> Principal:
        if self._fakes:
            return asked.enforce(self._fakes[-1].principal)
        principal = known.get(self)
        if principal is None:
            token = self.edge.token(head())  # first: without one nobody needs a validator
            principal = known[self] = self.edge.validator.validate(token)
        return asked.enforce(principal)

    def refusal_of(self, error: AuthError) -> BearerRefusal | None:
        """The refusal of the current request, if it is one of its own principals of whom more was asked in vain."""
        known = [callers().by_state.get(self), *(fake.principal for fake in self._fakes)]
        if error.asked_of is None or not any(error.asked_of is principal for principal in known):
            return None
        refusal = refused(error, self.edge.refusal(error))
        refusal.__cause__ = error
        return refusal

    def metadata_document(self) -> Document:
        """The RFC 9728 document, by the edge of the moment."""
        return self.edge.metadata_document()

    def health_document(self, view: HealthView) -> Document:
        """What a probe is told. Nothing is fetched where nobody's token is looked at."""
        self.check()
        return NO_KEYS_NEEDED if self.overridden else self.edge.health_document(view)

    @contextmanager
    def faked(self, principal: Principal | None) -> Generator[None, None, None]:
        """Let ``principal`` be who calls; who stood there before comes back, in whichever order they leave."""
        fake = _Fake(principal)
        self._fakes.append(fake)
        try:
            yield
        finally:
            self._fakes[:] = [other for other in self._fakes if other is not fake]


def states_of(app: Flask) -> dict[object, AppState]:
    """What every ``BearerAuth`` keeps for ``app``."""
    states: dict[object, AppState] = app.extensions.setdefault("jwtmr", {})
    return states


def edge_of(settings: Settings, config: Mapping[str, Any], validator: ValidatorOrMaker | None) -> Edge:
    """The edge, with ``config`` before ``settings``. Raises :class:`ConfigurationError`."""
    if isinstance(validator, Flask):
        raise ConfigurationError("validator", "must be a TokenValidator; an application goes to init_app")
    said = {name: config.get(f"JWTMR_{name.upper()}", given) for name, given in settings.items()}
    return Edge(_no_validator if validator is None else validator, **said)


def head() -> RequestHead:
    """What a token source may look at of the current request. A WebSocket handshake is a GET to WSGI."""
    current = current_request()
    environ = current.environ
    handshake = "HTTP_UPGRADE" in environ and "websocket" in environ["HTTP_UPGRADE"].lower()
    return RequestHead(None if handshake else current.method, partial(_values, environ))


def _values(environ: Mapping[str, Any], name: str) -> list[str]:
    """All the values of a header. In WSGI that is one: most servers join them, as RFC 3875 section 4.1.18 says."""
    key = name.upper().replace("-", "_")
    if key in ("CONTENT_LENGTH", "CONTENT_TYPE"):
        return [environ[key]] if environ.get(key) else []
    value = environ.get("HTTP_" + key)
    return [] if value is None else [value]


def _no_validator() -> NoReturn:
    raise ConfigurationError("validator", "is missing: call init_app(app, validator), or BearerAuth(validator)")
