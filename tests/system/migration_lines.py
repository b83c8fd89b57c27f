"""Connections that each stay with one worker: behind one port nobody can choose one, but a line that is kept can."""

from __future__ import annotations

import json
import socket
import time
from contextlib import suppress
from http.client import HTTPConnection
from typing import Final, NamedTuple

from server_processes import START_WITHIN, wait_until

PATIENCE: Final = 60.0
"""Seconds of silence after which a worker counts as hanging."""
QUICKACK: Final[int | None] = getattr(socket, "TCP_QUICKACK", None)
AT_ONCE: Final = 8
"""Connections that are opened before the first of them is asked: one worker alone does not accept them all."""


class Answered(NamedTuple):
    """What a worker said."""

    status: int
    code: str
    """Of a refusal; else empty."""
    body: bytes


class Line:
    """A connection to one worker."""

    def __init__(self, port: int) -> None:
        self._http = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self._http.connect()
        self._http.auto_open = 0  # a new connection would go to somebody else
        self.worker = 0

    def ask(self, path: str, token: str | None = None) -> Answered:
        """Send a request, and read the answer."""
        self._http.request("GET", path, headers={} if token is None else {"Authorization": f"Bearer {token}"})
        if QUICKACK is not None:  # head and body come apart, and the second waits for an ACK that Linux delays by 40 ms
            self._http.sock.setsockopt(socket.IPPROTO_TCP, QUICKACK, 1)
        answer = self._http.getresponse()
        body = answer.read()
        self.worker = int(answer.headers["x-worker"])
        code = "" if answer.status == 200 else str(json.loads(body)["code"])
        return Answered(answer.status, code, body)

    def close(self) -> None:
        """Hang up."""
        self._http.close()


def lines_to(port: int, workers: int) -> list[Line]:
    """One line to each of so many workers, when all of them have started."""
    wait_until(lambda: _listens(port), "nobody listens")  # uvicorn tells its port before that
    kept: dict[int, Line] = {}
    deadline = time.monotonic() + START_WITHIN
    while len(kept) < workers:
        assert time.monotonic() < deadline, f"only these workers answer: {sorted(kept)}"
        for line in [Line(port) for _ in range(AT_ONCE)]:
            line.ask("/drain")
            if kept.setdefault(line.worker, line) is not line:
                line.close()
    return list(kept.values())


def _listens(port: int) -> bool:
    with suppress(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port)).close()
        return True
    return False
