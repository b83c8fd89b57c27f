"""Endpoints that do as they are told, in virtual time. Each is one host that serves a key set."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from unittest.mock import patch

from furniture import ORIGIN
from keymaterial import set_of

from jwtmr._keys.decision import Ask
from jwtmr._keys.fetch import fetch
from jwtmr._keys.reading import Reading, read_answer
from jwtmr.events import FetchOutcome, Trigger
from jwtmr.http import HttpAnswer, TooLarge

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
    """Names of the keys that it lists; ``"a=b"`` is the kid ``a`` with the key of ``b``, ``"a!"`` one that leaks."""
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
        said = self.respond(set_of(*self.kids), ask.etag)
        reading = read_answer(said.status, said.headers, said.body, allowed=allowed, etag=ask.etag, wall=ask.sent.wall)
        return self.latency, reading

    def respond(self, usual: bytes, asked: str | None) -> HttpAnswer:
        """The answer over HTTP to a request whose ``If-None-Match`` says ``asked``; with 200 it is ``usual``."""
        body = usual if self.body is None else self.body
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        status = 304 if self.etags and self.status == 200 and asked == etag else self.status
        headers = dict(self.headers)
        if self.etags:
            headers["etag"] = etag
        if self.max_age is not None:
            headers["cache-control"] = f"public, max-age={self.max_age}"
        if self.age is not None:
            headers["age"] = str(self.age)
        return HttpAnswer(status, headers, body if status == 200 else b"")

    def silent(self) -> None:
        """Accept connections from now on, and say nothing."""
        self.latency = HANGS

    def recover(self) -> None:
        """Answer quickly and properly from now on."""
        self.latency, self.status, self.down, self.body = 0.0625, 200, False, None


@dataclass(frozen=True, slots=True)
class Requested:
    """One request of an attempt to reach a provider."""

    at: float
    url: str
    number: int
    """The attempt that it belongs to."""
    timeout: float
    headers: Mapping[str, str]


@dataclass(slots=True)
class Provider(Server):
    """An issuer that is discovered. What :class:`Server` has is about its document; each place of keys is a host.

    The attempts are made by the real ``fetch``, whose clock shows what the hosts have spent.
    """

    jwks_uri: object = "https://keys.example/old"
    """What the document names. Move it at any time."""
    places: dict[str, Server] = field(default_factory=dict)
    """Where keys are; every other place answers 404."""
    requests: list[Requested] = field(default_factory=list)

    def answer(self, ask: Ask, allowed: frozenset[str]) -> tuple[float | None, Reading]:
        """What comes of one attempt, and after how many seconds."""
        attempt = _Visit(self, ask)
        with patch("jwtmr._keys.fetch.monotonic", lambda: attempt.spent):
            reading = fetch(attempt.get, ask, allowed)
        return (None if attempt.stuck else attempt.spent), reading

    def document_for(self, issuer: str) -> bytes:
        """The document of ``issuer``."""
        return json.dumps({"issuer": issuer, "jwks_uri": self.jwks_uri}).encode()

    def asked_for(self, url: str, since: float = 0.0) -> list[Requested]:
        """The requests for one URL."""
        return [request for request in self.requests if request.url == url and request.at >= since]


class _Visit:
    """One attempt, and the time that it takes."""

    def __init__(self, provider: Provider, ask: Ask) -> None:
        self.spent = 0.0
        self.stuck = False
        self._provider = provider
        self._ask = ask

    def get(self, url: str, *, headers: Mapping[str, str], timeout: float, max_bytes: int) -> HttpAnswer:
        """Make one request; a host that is slower than ``timeout`` costs that."""
        ask, provider = self._ask, self._provider
        if self.stuck:
            raise TimeoutError
        at = ask.sent.mono - ORIGIN.mono + self.spent
        provider.requests.append(Requested(at, url, ask.number, timeout, dict(headers)))
        document = url == ask.endpoint.url
        host = provider if document else provider.places.get(url, Server(status=404))
        usual = provider.document_for(ask.endpoint.discovers or "") if document else set_of(*host.kids)
        self.stuck = host.latency is None
        self.spent += timeout if host.latency is None else min(host.latency, timeout)
        if host.latency is None or host.latency > timeout:
            raise TimeoutError
        if host.down:
            raise ConnectionRefusedError
        answer = host.respond(usual, headers.get("if-none-match"))
        if len(answer.body) > max_bytes:
            raise TooLarge
        return answer


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
