"""What arrived at the hosts of a pool, and what they said: the last of it, and how much there was."""

from __future__ import annotations

import threading
import time
from collections import Counter, OrderedDict, deque
from dataclasses import dataclass
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
            if self._server(endpoint).count() > KEPT:
                forgotten = self._server(endpoint).forget_requests()
                self._forgotten[endpoint.url] += len(forgotten)
                self._earlier.extend((endpoint, old) for old in forgotten[-SHOWN:])
        return usual

    def _server(self, endpoint: RegionalEndpoint) -> LoopbackServer:
        (server,) = self._issuer.servers(endpoint.region, endpoint.form)
        return server

    def _seen(self, endpoint: RegionalEndpoint, request: RecordedRequest) -> Seen:
        when = time.time() - (time.monotonic() - request.time)  # whatever clock the pool goes by
        status = None if request.fault else self._statuses.get((endpoint.url, request.time))
        return Seen(when, endpoint.region, endpoint.form, request.method, request.path, status, request.fault)
