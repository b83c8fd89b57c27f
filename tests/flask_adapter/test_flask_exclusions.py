"""What of a protected application or blueprint needs no token: endpoints by name, and preflights where asked."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Blueprint, Flask
from flask_kit import Place, a_view, ask, code_of, small_blueprint, whoami

from jwtmr import ConfigurationError
from jwtmr.testing import SUBJECT
from jwtmr_flask import BearerAuth

OPEN = (200, [None])
MISSING = (401, {"code": "missing_token", "message": "A bearer token is required."})


def twice_nested(auth: BearerAuth, protected: str, excluded: Any) -> Flask:  # noqa: ANN401 - what may be given
    """``a`` and ``b`` of the application, of ``outer``, of ``outer.inner``, and of ``a``, a blueprint of that name."""
    app = Flask(__name__)
    outer, inner, alike = (small_blueprint(name, url_prefix=f"/{name}") for name in ("outer", "inner", "a"))
    auth.protect({"app": app, "outer": outer, "inner": inner}[protected], exclude_endpoints=excluded)
    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    app.register_blueprint(alike)
    for name in ("a", "b"):
        app.add_url_rule(f"/{name}", name, a_view())
    return app


ALL = {"/a", "/b", "/outer/a", "/outer/b", "/outer/inner/a", "/outer/inner/b", "/a/a", "/a/b"}
OUTER = {path for path in ALL if path.startswith("/outer")}
INNER = {path for path in ALL if path.startswith("/outer/inner")}


@pytest.mark.parametrize(
    ("protected", "excluded", "closed"),
    [
        ("app", [], ALL),
        ("app", ["a"], ALL - {"/a"}),
        ("app", ("outer.a",), ALL - {"/outer/a"}),
        ("app", {"outer.inner.a", "b"}, ALL - {"/outer/inner/a", "/b"}),
        ("app", frozenset({"inner.a", "outer", "a.", ".a", "/a", "A"}), ALL),
        ("app", ["a.b"], ALL - {"/a/b"}),
        ("outer", [], OUTER),
        ("outer", ["a"], OUTER - {"/outer/a"}),
        ("outer", ["inner.a"], OUTER - {"/outer/inner/a"}),
        ("outer", ["outer.a", "outer.inner.a", "inner", "nner.a", ".a"], OUTER),
        ("inner", ["a"], INNER - {"/outer/inner/a"}),
        ("inner", ["inner.a", "outer.inner.a"], INNER),
    ],
)
def test_excluded_endpoints(place: Place, protected: str, excluded: Any, closed: set[str]) -> None:  # noqa: ANN401
    """An application's by their full names, a blueprint's without its own; each name is one endpoint and no other."""
    app = twice_nested(place.auth(), protected, excluded)
    for path in sorted(ALL):
        answer = ask(app, path)
        assert (answer.status_code, answer.json) == (MISSING if path in closed else OPEN), path


def test_excluded_endpoint_looks_at_no_token(place: Place, outcomes: list[str]) -> None:
    """A bad one is no reason to be refused there; a decorator of the view's own still asks."""
    auth, app = place.auth(), Flask(__name__)
    app.add_url_rule("/public", "public", a_view())
    app.add_url_rule("/optional", "optional", auth.optional(a_view()))
    app.add_url_rule("/closed", "closed", auth.require(a_view()))
    auth.protect(app, exclude_endpoints=["public", "optional", "closed"])
    for headers in ({"authorization": "Bearer nonsense"}, place.bearer()):
        assert ask(app, "/public", headers).json == [None]
    assert outcomes == []
    assert ask(app, "/optional").json == [None]
    assert ask(app, "/optional", place.bearer()).json == [SUBJECT]
    assert ask(app, "/closed").status_code == 401


def test_methods_of_an_excluded_endpoint(place: Place) -> None:
    """All that the route takes; what it does not take is no endpoint."""
    auth, app = place.auth(), Flask(__name__)
    app.add_url_rule("/public", "public", a_view(), methods=["GET", "POST"])
    auth.protect(app, exclude_endpoints=["public"])
    for method in ("GET", "HEAD", "POST", "OPTIONS"):
        assert ask(app, "/public", method=method).status_code == 200
    assert ask(app, "/public", method="DELETE").status_code == 401


@pytest.mark.parametrize("owner", [Flask(__name__), Blueprint("shop", __name__)])
@pytest.mark.parametrize(
    ("keywords", "parameter"),
    [
        ({"exclude_endpoints": "static"}, "exclude_endpoints"),
        ({"exclude_endpoints": None}, "exclude_endpoints"),
        ({"exclude_endpoints": [""]}, "exclude_endpoints"),
        ({"exclude_endpoints": ["a", 7]}, "exclude_endpoints"),
        ({"exclude_endpoints": [whoami]}, "exclude_endpoints"),
        ({"exclude_endpoints": {"a": "b"}}, "exclude_endpoints"),
        ({"allow_preflights": "yes"}, "allow_preflights"),
        ({"allow_preflights": None}, "allow_preflights"),
        ({"allow_preflights": 1}, "allow_preflights"),
    ],
)
def test_wrong_keywords(owner: Any, keywords: dict[str, Any], parameter: str) -> None:  # noqa: ANN401
    """What cannot be meant is refused where it stands."""
    with pytest.raises(ConfigurationError) as caught:
        BearerAuth().protect(owner, **keywords)
    assert caught.value.parameter == parameter


