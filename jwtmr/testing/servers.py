"""Several loopback servers that one issuer runs."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Sequence

from jwtmr.testing.server import LoopbackServer
from jwtmr.testing.wire import RecordedRequest


class Servers:
    """Servers that start and close together, and what arrived at all of them."""

    def __init__(self, servers: Sequence[LoopbackServer]) -> None:
        self._servers = servers
        self._lock = threading.Lock()
        self._running: contextlib.ExitStack | None = None
        self._late: set[LoopbackServer] = set()

    def start(self) -> None:
        """Start all, or none if one cannot."""
        with contextlib.ExitStack() as started:
            for server in self._servers:
                started.enter_context(server)
            self._running = started.pop_all()

    def start_late(self, server: LoopbackServer) -> None:
        """Start one more, unless that was done before. It closes with the others, and cannot start once they did."""
        with self._lock:
            if server in self._late:
                return
            if self._running is None:
                raise RuntimeError("the servers are not running")
            self._running.enter_context(server)
            self._late.add(server)

    def close(self) -> None:
        """Stop all. Any number of times."""
        with self._lock:
            running, self._running = self._running, None
        if running is not None:
            running.close()

    def requests(self) -> list[RecordedRequest]:
        """What arrived, oldest first."""
        arrived = [request for server in self._servers for request in server.requests()]
        return sorted(arrived, key=lambda request: request.time)

    def forget_requests(self) -> None:
        """Start recording anew."""
        for server in self._servers:
            server.forget_requests()
