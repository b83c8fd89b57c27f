"""What a fleet lives through. Second 0 is when it happens; what comes before lets the fleet find its pace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

from fleet_arrivals import Arrivals
from fleet_hosts import ALWAYS, NEW, OLD, Behaviour, Mood
from fleet_process import Traffic

Seconds: TypeAlias = tuple[float, float]
"""From, to."""
Hosts: TypeAlias = tuple[Behaviour, Behaviour, Behaviour]
"""In order of precedence: updated and original host of the primary region, original host of the replica's."""

MINUTE: Final = 60.0
PACE: Final = (-18 * MINUTE, -10 * MINUTE)
"""Between these two the processes start, one after the other: by second 0 each has refreshed the keys of all hosts."""
SLOW_PACE: Final = (-28 * MINUTE, -15.5 * MINUTE)
"""The same where keys live for a quarter of an hour."""
FLOOD: Final = 10.0
"""Bogus requests a second at each process."""
WORST_MOMENT: Final = -91.0
"""When a flood begins so that its walks take off one second before second 0, and the next ones 29 seconds later."""
TOKEN_TIME: Final = 60 * MINUTE
"""Seconds for which a token lives: so long after a rotation none is left of the old key."""
WEAK: Final = 0.01
"""Answers a second for each process that a weak host has: 100 for ten thousand."""

WELL: Final = Behaviour()
FORBIDDEN: Final = Behaviour(((ALWAYS, "forbidden"),))
SILENT: Final = Behaviour(((ALWAYS, "silent"),))
ROTATED: Final = Behaviour(kids=((ALWAYS, (OLD,)), (0, (OLD, NEW))))
LAGGING: Final = Behaviour(kids=((ALWAYS, (OLD,)), (MINUTE, (OLD, NEW))))

VALID_TOKENS: Final = (Traffic(OLD, Arrivals((0, 1))),)
NEW_AT_ONCE: Final = (Traffic(OLD, Arrivals((0, 1), (0, 0))), Traffic(NEW, Arrivals((0, 0), (0, 1))))
"""From second 0 on all tokens are of the new key: the worst that a rotation can do."""
NEW_BY_AND_BY: Final = (
    Traffic(OLD, Arrivals((0, 1), (TOKEN_TIME, 0))),
    Traffic(NEW, Arrivals((0, 0), (TOKEN_TIME, 1))),
)
"""As old tokens expire, new ones follow: the share of the new key grows for an hour."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time for which figures are given."""

    name: str
    begin: float
    end: float


@dataclass(frozen=True, slots=True)
class Scenario:
    """One story."""

    name: str
    title: str
    spans: tuple[Span, ...]
    hosts: Hosts = (WELL, WELL, WELL)
    traffic: tuple[Traffic, ...] = VALID_TOKENS
    starts: Seconds = PACE
    """Between these two seconds processes start, equally spread."""
    share: int = 1
    """One process is simulated for so many, where it would take an hour otherwise."""
    own_region_first: bool = False
    """Whether the processes of the replica's region ask its host first."""
    back: float | None = None
    """The second from which on there are keys to be had, where it is asked how long it takes until all have them."""

    @property
    def end(self) -> float:
        """The last second of the story."""
        return self.spans[-1].end


def _spans(begin: float, *ends: tuple[str, float]) -> tuple[Span, ...]:
    begins = [begin, *(end for _, end in ends)]
    return tuple(Span(name, start, end) for start, (name, end) in zip(begins, ends, strict=False))


def _calm(
    name: str, title: str, minutes: float, max_age: int | None = None, *, share: int = 1, pace: Seconds = PACE
) -> Scenario:
    host = Behaviour(max_age=max_age)
    spans = _spans(0, ("all of it", minutes * MINUTE))
    return Scenario(name, title, spans, (host, host, host), starts=pace, share=share)


