"""What a view asks of its caller in vain is answered as what a decorator asks; what others refuse passes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Blueprint, Flask
from flask_kit import Place, a_view, ask, code_of, served_by
from werkzeug.exceptions import Forbidden

from jwtmr import AuthError, KeysUnavailable
from jwtmr.errors import InsufficientScope
from jwtmr.testing import make_principal
from jwtmr_flask import BearerAuth, BearerRefusal, current_principal, get_principal

CHALLENGE = 'Bearer realm="api", error="insufficient_scope", scope="write"'


def asking(**asked: Any) -> Callable[[], str]:  # noqa: ANN401 - as require has them
    """A view that asks for more."""

    def view() -> str:
        current_principal.require(**asked)
        return "served"

    return view


async def asking_later() -> str:
    """The same, async, and past the proxy."""
    principal = get_principal()
    assert principal is not None
    principal.require(scopes=["write"])
    return "served"


def application(auth: BearerAuth) -> Flask:
    """One with ``/inside``, which asks for the scope ``write``."""
    app = served_by(auth)
    app.add_url_rule("/inside", "inside", auth.require(asking(scopes=["write"])))
    return app


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ({"scopes": ["write"]}, (403, "insufficient_scope", CHALLENGE)),
        ({"any_group": ["staff"]}, (403, "insufficient_groups", 'Bearer realm="api", error="insufficient_scope"')),
        ({"token_use": "id"}, (401, "wrong_token_use", 'Bearer realm="api", error="invalid_token"')),
    ],
)
def test_a_view_that_asks_in_vain(
    place: Place, outcomes: list[str], asked: dict[str, Any], answer: tuple[int, str, str]
) -> None:
    """Status, challenge and body are those of the decorator; observers are told once."""
    auth = place.auth()
    app = served_by(auth)
    app.add_url_rule("/inside", "inside", auth.require(asking(**asked)))
    given = ask(app, "/inside", place.bearer())
    assert (*code_of(given), given.headers["WWW-Authenticate"]) == answer
    assert outcomes == ["accepted", answer[1]]


def test_a_view_that_asks_for_what_there_is(place: Place) -> None:
    """It is served."""
    assert ask(application(place.auth()), "/inside", place.bearer("write")).text == "served"


def test_whatever_let_the_request_in(place: Place) -> None:
    """``protect``, an async view, no ``init_app`` at all, and two objects of which the first one is asked."""
    first, second = place.auth(realm="first"), place.auth(realm="second")
    app = Flask(__name__)
    first.protect(app, exclude_endpoints=["optional"])
    app.add_url_rule("/", "plain", asking(scopes=["write"]))
    app.add_url_rule("/async", "later", asking_later)

    @app.get("/two")
    def two() -> str:
        before = get_principal()
        second.require(a_view())()
        assert before is not None
        assert before is not get_principal()
        before.require(scopes=["write"])
        return "served"

    for path in ("/", "/async", "/two"):
        answer = ask(app, path, place.bearer())
        assert code_of(answer) == (403, "insufficient_scope")
        assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="first"')


def test_a_stand_in(place: Place) -> None:
    """Who stands in for callers in a test is asked as anybody."""
    auth = place.auth()
    app = application(auth)
    with auth.override(app, make_principal(scopes=["read"])):
        assert code_of(ask(app, "/inside")) == (403, "insufficient_scope")


def test_handlers_of_the_application(place: Place) -> None:
    """One for ``AuthError`` goes before, registered early or late; one for 403 sees the refusal as of a decorator."""
    early, late, status = Flask("early"), Flask("late"), Flask("status")
    auth = place.auth()
    early.register_error_handler(AuthError, lambda error: (f"own {error.code}", 418))
    for app in (early, late, status):
        auth.init_app(app)
        app.add_url_rule("/", "inside", auth.require(asking(scopes=["write"])))
    late.register_error_handler(InsufficientScope, lambda error: (f"own {error.code}", 418))

    def forbidden(error: Forbidden) -> tuple[str, int]:
        assert isinstance(error, BearerRefusal)
        assert error.__cause__ is error.error
        return f"own {error.refusal.status}", 403

    status.register_error_handler(403, forbidden)
    assert [ask(app, "/", place.bearer()).text for app in (early, late)] == ["own insufficient_scope"] * 2
    assert ask(status, "/", place.bearer()).text == "own 403"


def test_a_handler_of_a_blueprint(place: Place) -> None:
    """It goes before that of the application."""
    auth = place.auth()
    app, blueprint = served_by(auth), Blueprint("orders", __name__)
    blueprint.register_error_handler(AuthError, lambda error: (f"own {error.code}", 418))
    blueprint.add_url_rule("/orders", "orders", auth.require(asking(scopes=["write"])))
    app.register_blueprint(blueprint)
    assert ask(app, "/orders", place.bearer()).text == "own insufficient_scope"


def refusals_of_others(place: Place) -> list[AuthError]:
    """An outage elsewhere, and the refusals of tokens that are not the request's."""
    errors: list[AuthError] = [KeysUnavailable("elsewhere", retry_after=7)]
    for refusing in (
        lambda: place.validator.validate(place.token(), scopes=["write"]),
        lambda: make_principal().require(any_group=["staff"]),
    ):
        with pytest.raises(AuthError) as caught:
            refusing()
        errors.append(caught.value)
    return errors


def test_what_others_refuse_passes(place: Place) -> None:
    """What another validator, or another principal, refuses in a view is an error of the view's."""
    auth = place.auth()
    for error in refusals_of_others(place):
        app = served_by(auth)

        @app.get("/inside")
        @auth.require
        def inside(error: AuthError = error) -> str:
            raise error

        with pytest.raises(type(error)) as caught:
            ask(app, "/inside", place.bearer())
        assert caught.value is error
        assert ask(app, "/inside", place.bearer(), raises=False).status_code == 500
        app = served_by(auth)
        app.add_url_rule("/inside", "inside", auth.require(inside))
        app.register_error_handler(Exception, lambda error: (f"own {type(error).__name__}", 418))
        assert ask(app, "/inside", place.bearer()).text == f"own {type(error).__name__}"


def test_a_view_may_see_it_itself(place: Place) -> None:
    """A view that catches the error is not overruled."""
    auth = place.auth()
    app = served_by(auth)

    @app.get("/inside")
    @auth.require
    def inside() -> str:
        try:
            current_principal.require(scopes=["write"])
        except InsufficientScope as error:
            return f"without {error.required_scopes}"
        return "with"

    assert ask(app, "/inside", place.bearer()).text == "without frozenset({'write'})"
