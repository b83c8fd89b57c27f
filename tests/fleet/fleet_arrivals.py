"""When requests come: a Poisson process whose rate is drawn with straight lines.

Most requests make no difference: the key is known and nothing is due. So nothing is done for them, and the next one
that matters is drawn from the moment at which it begins to matter. That is no approximation: a Poisson process does not
remember when its last arrival was. How many came in between is known on average, which is what is counted.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

LONG_AGO: Final = -1e9
"""Seconds; when the level before the first point began."""


class Arrivals:
    """Requests at a rate through ``points``: (seconds, rate), straight in between, level before and after."""

    def __init__(self, *points: tuple[float, float]) -> None:
        self._pieces: Final = _pieces(points)

    def number(self, begin: float, end: float) -> float:
        """How many requests come between two moments, on average."""
        return sum(
            (rate + slope * ((max(begin, low) + min(end, high)) / 2 - low)) * (min(end, high) - max(begin, low))
            for low, high, rate, slope in self._pieces
            if low < end and begin < high
        )

    def after(self, begin: float, area: float) -> float:
        """The moment until which, from ``begin``, ``area`` requests come on average; infinite where they never do.

        With an ``area`` drawn from the exponential distribution of mean 1 that is when the next one comes.
        """
        for low, high, rate, slope in self._pieces:
            if begin >= high:
                continue
            start = max(begin, low)
            at_start = rate + slope * (start - low)
            length = _length(at_start, slope, area)
            if start + length <= high:
                return start + length
            area -= (at_start + slope * (high - start) / 2) * (high - start)
        return math.inf


def _length(rate: float, slope: float, area: float) -> float:
    """How long it takes ``area`` requests to come at a rate that changes by ``slope`` a second."""
    if slope == 0 or area <= 0:
        return area / rate if rate > 0 else math.inf
    squared = rate * rate + 2 * slope * area
    return 2 * area / (rate + math.sqrt(squared)) if squared >= 0 else math.inf


def _pieces(points: Sequence[tuple[float, float]]) -> list[tuple[float, float, float, float]]:
    """Pieces of a straight line: from, to, the rate at the beginning and its slope."""
    pieces = [(LONG_AGO, points[0][0], points[0][1], 0.0)]
    pieces += [
        (low, high, rate, (end - rate) / (high - low))
        for (low, rate), (high, end) in pairwise(points)
        if high > low  # two points at one moment are a jump
    ]
    return [*pieces, (points[-1][0], math.inf, points[-1][1], 0.0)]
