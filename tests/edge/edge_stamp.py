"""A header on every answer of an application, so that those of its server can be told from them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from jwtmr_asgi.types import App, Message, Receive, Scope, Send

STAMP: Final = "x-stamped-by-the-application"
_STARTS: Final = ("http.response.start", "websocket.http.response.start", "websocket.accept")


def stamped_asgi(app: App) -> App:
    """``app``, with the header on all that it answers."""

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        async def stamp(message: Message) -> None:
            if message["type"] in _STARTS:
                message = {**message, "headers": [*message.get("headers", []), (STAMP.encode(), b"yes")]}
            await send(message)

        await app(scope, receive, stamp)

    return application


def stamped_wsgi(app: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """``app``, with the header on all that it answers."""

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        def stamp(status: str, headers: list[tuple[str, str]], *more: object) -> object:
            return start_response(status, [*headers, (STAMP, "yes")], *more)

        return app(environ, stamp)

    return application
