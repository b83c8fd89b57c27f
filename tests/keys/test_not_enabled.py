"""The updated host of a pool that has not been switched (design section 5, "not_enabled")."""

from __future__ import annotations

from itertools import pairwise

import pytest
from servers import Server, not_enabled_server
from world import World

from jwtmr.events import EndpointChanged


def beside(seconds: float = 0, *, status: int = 403) -> World:
    """An updated host that says 403, beside an original one that works, after so many seconds of traffic."""
    world = World(Server(status=status), Server())
    assert world.get("a").outcome == "key"
    world.keep_asking("a", seconds)
    return world


def state_of(world: World, place: int = 0) -> str:
    """The state of one endpoint."""
    return world.state.report(world.now())[1][place].state


def test_it_does_not_fail_the_start() -> None:
    """The other host is asked as soon as it has said no."""
    world = beside()
    assert [(ask.place, ask.outcome) for ask in world.asks] == [(0, "client_error"), (1, "ok")]
    assert [state_of(world), state_of(world, 1)] == ["not_enabled", "ok"]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410, 451, 499])
def test_it_is_tried_again_every_five_minutes(status: int) -> None:
    """By a probe of its own."""
    world = beside(1600, status=status)
    moments = [ask.at for ask in world.asked(0)]
    assert [b - a for a, b in pairwise(moments)] == pytest.approx([300] * 5, abs=1.2)
    assert {ask.trigger for ask in world.asked(0, since=1)} == {"probe"}


@pytest.mark.parametrize("status", [408, 425, 429])
def test_what_is_temporary_is_no_refusal(status: int) -> None:
    """Such an endpoint has failed, and is tried again at the pace of failures."""
    world = beside(60, status=status)
    assert state_of(world) == "down"
    assert len(world.asked(0)) >= 3


def test_every_walk_for_an_unknown_kid_asks_it() -> None:
    """A new key may be the first that only the updated host has."""
    world = beside(40)
    world.get("x")
    world.run(40)
    world.get("y")
    assert [ask.at for ask in world.asked(0, trigger="unknown_kid")] == world.walks_for("unknown_kid")
    assert len(world.walks_for("unknown_kid")) == 2


def test_the_pool_is_switched_and_a_key_that_only_the_updated_host_has_works_at_once() -> None:
    """The first request with it succeeds, without a restart."""
    world = beside(100)
    world.servers[0].status, world.servers[0].kids = 200, ("a", "new")
    request = world.get("new")
    assert (request.outcome, request.waited) == ("key", 0.0625)
    assert state_of(world) == "ok"


def test_the_pool_is_switched_and_known_keys_notice_within_five_minutes() -> None:
    """Traffic alone brings the endpoint to life."""
    world = beside(100)
    world.servers[0].status = 200
    world.keep_asking("a", 305)
    assert state_of(world) == "ok"
    changes = [(event.before, event.after) for event in world.said(EndpointChanged) if "keys0" in event.endpoint]
    assert changes == [("cold", "not_enabled"), ("not_enabled", "ok")]


def test_an_endpoint_that_has_worked_is_never_not_enabled_again() -> None:
    """Its 403 is an outage, with retries at the pace of failures, and its keys serve on."""
    world = beside(10)
    world.servers[0].status, world.servers[0].kids = 200, ("a", "new")
    world.get("new")
    world.servers[0].status = 403
    start = world.t
    world.keep_asking("new", 560)
    assert len(world.asked(0, since=start)) >= 2
    assert world.get("new").outcome == "key"
    world.keep_asking("a", 7200, every=10)
    assert state_of(world) == "down"
    assert world.state.report(world.now())[1][0].failures > 3


def test_without_any_keys_it_is_asked_at_the_ordinary_back_off() -> None:
    """A proxy that says 403 to everything for the first seconds must not cost five minutes."""
    world = World(not_enabled_server(), not_enabled_server())
    world.keep_asking("a", 20, every=0.5)
    assert len(world.asked(0)) >= 4
    assert {trigger for _, trigger in world.walks} == {"start"}
    for server in world.servers:
        server.status = 200
    answers = world.keep_asking("a", 31, every=0.5)
    served = next(request for request in answers if request.outcome == "key")
    assert served.began - answers[0].began <= 30


def test_a_proxy_that_says_403_for_the_first_seconds_of_everything() -> None:
    """Both hosts come to life: one at the back-off, the other five minutes after its refusal at the latest."""
    world = World(not_enabled_server(), not_enabled_server(), not_enabled_server())
    world.keep_asking("a", 8, every=0.5)
    for server in world.servers:
        server.status = 200
    world.keep_asking("a", 320)
    assert [state_of(world, place) for place in range(3)] == ["ok"] * 3
    assert world.get("x").outcome == "401"


def test_its_keys_once_gone_with_everybodys_it_is_asked_like_the_rest() -> None:
    """The only other endpoint dies for good: after ``max_stale`` the walks ask both."""
    world = beside(100)
    world.servers[1].down = True
    world.keep_asking("a", 4000)
    world.servers[0].status = 200
    answers = world.keep_asking("a", 35)
    assert any(request.outcome == "key" for request in answers)
