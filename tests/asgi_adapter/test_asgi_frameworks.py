"""The middleware under three frameworks, each behind a real server: theirs is the routing, ours is who gets in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import litestar
import pytest
import quart
from asgi_kit import Place
from serving import served
from starlette.applications import Starlette
from starlette.authentication import requires as starlette_requires
from starlette.background import BackgroundTask
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.websockets import WebSocket
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from jwtmr_asgi import BearerAuthMiddleware, principal_of, requires
from jwtmr_asgi.types import App

NOTES: list[str] = []


async def me(request: Request) -> JSONResponse:
    """Who is calling, the ways that Starlette has."""
    principal = principal_of(request.scope)
    task = BackgroundTask(lambda: NOTES.append(request.user.identity))
    said = {"subject": principal and principal.subject, "name": request.user.display_name}
    return JSONResponse(said, background=task)


async def stream(request: Request) -> StreamingResponse:
    """Says the caller's name piece by piece."""

    async def pieces() -> AsyncIterator[str]:
        for letter in request.user.identity:
            yield letter

    return StreamingResponse(pieces())


@starlette_requires("orders/read", status_code=403)
async def orders(request: Request) -> JSONResponse:
    """Starlette's own requirement."""
    return JSONResponse({"subject": request.user.identity})


@requires(any_group=["admins"])
async def admin(request: Request) -> JSONResponse:
    """Our own, on an asynchronous endpoint."""
    return JSONResponse({"subject": request.user.identity})


@requires(scopes=["orders/write"])
def write(request: Request) -> JSONResponse:
    """Our own, on a synchronous endpoint."""
    return JSONResponse({"subject": request.user.identity})


@requires(any_group=["admins"])
async def console(websocket: WebSocket) -> None:
    """Our own, on a WebSocket."""
    await websocket.accept()
    await websocket.send_text(websocket.user.identity)
    await websocket.close()


def starlette_app(place: Place) -> App:
    """Starlette, with the middleware in its list."""
    routes = [
        Route("/", me), Route("/stream", stream), Route("/orders", orders), Route("/admin", admin),
        Route("/write", write), WebSocketRoute("/console", console), Route("/healthz", me),
        Mount("/sub", requires(scopes=["sub"])(Starlette(routes=[Route("/", me)]))),
    ]  # fmt: skip
    middleware = Middleware(BearerAuthMiddleware, validator=place.validator, exclude=["/healthz"])
    return Starlette(routes=routes, middleware=[middleware])


def litestar_app(place: Place) -> App:
    """Litestar, wrapped."""

    @litestar.get("/")
    async def view(request: litestar.Request[Any, Any, Any]) -> dict[str, Any]:
        principal = principal_of(request.scope)
        return {"subject": principal and principal.subject, "name": request.user.display_name}

    @litestar.get("/healthz")
    async def health() -> str:
        return "ok"

    return place.protect(litestar.Litestar([view, health]), exclude=["/healthz"])


def quart_app(place: Place) -> App:
    """Quart, with the middleware around its ASGI application."""
    app = quart.Quart("app")

    @app.get("/")
    async def view() -> dict[str, Any]:
        principal = principal_of(quart.request.scope)
        return {"subject": principal and principal.subject, "name": quart.request.scope["user"].display_name}

    @app.get("/healthz")
    async def health() -> str:
        return "ok"

    app.asgi_app = place.protect(app.asgi_app, exclude=["/healthz"])
    return app


@contextmanager
def client_for(app: App) -> Iterator[httpx.Client]:
    """A client of ``app`` behind a real server."""
    with served(app) as url, httpx.Client(base_url=f"http://{url}", trust_env=False) as client:
        yield client


@pytest.mark.parametrize("make", [starlette_app, litestar_app, quart_app])
def test_it_guards_every_framework(place: Place, make: Callable[[Place], App]) -> None:
    """Nobody gets in without a token, everybody is who he is, and an excluded path is open."""
    with client_for(make(place)) as client:
        assert client.get("/healthz").status_code == 200
        refused = client.get("/")
        assert (refused.status_code, refused.json()["code"]) == (401, "missing_token")
        for name in ("u1", "u2"):
            answer = client.get("/", headers=place.headers(subject=name, username="n" + name))
            assert answer.json() == {"subject": name, "name": "n" + name}
        assert client.get("/", headers={"authorization": "Bearer x"}).status_code == 401


def test_starlettes_own_parts_work(place: Place) -> None:
    """``request.user``, ``requires``, streaming and background tasks, without Starlette being imported by us."""
    NOTES.clear()
    with client_for(starlette_app(place)) as client:
        assert client.get("/healthz").json() == {"subject": None, "name": ""}
        reader, other = place.headers(subject="r", scopes=["orders/read"]), place.headers(subject="o", scopes=["x"])
        assert client.get("/orders", headers=reader).json() == {"subject": "r"}
        assert client.get("/orders", headers=other).status_code == 403
        assert client.get("/stream", headers=other).text == "o"
        client.get("/", headers=reader)
        client.get("/", headers=other)
    assert sorted(NOTES) == ["", "o", "r"], "tasks run in threads, in any order"


def test_requirements_of_endpoints_and_mounts(place: Place) -> None:
    """Each answers with the challenge, asynchronous, synchronous, mounted, and on a WebSocket."""
    admin_headers = place.headers(subject="a", groups=["admins"])
    writer = place.headers(subject="w", scopes=["orders/write", "sub"])
    with client_for(starlette_app(place)) as client:
        assert client.get("/admin", headers=admin_headers).json() == {"subject": "a"}
        assert client.get("/admin", headers=writer).json()["code"] == "insufficient_groups"
        assert client.get("/write", headers=writer).json() == {"subject": "w"}
        refused = client.get("/write", headers=admin_headers)
        assert refused.headers["www-authenticate"] == (
            'Bearer realm="api", error="insufficient_scope", scope="orders/write"'
        )
        assert client.get("/sub/", headers=writer).json()["subject"] == "w"
        assert client.get("/sub/", headers=admin_headers).status_code == 403
        url = str(client.base_url).replace("http", "ws") + "/console"
        with connect(url, additional_headers=admin_headers, proxy=None) as socket:
            assert socket.recv() == "a"
        with pytest.raises(InvalidStatus) as caught:
            connect(url, additional_headers=writer, proxy=None)
        assert caught.value.response.status_code == 403
