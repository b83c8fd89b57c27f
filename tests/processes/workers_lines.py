"""Connections that stay with one worker, and the load that is sent over them.

Behind one socket nobody can choose a worker. But a connection that is kept alive stays with the one that accepted it,
and every answer names its worker. So connections are opened until each worker has as many as are wanted.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPConnection, HTTPResponse
from typing import Final, NamedTuple, Self

from server_processes import START_WITHIN, wait_until
from workers_place import NAME

HOST: Final = "127.0.0.1"
PATIENCE: Final = 60.0
"""Seconds of silence after which a worker counts as hanging."""
QUICKACK: Final[int | None] = getattr(socket, "TCP_QUICKACK", None)
AT_ONCE: Final = 8
"""Connections that are opened before the first of them is asked: one worker alone does not accept them all."""


class Shot(NamedTuple):
    """One request to be made."""

    kind: str
    subject: str
    token: str


class Answered(NamedTuple):
    """One that was answered."""

    kind: str
    worker: int
    said: str
    """``"200"``, or the status and the code of the refusal."""
    seconds: float


class Line:
    """A connection to one worker."""

    def __init__(self, port: int) -> None:
        self._http = HTTPConnection(HOST, port, timeout=PATIENCE)
        self._http.connect()
        self._http.auto_open = 0  # a new connection would go to somebody else
        self.worker = 0

    def begin(self) -> Self:
        """Ask who is there, without waiting for the answer."""
        self._http.request("GET", "/health")
        return self

    def end(self) -> Self:
        """Learn who is there."""
        answer = self._http.getresponse()
        assert (answer.status, answer.read().strip(b'"')) == (200, b"fine")
        self.worker = _who(answer)
        return self

    def fire(self, shot: Shot) -> Answered:
        """Send a request, and say how it was answered."""
        began = time.perf_counter()
        self._http.request("GET", "/orders", headers={"Authorization": f"Bearer {shot.token}"})
        self._acknowledge_at_once()
        answer = self._http.getresponse()
        body = answer.read()
        seconds = time.perf_counter() - began
        assert _who(answer) == self.worker
        return Answered(shot.kind, self.worker, _said(answer, body, shot), seconds)

    def _acknowledge_at_once(self) -> None:
        """Both servers send head and body apart, and the second waits for an ACK that Linux delays by 40 ms."""
        if QUICKACK is not None:
            self._http.sock.setsockopt(socket.IPPROTO_TCP, QUICKACK, 1)

    def close(self) -> None:
        """Hang up."""
        self._http.close()


def _who(answer: HTTPResponse) -> int:
    return int(answer.headers[NAME])


def _said(answer: HTTPResponse, body: bytes, shot: Shot) -> str:
    """What the answer amounts to. One that is meant for somebody else is as bad as any can be."""
    content = json.loads(body) if body.startswith(b"{") else {}
    if answer.status == 200:
        return "200" if content["user"][1] == shot.subject else "200 for somebody else"
    if answer.status == 503 and not answer.headers.get("retry-after", "").isdigit():
        return "503 without Retry-After"
    refusal = content.get("detail", content)
    return f"{answer.status} {refusal.get('code', 'without a code')}"


def lines(port: int, *, workers: int, each: int) -> list[Line]:
    """So many connections to each of so many workers, when all of them have started."""
    wait_until(lambda: _listens(port), "nobody listens")  # uvicorn tells its port before that
    kept: list[Line] = []
    held: Counter[int] = Counter()
    deadline = time.monotonic() + START_WITHIN
    while len(kept) < workers * each:
        assert time.monotonic() < deadline, f"only these workers answer: {dict(held)}"
        for line in [opened.begin() for opened in [Line(port) for _ in range(AT_ONCE)]]:
            if held[line.end().worker] < each:
                held[line.worker] += 1
                kept.append(line)
            else:
                line.close()
    assert set(held.values()) == {each}, f"these workers answer: {dict(held)}"
    return kept


def _listens(port: int) -> bool:
    with suppress(ConnectionRefusedError):
        socket.create_connection((HOST, port)).close()
        return True
    return False


def fire(lines: Sequence[Line], shots: Sequence[Sequence[Shot]]) -> list[Answered]:
    """Send to every line its shots, one after the other, all lines beginning at the same moment."""
    begin = threading.Barrier(len(lines))

    def send(line: Line, own: Sequence[Shot]) -> list[Answered]:
        begin.wait(PATIENCE)
        return [line.fire(shot) for shot in own]

    with ThreadPoolExecutor(len(lines)) as pool:
        return [answered for each in pool.map(send, lines, shots) for answered in each]
