"""What the records of a fleet come to: rates, peaks, and how long it takes until the last process has it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from fleet_scenarios import Span
from fleet_simulation import Record


@dataclass(frozen=True, slots=True)
class Rate:
    """Requests a second at one host, for the whole fleet."""

    mean: float
    peak: float
    """In the worst second."""
    peak_of_ten: float
    """In the worst ten seconds."""


def requests(record: Record, host: str) -> list[float]:
    """Requests to a host in each second, whatever for."""
    return [sum(column) for column in zip(*record.rates[host].values(), strict=True)]


def rate(record: Record, host: str, span: Span) -> Rate:
    """How often a host is asked in a stretch of time."""
    begin, end = math.floor(span.begin) - record.begin, math.floor(span.end) - record.begin
    seconds = requests(record, host)[begin:end]
    return Rate(sum(seconds) / len(seconds), max(seconds), max(means_of_ten(seconds)))


def means_of_ten(seconds: Sequence[float]) -> list[float]:
    """The mean of each ten seconds in a row, wherever they begin."""
    sums = [0.0, *accumulate(seconds)]
    return [(sums[n + 10] - sums[n]) / 10 for n in range(len(seconds) - 9)]


def until_fresh(record: Record, since: float, share: float) -> float | None:
    """Seconds from ``since`` until that share of all processes has fresh keys; None if that never comes."""
    first = math.floor(since) - record.begin
    enough = share * record.processes - 1e-6
    fresh = record.standings["fresh"]
    return next((n - first + 1.0 for n in range(first, len(fresh)) if fresh[n] >= enough), None)


def until_learnt(record: Record, share: float) -> float | None:
    """Seconds from second 0 until that share of all processes has the new key; None if that never comes."""
    needed = math.ceil(share * record.simulated)
    return record.learnt[needed - 1] if len(record.learnt) >= needed else None
