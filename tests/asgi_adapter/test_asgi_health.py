"""``health`` of the middleware and ``health_app``: at which paths, and what they say to what is no request."""

from __future__ import annotations

import asyncio
from functools import cache

import pytest
from asgi_kit import Client, Place, a_place, get, scope_of, whoami
from starlette.applications import Starlette
from starlette.routing import Mount, Route

from jwtmr import ConfigurationError, TokenValidator
from jwtmr_asgi import BearerAuthMiddleware, health_app
from jwtmr_asgi.types import App


def status_of(app: App, **scope: object) -> int:
    """The status of the answer to a scripted request, or the code that a WebSocket is closed with."""
    client = Client()
    asyncio.run(app(scope_of(**scope), client.receive, client.send))
    first = client.sent[0]
    return first.get("status") or first["code"]


@pytest.mark.parametrize(
    ("path", "root", "expected"),
    [
        ("/readyz", "", 200),
        ("/readyz", "/api", 200),  # servers that leave the prefix out
        ("/api/readyz", "/api", 200),
        ("/readyz/", "", 401),
        ("/readyz/x", "", 401),
        ("//readyz", "", 401),
        ("/READYZ", "", 401),
        ("/x/readyz", "", 401),
        ("/x/readyz", "/api", 401),
    ],
)
def test_only_that_path_is_open(place: Place, path: str, root: str, expected: int) -> None:
    """Below a prefix too; nothing beside it."""
    place.validator.warm_up()
    assert status_of(place.protect(health="/readyz"), path=path, root_path=root) == expected


def test_without_it_there_is_no_view(place: Place) -> None:
    """It is a choice."""
    assert get(place.protect(), "/readyz").status_code == 401
    assert get(place.protect(), "/readyz", place.headers()).json()["path"] == "/readyz"


def test_a_websocket_is_no_probe(place: Place) -> None:
    """The middleware asks it for a token, the application closes it before it was accepted."""
    place.validator.warm_up()
    for app in (place.protect(health="/readyz"), health_app(place.validator)):
        assert status_of(app, path="/readyz", kind="websocket") == 1008


def test_a_lifespan_is_no_probe(place: Place) -> None:
    """So a server that serves nothing else takes it that there is none."""
    with pytest.raises(RuntimeError, match="requests"):
        status_of(health_app(place.validator), kind="lifespan")


def test_it_may_be_mounted_or_be_a_route(place: Place) -> None:
    """Starlette takes it for the application that it is, inside of the middleware or beside it."""
    place.validator.warm_up()
    inner = Starlette(
        routes=[
            Route("/readyz", health_app(place.validator)),
            Mount("/ops/keys", health_app(place.validator, show_urls=True)),
            Route("/me", whoami),
        ]
    )
    app = place.protect(inner, exclude=["/readyz", "/ops/*"])
    assert [get(app, path).json()["status"] for path in ("/readyz", "/ops/keys/")] == ["ok", "ok"]
    assert get(app, "/readyz", method="POST").status_code == 405
    assert get(app, "/me").status_code == 401


def test_one_validator_for_both() -> None:
    """What makes it, under ``functools.cache``, is called once for the middleware and for the application."""
    made: list[TokenValidator] = []
    with a_place() as place:

        @cache
        def make() -> TokenValidator:
            made.append(place.validator)
            return place.validator

        app = BearerAuthMiddleware(health_app(make), make, exclude=["/readyz"])
        place.validator.warm_up()
        assert (get(app, "/readyz").status_code, get(app, "/", place.headers()).status_code) == (200, 200)
    assert len(made) == 1


@pytest.mark.parametrize("path", ["readyz", "", "/", "/ready*", "/readyz/", "/a%20b", b"/readyz", True])
def test_paths_that_are_none(place: Place, path: object) -> None:
    """They are refused where the middleware is made."""
    with pytest.raises(ConfigurationError) as caught:
        place.protect(health=path)
    assert caught.value.parameter == "health"
