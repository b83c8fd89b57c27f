"""Decorators above a route: Flask takes them without a word, and the view would be open."""

from __future__ import annotations

import gc

import pytest
from flask import Blueprint, Flask
from flask.typing import ResponseReturnValue
from flask_disorder import WRONG, Baskets, Setup, bare, in_a_blueprint
from flask_kit import Place, ask, code_of, passing_on, served_by, whoami

from jwtmr import ConfigurationError
from jwtmr.testing import SUBJECT, make_principal
from jwtmr_flask import BearerAuth, FromHeader


def orders() -> ResponseReturnValue:
    """A view that is put into applications, and never changed."""
    return whoami()


@pytest.mark.parametrize("setup", WRONG, ids=lambda setup: setup.__name__)
def test_decorator_above_its_route_stops_the_application(place: Place, setup: Setup) -> None:
    """Every request says so, not only those for that view, and not only the first."""
    auth = place.auth()
    app = served_by(auth)
    setup(auth, app)
    gc.collect()
    for path, headers in [("/open", {}), ("/orders", {}), ("/orders", place.bearer()), ("/nowhere", {}), ("/", {})]:
        with pytest.raises(ConfigurationError, match="must stand below") as caught:
            ask(app, path, headers)
        assert caught.value.parameter == "require"
    assert ask(app, "/orders", raises=False).status_code == 500


def test_the_endpoint_is_named(place: Place) -> None:
    """Whoever has made the mistake is told where."""
    auth = place.auth()
    app = served_by(auth)
    in_a_blueprint(auth, app)
    with pytest.raises(ConfigurationError, match=r"'shop\.orders'"):
        ask(app, "/open")


def without_init_app(place: Place) -> tuple[Flask, BearerAuth]:
    """A small application, whose only view has its decorator in the wrong place; and its object."""
    auth, app = place.auth(), Flask(__name__)
    bare(auth, app)
    return app, auth


def test_wrong_order_without_init_app(place: Place) -> None:
    """It is noticed at the first request, and at every other, though no decorator is ever called."""
    app, _ = without_init_app(place)
    for path, headers in [("/orders", {}), ("/orders", place.bearer()), ("/nowhere", {})]:
        with pytest.raises(ConfigurationError, match="'orders'"):
            ask(app, path, headers)


def test_wrong_order_of_an_object_that_nobody_keeps(place: Place) -> None:
    """A factory makes its own and hands back the application alone: the mistake is still there, and noticed."""
    app = without_init_app(place)[0]
    gc.collect()
    with pytest.raises(ConfigurationError, match="'orders'"):
        ask(app, "/orders")


def test_wrong_order_under_an_override(place: Place) -> None:
    """Tests with a stand-in find the mistake too."""
    auth = place.auth()
    app = served_by(auth)
    bare(auth, app)
    with auth.override(app, make_principal()), pytest.raises(ConfigurationError, match="'orders'"):
        ask(app, "/orders")


def test_wrong_order_in_another_application(place: Place) -> None:
    """The mistake of one application is none of another's."""
    auth = place.auth()
    app, wrong = served_by(auth), served_by(auth)
    bare(auth, wrong)
    with pytest.raises(ConfigurationError, match="'orders'"):
        ask(wrong)
    assert ask(app, headers=place.bearer()).json == [SUBJECT]


# -- what is right ----------------------------------------------------------------------------------------------------


def below(auth: BearerAuth, app: Flask) -> None:
    """As it should be."""
    app.get("/orders")(auth.require(orders))


def below_others(auth: BearerAuth, app: Flask) -> None:
    """With other decorators around it."""
    app.get("/orders")(passing_on(auth.require(passing_on(orders))))


def open_and_protected(auth: BearerAuth, app: Flask) -> None:
    """A function that is registered twice, once for everybody."""
    app.add_url_rule("/public", "public", orders)
    app.add_url_rule("/orders", "orders", auth.require(orders))


def protected_and_open(auth: BearerAuth, app: Flask) -> None:
    """The other way round, and wrapped by others."""
    app.add_url_rule("/orders", "orders", passing_on(auth.require(passing_on(auth.require(orders)))))
    app.add_url_rule("/public", "public", orders)


def open_and_protected_below_another(auth: BearerAuth, app: Flask) -> None:
    """Between the function and our decorator stands somebody else's."""
    app.add_url_rule("/public", "public", orders)
    app.add_url_rule("/orders", "orders", auth.require(passing_on(orders)))


