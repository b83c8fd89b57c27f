"""An ASGI application behind uvicorn, in a thread of the test's own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import uvicorn

READY_WITHIN: Final = 10.0
"""Seconds that a server has to start, and to stop."""
WS: Final[Any] = "websockets-sansio" if "websockets-sansio" in uvicorn.config.WS_PROTOCOLS else "wsproto"
"""What older versions of uvicorn use by default is deprecated."""


@contextmanager
def served(app: Any, **settings: Any) -> Iterator[str]:  # noqa: ANN401 - any ASGI application
    """``app`` on loopback and a free port; the host and port."""
    started = threading.Event()

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            started.set()

    server = Server(uvicorn.Config(app, host="127.0.0.1", port=0, ws=WS, log_level="critical", **settings))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        assert started.wait(READY_WITHIN), "the server did not start"
        yield f"127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(READY_WITHIN)
        assert not thread.is_alive()
