"""Endpoints that fail while others serve: skipping, probing, coming back (design section 5, "walk")."""

from __future__ import annotations

from itertools import pairwise

import pytest
from furniture import highest
from servers import Server, dead_server, silent_server, stuck_server
from world import World

TWO = ["us-east-1", "us-west-2"]


def beside_a_dead_one(seconds: float = 0, *, uniform: object = highest) -> World:
    """Two endpoints, the first dead from the start, with so many seconds of traffic."""
    world = World(dead_server(), Server(), regions=TWO, uniform=uniform)  # type: ignore[arg-type]
    assert world.get("a").outcome == "key"
    world.keep_asking("a", seconds)
    return world


def test_a_failing_endpoint_is_probed_ever_more_rarely() -> None:
    """1 to 2 s after its first failure, then after 30 s, doubling to 5 min; each probe is one attempt and no flight."""
    world = beside_a_dead_one(1500)
    probes = world.asked(0)
    pauses = [after.at - before.at for before, after in pairwise(probes)]
    assert pauses == pytest.approx([2, 30, 60, 120, 240, 300, 300, 300], abs=1.2)
    assert {probe.trigger for probe in probes[1:]} == {"probe"}
    assert {trigger for _, trigger in world.walks} == {"start", "refresh"}


def test_probes_delay_nobody() -> None:
    """Also when the endpoint is silent."""
    world = World(silent_server(), Server(), regions=TWO)
    world.get("a")
    assert {request.waited for request in world.keep_asking("a", 400)} == {0}
    assert len(world.asked(0, trigger="probe")) > 3


def test_nobody_is_probed_without_traffic() -> None:
    """An idle process asks nobody."""
    world = beside_a_dead_one(5)
    asked = len(world.asks)
    world.run(300)
    assert len(world.asks) == asked


def test_an_endpoint_with_one_failure_is_still_part_of_a_walk() -> None:
    """And one with two is skipped, for thirty seconds."""
    once = beside_a_dead_one()
    once.get("x")
    assert [ask.place for ask in once.asked(trigger="unknown_kid")] == [0, 1]
    twice = beside_a_dead_one(3)
    twice.get("x")
    assert [ask.place for ask in twice.asked(trigger="unknown_kid")] == [1]
    twice.run(30.5)
    twice.get("y")
    assert [ask.place for ask in twice.asked(trigger="unknown_kid")] == [1, 0, 1]


def test_refreshes_skip_an_endpoint_that_is_skipped() -> None:
    """They ask who is due, and not who was asked a minute ago in vain."""
    world = beside_a_dead_one(600)
    assert [ask.place for ask in world.asked(trigger="refresh")] == [1]


def test_when_all_fail_nobody_is_skipped() -> None:
    """Every walk asks both, at the pace of the back-off: whichever comes back first is found."""
    world = World(Server(max_age=60), Server(max_age=60), regions=TWO)
    world.keep_asking("a", 60)
    for server in world.servers:
        server.down = True
    world.keep_asking("a", 300, every=0.5)
    walks = [t for t in world.walks_for("refresh") if t > 200]
    assert len(walks) >= 8
    for t in walks:
        assert [ask.place for ask in world.asks if t <= ask.at < t + 0.2] == [0, 1]
    world.servers[1].recover()
    after = world.t
    world.keep_asking("a", 32, every=0.5)
    assert any(ask.outcome == "ok" for ask in world.asked(1, since=after))


def test_the_first_endpoint_is_preferred_again_as_soon_as_it_answers() -> None:
    """Its key for a kid is used over the replica's, from its first good probe on."""
    world = World(Server(("a=new",), down=True), Server(("a=old",)), regions=TWO)
    old = world.get("a").key
    world.keep_asking("a", 10)
    world.servers[0].recover()
    world.keep_asking("a", 40)
    new = world.get("a").key
    assert old is not None
    assert new is not None
    assert old.thumbprint != new.thumbprint
    assert world.asked(0)[-1].trigger == "probe"


def test_a_refresh_that_fails_is_no_reason_to_back_off_while_another_answers() -> None:
    """Only the dead endpoint was due; a key that the other has is found without a pause."""
    world = World(Server(), Server(max_age=900), regions=TWO)
    world.keep_asking("a", 490)
    world.servers[0].down, world.servers[1].kids = True, ("a", "b")
    world.run(480)
    start = world.t
    world.get("a")
    world.run(0.2)
    assert [(ask.place, ask.trigger) for ask in world.asked(since=start)] == [(0, "refresh")]
    assert world.get("b").outcome == "key"


