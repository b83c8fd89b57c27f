"""Ways to put a decorator above its route: in factories, so that nobody keeps the decorated function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from flask import Blueprint, Flask
from flask.typing import ResponseReturnValue
from flask.views import View
from flask_kit import a_view, passing_on, whoami

from jwtmr_flask import BearerAuth

Setup: TypeAlias = Callable[[BearerAuth, Flask], None]


class Baskets(View):
    """A class-based view."""

    def dispatch_request(self) -> ResponseReturnValue:
        """Say who calls."""
        return whoami()


def bare(auth: BearerAuth, app: Flask) -> None:
    """What everybody does once."""

    @auth.require
    @app.get("/orders")
    def orders() -> ResponseReturnValue:
        return whoami()


def scoped(auth: BearerAuth, app: Flask) -> None:
    """The same with arguments."""

    @auth.require(scopes=["a"])
    @app.get("/orders")
    def orders() -> ResponseReturnValue:
        return whoami()


def optional(auth: BearerAuth, app: Flask) -> None:
    """A bad token would not be refused."""

    @auth.optional
    @app.get("/orders")
    def orders() -> ResponseReturnValue:
        return whoami()


def two_routes(auth: BearerAuth, app: Flask) -> None:
    """Above two routes."""

    @auth.require
    @app.get("/orders")
    @app.get("/old-orders")
    def orders() -> ResponseReturnValue:
        return whoami()


def asynchronous(auth: BearerAuth, app: Flask) -> None:
    """An async view."""

    @auth.require
    @app.get("/orders")
    async def orders() -> ResponseReturnValue:
        return whoami()


def in_a_blueprint(auth: BearerAuth, app: Flask) -> None:
    """The route of a blueprint."""
    blueprint = Blueprint("shop", __name__)

    @auth.require
    @blueprint.get("/orders")
    def orders() -> ResponseReturnValue:
        return whoami()

    app.register_blueprint(blueprint)


def in_a_nested_blueprint(auth: BearerAuth, app: Flask) -> None:
    """The route of a blueprint in another."""
    outer = Blueprint("outer", __name__)
    inner = Blueprint("shop", __name__)
    auth.require(inner.get("/orders")(a_view()))
    outer.register_blueprint(inner)
    app.register_blueprint(outer)


def decorated_below_the_route(auth: BearerAuth, app: Flask) -> None:
    """Another decorator stands between the view and its route."""

    @auth.require
    @app.get("/orders")
    @passing_on
    def orders() -> ResponseReturnValue:
        return whoami()


def decorated_above_the_route(auth: BearerAuth, app: Flask) -> None:
    """Another decorator stands above the route too, in the wrong place like ours."""

    @auth.require
    @passing_on
    @app.get("/orders")
    def orders() -> ResponseReturnValue:
        return whoami()


def decorated_by_several_above_the_route(auth: BearerAuth, app: Flask) -> None:
    """Several others do."""

    @passing_on
    @auth.require
    @passing_on
    @passing_on
    @app.get("/orders")
    @passing_on
    def orders() -> ResponseReturnValue:
        return whoami()


def class_based(auth: BearerAuth, app: Flask) -> None:
    """The function of a class-based view, after it has been registered."""
    view = Baskets.as_view("baskets")
    app.add_url_rule("/orders", view_func=view)
    auth.require(view)


def of_another_auth(auth: BearerAuth, app: Flask) -> None:
    """What stands below the route is somebody else's."""
    other = BearerAuth()

    @auth.require
    @app.get("/orders")
    @other.require
    def orders() -> ResponseReturnValue:
        return whoami()


def wrapped_by_another_elsewhere(auth: BearerAuth, app: Flask) -> None:
    """The view has a second route with a decorator, which is not ours."""

    def orders() -> ResponseReturnValue:
        return whoami()

    auth.require(app.get("/orders")(orders))
    app.get("/counted", endpoint="counted")(passing_on(orders))


WRONG: Final[list[Setup]] = [
    bare,
    scoped,
    optional,
    two_routes,
    asynchronous,
    in_a_blueprint,
    in_a_nested_blueprint,
    decorated_below_the_route,
    decorated_above_the_route,
    decorated_by_several_above_the_route,
    class_based,
    of_another_auth,
    wrapped_by_another_elsewhere,
]
