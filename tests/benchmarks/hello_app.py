"""The least of an ASGI application."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any


async def hello(_: Any, __: Any, send: Callable[[dict[str, Any]], Awaitable[None]]) -> None:  # noqa: ANN401 - of ASGI
    """Say hello to whoever asks whatever."""
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"13")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"Hello, world!"})
