"""Flights that end otherwise than by landing (design section 5, "a flight")."""

from __future__ import annotations

import pytest
from servers import Server, dead_server, silent_server
from world import World

from jwtmr.settings import KeyPolicy


def with_a_dead_carrier(kind: str) -> World:
    """A world in which the thread that carries the walk in the air has ceased to exist."""
    world = World(Server())
    if kind == "unknown_kid":
        world.get("a")
    world.carriers_live = False
    world.request("x")
    world.run(0.001)
    world.carriers_live = True
    assert world.walks[-1][1] == kind
    return world


@pytest.mark.parametrize("kind", ["start", "unknown_kid"])
def test_a_flight_that_has_not_landed_after_six_seconds_is_given_up(kind: str) -> None:
    """The next request takes off at once, and needs no back-off: no endpoint is to blame."""
    world = with_a_dead_carrier(kind)
    flights = len(world.walks)
    world.run_until(5.9)
    world.request("a" if kind == "start" else "y")
    assert len(world.walks) == flights
    world.run_until(6.1)
    request = world.get("a" if kind == "start" else "y")
    assert len(world.walks) == flights + 1
    assert (request.outcome, request.waited) == ("key" if kind == "start" else "401", 0.0625)


@pytest.mark.parametrize("kind", ["start", "unknown_kid"])
def test_a_flight_grows_old_by_the_larger_clock(kind: str) -> None:
    """The machine sleeps for three seconds and more: the flight is overdue when both make six."""
    world = with_a_dead_carrier(kind)
    flights = len(world.walks)
    world.run_until(2.5)
    world.suspend(3)
    world.request("a" if kind == "start" else "y")
    assert len(world.walks) == flights
    world.suspend(0.6)
    world.run_until(2.5)
    request = world.request("a" if kind == "start" else "z")
    assert len(world.walks) == flights + 1
    world.run(1)
    assert (request.outcome, request.waited) == ("key" if kind == "start" else "401", 0.0625)


@pytest.mark.parametrize("kid", ["a", "b"])
def test_a_frozen_process_goes_on_with_a_new_flight(kid: str) -> None:
    """It was stopped in the middle of a walk; the first request after it finds the flight overdue, and takes off."""
    world = World(Server(), Server(("a", "b")), regions=["us-east-1", "us-west-2"])
    if kid == "b":
        world.get("a")
    world.servers[0].silent()
    world.request(kid)
    world.run(0.1)
    world.freeze(7)
    flights = len(world.walks)
    request = world.get(kid)
    assert (request.outcome, request.waited) == ("key", 0.0625)
    assert len(world.walks) == flights + 1


def test_a_refresh_whose_carrier_has_died_is_noticed_by_known_keys() -> None:
    """Requests that only read the view find the flight overdue, and another takes off."""
    world = World(Server())
    world.get("a")
    world.run(500)
    world.carriers_live = False
    world.get("a")
    world.run(0.001)
    world.carriers_live = True
    world.keep_asking("a", 8, every=0.5)
    first, second = world.walks_for("refresh")
    assert second - first == pytest.approx(6, abs=0.6)
    assert world.asks[-1].outcome == "ok"


def test_the_carrier_of_a_flight_that_was_given_up_does_nothing_more() -> None:
    """It finds that the flight is not its own any longer."""
    world = World(Server())
    world.request("a")
    number = world.state.walk.number if world.state.walk else 0
    world.freeze(7)
    world.request("a")
    assert world.state.step(number, world.now()) is None
    assert world.state.wake_at(number) < 0
    assert world.state.walk is not None


def test_a_flight_lands_after_five_seconds_with_what_it_has() -> None:
    """Twelve silent endpoints, one after the other: the last of them is still asked when time is up."""
    world = World(*[silent_server() for _ in range(12)], regions=["us-east-1"] * 12)
    world.request("a")
    world.run_until(4.99)
    assert world.state.walk is not None
    world.run_until(5.01)
    assert world.state.walk is None
    assert [ask.at for ask in world.asks] == pytest.approx([0.4 * n for n in range(12)])


def test_an_attempt_is_given_up_after_two_and_a_half_seconds() -> None:
    """The walk does not wait for it any longer, and lands."""
    world = World(silent_server())
    world.request("a")
    world.run_until(2.49)
    assert world.state.walk is not None
    world.run_until(2.51)
    assert world.state.walk is None
    assert world.state.report(world.now())[1][0].last_outcome == "timeout"


def test_a_flight_without_a_thread_has_failed() -> None:
    """As at the end of an interpreter: a 503 at once, and the next flight after a back-off."""
    world = World(Server())
    world.threads = False
    request = world.get("a")
    assert (request.outcome, request.waited, request.retry_after) == ("503", 0, 2)
    world.threads = True
    world.run(1.4)
    assert world.get("a").outcome == "503"
    world.run(0.2)
    assert world.get("a").outcome == "key"
    assert world.walks == [(0, "start"), (pytest.approx(1.6), "start")]


def test_an_attempt_without_a_thread_has_failed() -> None:
    """The walk goes on to the next endpoint, and lands."""
    world = World(Server(), Server())
    request = world.request("a")
    world.threads = False
    world.run(1)
    assert (request.outcome, [ask.place for ask in world.asks]) == ("503", [0, 1])
    assert [status.last_outcome for status in world.state.report(world.now())[1]] == ["network", "network"]


def test_a_lost_refresh_leaves_the_keys() -> None:
    """They serve on, and the refresh is tried again after a back-off."""
    world = World(Server())
    world.get("a")
    world.threads = False
    world.run(500)
    assert world.get("a").outcome == "key"
    world.threads = True
    world.keep_asking("a", 3)
    assert [trigger for _, trigger in world.walks] == ["start", "refresh", "refresh"]
    assert world.asks[-1].outcome == "ok"


def test_a_loss_that_is_told_too_late_changes_nothing() -> None:
    """The flight has landed, or another is in the air."""
    world = World(Server())
    world.get("a")
    world.state.lost(1, world.now())
    world.request("x")
    world.state.lost(1, world.now())
    assert world.state.walk is not None
    world.run(1)
    assert world.get("a").outcome == "key"


def test_waiters_of_a_lost_flight_do_not_wait() -> None:
    """They are told as soon as it is known."""
    world = World(silent_server())
    requests = [world.request("a") for _ in range(5)]
    world.run(0.5)
    world.state.lost(1, world.now())
    world.warm()
    world.run(0)
    assert [(request.outcome, request.waited) for request in requests] == [("503", 0.5)] * 5


def test_patience_is_the_policys() -> None:
    """``KeyPolicy.wait`` bounds what one request waits for, through two flights and all."""
    for wait in (0.1, 1.0, 10.0):
        world = World(Server(latency=2.25), dead_server(), policy=KeyPolicy(wait=wait))
        request = world.get("a")
        assert (request.outcome, request.waited) == (("key", 2.25) if wait > 2.25 else ("503", pytest.approx(wait)))


def test_an_answer_after_its_walk_is_known_to_nobody_but_the_ledger() -> None:
    """A walk number that is not in the air lands nothing, and a second report of an attempt is ignored."""
    world = World(Server())
    world.get("a")
    changes = world.state.changes
    assert world.state.step(1, world.now()) is None
    assert world.state.step(99, world.now()) is None
    assert world.state.changes == changes
