"""One walk over the endpoints, by itself: whom it asks when, and when it is over (design section 5, "walk")."""

from __future__ import annotations

import pytest

from jwtmr._keys.walk import ATTEMPT_TIME, FLIGHT_TIME, HEAD_START, WALK_TIME, Walk, asking_order
from jwtmr.events import Trigger
from jwtmr.issuers import JwksEndpoint
from jwtmr.settings import Instant

TAKE_OFF = Instant(100.0, 200.0, 300.0)


def walk(trigger: Trigger, *places: int, kids: tuple[str, ...] = ()) -> Walk:
    """A walk over these places that took off at 100."""
    return Walk(trigger, places, TAKE_OFF, kids, number=1)


def test_the_times() -> None:
    """Those of the design."""
    assert (HEAD_START, ATTEMPT_TIME, WALK_TIME, FLIGHT_TIME) == (0.4, 2.5, 5.0, 6.0)


@pytest.mark.parametrize(
    ("regions", "order"),
    [
        ("E", [0]),
        ("EE", [0, 1]),
        ("EW", [0, 1]),
        ("EEW", [0, 2, 1]),
        ("EEWN", [0, 2, 1, 3]),
        ("EEEWW", [0, 3, 1, 2, 4]),
        ("EWEW", [0, 1, 2, 3]),
        ("---", [0, 1, 2]),
        ("-EW", [0, 1, 2]),
        ("E-W", [0, 2, 1]),
        ("E--", [0, 1, 2]),
    ],
)
def test_asking_order_goes_abroad_second(regions: str, order: list[int]) -> None:
    """Updated primary, first replica, original primary, other replicas; without regions the order of precedence."""
    endpoints = [JwksEndpoint(f"https://h{n}.example", None if r == "-" else r) for n, r in enumerate(regions)]
    assert asking_order(endpoints) == order


def test_the_first_place_is_asked_at_once_and_the_next_after_its_head_start() -> None:
    """One at a time, in the order given, each 0.4 s after the one before."""
    flight = walk("start", 0, 2, 1)
    assert [flight.next_place(100.0), flight.next_place(100.0)] == [0, None]
    assert [flight.next_place(100.39), flight.next_place(100.4), flight.next_place(100.5)] == [None, 2, None]
    assert flight.wake_at() == pytest.approx(100.8)
    assert [flight.next_place(100.9), flight.next_place(101.4)] == [1, None]
    assert flight.wake_at() == 105.0


@pytest.mark.parametrize("trigger", ["start", "refresh", "unknown_kid", "recheck"])
def test_a_failure_starts_the_next_at_once(trigger: Trigger) -> None:
    """There is nothing to wait for."""
    flight = walk(trigger, 0, 1)
    flight.next_place(100.0)
    flight.heard(0, 100.1, good=False, definite=False)
    assert flight.wake_at() == 100.1
    assert flight.next_place(100.1) == 1


def test_a_failure_of_an_earlier_place_leaves_the_later_one_its_head_start() -> None:
    """Only the one that was asked last is waited for, until none is."""
    flight = walk("start", 0, 1, 2)
    assert [flight.next_place(100.0), flight.next_place(100.4)] == [0, 1]
    flight.heard(0, 100.5, good=False, definite=False)
    assert flight.next_place(100.7) is None
    flight.heard(1, 100.7, good=False, definite=False)
    assert flight.next_place(100.7) == 2


def test_the_first_usable_set_lands_a_start() -> None:
    """Whoever brings it."""
    flight = walk("start", 0, 1, 2)
    assert [flight.next_place(100.0), flight.next_place(100.4)] == [0, 1]
    assert not flight.landed(100.5)
    flight.heard(0, 100.5, good=True, definite=True)
    assert flight.landed(100.5)
    assert flight.found_keys
    assert flight.next_place(101.0) is None


