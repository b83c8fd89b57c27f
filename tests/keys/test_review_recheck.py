"""A recheck is not hurried by the one who asked for it: slow hosts are waited for. What a review of rechecks found."""

from __future__ import annotations

from typing import Literal

import pytest
from servers import Server
from world import World

from jwtmr.settings import KeyPolicy

SLOW = 0.9375
"""Seconds: more than two head starts, less than the wait of a request."""


def disputed(dropper: int, refresh: Literal["background", "inline"]) -> World:
    """Two regions list ``k``, and one leaves it out; then both become slow, and that one lists it again."""
    policy = KeyPolicy(refresh=refresh)
    world = World(Server(("a", "k")), Server(("a", "k")), regions=["us-east-1", "us-west-2"], policy=policy)
    world.keep_asking("k", 490)
    world.servers[dropper].kids = ("a",)
    world.keep_asking("a", 490)
    for server in world.servers:
        server.kids, server.latency = ("a", "k"), SLOW
    return world


@pytest.mark.parametrize("refresh", ["background", "inline"])
@pytest.mark.parametrize("dropper", [0, 1])
def test_who_asks_for_a_recheck_gets_its_answer(dropper: int, refresh: Literal["background", "inline"]) -> None:
    """Within the wait, though both hosts take longer than their head start."""
    world = disputed(dropper, refresh)
    assert "k" in world.state.view.disputed
    request = world.get("k")
    assert (request.outcome, request.waited < 2) == ("key", True)
    assert {ask.trigger for ask in world.asks if ask.at >= request.began} == {"recheck"}


def test_others_who_wait_for_the_same_kid_get_it_too() -> None:
    """They board the walk, and hurry it no more than the first."""
    world = disputed(1, "background")
    requests = [world.request("k")]
    for _ in range(5):
        world.run(0.125)
        requests.append(world.request("k"))
    world.run(2)
    assert {request.outcome for request in requests} == {"key"}


def test_it_is_a_503_where_nobody_lists_it_again() -> None:
    """The same walk, and its other end."""
    world = disputed(1, "background")
    world.servers[1].kids = ("a",)
    world.servers[0].down = True
    assert world.get("k").outcome == "503"
