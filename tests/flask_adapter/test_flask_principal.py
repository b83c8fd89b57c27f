"""``current_principal`` and ``get_principal``: of one request, and of no other."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask, Response, copy_current_request_context, g, render_template_string
from flask.typing import ResponseReturnValue
from flask_kit import Place, a_view, ask, served_by

from jwtmr import Principal
from jwtmr.testing import SUBJECT, make_principal
from jwtmr_flask import BearerRefusal, current_principal, get_principal


def name() -> str | None:
    """Who calls, or None; both ways to ask say the same."""
    principal = get_principal()
    if principal is None:
        with pytest.raises(RuntimeError, match="no principal"):
            str(current_principal.subject)
        return None
    assert current_principal == principal
    return principal.subject


def test_outside_of_a_request(place: Place) -> None:
    """There is none: not without an application, not in its context, and not when requests have come and gone."""
    app = served_by(place.auth())
    for _ in range(2):
        assert name() is None
        with app.app_context():
            assert name() is None
        with app.test_request_context(headers=place.bearer()):
            assert name() is None
        assert ask(app, headers=place.bearer()).json == [SUBJECT]


def test_the_error_says_what_is_the_matter() -> None:
    """And not that of Flask, which is about contexts."""
    with pytest.raises(RuntimeError, match="no BearerAuth has let this request in"):
        current_principal.require(scopes=["a"])
    with Flask(__name__).test_request_context(), pytest.raises(RuntimeError, match="without a token"):
        str(current_principal.claims)


@pytest.mark.parametrize("path", ["/open", "/optional"])
def test_views_where_nobody_has_to_say(place: Place, path: str) -> None:
    """An open view never has a principal, whatever is sent; an optional one has none without a token."""
    auth = place.auth()
    app = Flask(__name__)
    app.add_url_rule("/open", "open", lambda: [name()])
    app.add_url_rule("/optional", "optional", auth.optional(lambda: [name()]))
    assert ask(app, path).json == [None]
    assert ask(app, path, place.bearer()).json == [None if path == "/open" else SUBJECT]


def test_proxy(place: Place) -> None:
    """It stands for the principal itself, with all of its attributes, also in templates."""
    auth, app = place.auth(), Flask(__name__)
    app.context_processor(lambda: {"who": current_principal})

    @app.get("/")
    @auth.require
    def view() -> ResponseReturnValue:
        principal = get_principal()
        assert type(principal) is Principal
        assert isinstance(current_principal, Principal)
        assert current_principal.claims is principal.claims
        current_principal.require(scopes=["openid"])
        return render_template_string("{{ who.subject }} {{ who.client_id }}")

    assert ask(app, headers=place.bearer(subject="ada")).text == f"ada {place.issuer.client_id}"


def test_hooks_of_the_request(place: Place) -> None:
    """Whoever logs a request after its view knows who it was; of a refused one nobody is known."""
    auth, seen = place.auth(), list[tuple[str, str | None]]()
    app = served_by(auth)

    @app.after_request
    def after(response: Response) -> Response:
        seen.append(("after", name()))
        return response

    @app.teardown_request
    def teardown(_: BaseException | None) -> None:
        seen.append(("teardown", name()))

    for headers, who in [(place.bearer(), SUBJECT), ({}, None), ({"authorization": "Bearer x"}, None)]:
        seen.clear()
        ask(app, headers=headers)
        assert seen == [("after", who), ("teardown", who)]


def test_error_handler_of_a_refusal(place: Place) -> None:
    """Who is refused for his token is nobody."""
    app = served_by(place.auth())
    app.register_error_handler(BearerRefusal, lambda error: ([name()], error.code))
    assert ask(app, headers={"authorization": "Bearer x"}).json == [None]


def test_kept_context_of_a_test_client(place: Place) -> None:
    """Flask's ``with client:`` keeps the last request, and so its principal; the next request brings its own."""
    app = served_by(place.auth())
    app.testing = True
    with app.test_client() as client:
        for who in ("ada", "bob"):
            client.get("/", headers=place.bearer(subject=who))
            assert name() == who
        client.get("/")
        assert name() is None
    assert name() is None


