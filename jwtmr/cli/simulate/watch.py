"""What arrived at the hosts of a pool, and what they said: the last of it, and how much there was."""

from __future__ import annotations

import threading
import time
from collections import Counter, OrderedDict, deque
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from jwtmr.testing.fault import Fault
from jwtmr.testing.faults import at
from jwtmr.testing.issuer import RegionalEndpoint, RegionalIssuer
from jwtmr.testing.pool import HostForm
from jwtmr.testing.server import LoopbackServer
from jwtmr.testing.wire import Answer, RecordedRequest

SHOWN: Final = 20
"""Requests that are shown."""

KEPT: Final = 1000
"""Requests that a host keeps in full. A service may run against it for days."""

KEPT_BYTES: Final = 1024 * 1024
"""Bytes of those. Any page in a browser here can send a host as much as it likes."""

SHOWN_PATH: Final = 200
"""Characters of a path that are kept longer. That of a key set has some fifty."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One request that arrived."""

    time: float
    """When, in Unix seconds."""
    region: str
    form: HostForm
    method: str
    path: str
    status: int | None
    """What was answered; ``None`` where a fault had its part in it, or nothing was said."""
    fault: str | None


class Watch:
    """Sees all requests to the hosts of a pool. It can be asked from any thread."""

    def __init__(self, issuer: RegionalIssuer) -> None:
        self._issuer: Final = issuer
        self._lock = threading.Lock()
        self._forgotten: Counter[str] = Counter()
        self._bytes: Counter[str] = Counter()
        self._earlier: deque[tuple[RegionalEndpoint, RecordedRequest]] = deque(maxlen=SHOWN)
        self._statuses: OrderedDict[tuple[str, float], int] = OrderedDict()

    def begin(self) -> None:
        """Look on from now on. Before all faults, which then act on what was seen here."""
        for endpoint in self._issuer.endpoints:
            look = Fault(name="watch", text="watch()", answer=partial(self._look, endpoint))
            at(self._issuer, endpoint.region, endpoint.form).let(look)

    def count(self, endpoint: RegionalEndpoint) -> int:
        """How many requests arrived at one host."""
        with self._lock:
            return self._forgotten[endpoint.url] + self._server(endpoint).count()

    def last(self) -> list[Seen]:
        """The last requests, the latest first."""
        with self._lock:
            arrived = [(end, request) for end in self._issuer.endpoints for request in self._server(end).requests()]
            latest = sorted([*self._earlier, *arrived], key=lambda pair: pair[1].time, reverse=True)[:SHOWN]
            return [self._seen(endpoint, request) for endpoint, request in latest]

    def _look(self, endpoint: RegionalEndpoint, request: RecordedRequest, usual: Answer) -> Answer:
        with self._lock:
            self._statuses[endpoint.url, request.time] = usual[0]
            while len(self._statuses) > KEPT:
                self._statuses.popitem(last=False)
            self._bytes[endpoint.url] += _size(request)
            if self._server(endpoint).count() > KEPT or self._bytes[endpoint.url] > KEPT_BYTES:
                self._forget(endpoint)
        return usual

    def _forget(self, endpoint: RegionalEndpoint) -> None:
        forgotten = self._server(endpoint).forget_requests()
        self._forgotten[endpoint.url] += len(forgotten)
        self._earlier.extend((endpoint, _slim(old)) for old in forgotten[-SHOWN:])
        self._bytes[endpoint.url] = 0

    def _server(self, endpoint: RegionalEndpoint) -> LoopbackServer:
        (server,) = self._issuer.servers(endpoint.region, endpoint.form)
        return server

    def _seen(self, endpoint: RegionalEndpoint, request: RecordedRequest) -> Seen:
        when = time.time() - (time.monotonic() - request.time)  # whatever clock the pool goes by
        status = None if request.fault else self._statuses.get((endpoint.url, request.time))
        slim = _slim(request)
        return Seen(when, endpoint.region, endpoint.form, slim.method, slim.path, status, request.fault)


def _size(request: RecordedRequest) -> int:
    headers = sum(len(name) + len(value) for name, value in request.headers.items())
    return len(request.method) + len(request.path) + headers + len(request.body)


def _slim(request: RecordedRequest) -> RecordedRequest:
    """As much of ``request`` as is shown."""
    path = request.path
    if len(path) > SHOWN_PATH:
        path = path[: SHOWN_PATH - 1] + "…"
    return replace(request, method=request.method[:20], path=path, url="", headers={}, body=b"")
