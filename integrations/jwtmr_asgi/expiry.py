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


class TokenOver(OSError):
    """Something was sent after the end. ASGI wants an ``OSError`` for what is sent to a client that has gone."""


class Session:
    """One WebSocket and its time. When that is over the client is told, and the application sees a disconnect."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pending: asyncio.Task[Message] | None = None

    async def run(self, app: App, scope: Scope, seconds: float) -> None:
        """Serve the WebSocket with ``app``, for ``seconds`` at most."""
        timer = asyncio.create_task(self._end_in(seconds))
        try:
            await app(scope, self.receive, self.send)
        except TokenOver:
            pass  # the application was told, and had nothing more to do
        finally:
            for task in (timer, self._pending):
                if task is not None:
                    task.cancel()
                    await asyncio.wait([task])

    async def receive(self) -> Message:
        """What the client sends, or that it is gone. One that is given up leaves its message to the next."""
        while not self._over.done():
            pending = self._pending = self._pending or asyncio.create_task(_await(self._receive()))
            await asyncio.wait((pending, self._over), return_when=asyncio.FIRST_COMPLETED)
            if pending.done() and self._pending is pending:
                self._pending = None
                return pending.result()
        return {"type": "websocket.disconnect", "code": POLICY_VIOLATION, "reason": REASON}

    async def send(self, message: Message) -> None:
        """What the application sends. Raises :class:`TokenOver` once the time is over."""
        if self._over.done():
            raise TokenOver(REASON)
        await self._send(message)

    async def _end_in(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))
        self._over.set_result(None)
        await self._send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": REASON})


async def _await(message: Awaitable[Message]) -> Message:
    return await message


def seconds_left(principal: Principal) -> float:
    """Seconds until the token of ``principal`` expires, by the clock of this machine."""
    return (principal.expires_at - datetime.now(UTC)).total_seconds()
