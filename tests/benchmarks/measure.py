"""Two ways to do one thing, timed in turns, and what their ratio is. No clock but the one of the moment.

Times of different runs cannot be compared on a machine that others use too. So both are timed in the same run, A B, B
A, A B: whatever slows the machine down slows down both, and a drift meets them in either order.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Timed = Callable[[int], float]
"""Does its work so many times and returns the seconds that it took."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a series of pairs says. Times are seconds per call, medians; ``ratio`` is the median of the ratios."""

    bare: float
    full: float
    ratio: float
    low: float
    """Lower quartile of the ratios."""
    high: float
    """Upper quartile of the ratios."""
    least: float
    most: float


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
    ratios = [full / bare for bare, full in taken]
    low, middle, high = statistics.quantiles(ratios, n=4, method="inclusive")
    bare = statistics.median(bare for bare, _ in taken)
    full = statistics.median(full for _, full in taken)
    return Comparison(bare, full, middle, low, high, min(ratios), max(ratios))
