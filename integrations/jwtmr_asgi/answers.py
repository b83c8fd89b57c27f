"""Refusals and documents as ASGI messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from jwtmr.bearer import Document, Refusal
from jwtmr_asgi.types import Receive, Scope, Send

POLICY_VIOLATION: Final = 1008
"""RFC 6455 section 7.4.1."""


class RefusalResponse:
    """An ASGI application that answers one request with a refusal. So it also is a response of Starlette's."""

    def __init__(self, refusal: Refusal) -> None:
        self._refusal = refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  # it is an application
        """Answer; a WebSocket handshake too where the server can, else it is closed before it was accepted."""
        headers = _encoded(self._refusal.headers)
        if scope["type"] == "http":
            await send_json(scope, send, self._refusal.status, self._refusal.body, headers)
        elif "websocket.http.response" in (scope.get("extensions") or {}):
            await send_json(scope, send, self._refusal.status, self._refusal.body, headers, prefix="websocket.")
        else:
            await send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": ""})


async def send_document(scope: Scope, send: Send, document: Document) -> None:
    """Send what anybody may read."""
    await send_json(scope, send, document.status, document.body, _encoded(document.headers))


def _encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]


async def send_json(
    scope: Scope, send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]], *, prefix: str = ""
) -> None:
    """Send a whole answer; without its body to ``HEAD``."""
    described = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()), *headers]
    await send({"type": prefix + "http.response.start", "status": status, "headers": described})
    sent = b"" if scope.get("method") == "HEAD" else body
    await send({"type": prefix + "http.response.body", "body": sent})
