"""The settable clock: what stands still, what runs, and what each way of moving it moves."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest

from jwtmr import ConfigurationError
from jwtmr.settings import Instant, SystemClock, read
from jwtmr.testing import SettableClock

NOON = datetime(2027, 1, 31, 12, tzinfo=UTC)
SLACK = 5.0
"""Seconds that a slow machine may take between two readings."""


@pytest.mark.parametrize(
    "start", [NOON, NOON.timestamp(), int(NOON.timestamp()), NOON.astimezone(timezone(timedelta(hours=9)))]
)
def test_starts_where_it_is_told(start: datetime | float) -> None:
    """A moment can be said as an aware datetime of any zone or as Unix seconds."""
    clock = SettableClock(start)
    assert clock.wall() == NOON.timestamp()
    assert clock.now() == NOON
    assert clock.now().tzinfo is UTC


def test_starts_at_the_present_by_default() -> None:
    """Without a start the clock stands at the present, on a whole second that a datetime can say exactly."""
    clock = SettableClock()
    assert abs(clock.wall() - SystemClock().wall()) < SLACK
    assert clock.wall() == int(clock.wall()) == clock.now().timestamp()


def test_wall_stands_still_while_the_others_run() -> None:
    """Only the wall clock waits for the test: timers on the other two have to end."""
    clock = SettableClock(NOON)
    before = read(clock)
    while clock.monotonic() == before.mono or clock.boottime() == before.boot:
        pass
    assert clock.wall() == before.wall


@pytest.mark.parametrize(
    ("move", "moved"),
    [
        (lambda clock: clock.advance(600), Instant(600, 600, 600)),
        (lambda clock: clock.suspend(600), Instant(0, 600, 600)),
        (lambda clock: clock.set(NOON + timedelta(minutes=10)), Instant(0, 0, 600)),
        (lambda clock: clock.set(NOON.timestamp() - 86400), Instant(0, 0, -86400)),
    ],
    ids=["advance", "suspend", "set forward", "set back"],
)
def test_each_way_moves_its_own_clocks(move: Callable[[SettableClock], None], moved: Instant) -> None:
    """Time that passes, a machine that sleeps and a corrected wall clock are three different things."""
    clock = SettableClock(NOON)
    before = read(clock)
    move(clock)
    after = read(clock)
    assert after.wall - before.wall == moved.wall
    assert moved.mono <= after.mono - before.mono < moved.mono + SLACK
    assert moved.boot <= after.boot - before.boot < moved.boot + SLACK


def test_moves_add_up() -> None:
    """Several steps count together, and a set in between does not undo the monotonic ones."""
    clock = SettableClock(NOON)
    start = clock.monotonic()
    clock.advance(1000)
    clock.set(NOON)
    clock.advance(0.5)
    assert clock.wall() == NOON.timestamp() + 0.5
    assert 1000.5 <= clock.monotonic() - start < 1000.5 + SLACK


@pytest.mark.parametrize("step", [-1, math.nan, math.inf, True, "1", None])
@pytest.mark.parametrize("move", [SettableClock.advance, SettableClock.suspend])
def test_time_passes_forward_only(move: Callable[[SettableClock, object], None], step: object) -> None:
    """A step that is negative or no number is refused, and nothing has moved."""
    clock = SettableClock(NOON)
    with pytest.raises(ConfigurationError, match=r"^seconds: "):
        move(clock, step)
    assert clock.wall() == NOON.timestamp()


@pytest.mark.parametrize("moment", [datetime(2027, 1, 31), -1, math.nan, True, "2027-01-31"])  # noqa: DTZ001
def test_refuses_moments_that_nobody_knows(moment: datetime | float) -> None:
    """A naive datetime, a bool and a text name no moment, neither at the start nor later."""
    with pytest.raises(ConfigurationError, match=r"^start: "):
        SettableClock(moment)
    with pytest.raises(ConfigurationError, match=r"^moment: "):
        SettableClock(NOON).set(moment)


def test_threads_lose_no_step() -> None:
    """Steps of many threads all count."""
    clock = SettableClock(NOON)

    def move() -> None:
        for _ in range(500):
            clock.advance(1)

    threads = [threading.Thread(target=move) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert clock.wall() == NOON.timestamp() + 4000


def test_says_its_moment() -> None:
    """In the output of a failed test the clock shows where it stands."""
    assert repr(SettableClock(NOON)) == "SettableClock(2027-01-31T12:00:00+00:00)"
