"""Where faults are put in force, and what came of it."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from typing import Final, Self, overload

from jwtmr.errors import ConfigurationError
from jwtmr.settings import Clock
from jwtmr.testing.afflictions import Affliction
from jwtmr.testing.clock import SYSTEM_CLOCK
from jwtmr.testing.fault import Fault, Suffered
from jwtmr.testing.issuer import RegionalIssuer
from jwtmr.testing.names import AddressInfo, Lookup, Rule, Switchboard
from jwtmr.testing.pool import HostForm
from jwtmr.testing.provider import OidcIssuer, ProviderPart
from jwtmr.testing.server import LoopbackServer

SWITCHBOARD: Final = Switchboard()
"""Of all places: there is one ``socket.getaddrinfo``."""


class FaultNotSuffered(AssertionError):
    """Nobody suffered a fault that was in force: what a test saw, it did not see because of that fault."""


@overload
def at(where: RegionalIssuer, region: str | None = None, form: HostForm | None = None) -> Place: ...
@overload
def at(where: OidcIssuer, *, part: ProviderPart | None = None) -> Place: ...
@overload
def at(where: LoopbackServer) -> Place: ...
def at(
    where: RegionalIssuer | OidcIssuer | LoopbackServer,
    region: str | None = None,
    form: HostForm | None = None,
    *,
    part: ProviderPart | None = None,
) -> Place:
    """Return a place where faults can be put in force: all servers of ``where``, or those selected.

    A pool has a server per ``region`` and ``form`` of its hosts, a provider one per ``part``. They have to be started.
    """
    if part is not None and not isinstance(where, OidcIssuer):
        raise ConfigurationError("part", "must be left out: only an OidcIssuer has parts")
    if (region, form) != (None, None) and not isinstance(where, RegionalIssuer):
        raise ConfigurationError("region", "must be left out, and form too: only a RegionalIssuer has regions")
    if isinstance(where, RegionalIssuer):
        return Place(where.servers(region, form), where.clock, publishes=True)
    if isinstance(where, OidcIssuer):
        return Place(where.servers(part), where.clock, publishes=part != "discovery")
    return Place([where], SYSTEM_CLOCK, publishes=False)


class Place:
    """Some servers; :func:`at` makes it. Any number of places may mean the same servers."""

    def __init__(self, servers: list[LoopbackServer], clock: Clock, *, publishes: bool) -> None:
        self._servers = servers
        self._clock = clock
        self._publishes = publishes

    def let(self, *faults: Fault) -> Injection:
        """Put ``faults`` in force here, from now on, after those that already are. They act in this order.

        They last until the injection is ended, or is left as a context manager, the place is healed, or the servers
        close. One outage at a time can be in force at a server.
        """
        if not faults:
            raise ConfigurationError("faults", "must not be empty")
        if not self._publishes and any(fault.stage == "publish" for fault in faults):
            raise ConfigurationError("faults", "must not change what is published where no keys are")
        if any(fault.stage == "tls" and server.tls is None for fault in faults for server in self._servers):
            raise ConfigurationError("faults", "must not spoil TLS at servers that were not made with tls=")
        outages = [fault for fault in faults if fault.stage == "outage"]
        if len(outages) > 1 or (outages and any(server.outage for server in self._servers)):
            raise ConfigurationError("faults", "must not take down a server that is down")
        injection = Injection(faults)
        with ExitStack() as undo:
            undo.callback(injection.end)
            for server in self._servers:
                injection.begin_at(server, self._clock)
            undo.pop_all()
        return injection

    def heal(self) -> None:
        """End all faults here, and wake whoever hangs in one. An injection elsewhere too goes on there."""
        for server in self._servers:
            server.faults.end()

    def suffered(self, fault: str | None = None) -> list[Suffered]:
        """Each time that a fault struck here, or one of that name, oldest first, those that are over included."""
        return _sorted(
            suffered
            for server in self._servers
            for suffered in server.faults.suffered()
            if fault in (None, suffered.fault)
        )


class Injection:
    """Faults in force at a place; :meth:`Place.let` makes it.

    As a context manager it ends them, and raises :class:`FaultNotSuffered` unless each of them has struck.
    """

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self._faults: Final = faults
        self._changed = threading.Condition()
        self._afflictions: list[Affliction] = []

    def begin_at(self, server: LoopbackServer, clock: Clock) -> None:
        """Put the faults in force at one more server."""
        for fault in self._faults:
            affliction = Affliction(fault, server.url, clock, self._changed)
            self._afflictions.append(affliction)
            if fault.outage is not None:
                server.take_down(fault.outage)
                affliction.undo.callback(server.bring_up)
            if (rule := _rule(affliction)) is not None:
                affliction.undo.callback(SWITCHBOARD.add(server.port, rule).remove)
            server.faults.add(affliction)

    def end(self) -> None:
        """End the faults, and wake whoever hangs in one: what is left of an answer follows. Any number of times."""
        for affliction in self._afflictions:
            affliction.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.end()
        if kind is None:
            for fault in self._faults:
                if not self._struck_by(fault):
                    raise FaultNotSuffered(f"nobody suffered {fault}")

    @property
    def times(self) -> int:
        """How often they struck, all together."""
        return len(self.suffered())

    def suffered(self) -> list[Suffered]:
        """Each time that one of them struck, oldest first."""
        return _sorted(suffered for affliction in self._afflictions for suffered in affliction.suffered())

    def await_struck(self, times: int = 1, within: float = 10.0) -> None:
        """Wait until they have struck so often; :class:`FaultNotSuffered` after ``within`` seconds."""
        self._await(lambda: self.times >= times, within, f"{times} times")

    def await_left(self, times: int = 1, within: float = 10.0) -> list[Suffered]:
        """Wait until so many clients hung up in the middle of a fault, and return what they suffered."""
        self._await(lambda: len(self._left()) >= times, within, f"{times} times until the client hung up")
        return self._left()

    def _left(self) -> list[Suffered]:
        return [suffered for suffered in self.suffered() if suffered.client_left_after < math.inf]

    def _await(self, condition: Callable[[], bool], within: float, what: str) -> None:
        with self._changed:
            if not self._changed.wait_for(condition, within):
                faults = " and ".join(str(fault) for fault in self._faults)
                raise FaultNotSuffered(f"nobody suffered {faults} {what} within {within:g} seconds")

    def _struck_by(self, fault: Fault) -> bool:
        return any(affliction.suffered() for affliction in self._afflictions if affliction.fault is fault)


def _rule(affliction: Affliction) -> Rule | None:
    """What is said to who looks up a host with this fault. It cannot see who comes to a port that is down: we can."""
    fault = affliction.fault
    if fault.lookup is not None:
        rule = fault.lookup(affliction.ended, affliction.undo)
    elif fault.outage is not None:
        rule = Lookup.usual
    else:
        return None

    def watched(lookup: Lookup) -> Sequence[AddressInfo]:
        if not affliction.in_force():
            return lookup.usual()
        affliction.strike()
        return rule(lookup)

    return watched


def _sorted(suffered: Iterable[Suffered]) -> list[Suffered]:
    return sorted(suffered, key=lambda each: each.time)
