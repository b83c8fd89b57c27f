"""Two ways to do one thing, timed in turns, and what there is between them. No clock but the one of the moment.

Times of different runs cannot be compared on a machine that others use too. So both are timed in the same run, A B, B
A, A B: whatever slows the machine down slows down both, and a drift meets them in either order.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

Timed = Callable[[int], float]
"""Does its work so many times and returns the seconds that it took."""


@dataclass(frozen=True, slots=True)
class Spread:
    """What a series of numbers says: its median, its quartiles, its ends."""

    middle: float
    low: float
    high: float
    least: float
    most: float

    @classmethod
    def of(cls, numbers: Iterable[float]) -> Spread:
        """Sum up at least two numbers."""
        series = sorted(numbers)
        low, middle, high = statistics.quantiles(series, n=4, method="inclusive")
        return cls(middle, low, high, series[0], series[-1])

    def times(self, factor: float) -> Spread:
        """The same in another unit; ``factor`` is positive."""
        return Spread(
            self.middle * factor, self.low * factor, self.high * factor, self.least * factor, self.most * factor
        )


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a series of pairs says. Seconds per call; each pair has a ratio and a difference of its own."""

    bare: Spread
    full: Spread
    ratio: Spread
    added: Spread


def interleave(bare: Timed, full: Timed, *, pairs: int, rounds: int, calls: int) -> list[tuple[float, float]]:
    """Time both ``pairs`` times; seconds per call. A pair is the fastest of its ``rounds`` on either side.

    Each round times both, ``calls`` calls each, and each goes first in every other round. A round is shorter than a
    time slice of the system, so most are not interrupted, and the fastest never is.
    """
    return [_pair(bare, full, rounds, calls) for _ in range(pairs)]


def _pair(bare: Timed, full: Timed, rounds: int, calls: int) -> tuple[float, float]:
    bares: list[float] = []
    fulls: list[float] = []
    for turn in range(rounds):
        for times, timed in ((bares, bare), (fulls, full))[:: -1 if turn % 2 else 1]:
            times.append(timed(calls) / calls)
    return min(bares), min(fulls)


def compare(taken: Sequence[tuple[float, float]]) -> Comparison:
    """Sum up at least two pairs of (bare, full)."""
    return Comparison(
        bare=Spread.of(bare for bare, _ in taken),
        full=Spread.of(full for _, full in taken),
        ratio=Spread.of(full / bare for bare, full in taken),
        added=Spread.of(full - bare for bare, full in taken),
    )
