"""Which requests need no token. Every row is judged by the middleware itself."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from asgi_kit import Client, Place, get, scope_of

from jwtmr import ConfigurationError
from jwtmr_asgi.paths import ExcludedPaths

EXCLUDE = ["/healthz", "/static/*", "/a b"]

OPEN = ["/healthz", "/static/x", "/static/x/y.css", "/static/x.y", "/static/..x", "/a b"]
SHUT = [
    "/", "", "/healthz/", "/healthz/x", "/Healthz", "/healthzz", "/static", "/static/", "/staticx", "/x/static/y",
    "/x/healthz",
    "/static//x", "//healthz", "//static/x", "/static/../admin", "/static/./x", "/static/x/..", "/static/.", "/..",
    "/static/\\x", "\\healthz", "/static/%2e%2e/admin", "/static/%2E", "/static%2fx", "/static/%2Fx", "/static/%5cx",
    "/static/x\x00", "/static/\r\nx", "healthz", "static/x", "/static/x//", "/static/%252e/%2e",
]  # fmt: skip


def status(place: Place, scope: dict[str, Any]) -> int:
    """The status that a request without credentials gets."""
    client = Client({"type": "http.request", "body": b"", "more_body": False})
    asyncio.run(place.protect(exclude=EXCLUDE)(scope, client.receive, client.send))
    return client.sent[0]["status"]


@pytest.mark.parametrize("path", OPEN)
def test_excluded_path_needs_no_token(place: Place, path: str) -> None:
    """Exact, or below a prefix that ends at a slash."""
    assert status(place, scope_of(path)) == 200


@pytest.mark.parametrize("path", SHUT)
def test_every_other_path_does(place: Place, path: str) -> None:
    """In its decoded form, and where the server tells of no other one."""
    assert status(place, scope_of(path)) == 401
    assert status(place, scope_of(path, raw_path=None)) == 401


@pytest.mark.parametrize(
    ("path", "raw"),
    [
        ("/static/x", b"/static%2fx"), ("/static/x", b"/static/%78%2Fy"), ("/static/x", b"/static/%2e%2E/x"),
        ("/static/x", b"/static/../static/x"), ("/static/x", b"//static/x"), ("/static/x", b"/static%5Cx"),
        ("/healthz", b"/./healthz"), ("/healthz", b"/x/../healthz"),
    ],
)  # fmt: skip
def test_a_path_that_was_written_otherwise(place: Place, path: str, raw: bytes) -> None:
    """What a proxy before the server made of it nobody knows."""
    assert status(place, scope_of(path, raw_path=path.encode())) == 200
    assert status(place, scope_of(path, raw_path=raw)) == 401


@pytest.mark.parametrize(
    ("root", "path", "expected"),
    [
        ("/app", "/app/healthz", 200), ("/app", "/healthz", 200), ("/app", "/app/static/x", 200),
        ("/app", "/app/app/healthz", 401), ("/app", "/application/healthz", 401), ("/app", "/app", 401),
        ("", "/app/healthz", 401), ("/healthz", "/healthz", 401), ("/static", "/static/x", 401),
        ("/static", "/static/static/x", 401), ("/app", "/static/app/x", 401),
    ],
)  # fmt: skip
def test_paths_are_those_below_the_root_path(place: Place, root: str, path: str, expected: int) -> None:
    """As the application's router takes ``root_path`` off, whether or not the server put it in front."""
    assert status(place, scope_of(path, root_path=root)) == expected


def test_no_websocket_is_excluded(place: Place) -> None:
    """Its handshake is a GET for a path, and is none that is listed."""
    client = Client({"type": "websocket.connect"})
    scope = scope_of("/healthz", kind="websocket", subprotocols=[])
    asyncio.run(place.protect(exclude=EXCLUDE)(scope, client.receive, client.send))
    assert client.sent == [{"type": "websocket.close", "code": 1008, "reason": ""}]


@pytest.mark.parametrize(
    ("method", "headers", "expected"),
    [
        ("OPTIONS", ["origin", "access-control-request-method"], 200),
        ("OPTIONS", ["Origin", "Access-Control-Request-Method"], 200),
        ("OPTIONS", ["origin"], 401),
        ("OPTIONS", ["access-control-request-method"], 401),
        ("OPTIONS", [], 401),
        ("GET", ["origin", "access-control-request-method"], 401),
        ("POST", ["origin", "access-control-request-method"], 401),
    ],
)
def test_only_a_true_preflight_passes(place: Place, method: str, headers: list[str], expected: int) -> None:
    """A browser sends it without credentials; the application answers it to an anonymous user."""
    lines = [(name.encode(), b"https://app.example" if name.lower() == "origin" else b"PUT") for name in headers]
    assert status(place, scope_of("/orders", method=method, headers=lines)) == expected


@pytest.mark.parametrize(
    "exclude",
    ["/healthz", [""], ["healthz"], ["/*"], ["/a*"], ["/*/a"], ["/a/*/b"], ["/a//b"], ["/a/../b"], ["/a\\b"], [7],
     ["/a%2fb"], ["/a?b"], None, {"/a": 1}, ["https://a.example/x"]],
    ids=repr,
)  # fmt: skip
def test_what_excludes_nothing_or_everything_is_refused(exclude: object) -> None:
    """When the application is put together, and not as a path that never matches."""
    assert not ExcludedPaths(["/a", "/b/*"]).match(scope_of("/c"))
    with pytest.raises(ConfigurationError) as caught:
        ExcludedPaths(exclude)
    assert caught.value.parameter == "exclude"


def test_excluded_requests_have_an_anonymous_user(place: Place) -> None:
    """So that an application which asks for the user finds one; a token sent along is not looked at."""
    for headers in ({}, place.headers(), {"authorization": "Bearer junk"}):
        said = get(place.protect(exclude=EXCLUDE), "/healthz", headers).json()
        assert (said["subject"], said["user"], said["authenticated"], said["scopes"]) == (None, "", False, [])
