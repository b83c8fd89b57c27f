"""One process of a fleet: the real state machine, its traffic, and its own dice.

Traffic comes in streams: of valid tokens with one ``kid``, or of bogus ones with a new ``kid`` each time. Only requests
that can make a difference are played:

* where the view has the key, all requests are answered from it until the view ends;
* where there are no keys and no walk is in the air, all are told 503 until the view ends;
* of bogus ones one at a time is played: while it waits others would board the same walk, and while the bucket is empty
  they are refused and change nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Final, TypeVar

from driven import Driven
from fleet_arrivals import Arrivals
from fleet_hosts import ALG, NEW, VALID, Host
from fleet_ledger import Ledger, Standing
from furniture import ORIGIN, Change, Outcome, Request
from timeline import Timeline

from jwtmr._keys.decision import Ask
from jwtmr._keys.jwk import Key
from jwtmr._keys.pace import Uniform
from jwtmr._keys.reading import Reading
from jwtmr.issuers import Authority
from jwtmr.settings import Instant, KeyPolicy

T = TypeVar("T")

LATENCY: Final = (0.03, 0.08)
"""Seconds until a host that is there answers: drawn between these two for each attempt."""
POLICY: Final = KeyPolicy()


@dataclass(frozen=True, slots=True)
class Traffic:
    """Requests of one kind, for all processes."""

    kid: str | None
    """None for bogus ones."""
    arrivals: Arrivals
    """As they come to a process that gets one request a second."""


@dataclass(slots=True)
class Stream:
    """The traffic of one kind at one process, and what is foreseen of it."""

    traffic: Traffic
    gap: float
    """Seconds between two requests, where the traffic says one a second."""
    since: float = 0.0
    """Its requests have been counted until then."""
    until: float = -math.inf
    """No request matters before."""
    verdict: Outcome | None = None
    """What all requests until then are told."""
    draws: int = 0
    """Times that the next request was drawn; an earlier drawing counts no more."""
    played: int = 0
    waiting: Request | None = None
    """The bogus request that waits: no other one matters meanwhile."""


class Process(Driven):
    """One process with one authority. Hosts, timeline and ledger are those of the whole fleet."""

    def __init__(
        self,
        authority: Authority,
        timeline: Timeline,
        *,
        hosts: Mapping[str, Host],
        ledger: Ledger,
        streams: Sequence[Stream],
        dice: Random,
        uniform: Uniform,
    ) -> None:
        super().__init__(authority, POLICY, uniform, timeline)
        self._hosts: Final = hosts
        self._ledger: Final = ledger
        self._streams: Final = streams
        self._dice: Final = dice
        self._seen = self.state.view
        self._standing: Standing = "none"
        self._refused_since: float | None = None
        self._knows = False

    def begin(self) -> None:
        """Start as an adapter starts: fetch keys, and take requests."""
        for stream in self._streams:
            stream.since = self.timeline.t
        self.warm()

    def count(self) -> None:
        """Count the requests up to now."""
        for stream in self._streams:
            self._count(stream)

    # -- what is foreseen ---------------------------------------------------------------------------------------------

    def _do(self, act: Callable[[Instant], T]) -> tuple[T, Change]:
        result = super()._do(act)
        if self.state.view is not self._seen:
            self._look_around()
        return result

    def _look_around(self) -> None:
        """The view has changed: note how the keys are, and think again about which request matters next."""
        view = self._seen = self.state.view
        standing: Standing = "none" if not view.alive else "stale" if view.stale else "fresh"
        if standing != self._standing:
            self._ledger.moves.append((self.timeline.t, self._standing, standing))
            self._standing = standing
        if not self._knows and NEW in view.keys:
            self._knows = True
            self._ledger.knows(self.timeline.t, self._refused_since)
        for stream in self._streams:
            until, verdict = self.foresee(stream)
            if (until, verdict) != (stream.until, stream.verdict):
                self._wait_for_next(stream, until, verdict)

    def foresee(self, stream: Stream) -> tuple[float, Outcome | None]:
        """Until when no request of a stream matters, and what all of them are told."""
        if stream.waiting is not None:
            return math.inf, None
        view, kid, t = self.state.view, stream.traffic.kid, self.timeline.t
        if kid is not None and kid in view.keys:
            return view.until.mono - ORIGIN.mono, "key"
        if self.state.walk is not None:
            return t, None
        if not view.alive:
            return view.until.mono - ORIGIN.mono, "503"
        if kid is not None:
            return t, None
        bucket = self.state._unknown.bucket  # noqa: SLF001  # nothing but a walk tells anybody that it is empty
        return t + bucket.wait(self.now().mono), None

    def _wait_for_next(self, stream: Stream, until: float, verdict: Outcome | None) -> None:
        self._count(stream)
        stream.until, stream.verdict = until, verdict
        stream.draws += 1
        requests = self._dice.expovariate(1.0) * stream.gap
        when = stream.traffic.arrivals.after(max(until, self.timeline.t), requests)
        if when < math.inf:
            self.timeline.at(when, partial(self._come, stream, stream.draws))

    def _count(self, stream: Stream) -> None:
        """Count the requests that were not played."""
        t, kid = self.timeline.t, stream.traffic.kid
        end = min(t, stream.until)
        if kid is not None and stream.verdict is not None and end > stream.since:
            self._ledger.told[stream.verdict] += stream.traffic.arrivals.number(stream.since, end) / stream.gap
        stream.since = t

    # -- requests that matter -----------------------------------------------------------------------------------------

    def _come(self, stream: Stream, draw: int) -> None:
        """A request comes, unless another one was drawn since."""
        if draw != stream.draws:
            return
        stream.played += 1
        request = self.request(stream.traffic.kid or f"x{stream.played}", ALG)
        if stream.traffic.kid is None and request.outcome is None:
            stream.waiting = request
        self._wait_for_next(stream, *self.foresee(stream))

    def _answer(self, request: Request, outcome: Outcome, key: Key | None = None) -> None:
        super()._answer(request, outcome, key)
        if request.kid in VALID:
            self._ledger.answered(outcome, request.waited)
            if outcome == "401" and self._refused_since is None:
                self._refused_since = request.began
        for stream in self._streams:
            if stream.waiting is request:
                stream.waiting = None
                self._wait_for_next(stream, *self.foresee(stream))

    # -- the network --------------------------------------------------------------------------------------------------

    def reach(self, ask: Ask) -> tuple[float, Reading]:
        """What the host says."""
        return self._hosts[ask.endpoint.url].answer(ask.trigger, self.timeline.t, self._dice.uniform(*LATENCY))
