"""Refusals: what is answered is written by ``jwtmr.bearer``, and error handlers see an exception of Werkzeug's."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from flask import Blueprint, Flask, Response, abort
from flask.typing import ResponseReturnValue
from flask_kit import Place, a_dark_place, a_place, a_view, ask, code_of, served_by, small_blueprint
from werkzeug.exceptions import BadRequest, Forbidden, HTTPException, ServiceUnavailable, Unauthorized
from werkzeug.test import TestResponse

from jwtmr import AuthError, KeysUnavailable, ValidatorClosed
from jwtmr.bearer import answer_for
from jwtmr.errors import InsufficientGroups, InsufficientScope, InvalidRequest, MalformedToken, MissingToken
from jwtmr.testing import SUBJECT
from jwtmr_flask import BearerAuth, BearerRefusal, get_principal

BAD = {"authorization": "Bearer very-secret"}
CHALLENGE = 'Bearer realm="api", error="invalid_token"'


def shop(auth: BearerAuth) -> Flask:
    """``/`` wants a token, ``/scoped`` two scopes and ``/grouped`` a group."""
    app = Flask(__name__)
    auth.init_app(app)
    app.add_url_rule("/", "plain", auth.require(a_view()))
    app.add_url_rule("/scoped", "scoped", auth.require(scopes=["b", "a"])(a_view()))
    app.add_url_rule("/grouped", "grouped", auth.require(any_group=["staff"])(a_view()))
    return app


def requests_of(place: Place) -> list[tuple[str, dict[str, str], AuthError]]:
    """A path, headers, and why they are refused; one for each status but 503."""
    return [
        ("/", {}, MissingToken()),
        ("/", BAD, MalformedToken()),
        ("/", {"authorization": "Bearer"}, InvalidRequest()),
        ("/scoped", place.bearer("a"), InsufficientScope(required_scopes=frozenset("ab"))),
        ("/grouped", place.bearer(groups=["guests"]), InsufficientGroups()),
    ]


def headers_of(answer: TestResponse) -> dict[str, str]:
    """All that were sent."""
    return {name.lower(): value for name, value in answer.headers.items()}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("row", range(5))
def test_answer_is_that_of_jwtmr_bearer(place: Place, row: int, method: str) -> None:
    """Status, challenge and JSON to the letter, and nothing besides; a ``HEAD`` has all but the body."""
    path, headers, error = requests_of(place)[row]
    refusal = answer_for(error, realm="shop")
    answer = ask(shop(place.auth(realm="shop")), path, headers, method=method)
    assert answer.status_code == refusal.status
    assert headers_of(answer) == {
        "content-type": "application/json",
        "content-length": str(len(refusal.body)),
        "www-authenticate": refusal.headers["WWW-Authenticate"],
    }
    assert answer.data == (b"" if method == "HEAD" else refusal.body)
    assert "secret" not in answer.text


def test_outage() -> None:
    """While no key can be had nobody is logged out: 503, when to come back, and no challenge."""
    with a_dark_place() as place:
        answer = ask(shop(place.auth()), headers=place.bearer())
    assert code_of(answer) == (503, "keys_unavailable")
    assert int(answer.headers["retry-after"]) >= 1
    assert headers_of(answer).keys() == {"content-type", "content-length", "retry-after"}


def test_credentials_twice(place: Place) -> None:
    """Two good ones are 400, though a server joins them."""
    (header,) = place.bearer().items()
    assert code_of(ask(shop(place.auth()), headers=[header, header])) == (400, "invalid_request")


def test_hooks_after_a_request_see_refusals(place: Place) -> None:
    """An extension for CORS must be able to add its headers to them."""
    app = shop(place.auth())

    @app.after_request
    def cors(response: Response) -> Response:
        response.headers["access-control-allow-origin"] = f"https://{response.status_code}.example"
        return response

    answer = ask(app)
    assert answer.headers["access-control-allow-origin"] == "https://401.example"
    assert answer.headers["www-authenticate"] == 'Bearer realm="api"'


# -- error handlers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("handled", [401, Unauthorized, BearerRefusal, HTTPException, Exception])
def test_handlers_of_the_application_see_refusals(place: Place, handled: Any) -> None:  # noqa: ANN401
    """By status, by Werkzeug's class, by ours, or by any of their bases; what they answer is answered."""
    app = shop(place.auth())

    @app.errorhandler(handled)
    def own(error: BearerRefusal) -> ResponseReturnValue:
        cause = type(error.__cause__).__name__
        return {"own": error.error.code, "cause": cause}, error.code, {"x-told": error.description}

    for headers, code, kind in [({}, "missing_token", MissingToken), (BAD, "malformed_token", MalformedToken)]:
        answer = ask(app, headers=headers)
        assert (answer.status_code, answer.json) == (401, {"own": code, "cause": kind.__name__})
        assert answer.headers["x-told"] == kind.message


