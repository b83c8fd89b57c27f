"""WebSockets: whose page opened one, and what happens when its token ends."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from asgi_kit import Client, Place, scope_of

from jwtmr_asgi import FromCookie
from jwtmr_asgi.expiry import Session
from jwtmr_asgi.types import Message, Receive, Scope, Send


async def accepts(scope: Scope, receive: Receive, send: Send) -> None:
    """An application that lets everybody in."""
    assert (await receive())["type"] == "websocket.connect"
    await send({"type": "websocket.accept"})


async def silence() -> Message:
    """A client that says nothing."""
    await asyncio.Event().wait()
    raise AssertionError


async def written(message: Message) -> None:
    """A server that yields while it writes."""
    await asyncio.sleep(0)


@pytest.mark.parametrize("more", [{}, {"method": "GET"}, {"method": "HEAD"}], ids=str)
def test_a_handshake_needs_an_origin_whatever_else_its_scope_says(place: Place, more: dict[str, str]) -> None:
    """Some servers (socketify) put the method of the handshake into the scope of a WebSocket too."""
    app = place.protect(accepts, token_sources=[FromCookie("t", ["https://app.example"])])
    headers = [(b"cookie", b"t=" + place.issuer.access_token().encode()), (b"origin", b"https://evil.example")]
    client = Client({"type": "websocket.connect"})
    asyncio.run(app(scope_of(kind="websocket", subprotocols=[], headers=headers) | more, client.receive, client.send))
    assert client.sent == [{"type": "websocket.close", "code": 1008, "reason": ""}]


def test_sending_after_the_end_fails() -> None:
    """As ASGI says of a closed connection, or a loop that only sends goes on for ever without yielding once."""
    sent: list[int] = []

    async def only_sends(scope: Scope, receive: Receive, send: Send) -> None:
        for number in range(10_000):
            await send({"type": "websocket.send", "text": "x"})
            sent.append(number)

    async def run() -> None:
        await Session(silence, written).run(only_sends, {}, 0)
        assert len(sent) < 10

    asyncio.run(run())


def test_a_receive_that_was_given_up_loses_no_message() -> None:
    """``asyncio.wait_for(receive(), …)`` around a server whose ``receive`` can be cancelled, as uvicorn's can."""
    count = 50

    async def run() -> None:
        queue: asyncio.Queue[Message] = asyncio.Queue()
        got: list[Message] = []

        async def polls(scope: Scope, receive: Receive, send: Send) -> None:
            for number in range(count):
                waiting = asyncio.ensure_future(receive())
                for _ in range(3):
                    await asyncio.sleep(0)
                queue.put_nowait({"type": "websocket.receive", "text": str(number)})
                for _ in range(number % 5):
                    await asyncio.sleep(0)
                waiting.cancel()
                got.extend(r for r in await asyncio.gather(waiting, return_exceptions=True) if isinstance(r, dict))
            while len(got) < count:
                got.append(await asyncio.wait_for(receive(), 1))

        await Session(queue.get, written).run(polls, {}, 600)
        assert [message["text"] for message in got] == [str(number) for number in range(count)]

    asyncio.run(run())


def test_a_token_in_its_leeway_is_answered_before_the_application(place: Place) -> None:
    """It is accepted, but its time is over: a refusal, and no disconnect where the application expects a connect."""
    entered: list[dict[str, Any]] = []

    async def records(scope: Scope, receive: Receive, send: Send) -> None:
        entered.append(dict(await receive()))

    token = place.issuer.access_token(expires_in=-5)
    assert place.validator.validate(token).expires_at < datetime.now(UTC)
    client = Client({"type": "websocket.connect"})
    scope = scope_of(
        kind="websocket", subprotocols=[], headers=[(b"authorization", f"Bearer {token}".encode())],
        extensions={"websocket.http.response": {}},
    )  # fmt: skip
    asyncio.run(place.protect(records, close_at_expiry=True)(scope, client.receive, client.send))
    assert entered == []
    assert client.sent[0]["status"] == 401
