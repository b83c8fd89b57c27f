"""Ways past the middleware: a path that the router reads otherwise, and what only looks like a preflight."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from asgi_kit import Client, Place, scope_of, whoami
from litestar import Litestar
from litestar import get as litestar_get

from jwtmr_asgi import ResourceMetadata


@litestar_get("/admin", sync_to_thread=False)
def admin() -> dict[str, str]:
    """Protected: in no list."""
    return {"secret": "admin"}


@litestar_get("/static", sync_to_thread=False)
def static_root() -> dict[str, str]:
    """Protected: ``/static/*`` is what lies below."""
    return {"secret": "static"}


def status(app: Any, scope: dict[str, Any]) -> int:  # noqa: ANN401 - any ASGI application
    """The status that a request gets."""
    client = Client({"type": "http.request", "body": b"", "more_body": False})
    asyncio.run(app(scope, client.receive, client.send))
    return int(client.sent[0]["status"])


@pytest.mark.parametrize("path", ["/static/api/admin", "/static/x/api/admin"])
def test_a_router_that_cuts_at_the_root_path_anywhere(place: Place, path: str) -> None:
    """Litestar takes what follows the first ``root_path``; Hypercorn does not put that in front of ``path``."""
    app = place.protect(Litestar([admin]), exclude=["/static/*"])
    scope = scope_of(path, root_path="/api", scheme="http", http_version="1.1", server=("h", 80), client=("c", 1))
    assert status(app, scope) == 401


def test_the_prefix_alone_is_not_below_itself(place: Place) -> None:
    """Litestar serves ``/static/`` with the handler of ``/static``, which is not in the list."""
    app = place.protect(Litestar([static_root]), exclude=["/static/*"])
    more: dict[str, Any] = {"scheme": "http", "http_version": "1.1", "server": ("h", 80), "client": ("c", 1)}
    assert status(app, scope_of("/static", **more)) == 401
    assert status(app, scope_of("/static/", **more)) == 401


@pytest.mark.parametrize("path", ["/static/..;/admin", "/static/x/..;a=b/admin", "/static/.;/x"])
def test_a_dot_segment_with_parameters(place: Place, path: str) -> None:
    """Servers behind a proxying application take the parameter off, and go up (RFC 3986 section 3.3)."""
    assert status(place.protect(exclude=["/static/*"]), scope_of(path)) == 401


@pytest.mark.parametrize(
    ("origin", "method", "more"),
    [
        (b"", b"PUT", []), (b"https://a.example", b"", []), (b"https://a.example", b"P UT", []),
        (b"https://a.example", b"PUT", [(b"content-length", b"5")]),
        (b"https://a.example", b"PUT", [(b"transfer-encoding", b"chunked")]),
    ],
    ids=["no origin", "no method", "no method's name", "body", "chunked body"],
)  # fmt: skip
def test_no_browser_sends_this_preflight(
    place: Place, origin: bytes, method: bytes, more: list[tuple[bytes, bytes]]
) -> None:
    """A preflight names an origin and a method, and has no body (Fetch standard, section 4.8)."""
    headers = [(b"origin", origin), (b"access-control-request-method", method), *more]
    assert status(place.protect(), scope_of("/orders", method="OPTIONS", headers=headers)) == 401


def test_the_metadata_of_a_resource_with_an_encoded_path(place: Place) -> None:
    """The address that every challenge names is served: servers hand its path over decoded."""
    app = place.protect(whoami, resource_metadata=ResourceMetadata(resource="https://a.example/caf%C3%A9"))
    path = "/.well-known/oauth-protected-resource/café"
    assert status(app, scope_of(path, raw_path=b"/.well-known/oauth-protected-resource/caf%C3%A9")) == 200