def _start(
    name: str, title: str, seconds: float, hosts: Hosts = (WELL, WELL, WELL), *, share: int, own: bool = False
) -> Scenario:
    spans = _spans(0, ("first minute", MINUTE), ("later", 40 * MINUTE))
    return Scenario(name, title, spans, hosts, starts=(0, seconds), share=share, own_region_first=own, back=0)


def _outage(name: str, how: Mood, minutes: float, *, both: bool, share: int, capacity: float | None = None) -> Scenario:
    end = minutes * MINUTE
    dark = Behaviour(((ALWAYS, "well"), (0, how), (end, "well")), capacity=capacity)
    spans = _spans(0, ("outage", end), ("first minute after", end + MINUTE), ("later", end + 16 * MINUTE))
    which = "both regions are" if both else "the primary region is"
    title = f"{which} {how} for {minutes:.0f} min" + (", then weak" if capacity else "")
    return Scenario(name, title, spans, (dark, dark, dark if both else WELL), share=share, back=end if both else None)


def _flood(begin: float, end: float) -> Traffic:
    return Traffic(None, Arrivals((begin, 0), (begin, FLOOD), (end, FLOOD), (end, 0)))


def _rotation(name: str, title: str, hosts: Hosts, *traffic: Traffic, share: int) -> Scenario:
    spans = _spans(0, ("first minute", MINUTE), ("later", 15 * MINUTE))
    return Scenario(name, title, spans, hosts, traffic, share=share)


SCENARIOS: Final = (
    _calm("steady", "nothing happens for an hour", 60),
    _calm("steady-60", "nothing happens, hosts say max-age=60", 20, max_age=60, share=20),
    _calm("steady-86400", "nothing happens, hosts say max-age=86400", 40, max_age=86400, share=10, pace=SLOW_PACE),
    _start("restart", "all start within a second", 1, share=1),
    _start("restart-rolling", "all start within 30 s", 30, share=5),
    _start("restart-own", "all start within a second, own region first", 1, share=5, own=True),
    _start("restart-dark", "all start within a second, primary region silent", 1, (SILENT, SILENT, WELL), share=5),
    _start("restart-403", "all start within a second, updated host says 403", 1, (FORBIDDEN, WELL, WELL), share=5),
    _outage("one-silent", "silent", 30, both=False, share=5),
    _outage("one-refusing", "refusing", 30, both=False, share=5),
    _outage("both-silent", "silent", 30, both=True, share=10),
    _outage("both-refusing", "refusing", 30, both=True, share=10),
    _outage("both-weak", "refusing", 30, both=True, share=20, capacity=WEAK),
    _outage("both-long", "refusing", 90, both=True, share=40),
    Scenario(
        "flood", "10 bogus kids a second at each process for 10 min",
        _spans(-5 * MINUTE, ("before", 0), ("first 10 s", 10), ("flood", 10 * MINUTE), ("after", 12 * MINUTE)),
        traffic=(*VALID_TOKENS, _flood(0, 10 * MINUTE)), share=5,
    ),
    _rotation("rotation", "all tokens are of a new key at once", (ROTATED, ROTATED, ROTATED), *NEW_AT_ONCE, share=1),
    _rotation(
        "rotation-ramp", "tokens are of a new key by and by", (ROTATED, ROTATED, ROTATED), *NEW_BY_AND_BY, share=2
    ),
    _rotation(
        "rotation-lag", "at once, the primary region lags a minute", (LAGGING, LAGGING, ROTATED), *NEW_AT_ONCE, share=5
    ),
    _rotation(
        "rotation-flood", "at once, under a flood of bogus kids",
        (ROTATED, ROTATED, ROTATED), *NEW_AT_ONCE, _flood(WORST_MOMENT, 5 * MINUTE), share=5,
    ),
)  # fmt: skip
"""All stories, as ``docs/fleet.md`` tells them."""
BY_NAME: Final = {scenario.name: scenario for scenario in SCENARIOS}
