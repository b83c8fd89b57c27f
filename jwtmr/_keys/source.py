"""One authority's keys over time: the one file with a lock, threads and a ``Future``.

It carries out what the pure state machine in ``refresh`` decides. Readers take ``_view``, an immutable snapshot,
without a lock. Waiting has one mechanism for threads and event loops: a ``Future`` that is fulfilled when something
changed. A walk is carried by a short-lived daemon thread, and each attempt has a thread of its own that nobody waits
for: DNS and a slow drip do not obey time-outs.
"""

from __future__ import annotations

import _thread
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Final, TypeVar

import msgspec

from jwtmr._keys.decision import Ask, Condition, Decision, Next
from jwtmr._keys.fetch import fetch
from jwtmr._keys.forks import held_in_forks
from jwtmr._keys.guard import Guard, Reentered
from jwtmr._keys.jwk import Key
from jwtmr._keys.merge import View
from jwtmr._keys.pace import Uniform
from jwtmr._keys.reading import Reading
from jwtmr._keys.refresh import KeyState
from jwtmr._keys.waiting import Waiting, unfulfilled
from jwtmr._keys.walk import FLIGHT_TIME, Walk
from jwtmr._log import Log
from jwtmr.errors import KeysUnavailable, UnknownKey, ValidatorClosed
from jwtmr.events import Announcer, Event
from jwtmr.http import HttpGet
from jwtmr.issuers import Authority
from jwtmr.settings import Clock, Instant, KeyPolicy, read

T = TypeVar("T")

LOOK_AGAIN: Final = 0.1
"""Seconds. A carrier looks up at least this often: somebody may be in a hurry, and a test's clock may jump."""


class Effects(msgspec.Struct, frozen=True):
    """What a call of the state machine wants done, once the lock is released."""

    over: Future[None] | None
    walk: Walk | None
    probes: list[Ask]
    events: list[Event]
    stranded: bool | None
    """Whether walks are lost now, where that is news."""


