"""Whole stories in virtual time, with the outcome of each request written down: starts, switches and rotations."""

from __future__ import annotations

import pytest
from furniture import COGNITO, highest, lowest
from servers import Server, dead_server, not_enabled_server, silent_server
from storyline import ONE_ROUND, ORIGINAL, REPLICA, UPDATED, first, longest_wait, pool, side_by_side, told, waited
from world import World

from jwtmr._keys.pace import Uniform

SILENCE_COSTS = 0.4 + 0.0625
"""Seconds: the head start of a host that says nothing, and the answer of the next one."""


def test_a_pool_is_switched_and_only_the_updated_host_has_the_new_key() -> None:
    """Not switched: 403 and nobody minds. Switched: the first new token passes, the old key serves on."""
    world = World(not_enabled_server(), Server(), Server())
    before = world.keep_asking("a", 2000)
    assert (told(before), waited(before)) == ("2001 key", [0])
    world.servers[UPDATED].status, world.servers[UPDATED].kids = 200, ("a", "new")
    request = world.get("new")
    assert (request.outcome, request.waited) == ("key", 0.0625)
    after = side_by_side(world, 2000, "new", "a")
    assert (told(after["new"]), told(after["a"])) == ("2000 key", "2000 key")
    assert (waited(after["new"]), waited(after["a"])) == ([], [])


def test_a_cold_start_while_the_primary_region_is_silent() -> None:
    """Two endpoints of it, and the keys are there within 1.5 s; from then on nobody waits for that region."""
    world = World(silent_server(), silent_server(), Server())
    request = world.get("a")
    assert (request.outcome, request.waited) == ("key", pytest.approx(SILENCE_COSTS))
    assert request.waited < 1.5
    later = world.keep_asking("a", 1000)
    assert (told(later), waited(later)) == ("1001 key", [])


def test_a_rotation_while_the_preferred_endpoint_is_down_and_the_replica_lags() -> None:
    """The original host has the new key: it is found there, past a dead host and one that does not know yet."""
    world = pool()
    world.servers[UPDATED].down = True
    assert told(world.keep_asking("a", 300)) == "301 key"
    world.servers[ORIGINAL].kids = ("a", "new")
    new, bogus = world.get("new"), world.get("x")
    assert (new.outcome, new.waited) == ("key", 0.125)
    assert (bogus.outcome, bogus.waited) == ("503", 0.125)
    lagging = side_by_side(world, 600, "new", "a")
    assert (told(lagging["new"]), told(lagging["a"])) == ("600 key", "600 key")
    world.servers[REPLICA].kids = ("a", "new")
    caught_up = side_by_side(world, 3000, "new", "a")
    assert (told(caught_up["new"]), told(caught_up["a"])) == ("3000 key", "3000 key")
    assert waited(lagging["new"]) == waited(caught_up["new"]) == []


def test_a_rotation_that_only_a_dead_endpoint_knows() -> None:
    """503 as long as it is dead, never 401; then the key, within the probe's pause, and nobody else notices."""
    world = pool()
    world.servers[UPDATED].down, world.servers[UPDATED].kids = True, ("a", "new")
    dead = side_by_side(world, 600, "new", "a")
    assert (told(dead["new"]), told(dead["a"])) == ("600 503", "600 key")
    assert longest_wait(dead["new"]) < ONE_ROUND
    world.servers[UPDATED].recover()
    assert told(world.keep_asking("a", 300)) == "301 key"
    assert told(world.keep_asking("new", 1000)) == "1001 key"


def test_a_flood_that_stops_just_before_a_rotation() -> None:
    """Three thousand are refused; the new key works within thirty seconds, and from then on."""
    world = pool()
    flood = []
    for n in range(3000):
        flood.append(world.request(f"x{n}"))
        if n % 100 == 0:
            world.run(0.25)
    assert told(flood) == "3000 401"
    for server in world.servers:
        server.kids = ("a", "new")
    answers = side_by_side(world, 60, "new", "a")
    assert told(answers["new"]) == "23 401, 37 key"
    assert first(answers["new"], "key") <= 30
    assert told(answers["a"]) == "60 key"


@pytest.mark.parametrize(("uniform", "awake"), [(lowest, "40 key"), (highest, "5 503, 35 key")])
def test_a_proxy_that_answers_403_for_the_first_seconds_of_everything(uniform: Uniform, awake: str) -> None:
    """503 until it has woken up, keys within the back-off, and nothing is off for good."""
    world = World(*[not_enabled_server() for _ in COGNITO], uniform=uniform)
    assert told(side_by_side(world, 12, "a")["a"]) == "12 503"
    for server in world.servers:
        server.status = 200
    answers = side_by_side(world, 40, "a")["a"]
    assert told(answers) == awake
    assert first(answers, "key") <= 16
    world.servers[ORIGINAL].kids = ("a", "new")
    assert world.get("new").outcome == "key"


def test_a_process_suspended_for_two_hours() -> None:
    """It wakes to keys that are too old: the first requests wait for new ones, and know of the rotation meanwhile."""
    world = pool()
    for server in world.servers:
        server.kids = ("b",)
    world.suspend(7200)
    old, new = world.request("a"), world.request("b")
    assert (old.outcome, new.outcome) == (None, None)
    world.run(3)
    assert (old.outcome, old.waited < ONE_ROUND) == ("401", True)
    assert (new.outcome, new.waited) == ("key", 0.0625)
    later = side_by_side(world, 1000, "b", "a")
    assert (told(later["b"]), waited(later["b"])) == ("1000 key", [])
    assert told(later["a"]) == "1000 401"


def test_a_fork_in_the_middle_of_the_first_flight() -> None:
    """The child validates, from its own flight, as if nothing had been."""
    world = World(silent_server(), Server(), Server())
    parents = world.request("a")
    world.run(0.3)
    world.become_child()
    request = world.get("a")
    assert (request.outcome, request.waited) == ("key", pytest.approx(SILENCE_COSTS))
    assert parents.outcome is None, "who waits in the parent is nobody here"
    later = world.keep_asking("a", 1000)
    assert (told(later), waited(later)) == ("1001 key", [])


@pytest.mark.parametrize(("uniform", "recovery"), [(lowest, "60 key"), (highest, "27 503, 33 key")])
def test_a_cold_cache_in_an_outage_and_the_recovery(uniform: Uniform, recovery: str) -> None:
    """503 with ``Retry-After`` all the time, and the first request within the longest pause after it passes."""
    world = World(dead_server(), silent_server(), dead_server(), uniform=uniform)
    answers = side_by_side(world, 607, "a")["a"]
    world.run(2)
    assert told(answers) == "607 503"
    assert all(1 <= (request.retry_after or 0) <= 30 for request in answers)
    assert longest_wait(answers) <= 2
    for server in world.servers:
        server.recover()
    back = side_by_side(world, 60, "a")["a"]
    assert told(back) == recovery
    assert first(back, "key") <= 30