@pytest.mark.parametrize("trigger", ["refresh", "unknown_kid", "recheck"])
def test_other_walks_ask_everybody(trigger: Trigger) -> None:
    """An answer starts the next at once, and the walk is over when the last has spoken."""
    flight = walk(trigger, 0, 1, kids=("x",))
    flight.next_place(100.0)
    flight.heard(0, 100.1, good=True, definite=True)
    flight.know(["x"])
    assert not flight.landed(100.1)
    assert flight.next_place(100.1) == 1
    assert not flight.landed(100.2)
    flight.heard(1, 100.2, good=False, definite=True)
    assert flight.landed(100.2)
    assert (flight.answered, flight.found_keys) == ({0, 1}, True)


def test_an_unknown_kid_walk_is_over_once_every_kid_is_known() -> None:
    """Not when only some are."""
    flight = walk("unknown_kid", 0, 1, kids=("x", "y"))
    flight.next_place(100.0)
    flight.heard(0, 100.1, good=True, definite=True)
    flight.know(["y"])
    assert not flight.landed(100.1)
    flight.know([])
    assert flight.landed(100.1)
    assert flight.next_place(100.1) is None


@pytest.mark.parametrize("trigger", ["start", "refresh", "recheck"])
def test_knowing_ends_no_other_walk(trigger: Trigger) -> None:
    """They were not made for a kid."""
    flight = walk(trigger, 0, 1)
    flight.next_place(100.0)
    flight.know([])
    assert not flight.landed(100.0)


@pytest.mark.parametrize("trigger", ["start", "refresh", "unknown_kid"])
def test_a_walk_lands_after_five_seconds_with_what_it_has(trigger: Trigger) -> None:
    """Not before, while somebody has not answered."""
    flight = walk(trigger, 0, kids=("x",))
    flight.next_place(100.0)
    assert not flight.landed(104.999)
    assert flight.landed(105.0)
    assert flight.answered == set()


def test_only_definite_answers_count() -> None:
    """A refusal of an endpoint that is not enabled is an answer, a failure is none."""
    flight = walk("unknown_kid", 0, 1, 2, kids=("x",))
    for place, definite in ((0, False), (1, True), (2, False)):
        flight.next_place(100.0)
        flight.heard(place, 100.0, good=False, definite=definite)
    assert flight.landed(100.0)
    assert (flight.answered, flight.found_keys) == ({1}, False)


def test_a_refresh_that_somebody_waits_for_lands_without_the_silent() -> None:
    """Each has its head start, and no more, once another walk is needed; everybody has been asked before."""
    flight = walk("refresh", 0, 1)
    assert [flight.next_place(100.0), flight.next_place(100.4)] == [0, 1]
    assert flight.wake_at() == 105.0
    flight.hurried = True
    assert not flight.landed(100.79)
    assert flight.wake_at() == pytest.approx(100.8)
    assert flight.landed(100.81)


@pytest.mark.parametrize("trigger", ["unknown_kid", "recheck"])
def test_a_walk_that_needs_every_answer_is_not_hurried(trigger: Trigger) -> None:
    """Who asked for it waits for an answer that may still come."""
    flight = walk(trigger, 0, 1)
    assert [flight.next_place(100.0), flight.next_place(100.4)] == [0, 1]
    flight.hurried = True
    assert (flight.landed(104.99), flight.landed(105.0)) == (False, True)


@pytest.mark.parametrize("trigger", ["refresh", "recheck"])
def test_a_hurried_refresh_still_asks_everybody(trigger: Trigger) -> None:
    """It does not land while somebody is left to be asked."""
    flight = walk(trigger, 0, 1)
    flight.hurried = True
    assert flight.next_place(100.0) == 0
    assert not flight.landed(100.4)
    assert flight.next_place(100.4) == 1
    assert not flight.landed(100.4)


@pytest.mark.parametrize("trigger", ["start", "unknown_kid"])
def test_other_walks_do_not_hurry(trigger: Trigger) -> None:
    """To say "no" they need every answer."""
    flight = walk(trigger, 0, kids=("x",))
    flight.hurried = True
    flight.next_place(100.0)
    assert not flight.landed(104.9)
    assert flight.wake_at() == 105.0