# -- never another request's ------------------------------------------------------------------------------------------


def test_requests_in_one_application_context(place: Place) -> None:
    """Requests that share ``g``, as under ``with app.app_context():``, share no principal."""
    auth = place.auth()
    app = served_by(auth)
    app.add_url_rule("/optional", "optional", auth.optional(a_view()))
    with app.app_context():
        g.shared = True
        assert ask(app, headers=place.bearer(subject="ada")).json == ["ada"]
        assert ask(app, "/open").json == [None]
        assert ask(app, "/optional").json == [None]
        assert ask(app).status_code == 401
        assert ask(app, headers=place.bearer(subject="bob")).json == ["bob"]
        assert name() is None
        assert [*g] == ["shared"]


def test_context_inside_of_a_view(place: Place) -> None:
    """A request context that a view opens has a caller of its own: nobody, with the same headers too."""
    auth = place.auth()
    app, look_again = served_by(auth), auth.require(a_view())

    @app.get("/outer")
    @auth.require
    def outer() -> ResponseReturnValue:
        seen = [name()]
        for headers in ({}, place.bearer(subject="other")):
            with app.test_request_context(headers=headers):
                seen.append(name())
            seen.append(name())
        with app.test_request_context(headers=place.bearer(subject="inner")):
            seen.extend(look_again())
        return [*seen, name()]

    assert ask(app, "/outer", place.bearer(subject="ada")).json == ["ada", None, "ada", None, "ada", "inner", "ada"]


def test_request_inside_of_a_view(place: Place, outcomes: list[str]) -> None:
    """A view that calls its own application is served as the owner of the token that it sends."""
    auth = place.auth()
    app, look_again = served_by(auth), auth.require(scopes=["openid"])(a_view())

    @app.get("/outer")
    @auth.require
    def outer() -> ResponseReturnValue:
        inner = [ask(app, headers=place.bearer(subject="other")).json, ask(app, "/open").json, ask(app).status_code]
        return [name(), *inner, look_again()]

    answer = ask(app, "/outer", place.bearer(subject="ada"))
    assert answer.json == ["ada", ["other"], [None], 401, ["ada"]]
    assert outcomes == ["accepted"] * 2


def test_other_application_inside_of_a_view(place: Place, elsewhere: Place) -> None:
    """One object in two applications of which one calls the other: each request has its own caller."""
    auth = place.auth()
    app, other = served_by(auth), served_by(auth, elsewhere.validator)
    app.get("/outer")(auth.require(lambda: [name(), *ask(other, headers=elsewhere.bearer(subject="x")).json, name()]))
    assert ask(app, "/outer", place.bearer(subject="ada")).json == ["ada", "x", "ada"]


def test_override_inside_of_a_request(place: Place) -> None:
    """Who has been let in stays who he is until the object is asked again."""
    auth = place.auth()
    app, look_again = served_by(auth), auth.require(a_view())

    @app.get("/outer")
    @auth.require
    def outer() -> ResponseReturnValue:
        with auth.override(app, make_principal(subject="fake")):
            seen = [name(), *look_again()]
        return [*seen, *look_again()]

    assert ask(app, "/outer", place.bearer(subject="ada")).json == ["ada", "fake", "ada"]


# -- other threads ----------------------------------------------------------------------------------------------------


def test_threads_of_a_view(place: Place) -> None:
    """The proxy is nobody there; the principal itself can be handed over, and so can the request."""
    auth = place.auth()
    app = served_by(auth)

    @app.get("/threads")
    @auth.require
    def view() -> ResponseReturnValue:
        principal = get_principal()
        assert principal is not None
        with ThreadPoolExecutor(1) as pool:
            plain = pool.submit(name).result()
            copied = pool.submit(copy_current_request_context(name)).result()
            handed = pool.submit(lambda: principal.subject).result()
        return [plain, copied, handed]

    assert ask(app, "/threads", place.bearer(subject="ada")).json == [None, "ada", "ada"]
