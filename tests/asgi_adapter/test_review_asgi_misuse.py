"""Mistakes that should be found when the application is put together, and ``requires`` where users will put it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from asgi_kit import Client, Place, get, scope_of, whoami
from fastapi import FastAPI, Request
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from jwtmr import ConfigurationError, TokenValidator
from jwtmr_asgi import BearerAuthMiddleware, requires


def test_requires_around_an_endpoint_class(place: Place) -> None:
    """Starlette has two kinds of endpoints; this one is 403 like the other, and not 500."""

    @requires(scopes=["orders/read"])
    class Orders(HTTPEndpoint):
        async def get(self, request: Request) -> Response:
            return PlainTextResponse(f"served {request.method}")

    app = place.protect(Starlette(routes=[Route("/", Orders)]))
    assert get(app, headers=place.headers(scopes=["a"])).status_code == 403
    assert get(app, headers=place.headers(scopes=["orders/read"])).text == "served GET"


def test_requires_around_a_view_of_fastapi(place: Place) -> None:
    """It is an endpoint that is given a request; FastAPI makes JSON of every answer that is no ``Response``."""

    @requires(scopes=["orders/read"])
    async def orders(request: Request) -> str:
        return "served"

    orders.__annotations__ = {"request": Request}
    inner = FastAPI()
    inner.get("/")(orders)
    app = place.protect(inner)
    assert get(app, headers=place.headers(scopes=["orders/read"])).json() == "served"
    assert get(app, headers=place.headers(scopes=["a"])).status_code == 403


def test_swapped_arguments_are_found(place: Place) -> None:
    """The validator is no application."""
    with pytest.raises(ConfigurationError) as caught:
        BearerAuthMiddleware(place.validator, whoami)
    assert caught.value.parameter == "app"


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")
def test_a_maker_that_is_async_is_found(place: Place) -> None:
    """It would make a coroutine, at the first request."""

    async def make() -> TokenValidator:
        return place.validator

    with pytest.raises(ConfigurationError) as caught:
        BearerAuthMiddleware(whoami, make)
    assert caught.value.parameter == "validator"


def test_headers_that_can_be_read_once(place: Place) -> None:
    """ASGI promises an iterable: a bad token must not become nobody because somebody looked before."""
    headers: Any = iter([(b"authorization", b"Bearer junk")])
    client = Client()
    asyncio.run(place.protect(optional=True)(scope_of(headers=headers), client.receive, client.send))
    assert client.sent[0]["status"] == 401
