"""WebSockets over a real server: who gets one, how he is refused, and when it ends."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from asgi_kit import Client, Place, scope_of
from serving import served
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from jwtmr_asgi import FromCookie, FromSubprotocol, principal_of
from jwtmr_asgi.expiry import Session
from jwtmr_asgi.types import App, Receive, Scope, Send

ORIGIN = "https://app.example"


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Says who is calling and what was offered, then repeats what it hears."""
    if scope["type"] == "lifespan":
        raise RuntimeError("none")
    assert (await receive())["type"] == "websocket.connect"
    offered = scope["subprotocols"]
    await send({"type": "websocket.accept", "subprotocol": offered[0] if offered else None})
    principal = principal_of(scope)
    raw = [value.decode() for name, value in scope["headers"] if name == b"sec-websocket-protocol"]
    said = {"subject": principal and principal.subject, "offered": offered, "raw": raw}
    await send({"type": "websocket.send", "text": json.dumps(said)})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": message["text"]})
    scope["state"]["ended"].append(message.get("code"))


def talk(url: str, **settings: object) -> dict[str, Any]:
    """Connect, and return what the application says of the caller, with the subprotocol that was selected."""

    async def ask() -> dict[str, Any]:
        async with connect(f"ws://{url}/", proxy=None, **settings) as socket:
            said: dict[str, Any] = json.loads(await socket.recv())
            await socket.send("hello")
            assert await socket.recv() == "hello"
            return said | {"selected": socket.subprotocol}

    return asyncio.run(ask())


def refusal(url: str, **settings: object) -> tuple[int, str, str]:
    """Status, challenge and code with which a handshake is refused."""
    with pytest.raises(InvalidStatus) as caught:
        talk(url, **settings)
    answer = caught.value.response
    return answer.status_code, answer.headers.get("www-authenticate", ""), json.loads(answer.body)["code"]


def app_of(place: Place, ended: list[int | None], **settings: object) -> App:
    """The echo behind the middleware."""
    inner = place.protect(echo, **settings)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await inner({**scope, "state": {"ended": ended}}, receive, send)

    return app


@pytest.fixture
def ended() -> list[int | None]:
    """The codes with which the application saw its WebSockets end."""
    return []


@pytest.fixture
def url(place: Place, ended: list[int | None]) -> Iterator[str]:
    """The echo with tokens in the header."""
    with served(app_of(place, ended)) as started:
        yield started


def test_a_good_token_opens_one(place: Place, url: str) -> None:
    """And the application knows whose it is."""
    said = talk(url, additional_headers=place.headers(subject="u1"))
    assert (said["subject"], said["selected"]) == ("u1", None)


@pytest.mark.row("websocket-lifespan", fault=None)
def test_a_refused_handshake_is_answered(place: Place, url: str) -> None:
    """With the same status, challenge and body as a request."""
    assert refusal(url) == (401, 'Bearer realm="api"', "missing_token")
    bad = {"authorization": "Bearer x"}
    assert refusal(url, additional_headers=bad) == (401, 'Bearer realm="api", error="invalid_token"', "malformed_token")
    twice = [("authorization", "Bearer x"), ("authorization", "Bearer x")]
    assert refusal(url, additional_headers=twice)[0] == 400


def test_a_token_among_the_subprotocols(place: Place, ended: list[int | None]) -> None:
    """It is taken out before the application sees what is offered, and never selected; the others still are."""
    token = place.issuer.access_token(subject="u1")
    with served(app_of(place, ended, token_sources=[FromSubprotocol()])) as url:
        said = talk(url, subprotocols=["chat", f"bearer.{token}", "old"])
        assert said == {"subject": "u1", "offered": ["chat", "old"], "raw": ["chat, old"], "selected": "chat"}
        alone = talk(url, subprotocols=[f"bearer.{token}"])
        assert (alone["offered"], alone["raw"], alone["selected"]) == ([], [], None)
        assert refusal(url, subprotocols=["chat"])[2] == "missing_token"
        assert refusal(url, subprotocols=[f"bearer.{token}", "bearer.x"])[2] == "invalid_request"
        assert refusal(url, additional_headers=place.headers())[2] == "missing_token"


