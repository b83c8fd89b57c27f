"""Applications and auth objects: one or many of each, with ``init_app`` and without."""

from __future__ import annotations

import gc
import weakref

import pytest
from flask import Blueprint, Flask
from flask_kit import Place, a_view, ask, code_of, never, served_by

from jwtmr import ConfigurationError
from jwtmr.testing import SUBJECT, make_principal
from jwtmr_flask import BearerAuth, FromHeader, ResourceMetadata, current_principal

METADATA = ResourceMetadata(resource="https://api.example.com", scopes_supported=["orders/read"])
DOCUMENT = "/.well-known/oauth-protected-resource"


def test_factory(place: Place) -> None:
    """The object stands in a module, views are decorated before there is an application or a validator."""
    auth, blueprint = BearerAuth(), Blueprint("shop", __name__)
    blueprint.get("/")(auth.require(a_view()))
    app = Flask(__name__)
    auth.init_app(app, place.validator)
    app.register_blueprint(blueprint)
    assert ask(app, headers=place.bearer()).json == [SUBJECT]
    assert code_of(ask(app)) == (401, "missing_token")


def test_small_application(place: Place, outcomes: list[str]) -> None:
    """With a validator of its own the object needs no ``init_app``."""
    auth, app = BearerAuth(place.validator, realm="small"), Flask(__name__)
    app.get("/")(auth.require(a_view()))
    assert ask(app, headers=place.bearer()).json == [SUBJECT]
    answer = ask(app)
    assert code_of(answer) == (401, "missing_token")
    assert answer.headers["www-authenticate"] == 'Bearer realm="small"'
    assert outcomes == ["accepted"]


def test_validator_of_init_app_goes_first(place: Place, elsewhere: Place) -> None:
    """The one of the object is for applications that bring none."""
    auth = elsewhere.auth()
    ours, theirs = served_by(auth, place.validator), served_by(auth)
    assert ask(ours, headers=place.bearer()).json == [SUBJECT]
    assert code_of(ask(ours, headers=elsewhere.bearer())) == (401, "untrusted_issuer")
    assert ask(theirs, headers=elsewhere.bearer()).json == [SUBJECT]
    assert code_of(ask(theirs, headers=place.bearer())) == (401, "untrusted_issuer")


def test_two_auth_objects_of_one_application(place: Place, elsewhere: Place) -> None:
    """Each verifies with its own validator and answers for its own realm; who looked last says who calls."""
    one, two = place.auth(realm="one"), elsewhere.auth(realm="two", token_sources=[FromHeader("x-two")])
    app = served_by(one)
    two.init_app(app)
    states = app.extensions["jwtmr"]
    assert set(states) == {one, two}
    assert states[one] is not states[two]

    app.add_url_rule("/one-two", "one-two", one.require(two.require(a_view())))
    app.add_url_rule("/two-one", "two-one", two.require(one.require(a_view())))
    app.add_url_rule("/two-maybe-one", "two-maybe-one", two.require(one.optional(a_view())))

    look_again = one.require(lambda: None)

    @app.get("/again")
    @one.require
    @two.require
    def again() -> list[str]:
        first = current_principal.subject
        look_again()
        return [first, current_principal.subject]

    headers = place.bearer(subject="first") | {"x-two": elsewhere.token(subject="second")}
    for at in (place, elsewhere):
        at.outcomes.seen.clear()
    assert ask(app, "/one-two", headers).json == ["second"]
    assert ask(app, "/two-one", headers).json == ["first"]
    assert ask(app, "/again", headers).json == ["second", "first"]
    assert place.outcomes.seen == elsewhere.outcomes.seen == ["accepted"] * 3
    assert ask(app, "/two-maybe-one", {"x-two": headers["x-two"]}).json == [None]
    for lacking, realm in [("authorization", "one"), ("x-two", "two")]:
        answer = ask(app, "/one-two", {name: value for name, value in headers.items() if name != lacking})
        assert answer.headers["www-authenticate"] == f'Bearer realm="{realm}"'


def test_one_source_two_objects(place: Place, elsewhere: Place) -> None:
    """What one has verified is nothing to another, on the same request and the same header."""
    one, two = place.auth(), elsewhere.auth()
    app = served_by(one)
    two.init_app(app)
    app.add_url_rule("/both", "both", one.require(two.require(a_view())))
    app.add_url_rule("/two", "two", two.require(a_view()))
    assert code_of(ask(app, "/both", place.bearer())) == (401, "untrusted_issuer")
    assert code_of(ask(app, "/both", elsewhere.bearer())) == (401, "untrusted_issuer")
    assert code_of(ask(app, "/two", place.bearer())) == (401, "untrusted_issuer")
    assert ask(app, "/two", elsewhere.bearer()).json == [SUBJECT]


