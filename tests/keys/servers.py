"""Endpoints that do as they are told, in virtual time. Each is one host that serves a key set."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Final

from keymaterial import set_of

from jwtmr._keys.decision import Ask
from jwtmr._keys.reading import Reading, read_answer
from jwtmr.events import FetchOutcome, Trigger

HANGS: Final = 2.75
"""Seconds: longer than an attempt is waited for."""


@dataclass(slots=True)
class Asked:
    """One attempt, as the endpoint saw it."""

    at: float
    place: int
    trigger: Trigger
    etag: str | None
    """What ``If-None-Match`` said."""
    outcome: FetchOutcome | None = None
    """None until it came home."""


@dataclass(slots=True)
class Server:
    """One endpoint. Change its fields at any time: an answer is made when the request is sent."""

    kids: tuple[str, ...] = ("a",)
    """Names of the keys that it lists; ``"a=b"`` is the kid ``a`` with the key of ``b``."""
    latency: float | None = 0.0625
    """Seconds until the answer, or None for an attempt whose end nobody ever hears."""
    status: int = 200
    down: bool = False
    """Refuses connections."""
    body: bytes | None = None
    """Sent with 200 in place of the key set."""
    max_age: int | None = 600
    age: int | None = None
    """Seconds that the answer has spent in caches: the header ``Age``."""
    etags: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    """More of them, in lower case."""

    def answer(self, ask: Ask, allowed: frozenset[str]) -> tuple[float | None, Reading]:
        """What comes back for one attempt, and after how many seconds."""
        if self.down:
            return self.latency, Reading("network")
        body = set_of(*self.kids) if self.body is None else self.body
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        status = 304 if self.etags and self.status == 200 and ask.etag == etag else self.status
        headers = dict(self.headers)
        if self.etags:
            headers["etag"] = etag
        if self.max_age is not None:
            headers["cache-control"] = f"public, max-age={self.max_age}"
        if self.age is not None:
            headers["age"] = str(self.age)
        sent = body if status == 200 else b""
        return self.latency, read_answer(status, headers, sent, allowed=allowed, etag=ask.etag, wall=ask.sent.wall)

    def silent(self) -> None:
        """Accept connections from now on, and say nothing."""
        self.latency = HANGS

    def recover(self) -> None:
        """Answer quickly and properly from now on."""
        self.latency, self.status, self.down, self.body = 0.0625, 200, False, None


def silent_server() -> Server:
    """A host that takes a connection and says nothing, until the client's own time-out."""
    return Server(latency=HANGS)


def stuck_server() -> Server:
    """A host whose attempts never end: the client hangs in DNS."""
    return Server(latency=None)


def dead_server() -> Server:
    """A host that refuses connections."""
    return Server(down=True)


def not_enabled_server() -> Server:
    """The updated host of a pool that has not been switched."""
    return Server(status=403)
