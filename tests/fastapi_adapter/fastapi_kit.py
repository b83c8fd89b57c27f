"""A pool, who watches its validator, and ways to call an application: in process, and over a real server."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractContextManager, asynccontextmanager
from typing import Any, Final

import httpx
from fastapi import FastAPI
from pool_place import PoolPlace, started_place
from websockets.asyncio.client import connect

from jwtmr_fastapi import BearerAuth

_DIRECT: Final[dict[str, Any]] = {"proxy": None} if "proxy" in inspect.signature(connect.__init__).parameters else {}
"""Newer clients of websockets look for a proxy, older ones do not know the word."""


class Place(PoolPlace):
    """A pool, a validator for it, and what is tested."""

    def auth(self, **settings: Any) -> BearerAuth:  # noqa: ANN401 - whatever is to be tried
        """What is tested."""
        return BearerAuth(self.validator, **settings)


def a_place(**settings: Any) -> AbstractContextManager[Place]:  # noqa: ANN401 - as the validator has them
    """Start one."""
    return started_place(Place, **settings)


@asynccontextmanager
async def client_of(app: FastAPI, *, raises: bool = True) -> AsyncIterator[httpx.AsyncClient]:
    """A client that calls ``app`` in process; what its code raises is raised here, or answered with 500."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=raises)
    async with httpx.AsyncClient(transport=transport, base_url="http://app.example") as client:
        yield client


def ask(
    app: FastAPI,
    path: str = "/",
    headers: Mapping[str, str] | list[tuple[str, str]] | None = None,
    *,
    method: str = "GET",
    raises: bool = True,
) -> httpx.Response:
    """One request, in process."""

    async def send() -> httpx.Response:
        async with client_of(app, raises=raises) as client:
            return await client.request(method, path, headers=headers)

    return asyncio.run(send())


def code_of(answer: httpx.Response) -> tuple[int, str]:
    """The status of a refusal and its code."""
    return answer.status_code, answer.json()["detail"]["code"]


def hear(url: str, path: str = "/", **settings: Any) -> str:  # noqa: ANN401 - as the client has them
    """Open a WebSocket, and return the first message. Raises ``InvalidStatus`` for a refused handshake."""

    async def listen() -> str:
        async with connect(f"ws://{url}{path}", **_DIRECT, **settings) as socket:
            return str(await socket.recv())

    return asyncio.run(listen())
