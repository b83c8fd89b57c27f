"""``auth.override``: tests of a protected application without tokens, keys or a network."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from flask import Blueprint, Flask
from flask_kit import Place, a_place, a_view, ask, code_of, never, served_by

from jwtmr import ConfigurationError, Principal, TokenValidator
from jwtmr.testing import SUBJECT, make_principal
from jwtmr_flask import BearerAuth, current_principal


def application(auth: BearerAuth, validator: TokenValidator | None = None) -> Flask:
    """Every kind of decorator on its own path, a protected blueprint, and an open view."""
    app, blueprint = Flask(__name__), Blueprint("blueprint", __name__)
    auth.init_app(app, validator)
    app.add_url_rule("/plain", "plain", auth.require(a_view()))
    app.add_url_rule("/scoped", "scoped", auth.require(scopes=["a"])(a_view()))
    app.add_url_rule("/optional", "optional", auth.optional(a_view()))
    app.add_url_rule("/groups", "groups", auth.require(any_group=["staff"], token_use="access")(a_view()))
    app.add_url_rule("/open", "open", a_view())
    blueprint.add_url_rule("/protected", "protected", a_view())
    auth.protect(blueprint)
    app.register_blueprint(blueprint)
    return app


def lazy() -> BearerAuth:
    """One whose validator is never made."""
    return BearerAuth(never, startup="lazy")


def result(app: Flask, path: str = "/plain", headers: dict[str, str] | None = None) -> tuple[int, Any]:
    """The status, and the code of a refusal or who the view says is calling."""
    answer = ask(app, path, headers)
    return code_of(answer) if answer.status_code >= 400 else (answer.status_code, answer.json[0])


MISSING = (401, "missing_token")


@pytest.mark.parametrize(
    ("path", "principal", "expected"),
    [
        ("/plain", make_principal(subject="fake"), (200, "fake")),
        ("/plain", None, MISSING),
        ("/protected", make_principal(subject="fake"), (200, "fake")),
        ("/protected", None, MISSING),
        ("/optional", make_principal(subject="fake"), (200, "fake")),
        ("/optional", None, (200, None)),
        ("/scoped", make_principal(subject="fake", scopes=["a"]), (200, "fake")),
        ("/scoped", make_principal(scopes=["b"]), (403, "insufficient_scope")),
        ("/scoped", None, MISSING),
        ("/groups", make_principal(subject="fake", groups=["staff"]), (200, "fake")),
        ("/groups", make_principal(groups=["guests"]), (403, "insufficient_groups")),
        ("/groups", make_principal(groups=["staff"], token_use="id"), (401, "wrong_token_use")),
        ("/groups", None, MISSING),
        ("/open", make_principal(), (200, None)),
    ],
)
@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer nonsense"}, {"authorization": "Bearer"}])
def test_all_decorators_take_the_stand_in(
    path: str, principal: Principal | None, expected: tuple[int, Any], headers: dict[str, str]
) -> None:
    """Whatever a request brings, the caller is who the test says, and what is asked is asked of him."""
    auth = lazy()
    app = application(auth)
    with auth.override(app, principal):
        assert result(app, path, headers) == expected


def test_the_stand_in_is_the_very_principal() -> None:
    """A test can compare, and give claims of its own."""
    auth, app = lazy(), Flask(__name__)
    fake = make_principal(claims={"custom:tenant": "t1"})
    seen: list[Principal] = []

    @app.get("/")
    @auth.require
    def view() -> str:
        seen.append(current_principal._get_current_object())  # type: ignore[attr-defined]  # noqa: SLF001 - documented
        return str(current_principal.claims["custom:tenant"])

    with auth.override(app, fake):
        assert ask(app).text == "t1"
    assert seen == [fake]


def test_challenge_of_a_stand_in() -> None:
    """A refusal looks as it would for a real caller."""
    auth = lazy()
    app = application(auth)
    with auth.override(app, make_principal()):
        challenge = ask(app, "/scoped").headers["www-authenticate"]
    assert challenge == 'Bearer realm="api", error="insufficient_scope", scope="a"'


def test_overrides_nest_and_end(place: Place) -> None:
    """The inner one counts while it lasts, and afterwards tokens do, also when the block fails."""
    auth = place.auth()
    app = application(auth)
    with suppress(ZeroDivisionError), auth.override(app, make_principal(subject="outer")):
        with suppress(ZeroDivisionError), auth.override(app, None):
            assert result(app) == MISSING
            raise ZeroDivisionError
        assert result(app) == (200, "outer")
        raise ZeroDivisionError
    assert result(app) == MISSING
    assert result(app, headers=place.bearer(subject="real")) == (200, "real")


def test_overrides_may_end_in_any_order(place: Place) -> None:
    """Of those that still hold the latest counts, also where one principal stands in twice."""
    auth, ada = place.auth(), make_principal(subject="ada")
    app = application(auth)
    first, second, third = (auth.override(app, principal) for principal in (ada, None, ada))
    with first:
        with second:
            with third:
                assert result(app) == (200, "ada")
            assert result(app) == MISSING
        assert result(app) == (200, "ada")
    first, second, third = (auth.override(app, make_principal(subject=name)) for name in ("1st", "2nd", "3rd"))
    for entered in (first, second, third):
        entered.__enter__()
    for left, remaining in [(second, "3rd"), (third, "1st")]:
        left.__exit__(None, None, None)
        assert result(app) == (200, remaining)
    first.__exit__(None, None, None)
    assert result(app) == MISSING


def test_override_that_is_not_entered_does_nothing(place: Place) -> None:
    """It holds inside of ``with``, not when it is made."""
    auth = place.auth()
    app = application(auth)
    auth.override(app, make_principal())
    assert result(app) == MISSING


def test_other_applications_and_other_objects_are_left_alone(place: Place) -> None:
    """An override is for one application and one auth object."""
    ours, theirs = place.auth(), place.auth()
    app, other = application(ours), application(ours)
    app.get("/theirs")(theirs.require(a_view()))
    with ours.override(app, make_principal(subject="fake")):
        assert result(other) == MISSING
        assert result(other, headers=place.bearer()) == (200, SUBJECT)
        assert result(app, "/theirs") == MISSING
        assert result(app) == (200, "fake")


@pytest.mark.parametrize("startup", ["warn", "require", "lazy"])
@pytest.mark.parametrize("initialised", [True, False])
def test_neither_validator_nor_keys_are_needed(startup: Any, initialised: bool) -> None:  # noqa: ANN401
    """An application without any validator, initialised or not, serves its tests; nothing is ever fetched."""
    auth, app = BearerAuth(startup=startup), Flask(__name__)
    if initialised:
        auth.init_app(app)
    app.get("/")(auth.require(a_view()))
    with auth.override(app, make_principal(subject="fake")):
        assert ask(app).json == ["fake"]
    with pytest.raises(ConfigurationError):
        ask(app)


def test_no_key_is_fetched() -> None:
    """Neither for a good token nor for a bad one; nobody verifies anything."""
    with a_place() as place:
        auth = place.auth(startup="lazy")
        app = application(auth)
        with auth.override(app, make_principal(subject="fake")):
            for headers in ({}, place.bearer(), {"authorization": "Bearer x"}):
                assert result(app, headers=headers) == (200, "fake")
        assert (place.issuer.count(), place.outcomes.seen) == (0, [])


@pytest.mark.parametrize("startup", ["warn", "require"])
def test_start_under_an_override(startup: Any) -> None:  # noqa: ANN401
    """While it holds no key is fetched at the start either; afterwards tokens count."""
    with a_place() as place:
        auth, app = place.auth(startup=startup), Flask(__name__)
        app.get("/")(auth.require(a_view()))
        with auth.override(app, make_principal(subject="fake")):
            auth.init_app(app)
            assert ask(app).json == ["fake"]
            assert place.issuer.count() == 0
        assert ask(app, headers=place.bearer()).json == [SUBJECT]


def test_override_before_init_app(place: Place) -> None:
    """It holds on when the application is given its settings and its validator."""
    auth, app = BearerAuth(), Flask(__name__)
    app.get("/")(auth.require(a_view()))
    with auth.override(app, make_principal(subject="fake")):
        app.config["JWTMR_REALM"] = "later"
        auth.init_app(app, place.validator)
        assert ask(app).json == ["fake"]
    assert ask(app).headers["www-authenticate"] == 'Bearer realm="later"'


def test_real_callers_around_an_override(place: Place, outcomes: list[str]) -> None:
    """What has been verified before is verified again afterwards."""
    auth = place.auth()
    app = served_by(auth)
    for _ in range(2):
        assert ask(app, headers=place.bearer()).json == [SUBJECT]
        with auth.override(app, make_principal(subject="fake")):
            assert ask(app, headers=place.bearer()).json == ["fake"]
    assert outcomes == ["accepted"] * 2


@pytest.mark.parametrize("principal", ["alice", {"sub": "alice"}, True, 0, Principal])
def test_not_a_principal(place: Place, principal: Any) -> None:  # noqa: ANN401 - what may be given by mistake
    """A stand-in that is no principal is refused when it is given."""
    with pytest.raises(ConfigurationError) as caught:
        place.auth().override(Flask(__name__), principal)
    assert caught.value.parameter == "principal"


@pytest.mark.parametrize("app", [None, Blueprint("shop", __name__), "app", Flask])
def test_not_an_application(place: Place, app: Any) -> None:  # noqa: ANN401 - what may be given by mistake
    """And so is an application that is none."""
    with pytest.raises(ConfigurationError) as caught:
        place.auth().override(app, None)
    assert caught.value.parameter == "app"
