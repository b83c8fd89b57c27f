"""Mistakes of honest developers that would leave a route open without a word."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeAlias

import pytest
from flask import Blueprint, Flask
from flask.typing import ResponseReturnValue
from flask_kit import Place, ask, passing_on, served_by, whoami

from jwtmr import ConfigurationError
from jwtmr_flask import BearerAuth

Mistake: TypeAlias = Callable[[BearerAuth, Flask], None]
PATH = "/orders"


class Counting:
    """A decorator that is a class, as many libraries have them: the view is no function any more."""

    def __init__(self, view: Callable[..., Any]) -> None:
        functools.update_wrapper(self, view)
        self._view = view

    def __call__(self, *args: object, **kwargs: object) -> ResponseReturnValue:
        """Pass on."""
        return self._view(*args, **kwargs)  # type: ignore[no-any-return]


def around_a_class(auth: BearerAuth, app: Flask) -> None:
    """What is registered is an object."""

    @auth.require
    @app.get(PATH, endpoint="orders")
    @Counting
    def orders() -> ResponseReturnValue:
        return whoami()


def around_a_cache(auth: BearerAuth, app: Flask) -> None:
    """What is registered was made in C."""

    @auth.require
    @app.get(PATH)
    @functools.cache
    def orders() -> ResponseReturnValue:
        return whoami()


def above_a_class(auth: BearerAuth, app: Flask) -> None:
    """What is decorated is an object, and what is registered is the function in it."""

    @auth.require
    @Counting
    @app.get(PATH)
    def orders() -> ResponseReturnValue:
        return whoami()


def a_route_that_wraps(auth: BearerAuth, app: Flask) -> None:
    """The route of a library registers a wrapper and hands back the function, as flask-smorest does."""

    def route(view: Callable[..., Any]) -> Callable[..., Any]:
        app.add_url_rule(PATH, view_func=passing_on(view))
        return view

    @auth.require
    @route
    def orders() -> ResponseReturnValue:
        return whoami()


def asking_more_above_a_route_that_wraps(auth: BearerAuth, app: Flask) -> None:
    """A token is asked for, the scope is not: what asks for it decorates what nobody calls."""

    def route(view: Callable[..., Any]) -> Callable[..., Any]:
        app.add_url_rule(PATH, view_func=passing_on(view))
        return view

    @auth.require(scopes=["admin"])
    @route
    @auth.require
    def orders() -> ResponseReturnValue:
        return whoami()


def asking_more_above_another_decorator(auth: BearerAuth, app: Flask) -> None:
    """The same, with somebody else's decorator in between."""

    @auth.require(scopes=["admin"])
    @passing_on
    @app.get(PATH)
    @auth.require
    def orders() -> ResponseReturnValue:
        return whoami()


def another_object_above_another_decorator(auth: BearerAuth, app: Flask) -> None:
    """The token of one is asked for, and that of the other is not."""
    other = BearerAuth()

    @auth.require
    @passing_on
    @app.get(PATH)
    @other.require
    def orders() -> ResponseReturnValue:
        return whoami()


def before_request_of_the_application(auth: BearerAuth, app: Flask) -> None:
    """A gate in front of everything, with its decorator in the wrong place."""
    app.get(PATH)(lambda: whoami())  # noqa: PLW0108 - a function of this application alone

    @auth.require(scopes=["admin"])
    @app.before_request
    def gate() -> None: ...


def before_request_of_a_blueprint(auth: BearerAuth, app: Flask) -> None:
    """The same for a blueprint. The right order is in ``examples/flask_factory.py``."""
    blueprint = Blueprint("shop", __name__)
    blueprint.get(PATH)(lambda: whoami())  # noqa: PLW0108 - as above

    @auth.require(scopes=["admin"])
    @blueprint.before_request
    def gate() -> None: ...

    app.register_blueprint(blueprint)


def before_app_request_of_a_blueprint(auth: BearerAuth, app: Flask) -> None:
    """A blueprint that speaks for the whole application."""
    blueprint = Blueprint("gate", __name__)
    app.get(PATH)(lambda: whoami())  # noqa: PLW0108 - as above

    @auth.require(scopes=["admin"])
    @blueprint.before_app_request
    def gate() -> None: ...

    app.register_blueprint(blueprint)


def between_two_blueprints(auth: BearerAuth, app: Flask) -> None:
    """Two versions of one route: the lower one is open, and looks as protected as the upper one."""
    old, new = Blueprint("old", __name__), Blueprint("new", __name__)

    @new.get("/new-orders")
    @auth.require
    @old.get(PATH)
    def orders() -> ResponseReturnValue:
        return whoami()

    app.register_blueprint(old)
    app.register_blueprint(new)


MISTAKES: list[Mistake] = [
    around_a_class,
    around_a_cache,
    above_a_class,
    a_route_that_wraps,
    asking_more_above_a_route_that_wraps,
    asking_more_above_another_decorator,
    another_object_above_another_decorator,
    before_request_of_the_application,
    before_request_of_a_blueprint,
    before_app_request_of_a_blueprint,
    between_two_blueprints,
]


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.__name__)
def test_decorator_in_the_wrong_place_is_not_silent(place: Place, mistake: Mistake) -> None:
    """Nobody is served, and whoever has made the mistake is told."""
    auth = place.auth()
    app = served_by(auth)
    mistake(auth, app)
    with pytest.raises(ConfigurationError, match="must stand below"):
        ask(app, PATH)


def test_wrong_order_is_noticed_though_nothing_else_asks(place: Place) -> None:
    """A small application without ``init_app``, whose author puts the decorator in the wrong place everywhere."""
    auth, app = place.auth(), Flask(__name__)

    @auth.require
    @app.get(PATH)
    def orders() -> ResponseReturnValue:
        return whoami()

    @auth.require(scopes=["admin"])
    @app.delete(PATH)
    def delete_orders() -> ResponseReturnValue:
        return whoami()

    for method in ("GET", "DELETE"):
        with pytest.raises(ConfigurationError, match="must stand below"):
            ask(app, PATH, method=method)


@pytest.mark.parametrize("name", ["require", "optional"])
def test_an_application_is_no_view(place: Place, name: str) -> None:
    """``auth.require(app)`` looks like ``auth.protect(app)``, and would protect nothing: Flask can be called."""
    with pytest.raises(ConfigurationError) as caught:
        getattr(place.auth(), name)(Flask(__name__))
    assert caught.value.parameter == "view"


def test_an_application_is_no_maker_of_validators() -> None:
    """``BearerAuth(app)`` is how other extensions of Flask are written: refused there, and not with the first token."""
    with pytest.raises(ConfigurationError) as caught:
        BearerAuth(Flask(__name__))  # type: ignore[arg-type]
    assert caught.value.parameter == "validator"
