"""A world in virtual time around the real :class:`KeyState`: scripted endpoints, settable clocks, requests.

It does what ``jwtmr/_keys/source.py`` does, with a heap of events in place of threads: a request asks ``find`` and then
``decide``, a walk is carried by ``step`` and ``wake_at``, attempts come home through ``answered``. It draws no number
and looks at no clock, so two worlds with the same script are equal. ``world.t`` counts seconds since it began.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Final, TypeVar

from furniture import ALG, COGNITO, ORIGIN, Change, Outcome, Request, authority_of, middle
from servers import Asked, Provider, Server

from jwtmr._keys.decision import Ask, Decision, Next
from jwtmr._keys.jwk import Key
from jwtmr._keys.pace import Uniform
from jwtmr._keys.reading import Reading
from jwtmr._keys.refresh import KeyState
from jwtmr._keys.walk import Walk
from jwtmr.events import Event, Trigger
from jwtmr.reports import EndpointStatus
from jwtmr.settings import Instant, KeyPolicy

E = TypeVar("E")
T = TypeVar("T")

LOOK_AGAIN: Final = 0.1
"""As in ``source``: a carrier looks at the clock at least this often."""
MAX_EVENTS: Final = 200_000
"""Events at one moment; more of them is a loop that never ends."""


class World:
    """One process with one authority, and the endpoints of its keys."""

    def __init__(
        self,
        *servers: Server,
        regions: Sequence[str | None] = COGNITO,
        policy: KeyPolicy | None = None,
        uniform: Uniform = middle,
        eager: bool = False,
    ) -> None:
        self.servers: Final = servers
        self.t = 0.0
        self.suspended = self.wall_shift = 0.0
        self.asks: list[Asked] = []
        self.walks: list[tuple[float, Trigger]] = []
        self.events: list[tuple[float, Event]] = []
        self.threads = True
        """Whether threads can be started."""
        self.carriers_live = True
        """Whether those that carry a walk do anything."""
        discovered = {place for place, server in enumerate(servers) if isinstance(server, Provider)}
        authority = authority_of(regions[: len(servers)], discovered=discovered)
        self.policy: Final = policy or KeyPolicy()
        self.state: Final = KeyState(authority, self.policy, self.now(), uniform)
        self.eager: Final = eager
        """Whether every request goes the long way, as if nothing of the view could be relied on."""
        self._allowed: Final = frozenset(authority.algorithms)
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._scheduled = self._looks = self._changes = self._process = 0
        self._carried: int | None = None
        self._change = Change()

    # -- time ---------------------------------------------------------------------------------------------------------

    def now(self) -> Instant:
        """The three clocks. The monotonic one stands still while the machine is suspended."""
        awake = self.t + self.suspended
        return Instant(ORIGIN.mono + self.t, ORIGIN.boot + awake, ORIGIN.wall + awake + self.wall_shift)

    def at(self, t: float, action: Callable[[], object]) -> None:
        """Have ``action`` done when ``t`` seconds have gone."""
        self._scheduled += 1
        heapq.heappush(self._heap, (t, self._scheduled, lambda: (action(), None)[1]))

    def run(self, seconds: float) -> None:
        """Let that many seconds pass."""
        self.run_until(self.t + seconds)

    def run_until(self, t: float) -> None:
        """Let time pass until ``t``."""
        events = 0
        while self._heap and self._heap[0][0] <= t:
            when, _, action = heapq.heappop(self._heap)
            events = events + 1 if when <= self.t else 0
            assert events < MAX_EVENTS, f"time stands still at {self.t}"
            self.t = max(self.t, when)
            action()
        self.t = max(self.t, t)

    def suspend(self, seconds: float) -> None:
        """The machine sleeps: boot-time and wall clock go on, the monotonic one does not."""
        self.suspended += seconds

    def freeze(self, seconds: float) -> None:
        """The process stops (SIGSTOP, a long pause of the host): every clock goes on, none of its threads does."""
        self.t += seconds

    # -- requests -----------------------------------------------------------------------------------------------------

    def get(self, kid: str, alg: str = ALG) -> Request:
        """Make a request, and let time pass until it is answered."""
        request = self.request(kid, alg)
        while request.outcome is None:
            assert self._heap, "a request waits, and nothing will ever happen"
            self.run_until(self._heap[0][0])
        return request

    def request(self, kid: str, alg: str = ALG) -> Request:
        """Make a request. It may be answered at once, or wait."""
        request = Request(kid, alg, self.t)
        key = None if self.eager else self.find(kid, alg)
        if key is not None:
            self._answer(request, "key", key)
            return request
        self._look(request)
        if request.outcome is None:
            self._later(self.policy.wait, lambda: self._look(request))
        return request

    def keep_asking(self, kid: str, seconds: float, every: float = 1.0) -> list[Request]:
        """Traffic with one kid: a request every so often, for so many seconds."""
        start, requests = self.t, list[Request]()
        for n in range(int(seconds / every) + 1):
            self.run_until(start + n * every)
            requests.append(self.request(kid))
        self.run_until(max(self.t, start + seconds))
        return requests

    def find(self, kid: str, alg: str = ALG) -> Key | None:
        """What ``KeySource.find`` does."""
        view, now = self.state.view, self.now()
        by_alg = view.keys.get(kid)
        if by_alg is None or not view.since_wall <= now.wall < view.until.wall:
            return None
        if now.mono >= view.until.mono or now.boot >= view.until.boot:
            return None
        return by_alg.get(alg)

    def warm(self) -> Decision:
        """Ask for keys without a token."""
        return self._do(self.state.warm)[0]

    def report(self) -> tuple[EndpointStatus, ...]:
        """What an operator sees of each endpoint. Whoever asks has those asked who are due, as any request does."""
        return self._do(self.state.report)[0][1]

    def _look(self, request: Request) -> None:
        """One turn of ``KeySource.look``."""
        if request.outcome is not None:
            return
        if self.eager:
            self.state.view = replace(self.state.view, until=Instant(*[float("-inf")] * 3))
        left = request.began + self.policy.wait - self.t
        decision, change = self._do(lambda now: self._decide(request, now, patient=left > 1e-9))
        request.ride = decision.ride or request.ride
        if decision.next is Next.REJECT:
            self._answer(request, "401")
        elif decision.next is Next.UNAVAILABLE:
            request.retry_after = decision.retry_after
            self._answer(request, "503")
        elif decision.key is not None and not self._inline(left):
            self._answer(request, "key", decision.key)
        elif change.over:
            self._later(0, lambda: self._look(request))
        else:
            change.waiters.append(request)

    def _decide(self, request: Request, now: Instant, *, patient: bool) -> Decision:
        decision = self.state.decide(request.kid, request.alg, now, ride=request.ride, patient=patient)
        if self.policy.refresh == "inline":
            self.state.hurry()
        return decision

    def _inline(self, left: float) -> bool:
        return self.policy.refresh == "inline" and self.state.walk is not None and left > 1e-9

    def _answer(self, request: Request, outcome: Outcome, key: Key | None = None) -> None:
        request.outcome, request.key, request.waited = outcome, key, self.t - request.began

    # -- what ``source`` does -----------------------------------------------------------------------------------------

    def _do(self, act: Callable[[Instant], T]) -> tuple[T, Change]:
        """Call the state machine, then do what it wants done. Returns what a request that finds nothing waits for."""
        result = act(self.now())
        over = self._change
        if self.state.changes != self._changes:
            self._changes, self._change, over.over = self.state.changes, Change(), True
        change = self._change
        walk, probes = self.state.departures()
        self.events += [(self.t, event) for event in self.state.events()]
        if over.over:
            for request in over.waiters:
                self._later(0, partial(self._look, request))
        if walk is not None:
            self._carry(walk)
        for ask in probes:
            self._send(ask)
        return result, change

    def _carry(self, walk: Walk) -> None:
        self.walks.append((self.t, walk.trigger))
        if self.threads:
            self._carried = walk.number
            self._look_again(walk.number, 0)
        else:
            self._do(lambda now: self.state.lost(walk.number, now))

    def _look_again(self, number: int, pause: float) -> None:
        self._looks += 1
        look = self._looks
        self._later(pause, lambda: self._step(number) if look == self._looks else None)

    def _step(self, number: int) -> None:
        asks = self._do(lambda now: self.state.step(number, now))[0] if self.carriers_live else None
        if asks is None:
            return
        for ask in asks:
            self._send(ask)
        pause = self.state.wake_at(number) - self.now().mono
        self._look_again(number, min(max(pause, 0.0), LOOK_AGAIN))

    def _send(self, ask: Ask) -> None:
        asked = Asked(self.t, ask.place, ask.trigger, ask.etag)
        self.asks.append(asked)
        if not self.threads:
            self._come_home(ask, asked, Reading("network"))
            return
        latency, reading = self.servers[ask.place].answer(ask, self._allowed)
        if latency is not None:
            self._later(latency, lambda: self._come_home(ask, asked, reading))

    def _come_home(self, ask: Ask, asked: Asked, reading: Reading) -> None:
        asked.outcome = reading.outcome
        self._do(lambda now: self.state.answered(ask, reading, now))
        if self._carried is not None:
            self._look_again(self._carried, 0)

    def _later(self, delay: float, action: Callable[[], object]) -> None:
        """Like :meth:`at`, for what a thread of this process does: a child has none of them."""
        process = self._process
        self.at(self.t + delay, lambda: action() if process == self._process else None)

    def become_child(self, uniform: Uniform = middle) -> None:
        """Fork, and go on as the child: without the parent's threads and waiters."""
        self._process += 1
        self._carried = None
        self._change = Change()
        self.state.in_child(uniform, self.now())

    # -- what happened ------------------------------------------------------------------------------------------------

    def said(self, kind: type[E], since: float = 0.0) -> list[E]:
        """The events of one kind."""
        return [event for t, event in self.events if isinstance(event, kind) and t >= since]

    def asked(self, place: int | None = None, since: float = 0.0, trigger: Trigger | None = None) -> list[Asked]:
        """The attempts to reach one endpoint, or any, since ``t``."""
        return [
            ask for ask in self.asks
            if ask.at >= since and place in (None, ask.place) and trigger in (None, ask.trigger)
        ]  # fmt: skip

    def walks_for(self, trigger: Trigger, since: float = 0.0) -> list[float]:
        """When walks took off for that reason."""
        return [t for t, why in self.walks if why == trigger and t >= since]
