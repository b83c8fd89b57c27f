"""What a WebSocket's handshake needs besides: it cannot be answered like a request, and may carry a token in the open.

A token among the subprotocols is taken out whether it is any good or not, before the application sees what is offered.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.requests import HTTPConnection
from starlette.websockets import WebSocket, WebSocketState

from jwtmr.bearer import FromSubprotocol

_OFFERS: Final = b"sec-websocket-protocol"


def can_be_answered(connection: HTTPConnection) -> bool:
    """Whether ``connection`` can be answered with a status: a request, or a handshake where the server lets us."""
    if not isinstance(connection, WebSocket):
        return True
    extensions: Mapping[str, object] = connection.scope.get("extensions") or {}
    return "websocket.http.response" in extensions and connection.application_state is WebSocketState.CONNECTING


def is_over(connection: HTTPConnection) -> bool:
    """Whether the application has closed or refused its WebSocket: ASGI lets nobody do that twice."""
    over = (WebSocketState.DISCONNECTED, WebSocketState.RESPONSE)
    return isinstance(connection, WebSocket) and connection.application_state in over


def take_out_token(connection: HTTPConnection, source: FromSubprotocol) -> None:
    """Leave only the other subprotocols in the scope and in the headers, for who holds ``connection`` too."""
    scope = connection.scope
    scope["subprotocols"] = source.others(scope.get("subprotocols") or [])
    scope["headers"] = [pair for name, value in scope["headers"] for pair in _others(name, value, source)]
    connection.__dict__.pop("_headers", None)  # Starlette's copy, where somebody has looked at it before


def _others(name: bytes, value: bytes, source: FromSubprotocol) -> list[tuple[bytes, bytes]]:
    if name.lower() != _OFFERS:
        return [(name, value)]
    kept = source.others([offer.strip(" \t") for offer in value.decode("latin-1").split(",")])
    return [(name, ", ".join(kept).encode("latin-1"))] if kept else []
