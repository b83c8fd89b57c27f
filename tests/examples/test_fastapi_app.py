"""The API for orders: run as its first lines say, and tested as any protected application can be, without a network."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from typing import Any, Final

import fastapi_app
import httpx
import pytest
from fastapi_app import READ, WRITE, orders_app
from served_example import LIMIT, running, try_requests

from jwtmr import Principal, TokenValidator
from jwtmr.testing import make_principal
from jwtmr_fastapi import BearerAuth

# -- as it is run -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def printed() -> Iterator[list[str]]:
    """What it prints while it runs."""
    with running(fastapi_app) as lines:
        yield lines


def test_every_command_is_answered_as_it_says(printed: list[str]) -> None:
    """Each printed request is answered with the status above it."""
    assert try_requests(printed) == [200, 200, 401, 200, 401, 403, 403, 200, 200]


def test_documentation_signs_in_at_the_pool(printed: list[str]) -> None:
    """Swagger knows the pool's domain, its client and PKCE."""
    url = printed[-1].partition("/docs")[0]
    with httpx.Client(base_url=url, trust_env=False, timeout=LIMIT) as client:
        schema, page = client.get("/openapi.json").json(), client.get("/docs").text
    flow = schema["components"]["securitySchemes"]["BearerAuth"]["flows"]["authorizationCode"]
    assert flow["scopes"] == fastapi_app.SCOPES
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/oauth2/authorize", flow["authorizationUrl"])
    assert '"usePkceWithAuthorizationCodeGrant": true' in page
    assert json.loads(re.findall(r'"clientId": (".*?")', page)[0])


# -- as its own tests would be ----------------------------------------------------------------------------------------


def no_validator() -> TokenValidator:
    """In place of a validator: these tests need none."""
    raise AssertionError("a token was looked at")


def answer(principal: Principal | None, method: str, path: str) -> tuple[int, Any]:
    """What the API answers to ``principal``."""
    auth = BearerAuth(no_validator)
    app = orders_app(auth)

    async def send() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://orders.example") as client:
            return await client.request(method, path)

    with auth.override(app, principal):
        response = asyncio.run(send())
    said = response.json()
    return response.status_code, said["detail"]["code"] if response.status_code >= 400 else said


ADMIN: Final = make_principal(username="ada", scopes=[READ], groups=["admins"])
READER: Final = make_principal(username="rob", scopes=[READ])
WRITER: Final = make_principal(username="wil", scopes=[READ, WRITE])
STRANGER: Final = make_principal(username="sam", scopes=[WRITE], groups=["admins"])


@pytest.mark.parametrize(
    ("principal", "method", "path", "expected"),
    [
        (None, "GET", "/health", (200, "fine")),
        (None, "GET", "/", (200, "Hello, whoever you are!")),
        (READER, "GET", "/", (200, "Hello, rob!")),
        (None, "GET", "/orders", (401, "missing_token")),
        (STRANGER, "GET", "/orders", (403, "insufficient_scope")),
        (READER, "GET", "/orders", (200, {"user": [READER.issuer, READER.subject], "orders": [17, 42]})),
        (READER, "PUT", "/orders/17", (403, "insufficient_scope")),
        (STRANGER, "PUT", "/orders/17", (403, "insufficient_scope")),
        (WRITER, "PUT", "/orders/17", (200, {"changed": 17})),
        (WRITER, "DELETE", "/orders/17", (403, "insufficient_groups")),
        (STRANGER, "DELETE", "/orders/17", (403, "insufficient_scope")),
        (ADMIN, "DELETE", "/orders/17", (200, {"deleted": 17})),
    ],
)
def test_who_may_do_what(principal: Principal | None, method: str, path: str, expected: tuple[int, Any]) -> None:
    """Each operation is open to those whom it is for, and to nobody else."""
    assert answer(principal, method, path) == expected


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        (READER, ["websocket.accept", "websocket.send", "websocket.close"]),
        (STRANGER, ["websocket.close"]),
        (None, ["websocket.close"]),
    ],
)
def test_news(principal: Principal | None, expected: list[str]) -> None:
    """The WebSocket is for those who may read orders; others are turned away before it is accepted."""
    auth = BearerAuth(no_validator)
    app, sent = orders_app(auth), list[dict[str, Any]]()
    scope: dict[str, Any] = {"type": "websocket", "path": "/orders/news", "query_string": b"", "headers": []}

    async def receive() -> dict[str, str]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:  # noqa: ANN401 - whatever the application sends
        sent.append(message)

    with auth.override(app, principal):
        asyncio.run(app(scope, receive, send))
    assert [message["type"] for message in sent] == expected
    assert all(json.loads(message["text"]) == {"news": "for rob"} for message in sent if "text" in message)