class KeySource:
    """Finds keys, and keeps them fresh while it is asked."""

    def __init__(
        self, authority: Authority, policy: KeyPolicy, http_get: HttpGet, clock: Clock, announce: Announcer
    ) -> None:
        self._authority: Final = authority
        self._allowed: Final = frozenset(authority.algorithms)
        self._wait: Final = policy.wait
        self._inline: Final = policy.refresh == "inline"
        self._http_get: Final = http_get
        self._clock: Final = clock
        self._boottime: Final = clock.boottime
        self._announce: Final = announce
        self._log: Final = Log(clock)
        self._lock = Guard()
        self._state: Final = KeyState(authority, policy, read(clock), _jitter())
        self._view = self._state.view
        self._changes = 0
        self._change: Future[None] = unfulfilled()
        self._wake = threading.Event()
        self._closed = self._stranded = False
        self._reported = self._state.report(read(clock), ask=False)
        held_in_forks(self)

    # -- look-up ------------------------------------------------------------------------------------------------------

    def find(self, kid: str, alg: str, wall: float) -> Key | None:
        """The key, where it is known and nothing is due. No lock, no I/O; None says: :meth:`look`."""
        view = self._view
        by_alg = view.keys.get(kid)
        if by_alg is None or not view.since_wall <= wall < view.until.wall:
            return None
        if self._boottime() >= view.until.boot:  # which is never slower than the monotonic clock
            return None
        return by_alg.get(alg)

    @property
    def view(self) -> View:
        """What serves now: a snapshot."""
        return self._view

    def look(self, kid: str, alg: str) -> Waiting[Key]:
        """Look for the key, waiting if need be. Raises :class:`UnknownKey` or :class:`KeysUnavailable`."""
        end = time.monotonic() + self._wait
        ride: int | None = None
        while True:
            left = end - time.monotonic()
            try:
                decision, change, airborne = self._decide(kid, alg, ride, patient=left > 0)
            except Reentered:
                raise KeysUnavailable("called from a signal handler or a finalizer", retry_after=1) from None
            ride = decision.ride or ride
            if decision.next is Next.REJECT:
                raise UnknownKey("no endpoint lists the token's kid")
            if decision.next is Next.UNAVAILABLE:
                raise KeysUnavailable("keys cannot be had now", retry_after=decision.retry_after)
            if decision.key is not None and not (self._inline and airborne and left > 0):
                return decision.key
            yield change, left

    def warm(self) -> Waiting[None]:
        """Fetch keys if there are none, and wait until they are there or the walk for them has failed."""
        end = time.monotonic() + FLIGHT_TIME
        while (left := end - time.monotonic()) > 0:
            try:
                airborne, change = self._warm_once()
            except Reentered:  # in a signal handler: the report will say what there is
                return
            if not airborne:
                return
            yield change, left

    def _warm_once(self) -> tuple[bool, Future[None]]:
        decision, change, _ = self._ask(self._warmed)
        return decision.next is Next.WAIT, change

    def _warmed(self, now: Instant) -> Decision:
        self._check_open()
        return self._state.warm(now)

    def report(self, *, ask: bool = True) -> Condition:
        """How the keys are, without waiting; ``ask``: that is traffic, so whatever fetch is due begins."""
        with suppress(Reentered):  # a signal handler asks: it gets the last one
            self._reported = self._do(lambda now: self._state.report(now, ask=ask))
        return self._reported

    def close(self) -> None:
        """End it: those who wait find it closed. May be called from a signal handler.

        So no lock is taken here, not even those inside a ``Future`` or a ``Thread``: the handler may have come in while
        its own thread holds them.
        """
        self._closed = True
        with suppress(RuntimeError):  # no thread at the end of the interpreter: then they wait out their time
            _thread.start_new_thread(self._wake_all, ())

    def _wake_all(self) -> None:
        self._lock.alone(self._renew_change).set_result(None)
        self._wake.set()

    def _renew_change(self) -> Future[None]:
        """Have others wait for the next change. Returns this one, to be fulfilled without the lock."""
        over, self._change = self._change, unfulfilled()
        return over

    # -- the state machine, under the lock ----------------------------------------------------------------------------

    def _decide(self, kid: str, alg: str, ride: int | None, *, patient: bool) -> tuple[Decision, Future[None], bool]:
        return self._ask(lambda now: self._decided(kid, alg, ride, now, patient=patient))

    def _decided(self, kid: str, alg: str, ride: int | None, now: Instant, *, patient: bool) -> Decision:
        self._check_open()
        decision = self._state.decide(kid, alg, now, ride=ride, patient=patient)
        if self._inline:
            self._state.hurry()
        return decision

    def _check_open(self) -> None:
        if self._closed:
            raise ValidatorClosed

    def _do(self, act: Callable[[Instant], T]) -> T:
        return self._ask(act)[0]

    def _ask(self, act: Callable[[Instant], T]) -> tuple[T, Future[None], bool]:
        """Have ``act`` done; what to wait for after it, and whether keys are being fetched."""
        result, effects, change, airborne = self._lock.alone(lambda: self._asked(act))
        self._carry_out(effects)
        return result, change, airborne

    def _asked(self, act: Callable[[Instant], T]) -> tuple[T, Effects, Future[None], bool]:
        result = act(read(self._clock))
        effects = self._settle()
        return result, effects, self._change, self._state.walk is not None

    def _settle(self) -> Effects:
        """Publish the new view, and collect what is to be done without the lock."""
        self._view = self._state.view
        over = None
        if self._state.changes != self._changes:
            self._changes = self._state.changes
            over = self._renew_change()
        was, self._stranded = self._stranded, self._state.stranded
        news = self._stranded if self._stranded is not was else None
        return Effects(over, *self._state.departures(), self._state.events(), news)

    def _carry_out(self, effects: Effects) -> None:
        if effects.over is not None:
            effects.over.set_result(None)
        if effects.stranded is not None:  # before another walk takes off, which may say the contrary
            self._log.fetching(self._authority.id, stranded=effects.stranded)
        if effects.walk is not None:
            self._wake = threading.Event()
            if not _start(self._fly, effects.walk.number, self._wake):
                number = effects.walk.number
                self._do(lambda now: self._state.lost(number, now))
        for ask in effects.probes:
            self._send(ask)
        for event in effects.events:
            self._log.event(event)
            self._announce(event)

    # -- threads ------------------------------------------------------------------------------------------------------

    def _fly(self, number: int, wake: threading.Event) -> None:
        """Carry one walk: make its attempts when it is time, until it has landed."""
        try:
            while not self._closed:
                wake.clear()
                asks, pause = self._do(lambda now: self._step(number, now))
                if asks is None:
                    return
                for ask in asks:
                    self._send(ask)
                wake.wait(min(max(pause, 0.0), LOOK_AGAIN))
        except BaseException:
            self._do(lambda now: self._state.lost(number, now))
            raise

    def _step(self, number: int, now: Instant) -> tuple[list[Ask] | None, float]:
        """The attempts to make now, and the seconds until the next step."""
        return self._state.step(number, now), self._state.wake_at(number) - now.mono

    def _send(self, ask: Ask) -> None:
        if not _start(self._attempt, ask):
            self._do(lambda now: self._state.answered(ask, Reading("network"), now))
            self._wake.set()

    def _attempt(self, ask: Ask) -> None:
        reading = fetch(self._http_get, ask, self._allowed)
        self._do(lambda now: self._state.answered(ask, reading, now))
        self._wake.set()

    # -- fork ---------------------------------------------------------------------------------------------------------

    @property
    def entered(self) -> bool:
        """Whether this thread is inside of it, and in a handler."""
        return self._lock.mine

    def before_fork(self) -> None:
        """Hold the lock, for which it waits a second, so that the child gets no half-made state."""
        self._lock.hold(1)

    def after_fork_in_parent(self) -> None:
        """Go on, if :meth:`before_fork` got the lock. May be called again."""
        self._lock.let_go()

    def after_fork_in_child(self) -> None:
        """Keep keys and back-off; threads, waiters and the lock belong to the parent."""
        self._lock = Guard()
        self._change = unfulfilled()
        self._wake = threading.Event()
        self._state.in_child(_jitter(), read(self._clock))
        self._view = self._state.view


def _jitter() -> Uniform:
    return random.Random().uniform  # noqa: S311  # spreads load; nobody gains by guessing it


def _start(target: Callable[..., None], *args: object) -> bool:
    """Start a daemon thread. False where none can be had: too many of them, or the interpreter is ending."""
    try:
        threading.Thread(target=target, args=args, name=f"jwtmr-{target.__name__.strip('_')}", daemon=True).start()
    except RuntimeError:
        return False
    return True