@pytest.mark.parametrize(
    ("row", "handled"),
    [(0, 401), (1, Unauthorized), (2, 400), (2, BadRequest), (3, 403), (3, Forbidden), (4, 403), (4, Forbidden)],
)
def test_every_status_has_its_handler(place: Place, row: int, handled: Any) -> None:  # noqa: ANN401 - as Flask has it
    """And no handler of another status is asked."""
    path, headers, error = requests_of(place)[row]
    app = shop(place.auth())
    app.register_error_handler(handled, lambda refused: (f"own {refused.error.code}", 418))
    for other in {400, 401, 403, 503} - {error.status}:
        app.register_error_handler(other, lambda _: ("another's", 500))
    answer = ask(app, path, headers)
    assert (answer.status_code, answer.text) == (418, f"own {error.code}")


@pytest.mark.parametrize("handled", [503, ServiceUnavailable, BearerRefusal])
def test_handler_of_an_outage(handled: Any) -> None:  # noqa: ANN401 - as Flask has it
    """Of a 503 too; when to come back is with the error."""
    with a_dark_place() as place:
        app = shop(place.auth())
        app.register_error_handler(handled, lambda refused: {"after": refused.error.retry_after})
        assert ask(app, headers=place.bearer()).json["after"] >= 1


def test_handler_of_a_blueprint(place: Place) -> None:
    """Those of a blueprint are for its own requests, whoever refused them."""
    auth, app = place.auth(), Flask(__name__)
    asked, whole = small_blueprint("asked", url_prefix="/asked"), Blueprint("whole", __name__, url_prefix="/whole")
    whole.add_url_rule("/", "index", auth.require(scopes=["a"])(a_view()))
    asked.register_error_handler(401, lambda refused: (f"asked {refused.error.code}", 401))
    whole.register_error_handler(BearerRefusal, lambda refused: (f"whole {refused.error.code}", 418))
    auth.protect(app)
    app.register_blueprint(asked)
    app.register_blueprint(whole)
    assert ask(app, "/asked/a").text == "asked missing_token"
    assert ask(app, "/whole/").text == "whole missing_token"
    assert ask(app, "/whole/", place.bearer("b")).text == "whole insufficient_scope"
    assert code_of(ask(app, "/elsewhere")) == (401, "missing_token")


def generic(error: HTTPException) -> ResponseReturnValue:
    """The one of Flask's documentation, "Generic Exception Handlers"."""
    response = error.get_response()
    response.data = json.dumps({"code": error.code, "name": error.name, "description": error.description})
    response.content_type = "application/json"
    return response


@pytest.mark.parametrize("row", range(5))
def test_documented_handler_keeps_the_challenge(place: Place, row: int) -> None:
    """An application that gives all its errors one shape still says how to get in."""
    path, headers, error = requests_of(place)[row]
    refusal = answer_for(error)
    app = shop(place.auth())
    app.register_error_handler(HTTPException, generic)
    answer = ask(app, path, headers)
    assert answer.status_code == refusal.status
    assert answer.headers.get_all("www-authenticate") == [refusal.headers["WWW-Authenticate"]]
    assert answer.headers.get_all("content-type") == ["application/json"]
    assert (answer.json["code"], answer.json["description"]) == (refusal.status, refusal.message)