def once_more_by_a_method(auth: BearerAuth, app: Flask) -> None:
    """Reading is for everybody, writing is not."""
    app.get("/public", endpoint="read")(orders)
    app.get("/orders", endpoint="write")(auth.require(scopes=["openid"])(orders))


def decorated_and_not_registered(auth: BearerAuth, app: Flask) -> None:
    """A protected function that is no view of this application, beside one that is."""
    auth.require(lambda: "not a view")
    below(auth, app)


def class_based_below(auth: BearerAuth, app: Flask) -> None:
    """A class with its decorators."""
    kind = type("Ours", (Baskets,), {"decorators": [auth.require, passing_on, auth.optional]})
    app.add_url_rule("/orders", view_func=kind.as_view("orders"))


RIGHT = [below, below_others, decorated_and_not_registered, class_based_below]
TWICE = [open_and_protected, protected_and_open, open_and_protected_below_another, once_more_by_a_method]


@pytest.mark.parametrize("setup", RIGHT, ids=lambda setup: setup.__name__)
def test_right_order_serves(place: Place, setup: Setup) -> None:
    """What stands below its route is protected."""
    auth = place.auth()
    app = served_by(auth)
    setup(auth, app)
    assert ask(app, "/orders", place.bearer()).json == [SUBJECT]
    assert code_of(ask(app, "/orders")) == (401, "missing_token")


@pytest.mark.parametrize("setup", TWICE, ids=lambda setup: setup.__name__)
def test_function_that_is_open_and_protected(place: Place, setup: Setup) -> None:
    """On purpose or by mistake: nobody can tell them apart, so it is an error."""
    auth = place.auth()
    app = served_by(auth)
    setup(auth, app)
    for path in ("/orders", "/public", "/open"):
        with pytest.raises(ConfigurationError, match="must stand below"):
            ask(app, path, place.bearer())


def test_open_and_protected_by_functions_of_their_own(place: Place) -> None:
    """That is how it is said on purpose."""
    auth = place.auth()
    app = served_by(auth)

    @app.get("/orders")
    @auth.require
    def protected_orders() -> ResponseReturnValue:
        return orders()

    app.add_url_rule("/public", "public", orders)
    assert ask(app, "/orders", place.bearer()).json == [SUBJECT]
    assert code_of(ask(app, "/orders")) == (401, "missing_token")
    assert ask(app, "/public").json == [None]


def test_protected_by_one_and_by_two(place: Place, elsewhere: Place) -> None:
    """A function may need one token at one route and two at another: it is open at neither."""
    one, two = place.auth(), elsewhere.auth(token_sources=[FromHeader("x-two")])
    app = served_by(one)
    two.init_app(app)
    app.add_url_rule("/one", "one", one.require(orders))
    app.add_url_rule("/two", "two", two.require(one.require(orders)))
    assert ask(app, "/one", place.bearer()).json == [SUBJECT]
    assert code_of(ask(app, "/two", place.bearer())) == (401, "missing_token")
    assert ask(app, "/two", place.bearer() | {"x-two": elsewhere.token()}).json == [SUBJECT]


def test_protected_by_two(place: Place, elsewhere: Place) -> None:
    """Two objects, each of which wraps what the other made."""
    one, two = place.auth(), elsewhere.auth(token_sources=[FromHeader("x-two")])
    app = served_by(one)
    two.init_app(app)
    app.get("/orders")(one.require(two.require(orders)))
    both = place.bearer() | {"x-two": elsewhere.token(subject="two")}
    assert ask(app, "/orders", both).json == ["two"]
    for lacking in both:
        assert code_of(ask(app, "/orders", {name: both[name] for name in both if name != lacking}))[0] == 401


def test_blueprint_of_a_module_in_two_applications(place: Place) -> None:
    """A module's blueprint is decorated once, and served by every application of the factory."""
    auth, blueprint = place.auth(), Blueprint("shop", __name__)
    blueprint.get("/orders")(auth.require(orders))
    for prefix in ("/v1", "/v2"):
        app = served_by(auth)
        app.register_blueprint(blueprint, url_prefix=prefix)
        app.register_blueprint(blueprint, url_prefix="/again", name="again")
        for path in (f"{prefix}/orders", "/again/orders"):
            assert ask(app, path, place.bearer()).json == [SUBJECT]
            assert ask(app, path).status_code == 401
