"""``find`` reads a view without a lock. Within the view's horizon it must miss nothing, whatever happens.

Two worlds live through the same schedule. In one, requests use the view as ``KeySource.find`` does; in the other each
request goes the long way and everything is worked out afresh. They must not differ: not in one outcome, not in one
key, and not in one attempt, or the view has said "nothing is due" when something was.
"""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from schedules import POLICIES, Happening, play, schedules, worlds
from servers import Server
from world import World

from jwtmr.settings import Instant, KeyPolicy

NEVER = Instant(*[float("-inf")] * 3)


def history(world: World) -> list[object]:
    """All that a world did that somebody could notice."""
    return [(round(ask.at, 6), ask.place, ask.trigger, ask.outcome) for ask in world.asks]


@pytest.mark.slow
@settings(max_examples=80, derandomize=True)
@example(KeyPolicy(), 0, [(0.0, "latency", 0, 11.0), (0.0, "traffic", 0, "a")])
@example(KeyPolicy(max_stale=0), 0, [(0.0, "status", 1, 403), (0.0, "traffic", 0, "b"), (1900.0, "age", 0, None)])
@given(POLICIES, st.integers(0, 3), schedules("suspend", "freeze", "fork"))
def test_a_view_says_nothing_is_due_only_when_nothing_is(
    policy: KeyPolicy, seed: int, schedule: list[Happening]
) -> None:
    """A world that trusts its views asks whom, and when, a world asks that works everything out at each request."""
    trusting, careful = worlds(policy, seed), worlds(policy, seed, eager=True)
    for happening in [*schedule, (0.0, "traffic", 0, "a")]:
        play(trusting, happening)
        play(careful, happening)
        assert history(trusting) == history(careful)


@pytest.mark.slow
@settings(max_examples=80, derandomize=True)
@given(POLICIES, st.integers(0, 3), schedules("suspend", "freeze", "forward", "back", "fork"))
def test_a_view_serves_what_a_fresh_decision_would(policy: KeyPolicy, seed: int, schedule: list[Happening]) -> None:
    """Whatever the clocks do: within the horizon the key of the view is the key of a view made now."""
    world = worlds(policy, seed)
    for happening in schedule:
        play(world, happening)
        found = {kid: world.find(kid) for kid in "abc"}
        world.state.view = replace(world.state.view, until=NEVER)
        world.state.report(world.now())
        fresh = {kid: world.state.view.keys.get(kid, {}).get("EdDSA") for kid in "abc"}
        assert {kid: key for kid, key in found.items() if key} == {kid: fresh[kid] for kid, key in found.items() if key}


@pytest.mark.parametrize("clock", ["mono", "boot", "wall"])
def test_the_horizon_ends_on_each_clock(clock: str) -> None:
    """Where any of them reaches the moment of the refresh, ``find`` finds nothing, and the long way asks."""
    world = World(Server())
    world.get("a")
    until = world.state.view.until
    assert until == pytest.approx(tuple(value + 480 for value in Instant(50_000, 90_000, 1_800_000_000)))
    for early in (0.01, 0):
        if clock == "mono":
            world.run_until(480 - early)
        elif clock == "boot":
            world.suspended, world.wall_shift = 479.9375 - early, -479
        else:
            world.wall_shift = 479.9375 - early
        assert (world.find("a") is None) is (early == 0)
    assert world.get("a").waited == 0
    assert len(world.walks) == 2


def test_the_horizon_ends_when_the_wall_clock_goes_back() -> None:
    """Before the sending of the copy, its age is unknown."""
    world = World(Server())
    world.get("a")
    world.wall_shift = -0.0625
    assert world.find("a")
    world.wall_shift = -0.07
    assert world.find("a") is None


def test_an_unknown_kid_or_algorithm_goes_the_long_way() -> None:
    """The view has only keys to give."""
    world = World(Server())
    world.get("a")
    assert world.find("x") is None
    assert world.find("a", "RS256") is None


def test_a_cold_view_serves_nothing() -> None:
    """And is due at once."""
    world = World(Server())
    assert world.find("a") is None
