"""A ``kid`` that no endpoint has listed so far (design section 5, "unknown ``kid``" and "``kid`` still unknown")."""

from __future__ import annotations

import pytest
from servers import Server, dead_server, not_enabled_server, silent_server
from world import World

from jwtmr.events import RefreshSuppressed


def started(*servers: Server) -> World:
    """A world with three endpoints, or those given, that has keys and has been running for a minute."""
    world = World(*(servers or (Server(), Server(), Server())))
    assert world.get("a").outcome == "key"
    world.run(60)
    return world


def rotated(world: World, *places: int) -> None:
    """These endpoints list the key ``b`` as well."""
    for place in places:
        world.servers[place].kids = ("a", "b")


def test_the_first_request_after_a_rotation_succeeds() -> None:
    """One walk, that ends as soon as the kid is known."""
    world = started()
    rotated(world, 0, 1, 2)
    request = world.get("b")
    assert (request.outcome, request.waited) == ("key", 0.0625)
    assert [(ask.place, ask.trigger) for ask in world.asks[1:]] == [(0, "unknown_kid")]


def test_the_first_request_after_a_rotation_succeeds_right_after_a_refresh() -> None:
    """A refresh costs nothing of the bucket and remembers no kid."""
    world = started()
    world.keep_asking("a", 430)
    assert world.walks[-1][1] == "refresh"
    rotated(world, 0, 1, 2)
    assert world.get("b").outcome == "key"


@pytest.mark.parametrize(("place", "waited", "asked"), [(0, 1, [0]), (2, 2, [0, 2]), (1, 3, [0, 2, 1])])
def test_a_key_is_found_wherever_it_is(place: int, waited: int, asked: list[int]) -> None:
    """An answer without it starts the next endpoint at once."""
    world = started()
    rotated(world, place)
    request = world.get("b")
    assert (request.outcome, request.waited) == ("key", waited * 0.0625)
    assert [ask.place for ask in world.asks[1:]] == asked


def test_a_cold_start_finds_a_key_that_only_the_last_endpoint_has() -> None:
    """The start lands with the first usable set; the walk for the kid follows, within the same request."""
    world = World(Server(), Server(("a", "b")), Server())
    request = world.get("b")
    assert (request.outcome, request.waited) == ("key", 4 * 0.0625)
    assert [trigger for _, trigger in world.walks] == ["start", "unknown_kid"]


def test_a_kid_that_every_endpoint_denies_is_a_401() -> None:
    """Each has been asked exactly once, and has answered without it."""
    world = started()
    request = world.get("x")
    assert (request.outcome, request.waited) == ("401", 3 * 0.0625)
    assert [ask.place for ask in world.asks[1:]] == [0, 2, 1]


@pytest.mark.parametrize("status", [500, 502, 503, 302, 408, 425, 429])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_endpoint_that_does_not_answer_makes_it_a_503(place: int, status: int) -> None:
    """It may be the one that knows."""
    world = started()
    world.servers[place].status = status
    request = world.get("x")
    assert (request.outcome, request.waited) == ("503", 3 * 0.0625)


@pytest.mark.parametrize("body", [b"<html>", b'{"keys": []}'])
def test_a_useless_answer_is_none(body: bytes) -> None:
    """A set without a usable key says nothing about any kid."""
    world = started()
    world.servers[1].body = body
    assert world.get("x").outcome == "503"


def test_a_silent_endpoint_makes_it_a_503_when_the_wait_ends() -> None:
    """Two seconds, though the walk goes on."""
    world = started()
    world.servers[2].silent()
    request = world.get("x")
    assert (request.outcome, request.waited) == ("503", pytest.approx(2))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451])
def test_a_4xx_of_an_endpoint_that_never_worked_is_an_answer(status: int) -> None:
    """It says that there is nothing here; it is asked all the same, each time."""
    world = started(Server(status=status), Server(), Server())
    assert world.get("x").outcome == "401"
    assert [ask.place for ask in world.asked(trigger="unknown_kid")] == [0, 2, 1]


def test_a_4xx_of_an_endpoint_that_has_worked_is_a_failure() -> None:
    """It knew keys yesterday; a 403 today says nothing about them."""
    world = started()
    world.servers[0].status = 403
    assert world.get("x").outcome == "503"
    assert world.state.report(world.now())[1][0].state == "ok"


@pytest.mark.parametrize(("silence", "outcome"), [(3590, "503"), (3610, "401")])
def test_an_endpoint_that_never_answered_has_no_say_after_max_stale(silence: float, outcome: str) -> None:
    """Counted from the first question that it left unanswered."""
    world = World(Server(), dead_server())
    world.keep_asking("a", 490)
    world.keep_asking("a", world.asked(1)[0].at + silence - world.t)
    assert world.get("x").outcome == outcome


@pytest.mark.parametrize(("silence", "outcome"), [(3590, "503"), (3610, "401")])
def test_an_endpoint_that_fell_silent_has_no_say_after_max_stale(silence: float, outcome: str) -> None:
    """Counted likewise: that it answered before prolongs nothing."""
    world = World(Server(), Server())
    world.keep_asking("a", 1000)
    world.servers[1].down = True
    world.keep_asking("a", 490)
    first = next(ask.at for ask in world.asked(1) if ask.outcome == "network")
    world.keep_asking("a", first + silence - world.t)
    assert world.get("x").outcome == outcome


