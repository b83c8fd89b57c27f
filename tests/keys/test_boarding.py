"""Many requests, one walk; kids that were refused (design section 5, "unknown ``kid``")."""

from __future__ import annotations

import pytest
from furniture import ALG
from servers import Server
from test_unknown_kid import rotated, started
from world import World

from jwtmr._keys.decision import Next
from jwtmr._keys.walk import MAX_KIDS


def test_a_hundred_requests_for_one_new_kid_cost_one_walk() -> None:
    """They board the same one, and have its outcome."""
    world = started()
    rotated(world, 0, 1, 2)
    requests = [world.request("b") for _ in range(100)]
    world.run(1)
    assert {(request.outcome, request.waited) for request in requests} == {("key", 0.0625)}
    assert len(world.asks) == 2


def test_a_hundred_requests_for_one_bogus_kid_cost_one_walk() -> None:
    """A 401 for each."""
    world = started()
    requests = [world.request("x") for _ in range(100)]
    world.run(1)
    assert {(request.outcome, request.waited) for request in requests} == {("401", 3 * 0.0625)}
    assert len(world.walks_for("unknown_kid")) == 1


def test_a_walk_in_the_air_answers_only_by_knowing() -> None:
    """A request for another kid waits for the next walk, which all share that have come meanwhile."""
    world = started()
    first = world.request("x")
    world.run(0.1)
    others = [world.request(f"y{n}") for n in range(100)]
    world.run(2)
    assert (first.outcome, first.waited) == ("401", 3 * 0.0625)
    assert {request.outcome for request in others} == {"401"}
    assert all(request.waited == pytest.approx(6 * 0.0625 - 0.1) for request in others)
    assert len(world.walks_for("unknown_kid")) == 2


def test_a_walk_in_the_air_may_know_after_all() -> None:
    """It meets the key on its way, and nobody pays for another walk."""
    world = started()
    rotated(world, 1)
    first = world.request("x")
    world.run(0.1)
    second = world.request("b")
    world.run(2)
    assert (first.outcome, second.outcome, second.waited) == ("401", "key", pytest.approx(3 * 0.0625 - 0.1))
    assert len(world.walks_for("unknown_kid")) == 1


def test_a_refresh_in_the_air_answers_by_knowing() -> None:
    """The request that triggers it, with a kid that is new, gets its key from the refresh."""
    world = started()
    world.run(500)
    rotated(world, 0)
    assert world.get("b").outcome == "key"
    assert world.walks_for("unknown_kid") == []


def test_a_refresh_in_the_air_that_does_not_know_is_followed_by_a_walk() -> None:
    """Within the same request, and the same two seconds."""
    world = started()
    world.run(500)
    request = world.get("x")
    assert (request.outcome, request.waited) == ("401", 6 * 0.0625)
    assert [trigger for _, trigger in world.walks] == ["start", "refresh", "unknown_kid"]


def test_a_refresh_with_a_silent_endpoint_leaves_time_for_the_walk() -> None:
    """The key appears behind its back; who boards is not kept waiting for a region that is dark."""
    world = started()
    world.run(500)
    world.servers[1].silent()
    world.request("a")
    world.run(0.2)
    assert [ask.place for ask in world.asks[-3:]] == [0, 2, 1]
    rotated(world, 0)
    request = world.get("b")
    assert request.outcome == "key"
    assert request.waited < 0.6
    assert [trigger for _, trigger in world.walks] == ["start", "refresh", "unknown_kid"]


def test_two_walks_do_not_prolong_the_wait() -> None:
    """The second is still in the air when two seconds have gone."""
    world = started(Server())
    world.servers[0].latency = 1.25
    world.request("x")
    world.run(0.25)
    second = world.get("y")
    assert (second.outcome, second.waited) == ("503", pytest.approx(2))


def test_a_request_whose_wait_is_over_starts_nothing() -> None:
    """Its last look uses what is known, and says 503 where nothing is."""
    world = started()
    assert world.get("x").outcome == "401"
    looks = [world.state.decide(kid, ALG, world.now(), patient=False) for kid in ("a", "x", "y")]
    assert [look.next for look in looks] == [Next.USE, Next.REJECT, Next.UNAVAILABLE]
    assert looks[2].retry_after == 1
    assert world.state.walk is None


def test_the_walk_goes_on_until_every_kid_is_known() -> None:
    """Two kids, of which the first endpoint lists one and the last the other."""
    world = started()
    world.request("x")
    world.run(0.13)
    world.servers[0].kids, world.servers[1].kids = ("a", "b"), ("a", "c")
    b, c = world.request("b"), world.request("c")
    world.run(2)
    assert (b.outcome, c.outcome) == ("key", "key")
    assert c.waited - b.waited == pytest.approx(2 * 0.0625)
    assert len(world.walks_for("unknown_kid")) == 1 + 1


@pytest.mark.parametrize(("pause", "walks"), [(29, 1), (31, 2)])
def test_a_kid_refused_after_a_walk_is_remembered_for_thirty_seconds(pause: float, walks: int) -> None:
    """Nobody walks for it again meanwhile, though the bucket would pay."""
    world = started()
    assert world.get("x").outcome == "401"
    world.run(pause)
    request = world.get("x")
    assert request.outcome == "401"
    assert (request.waited == 0) is (walks == 1)
    assert len(world.walks_for("unknown_kid")) == walks


def test_refused_kids_are_forgotten_when_a_changed_set_is_adopted() -> None:
    """The set of yesterday is what they were refused by."""
    world = started()
    world.get("b")
    world.servers[2].kids = ("a", "c")
    assert world.get("c").outcome == "key"
    rotated(world, 1)
    world.run(25)
    assert world.get("b").outcome == "503"  # the bucket is empty, and the last walk ended with the kid it was for
    world.run(5)
    assert world.get("b").outcome == "key"


def test_refused_kids_stay_refused_when_nothing_has_changed() -> None:
    """The same set again is no news."""
    world = started()
    world.get("b")
    world.run(20)
    world.get("y")
    rotated(world, 0)
    world.run(5)
    assert world.get("b").outcome == "401"
    assert len(world.walks_for("unknown_kid")) == 2


def test_a_kid_that_was_not_looked_for_is_not_remembered() -> None:
    """Its 401 came from another kid's walk; once the bucket pays, it is looked for."""
    world = started()
    assert [world.get(kid).outcome for kid in ("x", "y", "b")] == ["401", "401", "401"]
    world.run(29)
    rotated(world, 0)
    world.run(1)
    assert world.get("b").outcome == "key"


def test_a_kid_that_nobody_could_tell_about_is_not_remembered() -> None:
    """503 is no answer: the next request has a walk of its own."""
    world = started()
    world.servers[1].down = True
    assert world.get("b").outcome == "503"
    world.servers[1].recover()
    rotated(world, 1)
    assert world.get("b").outcome == "key"


def test_as_many_kids_board_a_walk_as_can_be_remembered() -> None:
    """All that board are told 401 by the walk that they waited for; the rest are told without one."""
    world = started()
    requests = [world.request(f"x{n}") for n in range(2 * MAX_KIDS)]
    world.run(3)
    assert {request.outcome for request in requests} == {"401"}
    assert len(world.walks_for("unknown_kid")) == 2


def test_start_and_refresh_cost_nothing_of_the_bucket() -> None:
    """After a day of refreshes two walks are there."""
    world = World(Server(), Server())
    world.keep_asking("a", 86400, every=60)
    assert [world.get(kid).outcome for kid in ("x", "y")] == ["401", "401"]
    assert len(world.walks_for("unknown_kid")) == 2
    assert len(world.walks_for("refresh")) > 100
