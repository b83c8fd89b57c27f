"""``auth.protect``: an application or a blueprint, with all that is below."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Blueprint, Flask
from flask_kit import Place, a_view, ask, code_of, served_by, small_blueprint

from jwtmr import ConfigurationError
from jwtmr.testing import SUBJECT
from jwtmr_flask import BearerAuth, ResourceMetadata, current_principal, get_principal

MISSING = (401, "missing_token")


def nested() -> tuple[Flask, Blueprint, Blueprint, Blueprint]:
    """``/a`` of the application, ``/outer/a``, ``/outer/inner/a`` and ``/other/a``, and the blueprints."""
    app = Flask(__name__)
    outer, inner, other = (small_blueprint(name, url_prefix=f"/{name}") for name in ("outer", "inner", "other"))
    app.add_url_rule("/a", "a", a_view())
    return app, outer, inner, other


def register(app: Flask, outer: Blueprint, inner: Blueprint, other: Blueprint) -> None:
    """Put them together."""
    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    app.register_blueprint(other)


PATHS = ["/a", "/outer/a", "/outer/inner/a", "/other/a"]


@pytest.mark.parametrize(
    ("protected", "paths"),
    [(0, PATHS), (1, ["/outer/a", "/outer/inner/a"]), (2, ["/outer/inner/a"]), (3, ["/other/a"])],
    ids=["application", "outer", "inner", "other"],
)
@pytest.mark.parametrize("initialised", [True, False])
def test_what_is_protected(place: Place, protected: int, paths: list[str], initialised: bool) -> None:
    """All that is below, and nothing beside it; with a token everybody gets in."""
    auth, parts = place.auth(), nested()
    if initialised:
        auth.init_app(parts[0])
    auth.protect(parts[protected])
    register(*parts)
    for path in PATHS:
        answer = ask(parts[0], path)
        assert (code_of(answer) if path in paths else answer.json) == (MISSING if path in paths else [None])
        assert ask(parts[0], path, place.bearer()).json == ([SUBJECT] if path in paths else [None])


@pytest.mark.parametrize(
    ("method", "path", "otherwise"),
    [
        ("GET", "/nowhere", 404),
        ("POST", "/a", 405),
        ("GET", "/slash", 308),
        ("OPTIONS", "/a", 200),
        ("HEAD", "/a", 200),
    ],
)
def test_what_no_route_matches_is_refused(place: Place, method: str, path: str, otherwise: int) -> None:
    """A stranger learns nothing of a protected application, not even what there is; others are answered as ever."""
    auth, app = place.auth(), Flask(__name__)
    app.add_url_rule("/a", "a", a_view())
    app.add_url_rule("/slash/", "slash", a_view())
    auth.protect(app, exclude_endpoints=["nothing"])
    assert ask(app, path, method=method).status_code == 401
    assert ask(app, path, place.bearer(), method=method).status_code == otherwise


def test_blueprint_as_two(place: Place) -> None:
    """A blueprint that is registered under several names, nested once more, is protected under all of them."""
    auth, app, parent = place.auth(), Flask(__name__), Blueprint("parent", __name__, url_prefix="/parent")
    blueprint = small_blueprint("shop")
    auth.protect(blueprint, exclude_endpoints=["b"])
    parent.register_blueprint(blueprint, name="nested", url_prefix="/nested")
    for name in ("v1", "v2"):
        app.register_blueprint(blueprint, name=name, url_prefix=f"/{name}")
    app.register_blueprint(parent)
    for prefix in ("/v1", "/v2", "/parent/nested"):
        assert code_of(ask(app, prefix + "/a")) == MISSING
        assert ask(app, prefix + "/a", place.bearer()).json == [SUBJECT]
        assert ask(app, prefix + "/b").json == [None]


def test_a_view_may_ask_for_more(place: Place, outcomes: list[str]) -> None:
    """Scopes are for the view's own decorator; an optional one is not open because it says so."""
    auth, blueprint = place.auth(), Blueprint("shop", __name__, url_prefix="/shop")
    blueprint.add_url_rule("/scoped", "scoped", auth.require(scopes=["a"])(a_view()))
    blueprint.add_url_rule("/optional", "optional", auth.optional(a_view()))
    auth.protect(blueprint)
    app = served_by(auth)
    app.register_blueprint(blueprint)
    assert code_of(ask(app, "/shop/scoped")) == MISSING
    assert code_of(ask(app, "/shop/scoped", place.bearer("b"))) == (403, "insufficient_scope")
    assert ask(app, "/shop/scoped", place.bearer("a")).json == [SUBJECT]
    assert code_of(ask(app, "/shop/optional")) == MISSING
    assert ask(app, "/shop/optional", place.bearer()).json == [SUBJECT]
    assert outcomes == ["accepted", "insufficient_scope", "accepted", "accepted"]


def test_hooks(place: Place) -> None:
    """What an application does before requests happens in the order of its lines; a blueprint's own comes later."""
    auth, app, blueprint = place.auth(), Flask(__name__), small_blueprint("shop")
    seen: list[tuple[str, str | None]] = []

    def note(where: str) -> None:
        principal = get_principal()
        seen.append((where, principal and principal.subject))

    auth.init_app(app)
    app.before_request(lambda: note("before"))
    auth.protect(app)
    app.before_request(lambda: note("after"))
    blueprint.before_request(lambda: note("blueprint"))
    app.register_blueprint(blueprint)
    assert code_of(ask(app, "/a")) == MISSING
    assert seen == [("before", None)]
    seen.clear()
    assert ask(app, "/a", place.bearer()).status_code == 200
    assert seen == [("before", None), ("after", SUBJECT), ("blueprint", SUBJECT)]


