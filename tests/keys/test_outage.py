"""How long keys serve when their endpoint falls silent (design section 5, "outage")."""

from __future__ import annotations

import pytest
from servers import Server
from world import World

from jwtmr.events import KeysServedStale
from jwtmr.settings import KeyPolicy


def outage(*servers: Server, max_stale: float = 3600, status: int = 500) -> World:
    """A world whose endpoints all failed right after its first request, at 0."""
    world = World(*(servers or (Server(),)), policy=KeyPolicy(max_stale=max_stale))
    assert world.get("a").outcome == "key"
    for server in world.servers:
        server.status = status
    return world


@pytest.mark.parametrize("max_stale", [1800, 3600, 86400])
@pytest.mark.parametrize("traffic", [True, False], ids=["with traffic", "idle"])
def test_keys_serve_until_max_stale_and_not_a_second_longer(max_stale: float, traffic: bool) -> None:
    """Counted from the sending of the request that brought them; failures in between extend nothing."""
    world = outage(max_stale=max_stale)
    if traffic:
        assert {request.outcome for request in world.keep_asking("a", max_stale - 10, every=7)} == {"key"}
        assert len(world.asks) > 20
    world.run_until(max_stale - 1)
    assert world.get("a").outcome == "key"
    world.run_until(max_stale + 1)
    late = world.get("a")
    assert (late.outcome, late.key) == ("503", None)
    assert late.retry_after
    assert late.retry_after >= 1


def test_the_bound_is_exact() -> None:
    """At the very second it is over."""
    world = outage()
    world.keep_asking("a", 3590, every=10)
    world.run_until(3599.999)
    assert world.find("a") or world.get("a").outcome == "key"
    world.run_until(3600)
    assert world.find("a") is None
    assert world.get("a").outcome == "503"


@pytest.mark.parametrize("status", [403, 404, 429, 500, 302])
def test_no_failure_of_any_kind_extends_it(status: int) -> None:
    """A host that says 403 has not said that its keys are good."""
    world = outage(status=status)
    answers = world.keep_asking("a", 4000, every=5)
    served = [request.began for request in answers if request.outcome == "key"]
    assert served[-1] == pytest.approx(3600, abs=5.1)
    assert served[-1] < 3600


def test_max_stale_of_zero_means_the_lifetime() -> None:
    """Served one second before its end, 503 one second after."""
    world = outage(Server(max_age=300), max_stale=0)
    world.keep_asking("a", 290, every=5)
    world.run_until(299)
    assert world.get("a").outcome == "key"
    world.run_until(301)
    assert world.get("a").outcome == "503"


def test_max_stale_of_zero_is_no_obstacle_while_endpoints_answer() -> None:
    """The refresh ahead keeps the keys fresh for days."""
    world = World(Server(max_age=60), policy=KeyPolicy(max_stale=0))
    world.get("a")
    assert {(request.outcome, request.waited) for request in world.keep_asking("a", 3600)} == {("key", 0)}


def test_a_set_lives_by_its_own_endpoint() -> None:
    """That another one answers does not prolong what only the dead one listed."""
    world = World(Server(("a", "only")), Server(), regions=["us-east-1", "us-west-2"])
    world.get("only")
    world.servers[0].down = True
    world.keep_asking("a", 3598)
    assert world.get("only").outcome == "key"
    world.run_until(3601)
    assert world.get("only").outcome == "503"
    world.keep_asking("a", 3600)
    assert world.get("only").outcome == "401"
    assert world.get("a").outcome == "key"


def test_another_endpoint_serves_on() -> None:
    """While one is dead for a day, the kids that the other lists are not even slow."""
    world = World(Server(), Server(), regions=["us-east-1", "us-west-2"])
    world.get("a")
    world.servers[0].down = True
    assert {(request.outcome, request.waited) for request in world.keep_asking("a", 86400, every=20)} == {("key", 0)}


def test_a_success_renews_everything() -> None:
    """One good answer at the last moment, and another hour begins."""
    world = outage()
    world.keep_asking("a", 3500, every=5)
    world.servers[0].status = 200
    world.keep_asking("a", 90)
    renewed = world.asks[-1].at
    assert renewed > 3500
    world.servers[0].status = 500
    world.run_until(renewed + 3599)
    assert world.get("a").outcome == "key"
    world.run_until(renewed + 3601)
    assert world.get("a").outcome == "503"


def test_the_first_request_after_an_idle_outage_starts_a_walk() -> None:
    """Nothing is left, and nobody has failed lately: it is asked at once, and answered."""
    world = World(Server())
    world.get("a")
    world.run(10_000)
    request = world.get("a")
    assert (request.outcome, request.waited) == ("key", 0.0625)
    assert [trigger for _, trigger in world.walks] == ["start", "start"]


def test_a_dead_endpoint_with_keys_is_asked_twice_in_the_first_second() -> None:
    """Fifty requests past the lifetime: none fails, none waits, and the endpoint is left in peace."""
    world = outage()
    world.run(700)
    start = world.t
    requests = []
    for n in range(50):
        world.run_until(start + n / 50)
        requests.append(world.request("a"))
    assert {(request.outcome, request.waited) for request in requests} == {("key", 0)}
    assert 1 <= len(world.asked(since=start)) <= 2


def test_keys_past_their_lifetime_are_told_of_once() -> None:
    """With the seconds that are left; and once more in the next outage."""
    world = outage()
    world.keep_asking("a", 1000)
    (event,) = world.said(KeysServedStale)
    assert event.seconds_left == pytest.approx(3000, abs=2)
    assert "a" in world.state.view.stale
    world.servers[0].status = 200
    world.keep_asking("a", 60)
    assert not world.state.view.stale
    world.servers[0].status = 500
    world.keep_asking("a", 1000)
    assert len(world.said(KeysServedStale)) == 2


def test_nothing_is_stale_while_another_endpoint_has_it_fresh() -> None:
    """Failing over to a replica is no reason for an alarm."""
    world = World(Server(), Server(), regions=["us-east-1", "us-west-2"])
    world.keep_asking("a", 500)
    world.servers[0].down = True
    world.keep_asking("a", 3000)
    assert world.said(KeysServedStale) == []
