"""``auth.add_health``: where the view stands, that nothing protects it, and what it says under an override."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Blueprint, Flask
from flask_kit import Place, a_dark_place, a_place, a_view, ask, code_of, never

from jwtmr import ConfigurationError
from jwtmr.testing import make_principal
from jwtmr_flask import BearerAuth


def small(**settings: Any) -> Flask:  # noqa: ANN401 - as Flask has them
    """An application with one view."""
    app = Flask(__name__, **settings)
    app.add_url_rule("/", "index", a_view())
    return app


@pytest.mark.parametrize("protected", ["application", "blueprint", "both", "neither"])
def test_it_may_stand_on_a_blueprint(place: Place, protected: str) -> None:
    """Below its prefix, and open, whatever else of the blueprint or of the application asks for a token."""
    app, auth, blueprint = small(), place.auth(), Blueprint("ops", __name__, url_prefix="/ops")
    blueprint.add_url_rule("/other", "other", a_view())
    auth.add_health(blueprint)
    if protected in ("blueprint", "both"):
        auth.protect(blueprint)
    app.register_blueprint(blueprint)
    auth.init_app(app)
    if protected in ("application", "both"):
        auth.protect(app)
    assert ask(app, "/ops/readyz").json["status"] == "ok"
    assert ask(app, "/ops/other").status_code == (200 if protected == "neither" else 401)
    assert ask(app, "/readyz").status_code == (401 if protected in ("application", "both") else 404)


def test_another_object_lets_it_through(place: Place, elsewhere: Place) -> None:
    """Each says how its own validator is; whoever protects the application asks neither for a token."""
    app, one, other = small(), place.auth(), elsewhere.auth(startup="lazy")
    for auth, path in ((one, "/readyz"), (other, "/other.readyz")):
        auth.init_app(app)
        auth.protect(app)
        auth.add_health(app, path, show_urls=True)
    for where, path in ((place, "/readyz"), (elsewhere, "/other.readyz")):
        (told,) = ask(app, path).json["authorities"]
        assert told["id"] == where.issuer.user_pool_id
    assert ask(app).status_code == 401


def test_it_may_come_before_init_app(place: Place) -> None:
    """A module with views is often imported first; with several applications each has its own validator."""
    auth, blueprint = BearerAuth(), Blueprint("ops", __name__)
    auth.add_health(blueprint, required=[place.issuer.user_pool_id])
    first, second = small(), small()
    for app in (first, second):
        app.register_blueprint(blueprint)
    auth.init_app(first, place.validator)
    assert ask(first, "/readyz").status_code == 200
    with a_place() as other:
        auth.init_app(second, other.validator)
        with pytest.raises(ConfigurationError, match=place.issuer.user_pool_id):  # a pool that this one does not know
            ask(second, "/readyz")


def test_it_needs_no_init_app_but_a_validator(place: Place) -> None:
    """As any view does."""
    app, auth = small(), place.auth()
    auth.add_health(app)
    assert ask(app, "/readyz").status_code == 200
    bare, nobodys = small(), BearerAuth()
    nobodys.add_health(bare)
    with pytest.raises(ConfigurationError) as caught:
        ask(bare, "/readyz")
    assert caught.value.parameter == "validator"


def test_under_an_override_it_is_ok() -> None:
    """Nobody's token is looked at, so no keys are needed, and none fetched; afterwards it says how it is."""
    with a_dark_place() as place:
        app, auth = small(), place.auth(startup="lazy")
        auth.add_health(app, required=[place.issuer.user_pool_id], show_urls=True)
        with auth.override(app, make_principal()):
            auth.init_app(app)
            assert ask(app, "/readyz").json == {"status": "ok", "authorities": []}
            assert place.issuer.count() == 0
        assert ask(app, "/readyz").json["status"] == "unavailable"
    unmade, without = small(), BearerAuth(never)
    without.add_health(unmade)
    with without.override(unmade, None):
        assert ask(unmade, "/readyz").status_code == 200


def test_decorators_in_the_wrong_place_are_found_beside_it(place: Place) -> None:
    """The view is none of those that must be decorated, and hides none of them."""
    app, auth = small(), place.auth()
    auth.init_app(app)
    auth.add_health(app)
    app.add_url_rule("/good", "good", auth.require(a_view()))
    assert ask(app, "/readyz").status_code == 200
    misplaced, view = small(), a_view()
    auth.init_app(misplaced)
    auth.add_health(misplaced)
    misplaced.add_url_rule("/bad", "bad", view)
    auth.require(view)
    with pytest.raises(ConfigurationError) as caught:
        ask(misplaced, "/readyz")
    assert caught.value.parameter == "require"


def test_head_and_post(place: Place) -> None:
    """HEAD has no body. Other methods find no view, so ``protect`` asks for a token before Flask says 405."""
    auth, open_app, app = place.auth(), small(), small()
    for each in (open_app, app):
        auth.init_app(each)
        auth.add_health(each)
    auth.protect(app)
    for each in (open_app, app):
        head = ask(each, "/readyz", method="HEAD")
        assert (head.status_code, head.data) == (200, b"")
    for method in ("POST", "OPTIONS"):
        assert ask(open_app, "/readyz", method=method).status_code == 405
        assert code_of(ask(app, "/readyz", method=method)) == (401, "missing_token")
        assert ask(app, "/readyz", place.bearer(), method=method).status_code == 405


@pytest.mark.parametrize(
    ("parameter", "app", "path"),
    [
        ("app", None, "/readyz"),
        ("app", "app", "/readyz"),
        ("path", small(), "readyz"),
        ("path", small(), "/<name>"),
        ("path", small(), "/readyz/"),
        ("path", small(host_matching=True, static_host="www.example.com"), "/readyz"),
        ("path", small(subdomain_matching=True), "/readyz"),
    ],
)
def test_places_that_are_none(place: Place, parameter: str, app: Any, path: str) -> None:  # noqa: ANN401 - any mistake
    """Where Flask would not find it, or only for some callers, it is not put."""
    with pytest.raises(ConfigurationError) as caught:
        place.auth().add_health(app, path)
    assert caught.value.parameter == parameter
