"""What is timed: two ways to do one thing, what is wanted of the second, and how to call either again and again.

Imports nothing that is not in Python itself: subjects are made in every environment that is measured.
"""

from __future__ import annotations

from asyncio import Runner
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Literal, TypeAlias

from measure import Timed

Kind: TypeAlias = Literal["ratio", "added", "took", "kept", "memory"]
"""What is told of a pair: ``ratio`` full / bare; ``added`` full - bare in microseconds; ``took`` microseconds of full;
``kept`` bare / full in per cent, which is what is left of a throughput."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One row of the result."""

    group: str
    name: str
    kind: Kind
    bare: Timed
    full: Timed
    limit: float | None = None
    """What is wanted: at most that, of ``kept`` at least. None where nothing is promised."""
    goal: float | None = None
    rounds: int = 30
    """Rounds per pair; the fastest counts."""
    calls: int | None = None
    """Calls per round; None is as many as take a millisecond."""
    verifies: bool = False
    """Whether ``bare`` is the bare verification of RS256, the yardstick of all other times."""

    def told(self) -> dict[str, Any]:
        """Everything about it but the work itself."""
        told = ("group", "name", "kind", "limit", "goal", "verifies")
        return {name: getattr(self, name) for name in told}


class Absent(Exception):
    """There is nothing to be timed here, for this reason."""


def each(call: Callable[..., object], *arguments: object) -> Timed:
    """Call it with the same arguments each time."""

    def timed(calls: int) -> float:
        began = perf_counter()
        for _ in range(calls):
            call(*arguments)
        return perf_counter() - began

    return timed


def each_async(runner: Runner, call: Callable[..., Awaitable[object]], *arguments: object) -> Timed:
    """Await it with the same arguments each time, on the loop of ``runner``."""

    async def work(calls: int) -> float:
        began = perf_counter()
        for _ in range(calls):
            await call(*arguments)
        return perf_counter() - began

    return lambda calls: runner.run(work(calls))


def each_refused(call: Callable[..., object], refusal: type[Exception], *arguments: object) -> Timed:
    """Call it; each time it has to raise that."""

    def timed(calls: int) -> float:
        refused = 0
        began = perf_counter()
        for _ in range(calls):
            try:
                call(*arguments)
            except refusal:
                refused += 1
        took = perf_counter() - began
        if refused != calls:
            raise AssertionError("what had to be refused was accepted")
        return took

    return timed
