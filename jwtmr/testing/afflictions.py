"""The faults in force at one server: whom each strikes, how several act together, and how one ends."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import NamedTuple, TypeAlias

from jwtmr.settings import Clock
from jwtmr.testing.fault import Fault, JwkSet, Past, Suffered, Wire
from jwtmr.testing.wire import Answer, RecordedRequest, render

Mark: TypeAlias = Callable[[RecordedRequest, str], RecordedRequest]
"""Adds the name of a fault to the record of a request."""

CONDITIONS = ("if-none-match", "if-modified-since")
"""Headers that make a request conditional (RFC 9110 section 13.1)."""


class _Strike(NamedTuple):
    time: float
    wire: Wire | None


class Affliction:
    """One fault in force at one server. ``changed`` is told of each strike, and of the end of each exchange."""

    def __init__(self, fault: Fault, url: str, clock: Clock, changed: threading.Condition) -> None:
        self.fault = fault
        self.ended = threading.Event()
        self.undo = ExitStack()
        """What else has to happen at the end."""
        self._url = url
        self._clock = clock
        self._began = clock.monotonic()
        self._changed = changed
        self._strikes: list[_Strike] = []
        self._wires: set[Wire] = set()

    def in_force(self) -> bool:
        """Whether it strikes whoever comes now."""
        return not self.ended.is_set() and self.fault.active(self._clock.monotonic() - self._began)

    def strike(self, wire: Wire | None = None) -> None:
        """Record that it acts now, on ``wire`` until that exchange is over."""
        with self._changed:
            self._strikes.append(_Strike(time.monotonic(), wire))
            if wire is not None:
                self._wires.add(wire)
                wire.endure(self.ended, lambda: self._let_go(wire))
            self._changed.notify_all()

    def end(self) -> None:
        """Strike nobody any more, and wake whoever hangs. Any number of times."""
        with self._changed:
            self.ended.set()
            for wire in self._wires:
                wire.wake(cut=False)
        self.undo.close()

    def cut(self) -> None:
        """Hang up on whoever suffers it now."""
        with self._changed:
            for wire in self._wires:
                wire.wake(cut=True)

    def past(self, at: Callable[[float], JwkSet]) -> Past:
        """What the fault may know of earlier keys."""
        return Past(self._began, self._clock.monotonic(), at)

    def suffered(self) -> list[Suffered]:
        """Each time that it struck, oldest first."""
        with self._changed:
            return [self._told(strike) for strike in self._strikes]

    def _let_go(self, wire: Wire) -> None:
        with self._changed:  # never while the end wakes it: the number of a closed socket may be reused
            self._wires.discard(wire)
            self._changed.notify_all()

    def _told(self, strike: _Strike) -> Suffered:
        wire = strike.wire
        if wire is None:
            return Suffered(self.fault.name, self._url, strike.time, None, 0, math.inf)
        url = self._url if wire.request is None else wire.request.url
        return Suffered(self.fault.name, url, strike.time, wire.request, wire.sent, wire.left_at - strike.time)


class Exchange:
    """What the faults that are in force when a request arrives make of its answer."""

    def __init__(self, wire: Wire, in_force: list[Affliction], mark: Mark) -> None:
        self._wire = wire
        self._in_force = in_force
        self._mark = mark

    def answer(self, request: RecordedRequest, handler: Callable[[RecordedRequest], Answer]) -> Answer:
        """Return the answer of ``handler`` as the faults change it."""
        if any(affliction.fault.whole for affliction in self._acting()):
            plain = {name: value for name, value in request.headers.items() if name not in CONDITIONS}
            request = replace(request, headers=plain)
        answer = handler(request)
        for affliction in self._acting():
            if affliction.fault.answer is not None:
                changed = affliction.fault.answer(request, answer)
                if changed != answer:
                    self._strike(affliction)
                answer = changed
        return answer

    def publish(self, content: JwkSet, at: Callable[[float], JwkSet]) -> JwkSet:
        """Return what the faults publish instead of ``content``; ``at`` says what was published at a moment."""
        for affliction in self._acting():
            if affliction.fault.publish is not None:
                changed = affliction.fault.publish(content, affliction.past(at))
                if changed != content:
                    self._strike(affliction)
                content = changed
        return content

    def send(self, answer: Answer, *, keep_alive: bool) -> bool:
        """Send ``answer`` as the faults have it; return whether another request may follow. Not after a fault."""
        for affliction in self._acting():
            if affliction.fault.wait is not None:
                keep_alive = False
                self._strike(affliction)
                affliction.fault.wait(self._wire)
        for affliction in reversed(list(self._acting())):
            if affliction.fault.write is not None and self._wire.method != "HEAD":
                self._strike(affliction)
                affliction.fault.write(self._wire, answer)
                return False
        self._wire.send(render(answer, method=self._wire.method, keep_alive=keep_alive))
        return keep_alive

    def _acting(self) -> Iterator[Affliction]:
        """Those that are not over before it is their turn."""
        return (affliction for affliction in self._in_force if not affliction.ended.is_set())

    def _strike(self, affliction: Affliction) -> None:
        if self._wire.request is not None:
            self._wire.request = self._mark(self._wire.request, affliction.fault.name)
        affliction.strike(self._wire)


class Afflictions:
    """All faults of one server, those that are over included."""

    def __init__(self, mark: Mark) -> None:
        self._mark = mark
        self._lock = threading.Lock()
        self._all: tuple[Affliction, ...] = ()
        self._current = threading.local()

    def add(self, affliction: Affliction) -> None:
        """Put a fault in force, after those that are."""
        with self._lock:
            self._all = (*self._all, affliction)

    def end(self) -> None:
        """End all faults."""
        for affliction in self._all:
            affliction.end()

    def cut(self) -> None:
        """Hang up on whoever suffers one now."""
        for affliction in self._all:
            affliction.cut()

    def suffered(self) -> list[Suffered]:
        """Each time that a fault struck here."""
        return [suffered for affliction in self._all for suffered in affliction.suffered()]

    def accept(self, wire: Wire) -> None:
        """Do to a new connection what the faults in force do."""
        for affliction in self._in_force():
            if affliction.fault.accept is not None:
                affliction.strike(wire)
                affliction.fault.accept(wire)

    def tls(self) -> Affliction | None:
        """The fault that makes a new connection secure in a wrong way, if one is in force."""
        return next((affliction for affliction in reversed(self._in_force()) if affliction.fault.tls), None)

    @contextmanager
    def exchange(self, wire: Wire) -> Generator[Exchange, None, None]:
        """Have the faults that are in force now act on one exchange, which the thread then is in."""
        with wire:
            self._current.exchange = exchange = Exchange(wire, self._in_force(), self._mark)
            yield exchange

    def publish(self, content: JwkSet, at: Callable[[float], JwkSet]) -> JwkSet:
        """:meth:`Exchange.publish` for a handler, which knows only the request."""
        exchange: Exchange = self._current.exchange
        return exchange.publish(content, at)

    def _in_force(self) -> list[Affliction]:
        return [affliction for affliction in self._all if affliction.in_force()]
