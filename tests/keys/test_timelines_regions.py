"""Whole stories in virtual time, with the outcome of each request written down: regions that do not agree."""

from __future__ import annotations

import pytest
from servers import Server
from storyline import (
    ONE_ROUND,
    ORIGINAL,
    REPLICA,
    UPDATED,
    all_told,
    first,
    longest_wait,
    pool,
    side_by_side,
    told,
    waited,
)
from world import World

MAX_STALE = 3600
REFRESH = 0.9 * 300
"""Seconds: when a set with that lifetime has been asked for again."""
REGIONS = ("us-east-1", "us-west-2")


def test_a_withdrawal_with_a_lagging_replica() -> None:
    """Refused from the next refresh on: first as disputed, then for good; other tokens notice nothing."""
    world = pool("a", "bad")
    world.servers[UPDATED].kids = ("a",)
    one = side_by_side(world, 300, "bad", "a")
    assert all_told(one) == {"bad": "181 key, 119 503", "a": "300 key"}
    assert first(one["bad"], "503") <= REFRESH
    world.servers[ORIGINAL].kids = ("a",)
    assert all_told(side_by_side(world, 300, "bad", "a")) == {"bad": "300 503", "a": "300 key"}
    world.servers[REPLICA].kids = ("a",)
    all_of_them = side_by_side(world, 300, "bad", "a")
    assert all_told(all_of_them) == {"bad": "61 503, 239 401", "a": "300 key"}
    assert waited(one["a"]) == waited(all_of_them["a"]) == []


def test_a_withdrawal_that_the_replica_learns_first() -> None:
    """Copies that earlier endpoints sent before it do not serve the key; their next answer settles it."""
    world = pool("a", "bad")
    world.servers[REPLICA].kids = ("a",)
    world.keep_asking("a", 20)
    before = world.asked(REPLICA)[-1].at
    world.keep_asking("a", before + 245 - world.t)
    assert all_told(side_by_side(world, 60, "bad", "a")) == {"bad": "60 key", "a": "60 key"}
    for place in (UPDATED, ORIGINAL):
        world.servers[place].kids = ("a",)
    answers = side_by_side(world, 300, "bad", "a")
    assert all_told(answers) == {"bad": "176 key, 124 401", "a": "300 key"}
    assert first(answers["bad"], "401") <= REFRESH


def test_a_lagging_region_cannot_bring_back_a_dropped_key() -> None:
    """It answers every time with the old set, for hours, and not one token of that key passes."""
    world = pool("a", "bad")
    world.servers[UPDATED].kids = world.servers[ORIGINAL].kids = ("a",)
    assert told(world.keep_asking("a", 300)) == "301 key"
    answers = side_by_side(world, 20_000, "bad", "a")
    assert all_told(answers) == {"bad": "3480 503, 16520 401", "a": "20000 key"}
    assert first(answers["bad"], "401") <= MAX_STALE
    assert waited(answers["a"]) == []


def test_a_key_that_is_only_late_in_one_region_works() -> None:
    """The preferred endpoint has never listed it, and so has nothing against it."""
    world = pool()
    world.servers[REPLICA].kids = ("a", "new")
    request = world.get("new")
    assert (request.outcome, request.waited) == ("key", 0.125)
    assert all_told(side_by_side(world, 2000, "new", "a")) == {"new": "2000 key", "a": "2000 key"}
    world.servers[UPDATED].kids = world.servers[ORIGINAL].kids = ("a", "new")
    assert all_told(side_by_side(world, 2000, "new", "a")) == {"new": "2000 key", "a": "2000 key"}


# -- the preferred endpoint comes back with an old set ----------------------------------------------------------------


def away_while_keys_change() -> World:
    """The preferred endpoint was down while the others dropped ``bad`` and began to list ``new``."""
    world = pool("a", "bad")
    world.servers[UPDATED].down = True
    assert all_told(side_by_side(world, 30, "a", "bad")) == {"a": "30 key", "bad": "30 key"}
    world.servers[ORIGINAL].kids = world.servers[REPLICA].kids = ("a", "new")
    away = side_by_side(world, 600, "a", "bad", "new")
    assert all_told(away) == {"a": "600 key", "bad": "1 key, 599 503", "new": "600 key"}
    world.servers[UPDATED].recover()
    return world


def test_the_preferred_endpoint_comes_back_out_of_a_cache() -> None:
    """Its ``Age`` says that its set is older than the withdrawal, so that stands; and the new key serves on."""
    world = away_while_keys_change()
    stored, host = world.t - 700, world.servers[UPDATED]
    host.max_age = 3000

    def grow_old() -> None:
        host.age = int(world.t - stored)

    back = side_by_side(world, 4000, "a", "bad", "new", meanwhile=grow_old)
    assert all_told(back) == {"a": "4000 key", "bad": "3001 503, 999 401", "new": "4000 key"}
    assert longest_wait(back["bad"]) < ONE_ROUND
    host.kids, host.age, host.max_age = ("a", "new"), None, 300
    caught_up = side_by_side(world, 600, "a", "bad", "new")
    assert all_told(caught_up) == {"a": "600 key", "bad": "600 401", "new": "600 key"}


def test_the_preferred_endpoint_comes_back_and_hides_its_age() -> None:
    """Then it is an earlier host that lists the key today, which nothing tells from a change of mind: it serves."""
    world = away_while_keys_change()
    back = side_by_side(world, 600, "a", "bad", "new")
    assert all_told(back) == {"a": "600 key", "bad": "33 503, 567 key", "new": "600 key"}
    world.servers[UPDATED].kids = ("a", "new")
    caught_up = side_by_side(world, 600, "a", "bad", "new")
    assert all_told(caught_up) == {"a": "600 key", "bad": "154 key, 446 401", "new": "600 key"}
    assert first(caught_up["bad"], "401") <= REFRESH


# -- hosts that never agree -------------------------------------------------------------------------------------------


def test_two_hosts_that_publish_disjoint_sets_for_good() -> None:
    """Both keys serve, from the first request of each, and nobody is asked more than usual."""
    world = World(Server(("a",)), Server(("b",)), regions=REGIONS)
    assert [(request.outcome, request.waited) for request in (world.get("a"), world.get("b"))] == [
        ("key", 0.0625),
        ("key", 0.125),
    ]
    asked = len(world.asks)
    answers = side_by_side(world, 3600, "a", "b")
    assert all_told(answers) == {"a": "3600 key", "b": "3600 key"}
    assert waited(answers["a"]) == waited(answers["b"]) == []
    assert len(world.asks) - asked <= 2 * (3600 / 480 + 1)


@pytest.mark.parametrize(("phase", "phases", "asks"), [(60, 360, 1400), (2, 300, 40)])
def test_both_regions_flap_in_antiphase(phase: int, phases: int, asks: int) -> None:
    """Whenever one goes down the other comes up: not one known token fails, and only the very first waits."""
    world = World(Server(max_age=60), Server(max_age=60, down=True), regions=REGIONS)
    answers = []
    for _ in range(phases):
        answers += side_by_side(world, phase, "a")["a"]
        for server in world.servers:
            server.down = not server.down
    assert told(answers) == f"{phase * phases} key"
    assert waited(answers) == [0]
    assert len(world.asks) <= asks
