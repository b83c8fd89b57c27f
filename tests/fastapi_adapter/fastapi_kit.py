"""A pool, who watches its validator, and ways to call an application: in process, and over a real server."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
from fastapi import FastAPI
from websockets.asyncio.client import connect

from jwtmr import Event, TokenValidator
from jwtmr.events import TokenAccepted, TokenRefused
from jwtmr.http import httpx_get
from jwtmr.testing import RegionalIssuer, validator_for
from jwtmr_fastapi import BearerAuth

HTTP_GET: Final = httpx_get()

_DIRECT: Final[dict[str, Any]] = {"proxy": None} if "proxy" in inspect.signature(connect.__init__).parameters else {}
"""Newer clients of websockets look for a proxy, older ones do not know the word."""


@dataclass(slots=True)
class Outcomes:
    """How verifications ended, in their order: ``"accepted"`` or the code of the refusal."""

    seen: list[str] = field(default_factory=list)

    def on_event(self, event: Event) -> None:
        """Take note."""
        if isinstance(event, TokenAccepted):
            self.seen.append("accepted")
        elif isinstance(event, TokenRefused):
            self.seen.append(event.code)


@dataclass(frozen=True, slots=True)
class Place:
    """A pool and a validator for it."""

    issuer: RegionalIssuer
    validator: TokenValidator
    outcomes: Outcomes

    def auth(self, **settings: Any) -> BearerAuth:  # noqa: ANN401 - whatever is to be tried
        """What is tested."""
        return BearerAuth(self.validator, **settings)

    def token(self, *scopes: str, **claims: Any) -> str:  # noqa: ANN401 - as the issuer has them
        """A good one."""
        return self.issuer.access_token(scopes=scopes or ("openid",), **claims)

    def bearer(self, *scopes: str, **claims: Any) -> dict[str, str]:  # noqa: ANN401 - as the issuer has them
        """A good one where it belongs."""
        return {"authorization": f"Bearer {self.token(*scopes, **claims)}"}


@contextmanager
def a_place(**settings: Any) -> Iterator[Place]:  # noqa: ANN401 - as the validator has them
    """Start one."""
    outcomes = Outcomes()
    options = {"issuer_type": "original", "observers": [outcomes], "http_get": HTTP_GET} | settings
    with RegionalIssuer() as issuer, closing(validator_for(issuer, **options)) as validator:
        yield Place(issuer, validator, outcomes)


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
