"""The start of an application: keys are there before it says that it is ready, as far as ``startup`` asks for that."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from asgi_kit import Client, Place, a_place, get, scope_of, whoami
from starlette.applications import Starlette

from jwtmr import TokenValidator
from jwtmr_asgi import BearerAuthMiddleware
from jwtmr_asgi.types import App, Receive, Scope, Send

UP = {"type": "lifespan.startup"}
DOWN = {"type": "lifespan.shutdown"}


def live(app: App) -> list[str]:
    """Start and stop ``app``; the types of the messages that it sends."""
    client = Client(UP, DOWN)
    asyncio.run(app(scope_of(kind="lifespan"), client.receive, client.send))
    return [message["type"] for message in client.sent]


def started(log: list[str]) -> App:
    """An application with a lifespan of its own."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        log.append("up")
        yield
        log.append("down")

    return Starlette(lifespan=lifespan)


@pytest.mark.row("websocket-lifespan", fault=None)
@pytest.mark.parametrize(("startup", "fetched"), [("warn", True), ("require", True), ("lazy", False)])
def test_keys_are_fetched_before_the_application_starts(startup: str, fetched: bool) -> None:
    """And the application's own lifespan runs within; nothing is fetched where nothing was asked for."""
    log: list[str] = []
    with a_place() as place:
        app = place.protect(started(log), startup=startup)
        assert live(app) == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
        assert log == ["up", "down"]
        assert (place.issuer.count() > 0) is fetched
        assert get(place.protect(), headers=place.headers()).status_code == 200, "the validator is not closed"


@pytest.mark.row("websocket-lifespan", fault=None)
@pytest.mark.parametrize(("startup", "starts"), [("warn", True), ("require", False), ("lazy", True)])
def test_without_keys_it_starts_unless_they_are_required(startup: str, starts: bool) -> None:
    """Then it says so, and the application is not asked."""
    log: list[str] = []
    with a_place() as place:
        for region in place.issuer.regions:
            place.issuer.take_down(region)
        said = live(place.protect(started(log), startup=startup))
    assert (said[0], bool(log)) == (
        ("lifespan.startup.complete", True) if starts else ("lifespan.startup.failed", False)
    )


def test_an_application_without_a_lifespan_goes_on(place: Place) -> None:
    """Its exception is for the server, which knows what it means."""

    async def bare(scope: Scope, receive: Receive, send: Send) -> None:
        raise ValueError(scope["type"])

    with pytest.raises(ValueError, match="lifespan"):
        live(place.protect(bare))


def test_a_validator_that_cannot_be_made_fails_the_start() -> None:
    """A server takes a bare exception for an application without a lifespan, and would go on."""

    def broken() -> TokenValidator:
        raise LookupError("no settings")

    client = Client(UP)
    app = BearerAuthMiddleware(whoami, broken)
    with pytest.raises(LookupError):
        asyncio.run(app(scope_of(kind="lifespan"), client.receive, client.send))
    assert client.sent == [{"type": "lifespan.startup.failed", "message": "jwtmr: LookupError: no settings"}]