def test_applications_are_let_go(place: Place) -> None:
    """A module's object keeps alive neither the applications of a factory nor their views."""
    auth = place.auth()

    def made() -> weakref.ref[Flask]:
        app = served_by(auth)
        app.get("/more")(auth.require(lambda: "more"))
        auth.protect(app)
        with auth.override(app, make_principal()):
            assert ask(app).status_code == 200
        return weakref.ref(app)

    gone = made()
    gc.collect()
    assert gone() is None


# -- init_app, and none -----------------------------------------------------------------------------------------------


def test_init_app_twice(place: Place) -> None:
    """With a validator, wherever that came from, an application is initialised once; it goes on serving."""
    app = served_by(place.auth())
    bare, by_argument = BearerAuth(), Flask(__name__)
    bare.init_app(by_argument, place.validator)
    for auth, served in [(next(iter(app.extensions["jwtmr"])), app), (bare, by_argument)]:
        for again in (None, place.validator):
            with pytest.raises(ConfigurationError) as caught:
                auth.init_app(served, again)
            assert caught.value.parameter == "app"
    assert ask(app, headers=place.bearer()).status_code == 200


@pytest.mark.parametrize("app", [Blueprint("shop", __name__), None, "app", Flask, 7])
def test_not_an_application(place: Place, app: object) -> None:
    """What is no application is refused at once."""
    with pytest.raises(ConfigurationError) as caught:
        place.auth().init_app(app)  # type: ignore[arg-type]
    assert caught.value.parameter == "app"


@pytest.mark.parametrize("path", ["/", "/open", "/nowhere"])
@pytest.mark.parametrize("token", [True, False])
def test_no_validator_yet(place: Place, path: str, token: bool) -> None:
    """Until ``init_app`` has been told one every request says so; no view is entered, and nobody gets a 401."""
    entered: list[str] = []
    auth, app = BearerAuth(), Flask(__name__)
    auth.init_app(app)
    app.add_url_rule("/", "protected", auth.require(lambda: entered.append("protected") or "x"))
    app.add_url_rule("/open", "open", lambda: entered.append("open") or "x")
    headers = place.bearer() if token else {}
    for _ in range(2):
        with pytest.raises(ConfigurationError, match=r"init_app\(app, validator\)") as caught:
            ask(app, path, headers)
        assert caught.value.parameter == "validator"
    assert ask(app, path, headers, raises=False).status_code == 500
    assert entered == []


def test_a_validator_in_a_second_step(place: Place) -> None:
    """It may come later, also when requests have come before; and then not another time."""
    auth = BearerAuth(realm="later")
    app = served_by(auth)
    with pytest.raises(ConfigurationError):
        ask(app, "/open")
    with auth.override(app, make_principal(subject="fake")):
        assert ask(app).json == ["fake"]
        assert ask(app, "/open").json == [None]
    with pytest.raises(ConfigurationError):
        ask(app, "/open")
    auth.init_app(app, place.validator)
    assert ask(app, "/open").json == [None]
    assert ask(app, headers=place.bearer()).json == [SUBJECT]
    assert ask(app).headers["www-authenticate"] == 'Bearer realm="later"'
    with pytest.raises(ConfigurationError, match="once"):
        auth.init_app(app, place.validator)


def test_metadata_and_a_validator_in_a_second_step(place: Place) -> None:
    """The document too is of the validator that came later."""
    auth = BearerAuth(resource_metadata=METADATA)
    app = served_by(auth)
    with pytest.raises(ConfigurationError):
        ask(app, DOCUMENT)
    auth.init_app(app, place.validator)
    assert ask(app, DOCUMENT).json["authorization_servers"] == [*place.validator.current_issuers]


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer x"}])
def test_neither_validator_nor_init_app(headers: dict[str, str]) -> None:
    """A decorator alone says it too, before the view."""
    auth, app = BearerAuth(), Flask(__name__)
    app.get("/")(auth.require(never))
    app.get("/optional", endpoint="optional")(auth.optional(never))
    for path in ("/", "/optional"):
        with pytest.raises(ConfigurationError, match="validator"):
            ask(app, path, headers)
