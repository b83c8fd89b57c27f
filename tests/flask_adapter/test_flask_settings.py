"""Settings: those of the object, and ``app.config`` before them, application by application."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask_kit import Place, a_place, a_view, ask, code_of, served_by

from jwtmr import ConfigurationError
from jwtmr.testing import SUBJECT
from jwtmr_flask import BearerAuth, FromCookie, FromHeader, ResourceMetadata

OURS = ResourceMetadata(resource="https://ours.example/v1")
THEIRS = ResourceMetadata(resource="https://theirs.example/v2", authorization_servers=["https://login.example"])
DOCUMENT = "/.well-known/oauth-protected-resource"


def challenge(app: Flask) -> str:
    """What a request without credentials is told."""
    return ask(app).headers["www-authenticate"]


def test_without_settings(place: Place) -> None:
    """The realm is ``api``, the token is in ``Authorization``, and there is no document."""
    app = served_by(place.auth())
    assert challenge(app) == 'Bearer realm="api"'
    assert ask(app, headers=place.bearer()).json == [SUBJECT]
    assert ask(app, DOCUMENT).status_code == 404


@pytest.mark.parametrize("initialised", [True, False])
def test_realm_of_the_application(place: Place, initialised: bool) -> None:
    """It goes before that of the object, for that application and no other."""
    auth = place.auth(realm="object")
    for config, realm in [({"JWTMR_REALM": "application"}, "application"), ({}, "object"), ({"REALM": "x"}, "object")]:
        app = Flask(__name__)
        app.config.update(config)
        if initialised:
            auth.init_app(app)
        app.get("/")(auth.require(a_view()))
        assert challenge(app) == f'Bearer realm="{realm}"'


@pytest.mark.parametrize("sources", [[FromHeader("x-token")], (FromHeader("x-token"),)])
@pytest.mark.parametrize("configured", [True, False])
def test_token_sources(place: Place, sources: Any, configured: bool) -> None:  # noqa: ANN401
    """What is named is looked at, and nothing else."""
    if configured:
        app = served_by(place.auth(token_sources=[FromHeader("x-other")]), JWTMR_TOKEN_SOURCES=sources)
    else:
        app = served_by(place.auth(token_sources=sources))
    assert ask(app, headers={"x-token": place.token()}).json == [SUBJECT]
    assert code_of(ask(app, headers=place.bearer())) == (401, "missing_token")
    assert code_of(ask(app, headers={"x-other": place.token()})) == (401, "missing_token")


@pytest.mark.parametrize(
    ("method", "origin", "status"),
    [
        ("GET", None, 200),
        ("POST", None, 400),
        ("POST", "https://evil.example", 400),
        ("POST", "https://app.example", 200),
    ],
)
def test_cookie(place: Place, method: str, origin: str | None, status: int) -> None:
    """The method and the headers reach the source: a cookie serves an unsafe method from an allowed origin only."""
    app = served_by(place.auth(token_sources=[FromCookie("token", allowed_origins=["https://app.example"])]))
    headers = {"cookie": f"token={place.token()}"} | ({"origin": origin} if origin else {})
    assert ask(app, headers=headers, method=method).status_code == status


@pytest.mark.parametrize("name", ["content-type", "content-length"])
def test_headers_that_wsgi_calls_by_another_name(place: Place, name: str) -> None:
    """Their values come without ``HTTP_``; what is not there is missing and no empty token."""
    app = served_by(place.auth(token_sources=[FromHeader(name)]))
    assert code_of(ask(app)) == (401, "missing_token")
    environ = {name.upper().replace("-", "_"): place.token()}
    assert ask(app, environ_overrides=environ).json == [SUBJECT]


def test_metadata_of_the_object(place: Place) -> None:
    """Its document is served, and challenges name its address."""
    app = served_by(place.auth(resource_metadata=OURS))
    assert challenge(app) == f'Bearer realm="api", resource_metadata="https://ours.example{DOCUMENT}/v1"'
    assert ask(app, DOCUMENT + "/v1").json == {
        "resource": "https://ours.example/v1",
        "authorization_servers": [*place.validator.current_issuers],
        "bearer_methods_supported": ["header"],
    }


def test_metadata_of_the_application(place: Place) -> None:
    """It goes before that of the object; None is none."""
    auth = place.auth(resource_metadata=OURS)
    app = served_by(auth, JWTMR_RESOURCE_METADATA=THEIRS)
    assert challenge(app) == f'Bearer realm="api", resource_metadata="https://theirs.example{DOCUMENT}/v2"'
    assert ask(app, DOCUMENT + "/v2").json["authorization_servers"] == ["https://login.example"]
    assert ask(app, DOCUMENT + "/v1").status_code == 404
    without = served_by(auth, JWTMR_RESOURCE_METADATA=None)
    assert challenge(without) == 'Bearer realm="api"'
    assert ask(without, DOCUMENT + "/v1").status_code == 404


def test_metadata_of_two_objects(place: Place) -> None:
    """One document for one resource, and any number for several."""
    app = served_by(place.auth(resource_metadata=OURS))
    place.auth(resource_metadata=OURS).init_app(app)
    place.auth(resource_metadata=THEIRS).init_app(app)
    assert ask(app, DOCUMENT + "/v1").json["resource"] == OURS.resource
    assert ask(app, DOCUMENT + "/v2").json["resource"] == THEIRS.resource


def test_metadata_of_one_address(place: Place) -> None:
    """Two objects that would say different things there cannot both be served."""
    app = served_by(place.auth(resource_metadata=OURS))
    other = place.auth(resource_metadata=ResourceMetadata(resource="https://other.example/v1"))
    with pytest.raises(ConfigurationError) as caught:
        other.init_app(app)
    assert caught.value.parameter == "resource_metadata"


@pytest.mark.parametrize("path", ["/a.b", "/a-b", "/a/b", "/a:b"])
def test_metadata_of_resources_with_similar_names(place: Place, path: str) -> None:
    """Two resources are two, however much alike they are to Flask."""
    first = ResourceMetadata(resource="https://api.example.com/a.b/c")
    other = ResourceMetadata(resource=f"https://api.example.com{path}/c")
    app = Flask(__name__)
    for metadata in (first, other):
        place.auth(resource_metadata=metadata).init_app(app)
    assert ask(app, first.path).json["resource"] == first.resource
    assert ask(app, other.path).json["resource"] == other.resource


@pytest.mark.parametrize("resource", ["https://api.example.com/<tenant>", "https://api.example.com/%3Cint:x%3E"])
def test_metadata_that_would_be_a_rule(place: Place, resource: str) -> None:
    """A ``<`` in its path would be a parameter of a route."""
    with pytest.raises(ConfigurationError) as caught:
        place.auth(resource_metadata=ResourceMetadata(resource=resource)).init_app(Flask(__name__))
    assert caught.value.parameter in ("resource", "resource_metadata")


@pytest.mark.parametrize(("startup", "fetched"), [("warn", True), ("require", True), ("lazy", False)])
def test_startup_of_the_application(startup: str, fetched: bool) -> None:
    """It goes before that of the object."""
    with a_place() as place:
        served_by(place.auth(startup="lazy" if fetched else "require"), JWTMR_STARTUP=startup)
        assert (place.issuer.count() > 0) == fetched


WRONG = [
    ("realm", 'with "quotes"'),
    ("realm", ""),
    ("realm", None),
    ("realm", "naïve"),
    ("token_sources", "authorization"),
    ("token_sources", []),
    ("token_sources", [FromHeader(), FromHeader("x-token")]),
    ("token_sources", FromHeader()),
    ("token_sources", None),
    ("resource_metadata", "https://api.example.com"),
    ("startup", "never"),
    ("startup", None),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_wrong_setting_of_the_object(place: Place, name: str, value: object) -> None:
    """It is refused where it is made, without any application."""
    for validator in (None, place.validator):
        with pytest.raises(ConfigurationError) as caught:
            BearerAuth(validator, **{name: value})  # type: ignore[arg-type]
        assert caught.value.parameter == name


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_wrong_setting_of_the_application(place: Place, name: str, value: object) -> None:
    """``init_app`` refuses it before any key is fetched; put right, it starts."""
    auth, app = place.auth(), Flask(__name__)
    app.get("/")(auth.require(a_view()))
    app.config[f"JWTMR_{name.upper()}"] = value
    with pytest.raises(ConfigurationError) as caught:
        auth.init_app(app)
    assert caught.value.parameter == name
    del app.config[f"JWTMR_{name.upper()}"]
    auth.init_app(app)
    assert ask(app, headers=place.bearer()).json == [SUBJECT]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_wrong_setting_without_init_app(place: Place, name: str, value: object) -> None:
    """Then it is the error of the first request, and of every other."""
    auth, app = place.auth(), Flask(__name__)
    app.config[f"JWTMR_{name.upper()}"] = value
    app.get("/")(auth.require(a_view()))
    for headers in ({}, place.bearer()):
        with pytest.raises(ConfigurationError) as caught:
            ask(app, headers=headers)
        assert caught.value.parameter == name