def test_a_cookie_needs_an_origin(place: Place, ended: list[int | None]) -> None:
    """Any page can open a WebSocket with the cookies of another one."""
    cookie = {"cookie": f"session={place.issuer.access_token()}"}
    with served(app_of(place, ended, token_sources=[FromCookie("session", [ORIGIN])])) as url:
        assert talk(url, additional_headers=cookie, origin=ORIGIN)["subject"]
        for origin in (None, "https://evil.example", "null", ORIGIN + ".evil.example"):
            assert refusal(url, additional_headers=cookie, origin=origin)[2] == "invalid_request"


@pytest.mark.row("websocket-lifespan", fault=None)
def test_without_the_extension_it_is_closed_before_it_is_accepted(place: Place) -> None:
    """The server makes a 403 of that."""
    client = Client({"type": "websocket.connect"})
    asyncio.run(place.protect(echo)(scope_of(kind="websocket", subprotocols=[]), client.receive, client.send))
    assert client.sent == [{"type": "websocket.close", "code": 1008, "reason": ""}]


# -- the end of the token ---------------------------------------------------------------------------------------------


def short(place: Place, seconds: int) -> dict[str, str]:
    """A token that ends ``seconds`` from now, rounded up."""
    return place.headers(issued_at=time.time(), expires_in=seconds)


@pytest.mark.slow
def test_a_websocket_ends_with_its_token(place: Place, ended: list[int | None]) -> None:
    """The client is told why, and the application sees a client that has gone."""

    async def wait() -> tuple[int | None, str, float]:
        began = time.monotonic()
        async with connect(f"ws://{url}/", proxy=None, additional_headers=short(place, 2)) as socket:
            await socket.recv()
            with pytest.raises(ConnectionClosed) as caught:
                await asyncio.wait_for(socket.recv(), 10)
        received = caught.value.rcvd
        assert received is not None
        return received.code, received.reason, time.monotonic() - began

    with served(app_of(place, ended, close_at_expiry=True)) as url:
        code, reason, took = asyncio.run(wait())
    assert (code, reason) == (1008, "The token has expired.")
    assert 0.5 < took < 5
    assert ended == [1008]


def test_it_does_not_end_before(place: Place, ended: list[int | None]) -> None:
    """And a client that leaves first leaves nothing behind."""
    with served(app_of(place, ended, close_at_expiry=True)) as url:
        assert talk(url, additional_headers=place.headers(subject="u1"))["subject"] == "u1"
    assert ended == [1000]


def test_who_only_sends_is_stopped() -> None:
    """By an ``OSError``, as ASGI has it, of which the server need not hear."""
    sent: list[int] = []

    async def chatter(scope: Scope, receive: Receive, send: Send) -> None:
        for number in range(1000):
            await send({"type": "websocket.send", "text": "x"})
            sent.append(number)
            await asyncio.sleep(0)

    async def run() -> None:
        await Session(client.receive, client.send).run(chatter, {}, 0)

    client = Client()
    asyncio.run(run())
    assert len(sent) < 10
    assert client.sent[-1] == {"type": "websocket.close", "code": 1008, "reason": "The token has expired."}


def test_who_only_receives_sees_a_client_that_has_gone() -> None:
    """As often as he asks."""

    async def listener(scope: Scope, receive: Receive, send: Send) -> None:
        heard.extend([(await receive())["type"] for _ in range(3)])

    async def run() -> None:
        await Session(Client().receive, Client().send).run(listener, {}, 0)

    heard: list[str] = []
    asyncio.run(run())
    assert heard == ["websocket.disconnect"] * 3