@pytest.mark.parametrize("owner", [None, whoami, "shop", Flask, Blueprint])
def test_wrong_owner(owner: Any) -> None:  # noqa: ANN401 - what may be given by mistake
    """Neither a view nor a class is protected like this."""
    with pytest.raises(ConfigurationError) as caught:
        BearerAuth().protect(owner)
    assert caught.value.parameter == "app"


# -- preflights -------------------------------------------------------------------------------------------------------

PREFLIGHT = {"origin": "https://app.example", "access-control-request-method": "PUT"}


def with_preflights(auth: BearerAuth, protected: str, **keywords: bool) -> Flask:
    """``/shop/a`` is served by a blueprint; the application or that is protected."""
    app, blueprint = Flask(__name__), small_blueprint("shop", url_prefix="/shop")
    auth.protect(app if protected == "app" else blueprint, **keywords)
    app.register_blueprint(blueprint)
    return app


@pytest.mark.parametrize("protected", ["app", "blueprint"])
@pytest.mark.parametrize("keywords", [{}, {"allow_preflights": False}, {"allow_preflights": True}])
def test_preflights_pass_only_where_asked(place: Place, protected: str, keywords: dict[str, bool]) -> None:
    """Browsers send them without a token; whether that is let through has been said, or it is not."""
    app = with_preflights(place.auth(), protected, **keywords)
    expected = 200 if keywords.get("allow_preflights") else 401
    assert ask(app, "/shop/a", PREFLIGHT, method="OPTIONS").status_code == expected
    assert ask(app, "/shop/a", place.bearer() | PREFLIGHT, method="OPTIONS").status_code == 200
    assert code_of(ask(app, "/shop/a", PREFLIGHT)) == (401, "missing_token")


def test_preflights_where_there_is_no_route(place: Place) -> None:
    """They learn no more than what Flask answers to one, and an extension may answer them all."""
    auth = place.auth()
    assert (
        ask(with_preflights(auth, "app", allow_preflights=True), "/x", PREFLIGHT, method="OPTIONS").status_code == 404
    )
    app = with_preflights(auth, "app", allow_preflights=True)
    app.before_request(lambda: ("", 204))
    assert ask(app, "/x", PREFLIGHT, method="OPTIONS").status_code == 204
    assert ask(app, "/x", method="OPTIONS").status_code == 401


@pytest.mark.parametrize(
    ("changes", "more"),
    [
        ({"origin": None}, {}),
        ({"access-control-request-method": None}, {}),
        ({"origin": ""}, {}),
        ({"access-control-request-method": ""}, {}),
        ({"origin": "https://a.example, https://b.example"}, {}),
        ({"access-control-request-method": "PUT, GET"}, {}),
        ({"access-control-request-method": "PUT GET"}, {}),
        ({}, {"data": b"x"}),
        ({"transfer-encoding": "chunked"}, {}),
        ({}, {"environ_overrides": {"CONTENT_LENGTH": "1"}}),
        ({}, {"environ_overrides": {"CONTENT_LENGTH": "00"}}),
    ],
)
def test_malformed_preflights_never_pass(place: Place, changes: dict[str, str | None], more: dict[str, Any]) -> None:
    """One thing spoiled, and it is a request like any other."""
    app = with_preflights(place.auth(), "app", allow_preflights=True)
    headers = {name: value for name, value in (PREFLIGHT | changes).items() if value is not None}
    assert ask(app, "/shop/a", PREFLIGHT, method="OPTIONS").status_code == 200
    assert code_of(ask(app, "/shop/a", headers, method="OPTIONS", **more)) == (401, "missing_token")


@pytest.mark.parametrize("name", ["origin", "access-control-request-method"])
def test_preflight_with_a_header_twice(place: Place, name: str) -> None:
    """A server joins the two with a comma, and then it is none."""
    app = with_preflights(place.auth(), "app", allow_preflights=True)
    headers = [*PREFLIGHT.items(), (name, PREFLIGHT[name])]
    assert ask(app, "/shop/a", headers, method="OPTIONS").status_code == 401


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE"])
def test_other_methods_are_no_preflights(place: Place, method: str) -> None:
    """Whatever their headers say."""
    app = with_preflights(place.auth(), "app", allow_preflights=True)
    environ = {"REQUEST_METHOD": method}
    assert ask(app, "/shop/a", PREFLIGHT, environ_overrides=environ).status_code == 401
