"""One protected handler behind each adapter, called in process.

Without ``from __future__ import annotations``: FastAPI must see what the annotations name.
"""

import asyncio
from collections.abc import Callable
from typing import Annotated, Any, Final, NamedTuple

import flask
import httpx
from fastapi import Depends, FastAPI

import jwtmr_fastapi
import jwtmr_flask
from jwtmr import Principal, TokenValidator
from jwtmr_asgi import BearerAuthMiddleware, principal_of
from jwtmr_asgi.types import Receive, Scope, Send


class Said(NamedTuple):
    """An answer: its status, its headers with names in lower case, and all of it as text."""

    status: int
    headers: dict[str, str]
    text: str


class Application(NamedTuple):
    """An application that has started."""

    ask: Callable[[str], Said]
    """Makes one request with a token."""
    reached: list[str]
    """Subjects that the handler has seen."""


def asgi(validator: TokenValidator) -> Application:
    """Any ASGI application behind the middleware."""
    reached: list[str] = []

    async def handler(scope: Scope, receive: Receive, send: Send) -> None:
        principal = principal_of(scope)
        reached.append("nobody" if principal is None else principal.subject)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    return Application(_asker(BearerAuthMiddleware(handler, validator)), reached)


def fastapi(validator: TokenValidator) -> Application:
    """A route of FastAPI with a dependency."""
    reached: list[str] = []
    auth = jwtmr_fastapi.BearerAuth(validator)
    app = FastAPI(lifespan=auth.lifespan)

    @app.get("/")
    async def handler(principal: Annotated[Principal, Depends(auth)]) -> dict[str, str]:
        reached.append(principal.subject)
        return {}

    return Application(_asker(app), reached)


def flask_app(validator: TokenValidator) -> Application:
    """A view of Flask, which fetches keys when it is made."""
    reached: list[str] = []
    auth, app = jwtmr_flask.BearerAuth(), flask.Flask(__name__)
    auth.init_app(app, validator)

    @app.get("/")
    @auth.require
    def handler() -> dict[str, str]:
        reached.append(jwtmr_flask.current_principal.subject)
        return {}

    def ask(token: str) -> Said:
        answer = app.test_client().get("/", headers={"Authorization": f"Bearer {token}"})
        return _said(answer.status_code, dict(answer.headers), answer.text)

    return Application(ask, reached)


APPLICATIONS: Final[dict[str, Callable[[TokenValidator], Application]]] = {
    "asgi": asgi,
    "fastapi": fastapi,
    "flask": flask_app,
}


def _asker(app: Any) -> Callable[[str], Said]:  # noqa: ANN401 - any ASGI application
    async def send(token: str) -> Said:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://app.example") as client:
            answer = await client.get("/", headers={"Authorization": f"Bearer {token}"})
        return _said(answer.status_code, dict(answer.headers), answer.text)

    return lambda token: asyncio.run(send(token))


def _said(status: int, headers: dict[str, str], body: str) -> Said:
    lower = {name.lower(): value for name, value in headers.items()}
    return Said(status, lower, f"{lower}\n{body}")
