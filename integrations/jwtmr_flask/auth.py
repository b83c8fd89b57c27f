"""``BearerAuth``: what a user of Flask writes down."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Final, TypeVar, overload

from flask import Blueprint, Flask, has_request_context, request_finished, request_started

from jwtmr import ConfigurationError, Names, Principal, TokenUse, TokenValidator
from jwtmr.bearer import (
    DEFAULT_SOURCES,
    Document,
    HealthView,
    Requirements,
    ResourceMetadata,
    Startup,
    TokenSource,
    ValidatorOrMaker,
    check_path,
)
from jwtmr_flask.callers import Callers, callers, the_app
from jwtmr_flask.documents import serve_document
from jwtmr_flask.exclusions import Exclusions
from jwtmr_flask.inside import answer_for_views
from jwtmr_flask.metadata import serve_metadata
from jwtmr_flask.order import Placement
from jwtmr_flask.state import AppState, Settings, edge_of, states_of
from jwtmr_flask.views import entering_first

F = TypeVar("F", bound=Callable[..., Any])

_A_TOKEN: Final = Requirements()
"""A valid one, and nothing beyond."""


class BearerAuth:
    """Refuses requests without a valid token, and says who calls: ``current_principal``.

    ``validator``
        A ``TokenValidator``, or a function that makes one; or nothing, and ``init_app`` is told.
    ``realm``, ``token_sources``, ``resource_metadata``, ``startup``
        As :class:`jwtmr.bearer.Edge` says. ``JWTMR_REALM``, ``JWTMR_TOKEN_SOURCES``, ``JWTMR_RESOURCE_METADATA`` and
        ``JWTMR_STARTUP`` of ``app.config`` go before them, for that application.

    One object serves any number of applications, and an application may have several. Without ``init_app`` there is no
    start: keys are fetched for the first token, and ``startup="require"`` and ``resource_metadata`` are errors.

    Raises :class:`jwtmr.ConfigurationError`. Refusals are :class:`BearerRefusal`, answered with ``{"code": …,
    "message": …}`` unless an error handler does it; so is what ``current_principal.require(…)`` raises out of a
    view. Whatever else is raised, by a view or below, passes.
    """

    def __init__(
        self,
        validator: ValidatorOrMaker | None = None,
        *,
        realm: str = "api",
        token_sources: tuple[TokenSource, ...] | list[TokenSource] = DEFAULT_SOURCES,
        resource_metadata: ResourceMetadata | None = None,
        startup: Startup = "warn",
    ) -> None:
        self._settings: Final[Settings] = {
            "realm": realm,
            "token_sources": token_sources,
            "resource_metadata": resource_metadata,
            "startup": startup,
        }
        own = edge_of(self._settings, {}, validator)  # what is wrong with the settings is said here
        # A maker is called once for all applications.
        made = validator is None or isinstance(validator, TokenValidator)
        self._validator: Final[ValidatorOrMaker | None] = validator if made else lambda: own.validator
        self._placement: Final = Placement()
        request_started.connect(self._at_request)

    def init_app(self, app: Flask, validator: ValidatorOrMaker | None = None) -> None:
        """Serve ``app``, with ``validator`` or that of this object, and do what ``startup`` says.

        Before workers are forked (gunicorn's ``--preload``) that fetches the keys once for all of them. What
        ``app.config`` says later is not looked at. Without any validator it may be called again with one; until then
        all requests of ``app`` end in a ConfigurationError. Raises that, and ``KeysUnavailable`` under
        ``startup="require"``.
        """
        _check_app(app)
        state = self._state(app)
        if state.initialised and state.validator is not None:
            raise ConfigurationError("app", "must be initialised once")
        chosen = self._validator if validator is None else validator
        edge = edge_of(self._settings, app.config, chosen)
        if chosen is not None and not state.overridden:
            edge.start()
        state.edge, state.validator = edge, chosen
        serve_metadata(app, state)
        state.initialised = True

    # -- what protects ------------------------------------------------------------------------------------------------

    @overload
    def require(self, view: F, /) -> F: ...
    @overload
    def require(
        self,
        view: None = None,
        /,
        *,
        scopes: Names = (),
        any_group: Names | None = None,
        token_use: TokenUse | None = None,
    ) -> Callable[[F], F]: ...

    def require(
        self,
        view: F | None = None,
        /,
        *,
        scopes: Names = (),
        any_group: Names | None = None,
        token_use: TokenUse | None = None,
    ) -> F | Callable[[F], F]:
        """Decorate a view, below its route: ``@auth.require``, or ``@auth.require(scopes=["orders/read"])``.

        **All** ``scopes`` must be granted, the caller be in **one** of ``any_group``, the token be for ``token_use``. A
        class-based view has it among its ``decorators``, or on its methods. Async views stay async. Raises
        :class:`jwtmr.ConfigurationError` here for a bare string; and at the first request if it stands above a route.
        """
        asked = Requirements(scopes=scopes, any_group=any_group, token_use=token_use)
        made_for = Callers()
        if view is None and has_request_context():
            made_for = callers()
            request_finished.connect(self._after_request)  # not before: each request would pay for it
        made_for.unused += 1

        def decorate(view: F) -> F:
            made_for.unused = 0
            return self._decorate(view, lambda: self._enter(asked))

        return decorate if view is None else decorate(view)

    def optional(self, view: F, /) -> F:
        """Decorate a view that also serves requests without any credentials. Bad ones are refused all the same."""
        return self._decorate(view, lambda: self._enter(_A_TOKEN, optional=True))

    def protect(self, app: Flask | Blueprint, *, exclude_endpoints: Names = (), allow_preflights: bool = False) -> None:
        """Refuse every request of ``app``, or of a blueprint and those nested in it, that has no valid token.

        ``exclude_endpoints``
            Endpoints that need none, as ``url_for`` names them; those of a blueprint without its name. The files of
            ``static`` are an endpoint like any other. What no route of an application matches is none, and is refused;
            below a blueprint Flask answers that itself.
        ``allow_preflights``
            Let CORS preflights through: browsers send them without a token. A view that lists ``OPTIONS`` is then asked
            by anybody.

        It is asked where Flask asks ``before_request``, after what was registered before. For one more requirement the
        view is decorated too. Raises :class:`jwtmr.ConfigurationError`.
        """
        excluded = Exclusions(app, exclude_endpoints, allow_preflights=allow_preflights)
        app.before_request(lambda: None if excluded.match() else self._enter(_A_TOKEN))

    # -- what is open -------------------------------------------------------------------------------------------------

    def add_health(
        self, app: Flask | Blueprint, path: str = "/readyz", *, required: Names = (), show_urls: bool = False
    ) -> None:
        """Answer readiness probes at ``path`` of ``app`` or of a blueprint: 200 while tokens can be checked, else 503.

        ``required`` and ``show_urls`` are those of :class:`jwtmr.bearer.HealthView`. It needs no token, also where
        :meth:`protect` asks everybody else for one. A probe counts as traffic: it starts a fetch of keys that is due,
        and does not wait for it. Under :meth:`override` it says ``ok`` and starts none. Raises
        :class:`jwtmr.ConfigurationError`: for an id that no authority has here, if ``app`` has been through
        :meth:`init_app` with a validator, else at the first probe.
        """
        if not isinstance(app, (Flask, Blueprint)):
            raise ConfigurationError("app", "must be a Flask application, or a blueprint")
        check_path("path", path)
        state = states_of(app).get(self) if isinstance(app, Flask) else None
        view = HealthView(required=required, show_urls=show_urls)
        if state is not None and state.initialised:
            state.edge.check_health(view)

        def document() -> Document:
            return self._state(the_app()).health_document(view)

        serve_document(app, "path", path, document, owner=self, provide_automatic_options=False)

    def _decorate(self, view: F, enter: Callable[[], None]) -> F:
        protected = entering_first(view, enter)
        self._placement.note(view, protected)
        # Above a route nothing else might keep this object, and with it whoever would notice.
        getattr(view, "__dict__", {})[f"jwtmr_{id(self)}"] = self
        return protected

    def _at_request(self, app: Flask, **_: object) -> None:
        """Called by Flask before anything else sees a request, of whichever application, until this object serves one.

        One that nobody has asked yet may have all decorators misplaced. A signal costs each request as much as all the
        rest that is done here, so applications that are known call :meth:`_serve` instead.
        """
        self._placement.check(app)

    def _serve(self, app: Flask, state: AppState) -> None:
        """Look at every request of ``app`` from now on, before its views and ``before_request``."""

        def look(_: str | None, __: dict[str, Any] | None) -> None:
            self._placement.check(the_app())  # not by its name here, which would keep it alive
            if state.initialised:
                state.check()

        # Behind the others: another thread may be going through them, and would come to one of them twice.
        app.url_value_preprocessors.setdefault(None, []).append(look)
        request_started.disconnect(self._at_request)

    def _after_request(self, _: Flask, **__: object) -> None:
        if callers().unused:
            raise ConfigurationError("require", "asks nobody inside of a view: current_principal.require(...) does")

    def _enter(self, asked: Requirements, *, optional: bool = False) -> None:
        state = self._state(the_app())
        state.check()
        state.enter(asked, optional=optional)

    def _state(self, app: Flask) -> AppState:
        states = states_of(app)
        state = states.get(self)
        if state is None:
            edge = edge_of(self._settings, app.config, self._validator)
            made = AppState(edge, self._validator)
            state = states.setdefault(self, made)
            answer_for_views(app)
            if state is made:
                self._serve(app, state)
        return state

    # -- tests --------------------------------------------------------------------------------------------------------

    def override(self, app: Flask, principal: Principal | None) -> AbstractContextManager[None]:
        """For tests: inside of ``with auth.override(app, principal):`` every caller of ``app`` is ``principal``.

        No token is looked at, and no key fetched. Scopes, groups and token use are asked of the stand-in as of anybody;
        ``None`` is a caller without credentials. Make one with ``jwtmr.testing.make_principal``.
        """
        _check_app(app)
        if principal is not None and not isinstance(principal, Principal):
            raise ConfigurationError("principal", "must be a Principal, or None for no credentials")
        return self._state(app).faked(principal)


def _check_app(app: object) -> None:
    if not isinstance(app, Flask):
        raise ConfigurationError("app", "must be a Flask application")
