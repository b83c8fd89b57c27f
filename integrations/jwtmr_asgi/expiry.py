"""A WebSocket that ends with its token."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import UTC, datetime
from typing import Final

from jwtmr import Principal
from jwtmr_asgi.answers import POLICY_VIOLATION
from jwtmr_asgi.types import App, Message, Receive, Scope, Send

REASON: Final = "The token has expired."


class Session:
    """One WebSocket and its time. When that is over the client is told, and the application sees a disconnect."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._over = asyncio.Event()

    async def run(self, app: App, scope: Scope, seconds: float) -> None:
        """Serve the WebSocket with ``app``, for ``seconds`` at most."""
        timer = asyncio.create_task(self._end_in(seconds))
        try:
            await app(scope, self.receive, self.send)
        finally:
            timer.cancel()
            await asyncio.gather(timer, return_exceptions=True)

    async def receive(self) -> Message:
        """What the client sends, or that it is gone."""
        if self._over.is_set():
            return _disconnect()
        message, over = asyncio.ensure_future(_await(self._receive())), asyncio.ensure_future(self._over.wait())
        try:
            await asyncio.wait((message, over), return_when=asyncio.FIRST_COMPLETED)
            return message.result() if message.done() else _disconnect()
        finally:
            for task in (message, over):
                task.cancel()

    async def send(self, message: Message) -> None:
        """What the application sends; nothing any more once the time is over, as to a client that has gone."""
        if not self._over.is_set():
            await self._send(message)

    async def _end_in(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))
        self._over.set()
        await self._send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": REASON})


async def _await(message: Awaitable[Message]) -> Message:
    return await message


def _disconnect() -> Message:
    return {"type": "websocket.disconnect", "code": POLICY_VIOLATION, "reason": REASON}


def seconds_left(principal: Principal) -> float:
    """Seconds until the token of ``principal`` expires, by the clock of this machine."""
    return (principal.expires_at - datetime.now(UTC)).total_seconds()
