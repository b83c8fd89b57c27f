"""A world in virtual time around the real :class:`KeyState`: scripted endpoints, settable clocks, requests.

``world.t`` counts seconds since it began. ``driven`` does what ``jwtmr/_keys/source.py`` does; here are the endpoints,
what can befall a process, and a record of everything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from driven import Driven
from furniture import ALG, COGNITO, ORIGIN, Change, Request, authority_of, middle
from msgspec.structs import replace
from servers import Asked, Provider, Server
from timeline import Timeline

from jwtmr._keys.decision import Ask
from jwtmr._keys.jwk import Key
from jwtmr._keys.pace import Uniform
from jwtmr._keys.reading import Reading
from jwtmr._keys.walk import Walk
from jwtmr.events import Event, Trigger
from jwtmr.reports import EndpointStatus
from jwtmr.settings import Instant, KeyPolicy

E = TypeVar("E")


class World(Driven):
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
        self.suspended = self.wall_shift = 0.0
        self.asks: list[Asked] = []
        self.walks: list[tuple[float, Trigger]] = []
        self.events: list[tuple[float, Event]] = []
        self.threads = True
        """Whether threads can be started."""
        self.carriers_live = True
        """Whether those that carry a walk do anything."""
        self.eager: Final = eager
        """Whether every request goes the long way, as if nothing of the view could be relied on."""
        discovered = {place for place, server in enumerate(servers) if isinstance(server, Provider)}
        authority = authority_of(regions[: len(servers)], discovered=discovered)
        self._allowed: Final = frozenset(authority.algorithms)
        self._asked: dict[int, Asked] = {}
        self._process = 0
        super().__init__(authority, policy or KeyPolicy(), uniform, Timeline())

    # -- time ---------------------------------------------------------------------------------------------------------

    @property
    def t(self) -> float:
        """Seconds since it began."""
        return self.timeline.t

    def now(self) -> Instant:
        """The three clocks. The monotonic one stands still while the machine is suspended."""
        awake = self.t + self.suspended
        return Instant(ORIGIN.mono + self.t, ORIGIN.boot + awake, ORIGIN.wall + awake + self.wall_shift)

    def at(self, t: float, action: Callable[[], object]) -> None:
        """Have ``action`` done when ``t`` seconds have gone."""
        self.timeline.at(t, action)

    def run(self, seconds: float) -> None:
        """Let that many seconds pass."""
        self.run_until(self.t + seconds)

    def run_until(self, t: float) -> None:
        """Let time pass until ``t``."""
        self.timeline.run_until(t)

    def suspend(self, seconds: float) -> None:
        """The machine sleeps: boot-time and wall clock go on, the monotonic one does not."""
        self.suspended += seconds

    def freeze(self, seconds: float) -> None:
        """The process stops (SIGSTOP, a long pause of the host): every clock goes on, none of its threads does."""
        self.timeline.t += seconds

    # -- requests -----------------------------------------------------------------------------------------------------

    def get(self, kid: str, alg: str = ALG) -> Request:
        """Make a request, and let time pass until it is answered."""
        request = self.request(kid, alg)
        while request.outcome is None:
            self.timeline.run_next()
        return request

    def keep_asking(self, kid: str, seconds: float, every: float = 1.0) -> list[Request]:
        """Traffic with one kid: a request every so often, for so many seconds."""
        start, requests = self.t, list[Request]()
        for n in range(int(seconds / every) + 1):
            self.run_until(start + n * every)
            requests.append(self.request(kid))
        self.run_until(max(self.t, start + seconds))
        return requests

    def report(self) -> tuple[EndpointStatus, ...]:
        """What an operator sees of each endpoint. Whoever asks has those asked who are due, as any request does."""
        return self._do(self.state.report)[0][1]

    def find(self, kid: str, alg: str = ALG) -> Key | None:
        """What ``KeySource.find`` does."""
        return None if self.eager else super().find(kid, alg)

    def _look(self, request: Request) -> None:
        if self.eager and request.outcome is None:
            self.state.view = replace(self.state.view, until=Instant(*[float("-inf")] * 3))
        super()._look(request)

    # -- what ``source`` does -----------------------------------------------------------------------------------------

    def reach(self, ask: Ask) -> tuple[float | None, Reading]:
        """What the server says."""
        return self.servers[ask.place].answer(ask, self._allowed)

    def happened(self, events: list[Event]) -> None:
        """Write it down."""
        self.events += [(self.t, event) for event in events]

    def _carry(self, walk: Walk) -> None:
        self.walks.append((self.t, walk.trigger))
        if self.threads:
            super()._carry(walk)
        else:
            self._do(lambda now: self.state.lost(walk.number, now))

    def _step(self, number: int) -> None:
        if self.carriers_live:
            super()._step(number)

    def _send(self, ask: Ask) -> None:
        asked = self._asked[ask.number] = Asked(self.t, ask.place, ask.trigger, ask.etag)
        self.asks.append(asked)
        if self.threads:
            super()._send(ask)
        else:
            self._come_home(ask, Reading("network"))

    def _come_home(self, ask: Ask, reading: Reading) -> None:
        self._asked.pop(ask.number).outcome = reading.outcome
        super()._come_home(ask, reading)

    def _later(self, delay: float, action: Callable[[], object]) -> None:
        """What a thread of this process does: a child has none of them."""
        process = self._process
        super()._later(delay, lambda: action() if process == self._process else None)

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
