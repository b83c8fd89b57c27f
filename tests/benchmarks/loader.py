"""A client that asks as fast as a server answers: raw sockets, kept alive, a few at a time.

It does as little as can be, so that it is not what is measured: on a processor of its own it waits for the server.
"""

from __future__ import annotations

import selectors
import socket
from time import perf_counter
from typing import Final, Self

CONNECTIONS: Final = 8
SILENCE: Final = 20.0
"""Seconds without any answer, after which the server is taken for dead."""


class Loader:
    """Keeps connections to one server. A context manager; ``timed`` is what measures."""

    def __init__(self, port: int, token: str) -> None:
        self._request = (
            f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: benchmark\r\nAccept: */*\r\n"
            f"Authorization: Bearer {token}\r\n\r\n"
        ).encode()
        self._port = port
        self._selector = selectors.DefaultSelector()
        self._length = 0

    def __enter__(self) -> Self:
        for _ in range(CONNECTIONS):
            connection = socket.create_connection(("127.0.0.1", self._port), timeout=SILENCE)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._selector.register(connection, selectors.EVENT_READ)
            self._length = self._first(connection)
        return self

    def __exit__(self, *_: object) -> None:
        for key in list(self._selector.get_map().values()):
            self._selector.unregister(key.fileobj)
            key.fileobj.close()  # type: ignore[union-attr]
        self._selector.close()

    def timed(self, calls: int) -> float:
        """Get that many answers, all of them as long as the first, and return the seconds that it took."""
        asked, answered = 0, 0
        pending: dict[socket.socket, int] = {}
        began = perf_counter()
        for key in list(self._selector.get_map().values())[:calls]:
            key.fileobj.sendall(self._request)  # type: ignore[union-attr]
            pending[key.fileobj] = self._length  # type: ignore[index]
            asked += 1
        while answered < calls:
            events = self._selector.select(SILENCE)
            if not events:
                raise RuntimeError("the server is silent")
            for key, _ in events:
                connection: socket.socket = key.fileobj  # type: ignore[assignment]
                pending[connection] -= len(connection.recv(65536)) or self._closed()
                if pending[connection] > 0:
                    continue
                answered += 1
                if asked < calls:
                    connection.sendall(self._request)
                    pending[connection] = self._length
                    asked += 1
        return perf_counter() - began

    def _first(self, connection: socket.socket) -> int:
        """The length of an answer. Raises where it is no 200."""
        connection.sendall(self._request)
        received = b""
        while not received.endswith(b"Hello, world!"):
            received += connection.recv(65536) or b"%d" % self._closed()
            if not received.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(f"the server answers {received[:60]!r}")
        return len(received)

    def _closed(self) -> int:
        raise RuntimeError("the server closed a connection")
