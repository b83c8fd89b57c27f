"""The play: keys become due, a region is down in three ways, keys rotate, kids are invented, all goes dark. Under load.

Time passes between the phases and not in them, so that what a worker does in one was begun in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from workers_lines import Answered
from workers_log import ages
from workers_place import LIFETIME
from workers_report import Promise, Report
from workers_servers import Serving
from workers_tokens import USUAL, Mix
from workers_town import Size, Town, started

from jwtmr.testing import RegionalIssuer
from jwtmr.testing.faults import at, status

DUE: Final = 0.95 * LIFETIME
"""Seconds after which every set is due, and none is past its lifetime."""
HALF_A_MINUTE: Final = 30.0
"""Seconds until the bucket of walks for unknown kids has one more."""
HOME, REPLICA = "us-east-1", "us-west-2"
GOOD_AND_BAD: Final[Mix] = {"old": 3, "new": 2, "legacy": 2, "forged": 1, "expired": 1}
ALL: Final[Mix] = {"old": 2, "new": 2, "legacy": 1, "forged": 1, "expired": 1, "bogus": 3}
FLOOD: Final[Mix] = {**dict.fromkeys(GOOD_AND_BAD, 1), "bogus": 5}
CANNOT_TELL: Final = frozenset({"503 keys_unavailable"})
"""Not 401: an endpoint that might know the key has not answered."""
HIDDEN: Final = frozenset({"200", "401 unknown_key", *CANNOT_TELL})
"""A new key behind a flood of bogus kids. The design allows that for 30 s."""
DARK: Final = Promise(
    said={"new": CANNOT_TELL, "bogus": CANNOT_TELL},
    most={"refresh": 1, "unknown_kid": 2},
    growth={"refresh": 1.0, "unknown_kid": 1 / 30},  # after a failed walk there is a second of pause, at least
)
"""Nobody answers: what is known goes on, what is not known cannot be."""


def perform(serving: Serving, size: Size) -> tuple[list[Report], list[str]]:
    """Play it in front of a server; what came of each phase, and every promise that was broken."""
    with started(serving, size) as town:
        reports = list(play(town))
        complaints = town.complaints()
    return reports, [*(problem for report in reports for problem in report.problems()), *complaints]


def play(town: Town) -> Iterator[Report]:
    """All of it. Each phase begins where the one before has ended."""
    yield town.start()
    yield town.phase("keys are known", GOOD_AND_BAD, Promise())
    yield town.phase("a bogus kid", ALL, Promise(most={"unknown_kid": 2}, asks=True))
    yield becoming_due(town)
    for how in ("refuses", "is silent", "says 503"):
        yield from region_down_and_back(town, how)
    yield from rotations(town)
    yield from darkness(town)


def becoming_due(town: Town) -> Report:
    """A set is due somewhere between 70 and 90 % of its lifetime: in each worker, for each endpoint, somewhere else."""
    step = 0.2 * LIFETIME / town.size.steps
    (shots,) = town.minting.shots({"old": 1}, lines=1, each=town.size.steps + 1)
    one_each = {line.worker: line for line in town.lines}.values()

    def act() -> list[Answered]:
        answered: list[Answered] = []
        town.clock.advance(0.7 * LIFETIME)
        for shot in shots:
            answered += [line.fire(shot) for line in one_each]
            town.quiet()
            town.clock.advance(step)
        return answered

    everywhere = frozenset(town.endpoints)
    promise = Promise(most={"refresh": 1}, refreshed=everywhere, conditional=everywhere)
    report = town.acts("keys become due", promise, act)
    return replace(report, ages=ages(town.told(), report.told))


def region_down_and_back(town: Town, how: str) -> Iterator[Report]:
    """The first region is away when keys are due, and is back when they are due again. New keys come meanwhile."""
    live, everywhere = frozenset(town.endpoints[2:]), frozenset(town.endpoints)
    most = {"refresh": 1, "probe": 1, "unknown_kid": 2}
    town.clock.advance(DUE)
    with down(town.issuer, how):
        if how == "is silent":
            town.issuer.rotate()
        promise = Promise(said={"bogus": CANNOT_TELL}, most=most, refreshed=everywhere, conditional=live)
        yield town.phase(f"a region {how}", ALL, promise)
    town.clock.advance(DUE)
    yield town.phase("it is back", ALL, Promise(most=most, refreshed=live, conditional=live))


@contextmanager
def down(issuer: RegionalIssuer, how: str) -> Iterator[None]:
    """Both hosts of the first region are."""
    if how == "says 503":
        with at(issuer, HOME).let(status(503)):
            yield
        return
    issuer.take_down(HOME, "refuse" if how == "refuses" else "accept_silent")
    try:
        yield
    finally:
        issuer.bring_up(HOME)


def rotations(town: Town) -> Iterator[Report]:
    """A new key reaches all workers at once: in quiet times, and behind a flood of bogus kids."""
    town.clock.advance(2 * HALF_A_MINUTE)
    town.issuer.rotate()
    yield town.phase("a rotation", GOOD_AND_BAD, Promise(most={"unknown_kid": 1}, asks=True), first="new")
    town.clock.advance(2 * HALF_A_MINUTE)
    yield town.phase("a flood of bogus kids", FLOOD, Promise(most={"unknown_kid": 2}), flood=True)
    town.issuer.rotate()
    hidden = Promise(said={"new": HIDDEN}, most={"unknown_kid": 1})
    yield town.phase("a rotation in the flood", FLOOD, hidden, first="new", flood=True)
    town.clock.advance(HALF_A_MINUTE)
    later = Promise(said={"bogus": USUAL["bogus"] | CANNOT_TELL}, most={"unknown_kid": 2}, asks=True)
    yield town.phase("half a minute later", FLOOD, later, first="new", flood=True)


def darkness(town: Town) -> Iterator[Report]:
    """Nobody answers: when keys are due, and half an hour later. Then everybody does."""
    town.clock.advance(DUE)
    for region in (HOME, REPLICA):
        town.issuer.take_down(region, "refuse")
    town.issuer.rotate()
    yield town.phase("both regions are dark", ALL, DARK)
    town.clock.advance(2 * DUE)
    yield town.phase("dark, and past the lifetime", ALL, DARK)
    for region in (HOME, REPLICA):
        town.issuer.bring_up(region)
    town.clock.advance(2 * HALF_A_MINUTE)
    promise = Promise(most={"refresh": 1, "probe": 1, "unknown_kid": 2}, refreshed=frozenset(town.endpoints))
    yield town.phase("both are back", ALL, promise, first="new")
