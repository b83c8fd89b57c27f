"""How often may be asked (design section 5: back-off, unknown ``kid``, skipping, ``Retry-After``)."""

from __future__ import annotations

import pytest
from furniture import highest, lowest, middle, seeded

from jwtmr._keys.breaker import Health
from jwtmr._keys.pace import Backoff, Bucket


def test_backoff_steps_double_from_two_to_thirty_seconds() -> None:
    """The pause lies between one second and a step that doubles, and no draw comes from other bounds."""
    bounds: list[tuple[float, float]] = []

    def note(low: float, high: float) -> float:
        bounds.append((low, high))
        return high

    backoff = Backoff(note)
    for _ in range(7):
        backoff.failed(0.0)
    assert bounds == [(1, 2), (1, 4), (1, 8), (1, 16), (1, 30), (1, 30), (1, 30)]


@pytest.mark.parametrize(("uniform", "until"), [(lowest, 101.0), (highest, 102.0), (middle, 101.5)])
def test_backoff_counts_from_the_failure(uniform: object, until: float) -> None:
    """The first pause is one to two seconds from when the walk landed."""
    backoff = Backoff(uniform)  # type: ignore[arg-type]
    assert backoff.until < -(10**9)
    backoff.failed(100.0)
    assert backoff.until == until


def test_backoff_begins_anew_after_a_success() -> None:
    """One answer, and failures are counted from the first step again."""
    backoff = Backoff(highest)
    backoff.failed(0.0)
    backoff.failed(2.0)
    backoff.succeeded()
    assert backoff.until < -(10**9)
    backoff.failed(10.0)
    assert backoff.until == 12.0


def test_the_bucket_holds_two_walks() -> None:
    """Two in a burst and not a third, from any origin of the clock."""
    for origin in (0.0, -50.0, 1e9):
        bucket = Bucket()
        assert [bucket.take(origin) for _ in range(3)] == [True, True, False]


def test_the_bucket_fills_by_one_each_thirty_seconds() -> None:
    """Not a moment earlier, and what was refused costs nothing."""
    bucket = Bucket()
    taken = [t for t in range(151) if bucket.take(t * 1.000001)]  # sums of thirtieths are not exact
    assert taken == [0, 1, 30, 60, 90, 120, 150]


def test_the_bucket_never_holds_more_than_two() -> None:
    """An hour of peace does not pay for a storm."""
    bucket = Bucket()
    assert [bucket.take(0.0), bucket.take(0.0)] == [True, True]
    assert [bucket.take(3600.0) for _ in range(3)] == [True, True, False]


@pytest.mark.parametrize(("t", "wait"), [(0.0, 30.0), (12.0, 18.0), (29.0, 1.0), (30.0, 0.0), (40.0, 0.0), (99.0, 0.0)])
def test_the_bucket_says_how_long_it_will_be_empty(t: float, wait: float) -> None:
    """That becomes the ``Retry-After`` of a 503."""
    bucket = Bucket()
    bucket.take(0.0)
    bucket.take(0.0)
    assert bucket.wait(t) == pytest.approx(wait)


def failing(times: int, uniform: object = middle) -> list[float]:
    """The pauses that follow each of so many failures in a row."""
    health, pauses = Health(), []
    for n in range(times):
        health.failed(1000.0 * n, uniform)  # type: ignore[arg-type]
        pauses.append(health.retry_at - 1000.0 * n)
    return pauses


def test_an_endpoint_is_skipped_from_its_second_failure() -> None:
    """1 to 2 s after the first, then 30 s, doubling to 5 min and no further."""
    assert failing(8) == [1.5, 30, 60, 120, 240, 300, 300, 300]
    assert failing(2, lowest) == [1, 30]
    assert failing(2, highest) == [2, 30]


def test_a_thousand_failures_are_counted() -> None:
    """The doubling does not overflow."""
    assert failing(1200)[-1] == 300


def test_one_success_forgets_the_failures() -> None:
    """The next failure is a first one."""
    health = Health()
    for _ in range(3):
        health.failed(0.0, middle)
    assert not health.answers
    health.succeeded()
    assert (health.failures, health.answers, health.worked) == (0, True, True)
    assert health.retry_at < 0
    health.failed(50.0, middle)
    assert (health.retry_at, health.answers, health.worked) == (51.5, False, True)


def test_not_enabled_is_no_failure() -> None:
    """It pauses for five minutes, and ends with the first success."""
    health = Health()
    health.failed(0.0, middle)
    health.refused(100.0)
    assert (health.not_enabled, health.failures, health.retry_at, health.answers) == (True, 0, 400.0, False)
    health.succeeded()
    assert (health.not_enabled, health.answers) == (False, True)


@pytest.mark.parametrize(
    ("told", "with_keys", "without"),
    [(0, 0, 0), (7, 7, 7), (30, 30, 30), (31, 31, 30), (300, 300, 30), (1e10, 300, 30)],
)
def test_retry_after_is_obeyed_within_bounds(told: float, with_keys: float, without: float) -> None:
    """Five minutes at most; thirty seconds while nobody can be validated."""
    health = Health()
    health.told_to_wait(100.0, told)
    assert health.closed_until(have_keys=True) == 100 + with_keys
    assert health.closed_until(have_keys=False) == 100 + without


def test_a_success_opens_the_endpoint() -> None:
    """An answer to an earlier request overrides what it said."""
    health = Health()
    assert health.closed_until(have_keys=True) < -(10**9)
    health.told_to_wait(100.0, 60)
    health.succeeded()
    assert health.closed_until(have_keys=True) < -(10**9)


def test_draws_of_the_worlds_are_within_bounds() -> None:
    """What the scenario tests take for chance is chance."""
    draw = seeded(3)
    assert all(1 <= draw(1, 2) <= 2 for _ in range(100))
    assert [lowest(1, 2), middle(1, 2), highest(1, 2)] == [1, 1.5, 2]