def test_protected_by_two(place: Place, elsewhere: Place) -> None:
    """An application behind one object, a blueprint of it behind another too."""
    app, blueprint = Flask(__name__), small_blueprint("shop", url_prefix="/shop")
    one, two = place.auth(), elsewhere.auth(realm="shop")
    one.protect(app, exclude_endpoints=["shop.a"])
    two.protect(blueprint)
    app.register_blueprint(blueprint)
    app.add_url_rule("/a", "a", a_view())
    assert ask(app, "/a", place.bearer()).json == [SUBJECT]
    assert ask(app, "/shop/a", elsewhere.bearer(subject="theirs")).json == ["theirs"]
    assert ask(app, "/shop/a").headers["www-authenticate"] == 'Bearer realm="shop"'
    assert code_of(ask(app, "/shop/b", place.bearer())) == (401, "untrusted_issuer")
    assert code_of(ask(app, "/shop/b", elsewhere.bearer())) == (401, "untrusted_issuer")


def test_protection_without_a_validator(place: Place) -> None:
    """Every request that needs a token says what is missing, and none is served."""
    auth, app = BearerAuth(), Flask(__name__)
    auth.protect(app)
    app.add_url_rule("/", "index", a_view())
    for headers in ({}, place.bearer()):
        with pytest.raises(ConfigurationError, match="validator"):
            ask(app, headers=headers)


def test_metadata_is_for_everybody(place: Place) -> None:
    """Who wants to know where tokens come from has none yet; beside the document nothing is open."""
    metadata = ResourceMetadata(resource="https://api.example.com/v1")
    auth, other, app = place.auth(resource_metadata=metadata), place.auth(), Flask(__name__)
    auth.init_app(app)
    for one in (auth, other):
        one.protect(app)
    for headers in ({}, {"authorization": "Bearer nonsense"}):
        assert ask(app, metadata.path, headers).json["resource"] == metadata.resource
        assert ask(app, metadata.path, headers, method="HEAD").status_code == 200
        for path in (metadata.path + "/x", metadata.path[:-1], metadata.path + "?x=/a", "/nowhere"):
            assert ask(app, path, headers).status_code == (200 if "?" in path else 401)
        assert ask(app, metadata.path, headers, method="POST").status_code == 401


def with_files(folder: Path) -> tuple[Flask, Blueprint]:
    """``/static/style.css`` of an application, ``/shop/files/style.css`` of a blueprint that is not registered yet."""
    (folder / "style.css").write_text(STYLE)
    blueprint = Blueprint("shop", __name__, static_folder=str(folder), static_url_path="/shop/files")
    return Flask(__name__, static_folder=str(folder), static_url_path="/static"), blueprint


STYLE = "body { margin: 0 }"
FILES = {"static": "/static/style.css", "shop.static": "/shop/files/style.css"}


@pytest.mark.parametrize("excluded", [[], ["static"], ["shop.static"], ["static", "shop.static"], ["shop"]])
def test_static_files(place: Place, tmp_path: Path, excluded: list[str]) -> None:
    """They are endpoints like any other: protected, unless they are named."""
    auth, (app, blueprint) = place.auth(), with_files(tmp_path)
    auth.protect(app, exclude_endpoints=excluded)
    app.register_blueprint(blueprint)
    for endpoint, path in FILES.items():
        assert (ask(app, path).text == STYLE) == (endpoint in excluded)
        assert (ask(app, path).status_code == 401) == (endpoint not in excluded)
        assert ask(app, path, place.bearer()).text == STYLE


@pytest.mark.parametrize(("excluded", "status"), [([], 401), (["static"], 200), (["shop.static"], 401)])
def test_static_files_of_a_blueprint(place: Place, tmp_path: Path, excluded: list[str], status: int) -> None:
    """For a protected blueprint ``static`` is its own, and the application's are not its business."""
    auth, (app, blueprint) = place.auth(), with_files(tmp_path)
    auth.protect(blueprint, exclude_endpoints=excluded)
    app.register_blueprint(blueprint)
    assert ask(app, FILES["static"]).text == STYLE
    assert ask(app, FILES["shop.static"]).status_code == status


def test_too_late(place: Place) -> None:
    """What has been registered, or has served, cannot be protected any more, and Flask says so."""
    auth, app, blueprint = place.auth(), Flask(__name__), small_blueprint("shop")
    app.register_blueprint(blueprint)
    with pytest.raises(AssertionError, match="before_request"):
        auth.protect(blueprint)
    assert ask(app, "/a").json == [None]
    with pytest.raises(AssertionError, match="before_request"):
        auth.protect(app)


def test_principal_of_a_protected_application(place: Place) -> None:
    """No decorator is needed to know who calls."""
    auth, app = place.auth(), Flask(__name__)
    auth.protect(app)
    app.get("/")(lambda: [current_principal.subject, current_principal.client_id])
    assert ask(app, headers=place.bearer()).json == [SUBJECT, place.issuer.client_id]
