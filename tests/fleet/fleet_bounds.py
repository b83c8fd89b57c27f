"""What ``docs/fleet.md`` says of each process, for fleets of any size: a figure of a record, and what bounds it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from fleet_figures import rate, until_fresh, until_learnt
from fleet_scenarios import BY_NAME
from fleet_simulation import NAMES, Record

UPDATED, ORIGINAL, REPLICA = NAMES
Figure = Callable[[Record], float]


@dataclass(frozen=True, slots=True)
class Bound:
    """One sentence of it."""

    scenario: str
    what: str
    figure: Figure
    most: float
    least: float = 0.0

    def holds(self, record: Record) -> bool:
        """Whether it is true of a fleet."""
        return self.least <= self.figure(record) <= self.most


def asked(host: str, span: str) -> Figure:
    """Requests of a process to a host in that span of the story, on average."""

    def figure(record: Record) -> float:
        found = next(found for found in BY_NAME[record.name].spans if found.name == span)
        return rate(record, host, found).mean * (found.end - found.begin) / record.processes

    return figure


def at_once(host: str, span: str) -> Figure:
    """Requests of a process to a host in the worst ten seconds of that span, on average."""

    def figure(record: Record) -> float:
        found = next(found for found in BY_NAME[record.name].spans if found.name == span)
        return rate(record, host, found).peak_of_ten * 10 / record.processes

    return figure


def refused(record: Record) -> float:
    """The part of valid requests that is told something else than 200."""
    return 1 - record.told["key"] / sum(record.told.values())


def unauthorized(record: Record) -> float:
    """The part of valid requests that is told 401."""
    return record.told.get("401", 0.0) / sum(record.told.values())


def longest_wait(record: Record) -> float:
    """Seconds."""
    return record.longest_wait


def fresh(share: float) -> Figure:
    """Seconds until that part of all processes has fresh keys, once there are any to be had."""
    return lambda record: until_fresh(record, BY_NAME[record.name].back or 0.0, share) or float("inf")


def learnt(share: float) -> Figure:
    """Seconds until that part of all processes has the new key."""
    return lambda record: until_learnt(record, share) or float("inf")


_EACH: Final = "requests of a process to"
_TEN: Final = "and in the worst ten seconds"
_NOBODY: Final = "part of the valid requests that is not told 200"

BOUNDS: Final = (
    *(Bound("steady", f"{_EACH} {host} in an hour", asked(host, "all of it"), 8.0, 6.0) for host in NAMES),
    Bound("steady", _TEN, at_once(UPDATED, "all of it"), 0.2),
    Bound("steady", _NOBODY, refused, 0),
    Bound("steady-60", f"{_EACH} {UPDATED} in 20 min", asked(UPDATED, "all of it"), 25),
    Bound("steady-86400", f"{_EACH} {UPDATED} in 40 min", asked(UPDATED, "all of it"), 4),
    Bound("restart", f"{_EACH} {UPDATED} in the first minute", asked(UPDATED, "first minute"), 1, 1),
    Bound("restart", f"{_EACH} {REPLICA} in the first minute", asked(REPLICA, "first minute"), 0),
    Bound("restart", f"{_EACH} {UPDATED} in the worst ten seconds afterwards", at_once(UPDATED, "later"), 0.2),
    Bound("restart", "seconds that a request waits", longest_wait, 0.1),
    Bound("restart", _NOBODY, refused, 0),
    Bound("restart-rolling", f"{_EACH} {UPDATED} in the worst ten seconds", at_once(UPDATED, "first minute"), 0.5),
    Bound("restart-own", f"{_EACH} {UPDATED} in the first minute", asked(UPDATED, "first minute"), 0.5, 0.5),
    Bound("restart-own", f"{_EACH} {REPLICA} in the first minute", asked(REPLICA, "first minute"), 0.5, 0.5),
    Bound("restart-dark", "seconds that a request waits", longest_wait, 0.5),
    Bound("restart-dark", f"{_EACH} {UPDATED} in the first minute", asked(UPDATED, "first minute"), 3),
    Bound("restart-dark", _NOBODY, refused, 0),
    Bound("restart-403", "seconds that a request waits", longest_wait, 0.2),
    Bound("restart-403", f"{_EACH} {UPDATED} in 39 min", asked(UPDATED, "later"), 8),
    Bound("restart-403", _NOBODY, refused, 0),
    *(
        bound
        for name in ("one-silent", "one-refusing")
        for bound in (
            Bound(name, f"{_EACH} {UPDATED} in the outage", asked(UPDATED, "outage"), 11),
            Bound(name, f"{_EACH} {REPLICA} in the outage", asked(REPLICA, "outage"), 4.5),
            Bound(name, f"{_EACH} {UPDATED} in the minute after", asked(UPDATED, "first minute after"), 0.5),
            Bound(name, "seconds that a request waits", longest_wait, 0),
            Bound(name, _NOBODY, refused, 0),
        )
    ),
    *(
        bound
        for name in ("both-silent", "both-refusing", "both-weak")
        for bound in (
            Bound(name, f"{_EACH} {UPDATED} in the outage", asked(UPDATED, "outage"), 100),
            Bound(name, f"{_EACH} {UPDATED} in the minute after", asked(UPDATED, "first minute after"), 2.5),
            Bound(name, f"{_EACH} {UPDATED} in its worst ten seconds", at_once(UPDATED, "first minute after"), 1),
            Bound(name, "seconds until half of the processes have fresh keys", fresh(0.5), 120),
            Bound(name, _NOBODY, refused, 0),
        )
    ),
    Bound("both-long", f"{_EACH} {UPDATED} in the minute after", asked(UPDATED, "first minute after"), 2),
    Bound("both-long", "seconds until half of the processes have fresh keys", fresh(0.5), 60),
    Bound("both-long", "part of the valid requests that is told 401", unauthorized, 0),
    Bound("flood", f"{_EACH} {UPDATED} in the first ten seconds", asked(UPDATED, "first 10 s"), 2.1, 2),
    Bound("flood", f"{_EACH} {UPDATED} afterwards", asked(UPDATED, "flood"), 20),
    Bound("flood", _NOBODY, refused, 0),
    *(
        bound
        for name in ("rotation", "rotation-ramp", "rotation-lag")
        for bound in (
            Bound(name, f"{_EACH} {UPDATED} in the first minute", asked(UPDATED, "first minute"), 1.3),
            Bound(name, "seconds that a request waits", longest_wait, 0.4),
            Bound(name, "seconds until the last process has the new key", learnt(1), 900),
            Bound(name, _NOBODY, refused, 0),
        )
    ),
    Bound("rotation-flood", "seconds of 401 for the new key at any process", lambda found: found.longest_refusal, 30),
    Bound("rotation-flood", "seconds until the last process has the new key", learnt(1), 31),
)  # fmt: skip
