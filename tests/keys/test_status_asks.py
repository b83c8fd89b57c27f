"""Asking how the keys are is traffic: it has fetched what a request would have, as often and no oftener."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from furniture import seeded
from servers import Server, dead_server, not_enabled_server, silent_server
from world import World

OUTAGES: dict[str, Callable[[], Server]] = {
    "refuses": dead_server,
    "is silent": silent_server,
    "403": not_enabled_server,
    "500": lambda: Server(status=500),
    "503 with Retry-After": lambda: Server(status=503, headers={"retry-after": "20"}),
}


def each_second(world: World, act: Callable[[], object], seconds: int) -> list[tuple[float, int]]:
    """Do ``act`` once a second; whom that has asked, and when."""
    for second in range(seconds):
        world.at(float(second), act)
    world.run_until(seconds)
    return [(ask.at, ask.place) for ask in world.asks]


def test_a_status_has_keys_fetched_where_there_are_none() -> None:
    """It says how it is now, and that is no more than asked about; the next one finds the keys."""
    world = World(Server(), Server(), Server())
    assert [endpoint.state for endpoint in world.report()] == ["cold"] * 3
    assert world.walks == [(0, "start")]
    world.run(1)
    assert world.report()[0].state == "ok"
    assert len(world.asks) == 1


def test_a_hundred_of_them_start_one_walk() -> None:
    """Who asks while a walk is in the air starts none."""
    world = World(silent_server(), silent_server())
    each_second(world, lambda: [world.report() for _ in range(100)], 1)
    assert world.walks == [(0, "start")]


@pytest.mark.parametrize("outage", OUTAGES)
def test_in_an_outage_a_status_costs_what_a_request_does(outage: str) -> None:
    """Five minutes of either, once a second, ask the same endpoints at the same moments; both together ask no more."""
    asked = {}
    for who in ("status", "request", "both"):
        world = World(OUTAGES[outage](), OUTAGES[outage](), uniform=seeded(7))

        def act(world: World = world, who: str = who) -> None:
            if who != "request":
                world.report()
            if who != "status":
                world.request("a")

        asked[who] = each_second(world, act, 300)
    assert asked["status"] == asked["request"] == asked["both"]
    assert 2 * 300 / 31 < len(asked["status"]) < 2 * 50


@pytest.mark.parametrize("outage", OUTAGES)
def test_who_started_in_an_outage_is_ready_when_it_is_over(outage: str) -> None:
    """Without a single request, within the longest pause of 30 s; and nobody has waited for it."""
    server = OUTAGES[outage]()
    world = World(server)
    each_second(world, world.report, 200)
    assert world.report()[0].state in ("down", "not_enabled")
    server.recover()
    over = world.t
    while world.report()[0].state != "ok":
        world.run(1)
        assert world.t - over <= 31 + 2.75


def test_keys_that_have_died_are_fetched_anew() -> None:
    """After two idle hours the report says that there are none, and that is the last time."""
    world = World(Server())
    world.warm()
    world.run(7200)
    assert world.report()[0].state == "down"
    world.run(1)
    assert world.report()[0].state == "ok"
    assert [trigger for _, trigger in world.walks] == ["start", "start"]


def test_looking_without_asking_asks_nobody() -> None:
    """As at an authority whose issuers are all retired."""
    world = World(Server())
    condition = world.state.report(world.now(), ask=False)
    assert condition.endpoints[0].state == "cold"
    assert world.state.departures() == (None, [])
