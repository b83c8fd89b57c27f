"""Several loopback servers that one issuer runs."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from jwtmr.testing.server import LoopbackServer
from jwtmr.testing.wire import RecordedRequest


class Servers:
    """Servers that start and close together, and what arrived at all of them."""

    def __init__(self, servers: Sequence[LoopbackServer]) -> None:
        self._servers = servers
        self._running = contextlib.ExitStack()

    def start(self) -> None:
        """Start all, or none if one cannot."""
        with contextlib.ExitStack() as started:
            for server in self._servers:
                started.enter_context(server)
            self._running = started.pop_all()

    def close(self) -> None:
        """Stop all. Any number of times."""
        self._running.close()

    def requests(self) -> list[RecordedRequest]:
        """What arrived, oldest first."""
        arrived = [request for server in self._servers for request in server.requests()]
        return sorted(arrived, key=lambda request: request.time)

    def forget_requests(self) -> None:
        """Start recording anew."""
        for server in self._servers:
            server.forget_requests()