def test_documented_handler_keeps_retry_after() -> None:
    """Of an outage as well."""
    with a_dark_place() as place:
        app = shop(place.auth())
        app.register_error_handler(HTTPException, generic)
        answer = ask(app, headers=place.bearer())
    assert (answer.status_code, answer.json["name"]) == (503, "Service Unavailable")
    assert int(answer.headers["retry-after"]) >= 1


def test_what_a_handler_learns(place: Place) -> None:
    """The error with its private detail, the answer, and no principal; neither the token nor the detail is in texts."""
    seen: list[BearerRefusal] = []
    app = shop(place.auth())

    @app.errorhandler(BearerRefusal)
    def own(error: BearerRefusal) -> ResponseReturnValue:
        assert get_principal() is None
        seen.append(error)
        return error

    answer = ask(app, headers=BAD)
    (error,) = seen
    assert isinstance(error, Unauthorized)
    assert isinstance(error.error, MalformedToken)
    assert error.__cause__ is error.error
    assert error.error.detail
    assert (error.code, error.refusal.code, error.refusal.status) == (401, "malformed_token", 401)
    assert answer.data == error.refusal.body
    assert "secret" not in f"{error} {error!r} {error.error!r} {error.error.detail} {error.refusal}"
    assert error.error.detail not in f"{error} {error!r} {error.description}"


def test_trapped_exceptions(place: Place) -> None:
    """``TRAP_HTTP_EXCEPTIONS`` traps refusals like all others of Werkzeug's; nobody gets in."""
    app = shop(place.auth())
    app.config["TRAP_HTTP_EXCEPTIONS"] = True
    with pytest.raises(BearerRefusal) as caught:
        ask(app)
    assert isinstance(caught.value, Unauthorized)
    assert ask(app, raises=False).status_code == 500
    assert ask(app, headers=place.bearer()).json == [SUBJECT]


# -- what is nobody's refusal -----------------------------------------------------------------------------------------


def failing(auth: BearerAuth, error: Exception) -> Flask:
    """An application whose view raises ``error``."""
    app = served_by(auth)

    @app.get("/failing")
    @auth.require(scopes=["a"])
    @auth.optional
    def view() -> ResponseReturnValue:
        raise error

    return app


ERRORS = [KeyError("order"), KeysUnavailable("of the view's own making"), MissingToken(), RuntimeError("x")]


@pytest.mark.parametrize("error", ERRORS)
def test_exceptions_of_a_view_pass(place: Place, error: Exception) -> None:
    """What a view raises stays what it is, up to whoever tests or debugs the application."""
    app = failing(place.auth(), error)
    app.register_error_handler(BearerRefusal, lambda _: ("refused", 401))
    with pytest.raises(type(error)) as caught:
        ask(app, "/failing", place.bearer("a"))
    assert caught.value is error
    assert caught.traceback[-1].name == "view"


@pytest.mark.parametrize("error", ERRORS)
def test_exceptions_of_a_view_are_logged(place: Place, error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    """In production they are a 500 without a word, and the whole traceback in the log."""
    app = failing(place.auth(), error)
    with caplog.at_level(logging.ERROR, logger=app.name):
        answer = ask(app, "/failing", place.bearer("a"), raises=False)
    assert answer.status_code == 500
    assert "www-authenticate" not in answer.headers
    (record,) = [record for record in caplog.records if record.name == app.name]
    assert record.exc_info is not None
    assert record.exc_info[1] is error
    assert "in view" in caplog.text


def test_refusals_of_a_view_pass(place: Place) -> None:
    """A view's own 403 carries no challenge of ours."""
    auth = place.auth()
    app = served_by(auth)
    app.get("/closed")(auth.require(lambda: abort(403, "closed on Sundays")))
    answer = ask(app, "/closed", place.bearer())
    assert answer.status_code == 403
    assert "closed on Sundays" in answer.text
    assert "www-authenticate" not in answer.headers


def test_closed_validator_is_no_refusal() -> None:
    """A programmer's mistake below is a 500 too, and never a 401."""
    with a_place() as place:
        app = shop(place.auth())
        place.validator.close()
        with pytest.raises(ValidatorClosed):
            ask(app, headers=place.bearer())
        assert ask(app, headers=place.bearer(), raises=False).status_code == 500