@pytest.mark.parametrize("sleep", ["idle", "suspended"])
def test_idle_time_is_nobodys_silence(sleep: str) -> None:
    """After a night one endpoint fails once: the key may be there, so it is a 503 and not a 401."""
    world = World(Server(), Server())
    world.keep_asking("a", 500)
    if sleep == "idle":
        world.run(30_000)
    else:
        world.suspend(30_000)
    world.servers[1].down, world.servers[1].kids = True, ("a", "b")
    assert world.get("b").outcome == "503"


def test_a_403_keeps_an_endpoints_say() -> None:
    """Every answer counts as a sign of life, that there is nothing here as well."""
    world = World(Server(), not_enabled_server())
    world.keep_asking("a", 1200)
    world.servers[1].status = 500
    world.keep_asking("a", 3300)
    assert world.get("x").outcome == "503"


def test_the_bucket_holds_two_walks_and_one_more_each_thirty_seconds() -> None:
    """However many kids come; start and refreshes are free."""
    world = started()
    start = world.t
    for n in range(1190):
        world.run_until(start + n * 0.1001)
        world.request(f"x{n}")
    walks = [t - start for t in world.walks_for("unknown_kid")]
    assert walks == pytest.approx([0, 0.2, 30, 60, 90], abs=0.3)


def test_with_an_empty_bucket_the_last_walk_answers_if_it_was_complete() -> None:
    """It took off less than thirty seconds ago, and every endpoint answered: no rotation is to be expected."""
    world = started()
    assert [world.get(kid).outcome for kid in ("x", "y")] == ["401", "401"]
    third = world.get("z")
    assert (third.outcome, third.waited) == ("401", 0)
    assert len(world.walks_for("unknown_kid")) == 2


def test_with_an_empty_bucket_an_incomplete_walk_answers_nothing() -> None:
    """503, and when to come again."""
    world = started()
    world.get("x")
    world.servers[1].down = True
    assert world.get("y").outcome == "503"
    world.run(5)
    third = world.get("z")
    assert (third.outcome, third.waited, third.retry_after) == ("503", 0, 25)


def test_an_old_walk_answers_nothing() -> None:
    """The machine slept: the bucket has not filled, but half a minute has gone by."""
    world = started()
    assert [world.get(kid).outcome for kid in ("x", "y")] == ["401", "401"]
    world.suspend(29)
    assert world.get("z").outcome == "401"
    world.suspend(2)
    assert world.get("w").outcome == "503"


@pytest.mark.parametrize("seconds", [31, 3700])
def test_a_machine_that_slept_remembers_no_refusal(seconds: float) -> None:
    """Half a minute has gone by, or the keys are too old to serve: the answers of then are no reason for a 401."""
    world = started()
    assert world.get("b").outcome == "401"
    world.suspend(seconds)
    rotated(world, 0, 1, 2)
    assert world.get("b").outcome == "key"


def test_suppression_is_told_once_per_quiet_period() -> None:
    """Not once per token; and again after the next walk."""
    world = started()
    world.servers[1].down = True
    for n in range(50):
        world.get(f"x{n}")
    assert [event.reason for event in world.said(RefreshSuppressed)] == ["bucket"]
    world.run(60)
    for n in range(50, 100):
        world.get(f"x{n}")
    assert [event.reason for event in world.said(RefreshSuppressed)] == ["bucket", "bucket"]


def test_nobody_looks_for_a_kid_while_all_fail() -> None:
    """The back-off after a failed walk holds for these walks too."""
    world = started(Server())
    world.servers[0].down = True
    assert world.get("x").outcome == "503"
    refused = world.get("y")
    assert (refused.outcome, refused.waited, refused.retry_after) == ("503", 0, 2)
    assert [event.reason for event in world.said(RefreshSuppressed)] == ["backoff"]
    assert len(world.walks_for("unknown_kid")) == 1


def test_while_all_endpoints_say_wait_nobody_is_asked_about_a_kid() -> None:
    """503 until the first of them opens, and it costs nothing of the bucket."""
    world = started(Server(), Server())
    for server in world.servers:
        server.status, server.headers = 503, {"retry-after": "100"}
    world.run(450)
    world.get("a")
    world.run(5)
    refused = world.get("x")
    assert (refused.outcome, refused.waited) == ("503", 0)
    assert refused.retry_after == pytest.approx(95, abs=1)
    assert world.walks_for("unknown_kid") == []


def test_a_known_kid_for_another_algorithm_is_a_401() -> None:
    """No walk can change what the key is for."""
    world = started()
    request = world.get("a", alg="RS256")
    assert (request.outcome, request.waited) == ("401", 0)
    assert len(world.asks) == 1


def test_skipped_endpoints_are_not_asked() -> None:
    """And so the walk cannot be complete."""
    world = World(dead_server(), Server(), silent_server())
    world.keep_asking("a", 60)
    start = world.t
    assert world.get("x").outcome == "503"
    assert [ask.place for ask in world.asked(since=start)] == [1]
