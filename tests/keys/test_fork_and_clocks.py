"""A child of ``fork()``, and clocks that do not agree (design section 5, "fork" and "clocks")."""

from __future__ import annotations

import pytest
from furniture import highest, lowest
from servers import Server, dead_server, silent_server
from world import World

from jwtmr._keys.pace import Uniform
from jwtmr.settings import KeyPolicy


def started(*servers: Server, max_stale: float = 3600) -> World:
    """A world that has its keys."""
    world = World(*(servers or (Server(),)), policy=KeyPolicy(max_stale=max_stale))
    assert world.get("a").outcome == "key"
    return world


def test_a_child_has_the_parents_keys() -> None:
    """Its first request waits for nothing and asks nobody."""
    world = started()
    world.become_child()
    assert (world.get("a").waited, len(world.asks)) == (0, 1)


@pytest.mark.parametrize(("uniform", "at"), [(lowest, 420), (highest, 540)])
def test_a_child_has_its_own_jitter(uniform: Uniform, at: float) -> None:
    """A hundred workers of one parent must not refresh in step."""
    world = started()
    world.become_child(uniform)
    world.keep_asking("a", 600)
    assert world.asks[1].at == pytest.approx(at, abs=1.1)


@pytest.mark.parametrize(("uniform", "pause"), [(lowest, 1), (highest, 4)])
def test_a_child_keeps_the_back_off_and_draws_its_own(uniform: Uniform, pause: float) -> None:
    """What the parent waits for, it waits for; the next pause is its own."""
    world = World(dead_server())
    world.get("a")
    world.become_child(uniform)
    assert (world.get("a").outcome, len(world.asks)) == ("503", 1)
    world.run(1.5)
    world.get("a")
    landed = world.t
    assert len(world.asks) == 2
    world.run_until(landed + pause - 0.1)
    world.get("a")
    assert len(world.asks) == 2
    world.run_until(landed + pause + 0.1)
    world.get("a")
    assert len(world.asks) == 3


@pytest.mark.parametrize("kind", ["start", "refresh", "unknown_kid"])
def test_a_child_of_a_fork_in_mid_flight_has_no_flight(kind: str) -> None:
    """It waits for no thread that it does not have: its first request takes off by itself."""
    world = World(Server()) if kind == "start" else started()
    if kind == "refresh":
        world.run(500)
    world.request("x" if kind == "unknown_kid" else "a")
    assert world.walks[-1][1] == kind
    world.become_child()
    assert world.state.walk is None
    assert world.state.departures() == (None, [])
    request = world.get("x" if kind == "unknown_kid" else "a")
    assert (request.outcome, len(world.walks)) == (
        "401" if kind == "unknown_kid" else "key",
        3 if kind != "start" else 2,
    )
    assert request.waited == (0 if kind == "refresh" else 0.0625)


def test_a_child_does_not_wait_for_the_parents_attempts() -> None:
    """They are threads of the parent, and block nobody here."""
    world = started(silent_server(), Server())
    world.run(1)
    world.become_child()
    world.get("a")
    assert world.asks[-1].place == 0
    assert len(world.asked(0)) == 2


def test_a_child_does_not_send_the_parents_probes() -> None:
    """They were handed out before the fork, or belong to nobody."""
    world = started(dead_server(), Server())
    world.run(3)
    world.state.decide("a", "EdDSA", world.now())
    world.become_child()
    assert world.state.departures() == (None, [])


def test_kids_refused_by_the_parent_are_refused_by_the_child() -> None:
    """They are part of what it knows; kids that merely waited are not."""
    world = started(Server())
    world.get("x")
    world.become_child()
    assert world.get("x").outcome == "401"
    assert len(world.walks_for("unknown_kid")) == 1


@pytest.mark.parametrize("shift", [-1, -60, -3600, -1_800_000_000])
def test_a_wall_clock_that_was_set_back_makes_the_age_unknown(shift: float) -> None:
    """The keys serve, and one refresh stamps them anew; it delays nobody, and it is only one."""
    world = started()
    world.run(0.5)
    world.wall_shift = shift
    assert {(request.outcome, request.waited) for request in world.keep_asking("a", 100)} == {("key", 0)}
    assert [trigger for _, trigger in world.walks] == ["start", "refresh"]
    assert world.walks[1][0] == 0.5625
    assert not world.state.view.stale


def test_a_wall_clock_set_back_by_less_than_the_age_of_the_keys_changes_nothing() -> None:
    """They are older than the step."""
    world = started()
    world.run(100)
    world.wall_shift = -50
    world.keep_asking("a", 60)
    assert len(world.asks) == 1


def test_keys_of_unknown_age_count_as_past_their_lifetime() -> None:
    """And no more than that: they end by the other clocks, at ``max_stale``."""
    world = started()
    world.run(1)
    world.wall_shift = -7200
    world.servers[0].down = True
    assert world.get("a").outcome == "key"
    assert world.state.view.stale == {"a"}
    world.keep_asking("a", 3597)
    assert world.get("a").outcome == "key"
    world.run_until(3601)
    assert world.get("a").outcome == "503"


def test_with_max_stale_zero_keys_of_unknown_age_do_not_serve() -> None:
    """Past the lifetime is the end; the request waits for the walk."""
    world = started(max_stale=0)
    world.wall_shift = -7200
    request = world.get("a")
    assert (request.outcome, request.waited) == ("key", 0.0625)
    world.run(1)
    world.servers[0].down = True
    world.wall_shift = -9000
    assert world.get("a").outcome == "503"


def test_a_wall_clock_that_catches_up_makes_the_age_known_again() -> None:
    """The step was a mistake, and is undone before anybody could answer."""
    world = started()
    world.run(10)
    world.wall_shift = -60
    world.servers[0].down = True
    world.get("a")
    assert world.state.view.stale
    world.wall_shift = 0
    world.get("a")
    assert not world.state.view.stale


@pytest.mark.parametrize("jump", ["wall", "suspended"])
@pytest.mark.parametrize(("seconds", "waited"), [(3000, 0), (7200, 0.0625)])
def test_time_that_only_one_clock_has_seen_counts(jump: str, seconds: float, waited: float) -> None:
    """A wall clock set forward, or two hours of sleep: keys have grown that old."""
    world = started()
    world.run(10)
    if jump == "wall":
        world.wall_shift = seconds
    else:
        world.suspend(seconds)
    request = world.get("a")
    assert (request.outcome, request.waited) == ("key", waited)
    assert len(world.walks) == 2
    world.run(1)
    assert {request.waited for request in world.keep_asking("a", 100)} == {0}
    assert len(world.walks) == 2


def test_a_process_suspended_for_two_hours_in_an_outage_does_not_serve_old_keys() -> None:
    """The monotonic clock has not moved; the keys are too old all the same."""
    world = started()
    world.run(10)
    world.servers[0].silent()
    world.suspend(7200)
    assert world.get("a").outcome == "503"


def test_back_off_and_bucket_do_not_run_while_the_machine_sleeps() -> None:
    """They count monotonic seconds: a machine that wakes up does not storm."""
    world = World(dead_server())
    world.get("a")
    world.suspend(7200)
    assert (world.get("a").outcome, len(world.asks)) == ("503", 1)


def test_a_wall_clock_set_forward_does_not_shorten_the_back_off() -> None:
    """Nor does it lengthen it when it is set back."""
    for shift in (7200, -7200):
        world = World(dead_server())
        world.get("a")
        world.wall_shift = shift
        world.get("a")
        assert len(world.asks) == 1
        world.run(1.6)
        world.get("a")
        assert len(world.asks) == 2