def test_an_endpoint_that_came_back_has_a_clean_record() -> None:
    """Its next failure is its first: no skip of minutes."""
    world = beside_a_dead_one(1000)
    world.servers[0].recover()
    world.keep_asking("a", 300)
    assert world.state.report(world.now())[1][0].failures == 0
    world.servers[0].down = True
    start = world.t
    world.keep_asking("a", 500)
    first, second = world.asked(0, since=start)[:2]
    assert (first.outcome, second.outcome) == ("network", "network")
    assert second.at - first.at <= 3.2


def test_a_walk_may_take_off_while_a_probe_is_under_way() -> None:
    """A probe is no flight, so it does not keep a real rotation waiting."""
    world = World(silent_server(), Server(), regions=TWO)
    world.get("a")
    world.run(5)
    world.get("a")
    assert world.asks[-1].trigger == "probe"
    world.servers[1].kids = ("a", "b")
    request = world.get("b")
    assert request.outcome == "key"
    assert world.walks_for("unknown_kid") == [request.began]


def test_an_abandoned_attempt_keeps_its_endpoint_from_being_asked_for_thirty_seconds() -> None:
    """By walks and probes alike; then it counts as gone, wherever its thread is."""
    world = World(stuck_server(), Server(), regions=TWO)
    world.get("a")
    world.keep_asking("a", 20)
    world.get("x")
    assert len(world.asked(0)) == 1
    world.keep_asking("a", 15)
    first, second = world.asked(0)[:2]
    assert second.at - first.at == pytest.approx(30, abs=1.1)


def test_an_abandoned_attempt_that_ends_opens_its_endpoint() -> None:
    """What it brought is not heard, but nothing runs any more."""
    world = World(Server(("a", "b"), latency=10), Server(), regions=TWO)
    world.get("a")
    world.run_until(9)
    world.get("x")
    assert len(world.asked(0)) == 1
    world.run_until(10.5)
    assert world.find("b") is None
    world.servers[0].recover()
    assert world.get("b").outcome == "key"
    assert world.asked(0, trigger="unknown_kid")


def test_an_endpoint_is_probed_as_soon_as_its_abandoned_attempt_has_ended() -> None:
    """Traffic with known keys finds out, too."""
    world = World(Server(latency=10), Server(), regions=TWO)
    world.get("a")
    world.keep_asking("a", 9)
    assert len(world.asked(0)) == 1
    world.keep_asking("a", 5)
    assert len(world.asked(0)) == 2


def test_attempts_whose_end_nobody_hears_do_not_pile_up() -> None:
    """A day of an endpoint that swallows threads: one attempt in thirty seconds at the most, and none remembered."""
    world = World(stuck_server(), Server(), regions=TWO)
    world.keep_asking("a", 86400, every=5)
    moments = [ask.at for ask in world.asked(0)]
    assert all(after - before >= 30 for before, after in pairwise(moments))
    assert 86400 / 330 < len(moments) < 86400 / 280


def test_reports_tell_the_state_of_each_endpoint() -> None:
    """``cold`` before it is asked, ``ok``, ``down``, ``degraded``; with what is known of it."""
    world = World(dead_server(), Server(), Server(max_age=900), regions=[*TWO, "eu-west-1"])
    assert [status.state for status in world.state.report(world.now())[1]] == ["cold"] * 3
    world.get("a")
    left, (first, second, third), _ = world.state.report(world.now())
    assert [first.state, second.state, third.state] == ["down", "ok", "cold"]
    assert (first.failures, first.last_outcome, first.age, first.seconds_left, first.keys) == (
        1,
        "network",
        None,
        None,
        0,
    )
    assert (second.keys, second.failures, second.last_outcome) == (1, 0, "ok")
    assert left == second.seconds_left == pytest.approx(3600 - 0.0625)
    world.servers[1].down = world.servers[2].down = True
    world.run(700)
    _, (_, second, _), _ = world.state.report(world.now())
    assert (second.state, second.age) == ("degraded", pytest.approx(700, abs=1))
    world.run(3600)
    left, statuses, _ = world.state.report(world.now())
    assert left is None
    assert statuses[1].state == "down"
