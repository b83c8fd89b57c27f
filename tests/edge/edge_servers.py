"""Real servers in threads, on a free port of loopback."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import uvicorn
from edge_wire import HOST

WITHIN: Final = 15.0
"""Seconds that a server has to start, and to stop."""


class DidNotStart(Exception):
    """The server ended before it served: its application refused to start."""


class _Server(uvicorn.Server):
    """Says when its start is over, whichever way."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.over = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        try:
            await super().startup(sockets)
        finally:
            self.over.set()

    def run_in_thread(self, listening: socket.socket) -> None:
        """Serve until told to stop. An application that refuses to start ends uvicorn without ``startup``."""
        try:
            self.run([listening])
        except SystemExit:
            pass  # how uvicorn says that there was no start
        finally:
            self.over.set()


@contextmanager
def uvicorn_serving(app: Any, ws: Any = "auto") -> Iterator[int]:  # noqa: ANN401 - any ASGI application
    """Serve ``app`` with its lifespan; the port. Raises :class:`DidNotStart`."""
    with socket.create_server((HOST, 0)) as listening:
        server = _Server(uvicorn.Config(app, ws=ws, lifespan="on", log_config=None, access_log=False))
        thread = threading.Thread(target=server.run_in_thread, args=(listening,), name="edge-uvicorn")
        thread.start()
        try:
            assert server.over.wait(WITHIN), "uvicorn neither started nor gave up"
            if not server.started:
                raise DidNotStart
            yield int(listening.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join(WITHIN)
    assert not thread.is_alive(), "uvicorn did not stop"
