"""A pool, the middleware around an application, and ways to call it: in process, and over a real server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from typing import Any, Final

import httpx

from jwtmr import TokenValidator
from jwtmr.http import httpx_get
from jwtmr.testing import RegionalIssuer, validator_for
from jwtmr_asgi import BearerAuthMiddleware, principal_of
from jwtmr_asgi.types import App, Receive, Scope, Send

HTTP_GET: Final = httpx_get()


async def whoami(scope: Scope, receive: Receive, send: Send) -> None:
    """An application that says who is calling."""
    principal = principal_of(scope)
    said = {
        "subject": principal and principal.subject,
        "path": scope["path"],
        "user": scope["user"].display_name,
        "authenticated": scope["user"].is_authenticated,
        "scopes": scope["auth"].scopes,
    }
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": json.dumps(said).encode()})


@dataclass(frozen=True, slots=True)
class Place:
    """A pool and a validator for it."""

    issuer: RegionalIssuer
    validator: TokenValidator

    def protect(self, app: App = whoami, **settings: object) -> BearerAuthMiddleware:
        """Put the middleware around ``app``."""
        return BearerAuthMiddleware(app, self.validator, **settings)

    def headers(self, **claims: object) -> dict[str, str]:
        """A good token where it belongs."""
        return {"authorization": f"Bearer {self.issuer.access_token(**claims)}"}


@contextmanager
def a_place() -> Iterator[Place]:
    """Start one."""
    with RegionalIssuer() as issuer, closing(validator_for(issuer, issuer_type="original", http_get=HTTP_GET)) as made:
        yield Place(issuer, made)


def get(app: App, path: str = "/", headers: Mapping[str, str] | None = None, method: str = "GET") -> httpx.Response:
    """One request, in process."""

    async def ask() -> httpx.Response:
        async with client_of(app) as client:
            return await client.request(method, path, headers=headers)

    return asyncio.run(ask())


@asynccontextmanager
async def client_of(app: App) -> AsyncIterator[httpx.AsyncClient]:
    """A client that calls ``app`` in process."""
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://app.example") as client:
        yield client


class Client:
    """The other end of a scripted ASGI connection: what is received, and what was sent."""

    def __init__(self, *messages: dict[str, Any]) -> None:
        self._messages = list(messages)
        self.sent: list[dict[str, Any]] = []

    async def receive(self) -> dict[str, Any]:
        """The next message; for ever none when there are no more."""
        if not self._messages:
            await asyncio.Event().wait()
        return self._messages.pop(0)

    async def send(self, message: object) -> None:
        """Keep what the application sends."""
        self.sent.append(dict(message))


def scope_of(path: str = "/", *, kind: str = "http", method: str | None = "GET", **more: object) -> dict[str, Any]:
    """A scope as servers make them."""
    usual: dict[str, Any] = {
        "type": kind, "asgi": {"version": "3.0"}, "path": path, "raw_path": path.encode("latin-1", "replace"),
        "query_string": b"", "root_path": "", "headers": [],
    }  # fmt: skip
    if kind == "http":
        usual["method"] = method
    return usual | more
