"""The real :class:`KeyState`, driven as ``jwtmr/_keys/source.py`` drives it, with a timeline in place of threads.

A request asks ``find`` and then ``decide``, a walk is carried by ``step`` and ``wake_at``, attempts come home through
``answered``. It draws no number and looks at no clock, so two that live through the same are equal.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final, TypeVar

from furniture import ALG, ORIGIN, Change, Outcome, Request
from timeline import Timeline

from jwtmr._keys.decision import Ask, Decision, Next
from jwtmr._keys.jwk import Key
from jwtmr._keys.pace import Uniform
from jwtmr._keys.reading import Reading
from jwtmr._keys.refresh import KeyState
from jwtmr._keys.walk import Walk
from jwtmr.events import Event
from jwtmr.issuers import Authority
from jwtmr.settings import Instant, KeyPolicy

T = TypeVar("T")

LOOK_AGAIN: Final = 0.1
"""As in ``source``: a carrier looks at the clock at least this often."""


class Driven:
    """One process with one authority. Who makes one says in :meth:`reach` what comes back for an attempt."""

    def __init__(self, authority: Authority, policy: KeyPolicy, uniform: Uniform, timeline: Timeline) -> None:
        self.timeline: Final = timeline
        self.policy: Final = policy
        self.state: Final = KeyState(authority, policy, self.now(), uniform)
        self._looks = self._changes = 0
        self._carried: int | None = None
        self._change = Change()

    def reach(self, ask: Ask) -> tuple[float | None, Reading]:
        """What comes back for one attempt, and after how many seconds; None for one whose end nobody ever hears."""
        raise NotImplementedError

    def happened(self, events: list[Event]) -> None:
        """What the state machine told of."""

    def now(self) -> Instant:
        """The three clocks."""
        t = self.timeline.t
        return Instant(ORIGIN.mono + t, ORIGIN.boot + t, ORIGIN.wall + t)

    # -- requests -----------------------------------------------------------------------------------------------------

    def request(self, kid: str, alg: str = ALG) -> Request:
        """Make a request. It may be answered at once, or wait."""
        request = Request(kid, alg, self.timeline.t)
        key = self.find(kid, alg)
        if key is not None:
            self._answer(request, "key", key)
            return request
        self._look(request)
        if request.outcome is None:
            self._later(self.policy.wait, partial(self._look, request))
        return request

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

    def _look(self, request: Request) -> None:
        """One turn of ``KeySource.look``."""
        if request.outcome is not None:
            return
        left = request.began + self.policy.wait - self.timeline.t
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
            self._later(0, partial(self._look, request))
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
        request.outcome, request.key, request.waited = outcome, key, self.timeline.t - request.began

    # -- what ``source`` does -----------------------------------------------------------------------------------------

    def _do(self, act: Callable[[Instant], T]) -> tuple[T, Change]:
        """Call the state machine, then do what it wants done. Returns what a request that finds nothing waits for."""
        result = act(self.now())
        over = self._change
        if self.state.changes != self._changes:
            self._changes, self._change, over.over = self.state.changes, Change(), True
        change = self._change
        walk, probes = self.state.departures()
        self.happened(self.state.events())
        if over.over:
            for request in over.waiters:
                self._later(0, partial(self._look, request))
        if walk is not None:
            self._carry(walk)
        for ask in probes:
            self._send(ask)
        return result, change

    def _carry(self, walk: Walk) -> None:
        self._carried = walk.number
        self._look_again(walk.number, 0)

    def _look_again(self, number: int, pause: float) -> None:
        self._looks += 1
        self._later(pause, partial(self._step_unless, self._looks, number))

    def _step_unless(self, look: int, number: int) -> None:
        """Carry the walk on, unless another look has come in between."""
        if look == self._looks:
            self._step(number)

    def _step(self, number: int) -> None:
        asks = self._do(lambda now: self.state.step(number, now))[0]
        if asks is None:
            return
        for ask in asks:
            self._send(ask)
        pause = self.state.wake_at(number) - self.now().mono
        self._look_again(number, min(max(pause, 0.0), LOOK_AGAIN))

    def _send(self, ask: Ask) -> None:
        latency, reading = self.reach(ask)
        if latency is not None:
            self._later(latency, partial(self._come_home, ask, reading))

    def _come_home(self, ask: Ask, reading: Reading) -> None:
        self._do(lambda now: self.state.answered(ask, reading, now))
        if self._carried is not None:
            self._look_again(self._carried, 0)

    def _later(self, delay: float, action: Callable[[], object]) -> None:
        """What a thread of this process does after ``delay`` seconds."""
        self.timeline.at(self.timeline.t + delay, action)
