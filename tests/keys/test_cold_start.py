"""The first keys: hedging, failed walks and their back-off, ``Retry-After`` (design section 5, "walk", "back-off")."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
from furniture import highest, lowest, middle
from servers import Server, dead_server, not_enabled_server, silent_server, stuck_server
from world import World

from jwtmr._keys.pace import Uniform

FAILING: dict[str, Callable[[], Server]] = {
    "refuses": dead_server,
    "403": not_enabled_server,
    "500": lambda: Server(status=500),
    "redirects to a valid set": lambda: Server(status=302),
    "304 to an unconditional request": lambda: Server(status=304),
    "HTML": lambda: Server(body=b"<html>"),
    "no keys": lambda: Server(body=b'{"keys": []}'),
}


def test_a_healthy_endpoint_is_asked_once() -> None:
    """A thousand requests arrive at once, and one fetch serves them all."""
    world = World(Server(), Server(), Server())
    requests = [world.request("a") for _ in range(1000)]
    world.run(3)
    assert {(request.outcome, request.waited) for request in requests} == {("key", 0.0625)}
    assert [(ask.place, ask.trigger) for ask in world.asks] == [(0, "start")]
    assert world.walks == [(0, "start")]


def test_a_dark_primary_region_costs_its_head_start() -> None:
    """Both of its endpoints are silent; the replica is asked second, after 0.4 s."""
    world = World(silent_server(), silent_server(), Server())
    request = world.get("a")
    assert (request.outcome, request.waited) == ("key", pytest.approx(0.4625))
    assert [ask.place for ask in world.asks] == [0, 2]


def test_two_dark_regions_leave_time_for_the_third() -> None:
    """Three silent endpoints of four, keys within 1.5 s."""
    dark = [silent_server() for _ in range(3)]
    world = World(*dark, Server(), regions=["us-east-1", "us-east-1", "us-west-2", "eu-west-1"])
    request = world.get("a")
    assert (request.outcome, request.waited) == ("key", pytest.approx(1.2625))
    assert [ask.place for ask in world.asks] == [0, 2, 1, 3]


@pytest.mark.parametrize("kind", FAILING)
def test_a_failing_endpoint_costs_only_its_answer(kind: str) -> None:
    """The next one is asked as soon as it has failed."""
    world = World(FAILING[kind](), Server(), regions=["us-east-1", "us-west-2"])
    request = world.get("a")
    assert (request.outcome, request.waited) == ("key", 0.125)
    assert [(ask.at, ask.place) for ask in world.asks] == [(0, 0), (0.0625, 1)]


@pytest.mark.parametrize("kind", FAILING)
def test_nothing_usable_anywhere_is_a_503(kind: str) -> None:
    """At once, when everybody has failed, and it says when to come again."""
    world = World(FAILING[kind](), FAILING[kind]())
    request = world.get("a")
    assert (request.outcome, request.waited, request.retry_after) == ("503", 0.125, 2)


def test_waiters_wait_two_seconds_and_the_walk_goes_on_without_them() -> None:
    """What it brings serves the next request at once."""
    world = World(Server(latency=2.25))
    request = world.get("a")
    assert (request.outcome, request.waited) == ("503", pytest.approx(2))
    assert request.retry_after == 1
    world.run(0.5)
    assert world.get("a").waited == 0
    assert len(world.asks) == 1


def test_a_late_answer_is_adopted() -> None:
    """The walk has landed with the replica's keys; the primary's come half a second later and count as well."""
    world = World(Server(("a", "late"), latency=1.0), Server(), regions=["us-east-1", "us-west-2"])
    assert world.get("a").waited == pytest.approx(0.4625)
    assert world.find("late") is None
    world.run(1)
    assert world.get("late").waited == 0
    assert len(world.asks) == 2


def test_an_answer_after_two_and_a_half_seconds_is_not_heard() -> None:
    """The attempt has been given up; what it brings belongs to nobody."""
    for latency, heard in ((2.4375, True), (2.5625, False)):
        world = World(Server(("a", "late"), latency=latency), Server(), regions=["us-east-1", "us-west-2"])
        world.get("a")
        world.run(4)
        assert ("late" in world.state.view.keys) is heard


@pytest.mark.parametrize(
    ("uniform", "pauses"),
    [
        (lowest, [1, 1, 1, 1, 1, 1, 1]),
        (middle, [1.5, 2.5, 4.5, 8.5, 15.5, 15.5, 15.5]),
        (highest, [2, 4, 8, 16, 30, 30, 30]),
    ],
)
def test_failed_walks_are_followed_by_a_growing_pause(uniform: Uniform, pauses: list[float]) -> None:
    """Between one second and a step that doubles from two to thirty, from where the walk landed."""
    world = World(dead_server(), dead_server(), uniform=uniform)
    requests = world.keep_asking("a", sum(pauses) + 4, every=0.125)
    took_off = world.walks_for("start")[: len(pauses) + 1]
    found = [after - before - 0.125 for before, after in pairwise(took_off)]
    assert found == pytest.approx(pauses, abs=0.13)
    assert {request.outcome for request in requests} <= {"503", None}
    assert all(request.retry_after for request in requests if request.outcome)


def test_the_back_off_begins_anew_after_a_success() -> None:
    """The second outage starts with short pauses, as the first one did."""
    world = World(dead_server(), uniform=highest)
    world.keep_asking("a", 20, every=0.5)
    world.servers[0].recover()
    world.keep_asking("a", 31, every=0.5)
    assert world.get("a").outcome == "key"
    world.servers[0].down = True
    world.run(5000)
    start = world.t
    world.keep_asking("a", 10, every=0.125)
    assert [t - start for t in world.walks_for("start", since=start)][:3] == pytest.approx([0, 2.1, 6.2], abs=0.3)


def test_recovery_is_noticed_within_thirty_seconds() -> None:
    """After an hour of outage, however the dice fall."""
    world = World(dead_server(), dead_server(), uniform=highest)
    world.keep_asking("a", 3600)
    for server in world.servers:
        server.recover()
    after = world.keep_asking("a", 60)
    served = [request.began for request in after if request.outcome == "key"]
    assert served
    assert served[0] - after[0].began <= 31
    assert len(served) >= 29


@pytest.mark.parametrize(
    ("told", "pause"), [("5", 5), ("29", 29), ("30", 30), ("31", 30), ("86400", 30), ("soon", 1.5)]
)
def test_retry_after_is_obeyed_for_thirty_seconds_while_there_are_no_keys(told: str, pause: float) -> None:
    """No longer, as nobody can be validated meanwhile; and one that cannot be read is nothing."""
    world = World(Server(status=503, headers={"retry-after": told}))
    refused = world.get("a")
    assert refused.retry_after == pytest.approx(pause, abs=1)
    world.keep_asking("a", 40, every=0.25)
    assert world.asks[1].at - world.asks[0].at == pytest.approx(pause, abs=0.35)


@pytest.mark.parametrize(("told", "pause"), [("40", 40), ("299", 299), ("300", 300), ("301", 300), ("86400", 300)])
def test_retry_after_is_obeyed_for_five_minutes_while_others_serve(told: str, pause: float) -> None:
    """It closes that endpoint alone: the other is asked as ever."""
    world = World(Server(status=429, headers={"retry-after": told}), Server(max_age=60), regions=["us-east-1", None])
    world.get("a")
    world.keep_asking("a", 400)
    first, second = world.asked(0)[:2]
    assert second.at - first.at == pytest.approx(pause, abs=1.2)
    assert len(world.asked(1)) == pytest.approx(400 / 48, abs=1)


def test_retry_after_closes_an_endpoint_to_every_walk() -> None:
    """A walk for an unknown kid leaves it alone, and so cannot know."""
    world = World(Server(status=503, headers={"retry-after": "60"}), Server(), regions=["us-east-1", None])
    world.get("a")
    world.run(10)
    assert world.get("x").outcome == "503"
    assert [ask.place for ask in world.asked(since=5)] == [1]


def test_when_all_endpoints_say_wait_nobody_is_asked() -> None:
    """Until the first of them opens; the request is told when."""
    world = World(Server(status=503, headers={"retry-after": "20"}), Server(status=503, headers={"retry-after": "12"}))
    world.get("a")
    world.run(5)
    refused = world.get("a")
    assert (refused.outcome, refused.retry_after, refused.waited) == ("503", 7, 0)
    world.run(7.5)
    world.get("a")
    assert [ask.place for ask in world.asks] == [0, 1, 1]


def test_warming_up_takes_off_once_and_waits() -> None:
    """A start without a token is a start like any other."""
    world = World(Server())
    assert [world.warm().next.value, world.warm().next.value] == ["wait", "wait"]
    world.run(1)
    assert world.warm().next.value == "use"
    assert len(world.asks) == 1


def test_warming_up_in_an_outage_says_unavailable() -> None:
    """And keeps to the back-off."""
    world = World(dead_server())
    world.warm()
    world.run(0.5)
    assert world.warm().next.value == "unavailable"
    assert len(world.asks) == 1


def test_endpoints_whose_attempts_hang_are_left_alone_for_thirty_seconds() -> None:
    """Even where there are no keys: another attempt would only be another thread that hangs."""
    world = World(stuck_server())
    world.keep_asking("a", 29, every=0.5)
    assert len(world.asks) == 1
    world.servers[0].recover()
    answers = world.keep_asking("a", 3, every=0.5)
    assert world.asks[1].at == pytest.approx(30, abs=0.6)
    assert answers[-1].outcome == "key"
