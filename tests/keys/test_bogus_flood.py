"""A flood of bogus kids (design section 5, "unknown ``kid``"): what it costs the endpoints, the memory, the others."""

from __future__ import annotations

import gc
from types import FunctionType, ModuleType

import pytest
from servers import Server, dead_server
from world import World

from jwtmr._keys.refresh import KeyState


def reachable(state: KeyState) -> int:
    """How many objects the state machine holds, apart from code."""
    seen: set[int] = set()
    stack: list[object] = [state]
    while stack:
        found = stack.pop()
        if id(found) not in seen and not isinstance(found, (type, ModuleType, FunctionType)):
            seen.add(id(found))
            stack.extend(gc.get_referents(found))
    return len(seen)


def started(*servers: Server) -> World:
    """A world that has keys and has been running for a minute."""
    world = World(*(servers or (Server(), Server(), Server())))
    world.get("a")
    world.run(60)
    return world


@pytest.mark.slow
def test_ten_thousand_bogus_kids_at_once_cost_two_walks() -> None:
    """Each endpoint is asked twice, and everybody is told 401 within the wait."""
    world = started()
    requests = [world.request(f"x{n}") for n in range(10_000)]
    world.run(3)
    assert len(world.walks_for("unknown_kid")) == 2
    assert [len(world.asked(place, since=1)) for place in range(3)] == [2, 2, 2]
    assert {request.outcome for request in requests} == {"401"}


def test_a_flood_does_not_touch_valid_tokens() -> None:
    """Neither their result nor their time, for five minutes of a hundred bogus kids a second."""
    world = started()
    start, valid = world.t, []
    for n in range(30_000):
        world.run_until(start + n / 100)
        world.request(f"x{n}")
        if n % 10 == 0:
            valid.append(world.request("a"))
    assert {(request.outcome, request.waited) for request in valid} == {("key", 0)}
    assert len(world.walks_for("unknown_kid", since=start)) <= 2 + 300 / 30


@pytest.mark.parametrize("second", [Server, dead_server], ids=["all answer", "one is dead"])
def test_a_flood_leaves_memory_flat(second: type[Server]) -> None:
    """What it leaves behind after a thousand kids is what it leaves behind after ten thousand."""
    world = started(Server(), second())
    sizes = []
    for n in range(10_000):
        if n % 50 == 0:
            world.run(1)
        world.request(f"x{n}")
        if n % 1000 == 999:
            world.run(3)
            world.events.clear()
            sizes.append(reachable(world.state))
    assert max(sizes[1:]) <= sizes[0] + 1500
    assert max(sizes) < 8000


def test_a_rotation_under_a_flood_works_within_thirty_seconds() -> None:
    """Its first tokens may cost a 401; the first walk that the bucket pays for brings the key to everybody."""
    world = started()
    start, answers = world.t, []
    for n in range(6000):
        world.run_until(start + n / 100)
        if n == 500:
            for server in world.servers:
                server.kids = ("a", "b")
        world.request(f"x{n}")
        if n >= 500 and n % 10 == 0:
            answers.append(world.request("b"))
    first = next(request for request in answers if request.outcome == "key")
    assert first.began + first.waited - (start + 5) <= 30.1
    assert {request.outcome for request in answers if request.began > first.began} == {"key"}
    assert {request.outcome for request in answers} <= {"401", "key"}


def test_a_flood_that_stops_just_before_a_rotation_delays_it_by_no_more() -> None:
    """The bucket is empty when the key appears; half a minute later it is found."""
    world = started()
    for n in range(500):
        world.request(f"x{n}")
    world.run(1)
    for server in world.servers:
        server.kids = ("a", "b")
    answers = world.keep_asking("b", 35, every=0.5)
    assert answers[0].outcome == "401"
    known = next(request for request in answers if request.outcome == "key")
    assert known.began - answers[0].began <= 30


def test_a_flood_at_a_cold_start_costs_two_walks_more() -> None:
    """The start is free, and lands for those who are meant by it."""
    world = World(Server(), Server())
    requests = [world.request(f"x{n}") for n in range(2000)] + [world.request("a")]
    world.run(3)
    assert requests[-1].outcome == "key"
    assert [trigger for _, trigger in world.walks] == ["start", "unknown_kid", "unknown_kid"]
    assert {request.outcome for request in requests[:-1]} == {"401"}


def test_a_flood_in_an_outage_keeps_to_the_back_off() -> None:
    """Without keys there is nothing but start walks, and their pauses."""
    world = World(dead_server(), dead_server())
    for n in range(6000):
        world.run_until(n / 100)
        world.request(f"x{n}")
    assert len(world.walks) <= 10
    assert {trigger for _, trigger in world.walks} == {"start"}
