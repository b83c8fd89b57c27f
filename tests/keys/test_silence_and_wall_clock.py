"""A wall clock that is set makes keys old, and nobody silent."""

from __future__ import annotations

import pytest

from jwtmr._keys.freshness import age, elapsed
from jwtmr._keys.merge import Ledger
from jwtmr.settings import Instant

START = Instant(100.0, 200.0, 1e9)


@pytest.mark.parametrize(
    ("passed", "by_age", "by_silence"),
    [((5, 5, 5), 5, 5), ((5, 5, 86400), 86400, 5), ((5, 7200, 5), 7200, 7200), ((5, 5, -86400), 5, 5)],
)
def test_two_ways_to_count(passed: tuple[float, float, float], by_age: float, by_silence: float) -> None:
    """A set's age is the largest of three clocks; silence knows nothing of the wall."""
    now = Instant(*(clock + seconds for clock, seconds in zip(START, passed, strict=True)))
    assert (age(START, now), elapsed(START, now)) == (by_age, by_silence)


def test_a_clock_set_forward_takes_nobodys_say() -> None:
    """An endpoint that was asked in vain a moment ago keeps its say, and the view looks again when it is over."""
    ledger = Ledger(1, max_stale=3600, silence=3600)
    ledger.unanswered[0] = START
    tomorrow = Instant(105.0, 205.0, 1e9 + 86400)
    assert not ledger.silent(0, tomorrow)
    assert ledger.resolve(tomorrow).until.mono == START.mono + 3600
    assert ledger.silent(0, Instant(105.0, START.boot + 3600, 1e9))
