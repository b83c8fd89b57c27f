"""How two ways are timed, and what is made of it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from measure import Timed, compare, interleave
from record import change_of, compared
from rows import Row

TOLD = {"group": "validation", "name": "a token", "limit": 1.55, "verifies": True}


def test_the_ratio_is_the_median_of_the_pairs_own_ratios() -> None:
    """A pair that the machine slowed down as a whole says the same as the others; the medians of times would not."""
    result = compare([(1.0, 2.0), (10.0, 20.0), (1.0, 2.5), (2.0, 3.0), (1.0, 2.25)])
    assert (result.ratio.middle, result.ratio.low, result.ratio.high) == (2.0, 2.0, 2.25)
    assert (result.ratio.least, result.ratio.most) == (1.5, 2.5)
    assert (result.bare.middle, result.full.middle, result.added.middle) == (1.0, 2.5, 1.25)


def test_both_are_timed_in_turns_and_the_fastest_round_counts() -> None:
    """Each goes first in every other round, both make the same number of calls, and an interrupted round is ignored."""
    order: list[tuple[str, int]] = []
    seconds = {"bare": [4.0, 400.0, 8.0, 12.0], "full": [800.0, 8.0, 40.0, 16.0]}

    def timed(name: str) -> Timed:
        def work(calls: int) -> float:
            order.append((name, calls))
            return seconds[name].pop(0)

        return work

    assert interleave(timed("bare"), timed("full"), pairs=2, rounds=2, calls=4) == [(1.0, 2.0), (2.0, 4.0)]
    assert order == [(name, 4) for name in ("bare", "full", "full", "bare") * 2]


@pytest.mark.parametrize(
    ("kind", "value", "met"),
    [("ratio", 2.0, False), ("added", 2.0, False), ("took", 4.0, False), ("kept", 50.0, True), ("memory", 2e-6, True)],
)
def test_a_row_says_what_its_kind_asks(kind: str, value: float, met: bool) -> None:
    """Microseconds of a difference or of one side, per cent of what is kept, or as many times."""
    row = Row.of({**TOLD, "kind": kind}, compare([(2e-6, 4e-6)] * 3), {"python": "3.11.7"})
    assert (row.value, row.met) == (pytest.approx(value), met)
    assert Row.from_json(row.as_json()) == row


def document(**numbers: float) -> dict[str, Any]:
    """A result with a ratio for each name."""
    rows = [
        Row.of({**TOLD, "name": name, "kind": "ratio"}, compare([(1.0, number)] * 2), {"python": "3.11.7"}).as_json()
        for name, number in numbers.items()
    ]
    return {"date": "2030-01-01", "machine": "a machine", "rows": rows}


def test_only_what_is_worse_by_more_than_noise_is_pointed_out() -> None:
    """Fifteen per cent; what is better, or new, is no regression."""
    said = compared(document(same=1.1, worse=1.2, better=0.5, fresh=9.0), document(same=1.0, worse=1.0, better=1.0))
    flagged = [line.split()[0] for line in said.splitlines() if line.endswith("REGRESSION?")]
    assert flagged == ["worse"]
    assert "fresh" in said
    assert "new" in said


def test_times_are_compared_by_the_yardstick_or_not_at_all() -> None:
    """What takes two bare verifications is two, on whatever machine; without one beside it nothing is said."""
    added = compare([(1.0, 3.0)] * 2)
    row = Row.of({"group": "adapters", "name": "ASGI", "kind": "added"}, added, {"python": "3.11.7"}).as_json()
    alone, beside = {**document(), "rows": [row]}, document(yardstick=1.5)
    beside["rows"].append(row)
    assert re.search(r"^ASGI +2\.000 +2\.000 +\+0%$", compared(beside, beside), re.MULTILINE)
    assert "ASGI" not in compared(alone, alone)


@pytest.mark.parametrize(
    ("kind", "before", "after", "change"),
    [("ratio", 1.0, 1.5, 0.5), ("kept", 80.0, 60.0, 0.25), ("kept", 60.0, 80.0, -1 / 3),
     ("added", 0.001, 0.05, 0.0), ("added", 0.1, 0.2, 1.0), ("added", -0.1, 0.2, 1.0)],
)  # fmt: skip
def test_worse_is_more_but_for_what_is_kept(kind: str, before: float, after: float, change: float) -> None:
    """Less throughput is worse, more of anything else is; next to nothing is not compared with nothing."""
    assert change_of(kind, before, after) == pytest.approx(change)
