"""Whole stories in virtual time, with the outcome of each request written down."""

from __future__ import annotations

from furniture import COGNITO, Request
from servers import Server, dead_server, not_enabled_server, silent_server
from world import World

UPDATED, ORIGINAL, REPLICA = 0, 1, 2


def pool(*kids: str) -> World:
    """A switched pool with three endpoints, after five minutes of traffic and one refresh of all."""
    world = World(*[Server(kids or ("a",), max_age=300) for _ in COGNITO])
    world.keep_asking("a", 300)
    assert {ask.place for ask in world.asks} == {UPDATED, ORIGINAL, REPLICA}
    return world


def outcomes(requests: list[Request]) -> set[str | None]:
    """What became of them."""
    return {request.outcome for request in requests}


def first(requests: list[Request], outcome: str) -> float:
    """Seconds from the first request to the first one with that outcome."""
    return next(request.began for request in requests if request.outcome == outcome) - requests[0].began


def test_a_pool_is_switched_and_only_the_updated_host_has_the_new_key() -> None:
    """Not switched: 403 and nobody minds. Switched: the first new token passes, the old key serves on."""
    world = World(not_enabled_server(), Server(), Server())
    assert outcomes(world.keep_asking("a", 2000)) == {"key"}
    world.servers[UPDATED].status, world.servers[UPDATED].kids = 200, ("a", "new")
    request = world.get("new")
    assert (request.outcome, request.waited) == ("key", 0.0625)
    assert outcomes(world.keep_asking("new", 2000)) == {"key"}
    assert outcomes(world.keep_asking("a", 100)) == {"key"}


def test_a_cold_start_while_the_primary_region_is_silent() -> None:
    """Two endpoints of it, and the keys are there within 1.5 s, again and again."""
    for _ in range(3):
        world = World(silent_server(), silent_server(), Server())
        request = world.get("a")
        assert request.outcome == "key"
        assert request.waited < 1.5
        assert outcomes(world.keep_asking("a", 1000)) == {"key"}


def test_a_rotation_while_the_preferred_endpoint_is_down_and_the_replica_lags() -> None:
    """The original host has the new key: it is found there, past a dead host and one that does not know yet."""
    world = pool()
    world.servers[UPDATED].down = True
    world.keep_asking("a", 300)
    world.servers[ORIGINAL].kids = ("a", "new")
    request = world.get("new")
    assert (request.outcome, request.waited) == ("key", 0.125)
    assert world.get("x").outcome == "503"
    world.servers[REPLICA].kids = ("a", "new")
    assert outcomes(world.keep_asking("new", 3000)) == {"key"}


def test_a_rotation_that_only_a_dead_endpoint_knows() -> None:
    """503 as long as it is dead, never 401; then the key, within the probe's pause."""
    world = pool()
    world.servers[UPDATED].down, world.servers[UPDATED].kids = True, ("a", "new")
    assert outcomes(world.keep_asking("new", 600)) == {"503"}
    world.servers[UPDATED].recover()
    world.keep_asking("a", 301)
    assert world.get("new").outcome == "key"


def test_a_withdrawal_with_a_lagging_replica() -> None:
    """Refused from the next refresh on: first as disputed, then for good; other tokens notice nothing."""
    world = pool("a", "bad")
    world.servers[UPDATED].kids = ("a",)
    answers = world.keep_asking("bad", 300)
    assert 0 < first(answers, "503") <= 270
    assert outcomes([request for request in answers if request.began > answers[0].began + 271]) == {"503"}
    world.servers[ORIGINAL].kids = ("a",)
    assert outcomes(world.keep_asking("bad", 300)) == {"503"}
    world.servers[REPLICA].kids = ("a",)
    answers = world.keep_asking("bad", 300)
    assert answers[-1].outcome == "401"
    assert "key" not in outcomes(answers)
    assert outcomes(world.keep_asking("a", 100)) == {"key"}


def test_a_withdrawal_that_the_replica_learns_first() -> None:
    """Copies that earlier endpoints sent before it do not serve the key; their next answer settles it."""
    world = pool("a", "bad")
    world.servers[REPLICA].kids = ("a",)
    world.keep_asking("a", 20)
    before = world.asked(REPLICA)[-1].at
    world.keep_asking("a", before + 245 - world.t)
    assert outcomes(world.keep_asking("bad", 60)) == {"key"}
    for place in (UPDATED, ORIGINAL):
        world.servers[place].kids = ("a",)
    answers = world.keep_asking("bad", 300)
    world.run(1)
    assert answers[-1].outcome == "401"


def test_a_lagging_region_cannot_bring_back_a_dropped_key() -> None:
    """It answers every time with the old set, for hours, and not one token of that key passes."""
    world = pool("a", "bad")
    world.servers[UPDATED].kids = world.servers[ORIGINAL].kids = ("a",)
    world.keep_asking("a", 300)
    answers = world.keep_asking("bad", 20_000, every=10)
    assert outcomes(answers) == {"503", "401"}
    assert first(answers, "401") <= 3600
    assert outcomes([request for request in answers if request.began > answers[0].began + 3610]) == {"401"}


def test_a_key_that_is_only_late_in_one_region_works() -> None:
    """The preferred endpoint has never listed it, and so has nothing against it."""
    world = pool()
    world.servers[REPLICA].kids = ("a", "new")
    assert world.get("new").outcome == "key"
    assert outcomes(world.keep_asking("new", 2000)) == {"key"}
    world.servers[UPDATED].kids = world.servers[ORIGINAL].kids = ("a", "new")
    assert outcomes(world.keep_asking("new", 2000)) == {"key"}


def test_two_hosts_that_publish_disjoint_sets_for_good() -> None:
    """Both keys serve, from the first request of each, and nobody is asked more than usual."""
    world = World(Server(("a",)), Server(("b",)), regions=["us-east-1", "us-west-2"])
    assert [world.get(kid).outcome for kid in ("a", "b")] == ["key", "key"]
    start, asked = world.t, len(world.asks)
    for n in range(3600):
        world.run_until(start + n)
        assert world.get("ab"[n % 2]).waited == 0
    assert len(world.asks) - asked <= 2 * (3600 / 480 + 1)


def test_both_regions_flap_in_antiphase() -> None:
    """Every minute the one that is up goes down and the other comes up: not one known token fails, for six hours."""
    world = World(Server(max_age=60), Server(max_age=60, down=True), regions=["us-east-1", "us-west-2"])
    answers = []
    for _ in range(360):
        answers += world.keep_asking("a", 59)
        world.run(1)
        for server in world.servers:
            server.down = not server.down
    assert outcomes(answers) == {"key"}
    assert max(request.waited for request in answers) < 0.5
    assert len(world.asks) < 2 * 360 * 4


def test_a_flood_that_stops_just_before_a_rotation() -> None:
    """The new key works within thirty seconds."""
    world = pool()
    for n in range(3000):
        world.request(f"x{n}")
        if n % 100 == 0:
            world.run(1)
    for server in world.servers:
        server.kids = ("a", "new")
    answers = world.keep_asking("new", 60, every=0.5)
    assert first(answers, "key") <= 30
    assert outcomes([request for request in answers if request.began > answers[0].began + 30]) == {"key"}


def test_a_proxy_that_answers_403_for_the_first_seconds_of_everything() -> None:
    """503 until it has woken up, keys within the back-off, and nothing is off for good."""
    world = World(*[not_enabled_server() for _ in COGNITO])
    asleep = world.keep_asking("a", 12, every=0.5)
    assert outcomes(asleep) == {"503"}
    for server in world.servers:
        server.status = 200
    answers = world.keep_asking("a", 40, every=0.5)
    assert first(answers, "key") <= 16
    world.servers[ORIGINAL].kids = ("a", "new")
    assert world.get("new").outcome == "key"


def test_a_process_suspended_for_two_hours() -> None:
    """It wakes to keys that are too old: the first requests wait for new ones, and know of the rotation meanwhile."""
    world = pool()
    for server in world.servers:
        server.kids = ("b",)
    world.suspend(7200)
    old, new = world.request("a"), world.request("b")
    world.run(3)
    assert (old.outcome, new.outcome) == ("401", "key")
    assert outcomes(world.keep_asking("b", 1000)) == {"key"}


def test_a_fork_in_the_middle_of_the_first_flight() -> None:
    """The child validates, from its own flight, as if nothing had been."""
    world = World(silent_server(), Server(), Server())
    world.request("a")
    world.run(0.3)
    world.become_child()
    request = world.get("a")
    assert (request.outcome, request.waited < 1.5) == ("key", True)
    assert outcomes(world.keep_asking("a", 1000)) == {"key"}


def test_a_cold_cache_in_an_outage_and_the_recovery() -> None:
    """503 with ``Retry-After`` all the time, and the first request within the longest pause after it passes."""
    world = World(dead_server(), silent_server(), dead_server())
    answers = world.keep_asking("a", 600)
    world.run(3)
    assert outcomes(answers) == {"503"}
    assert all(1 <= (request.retry_after or 0) <= 30 for request in answers)
    for server in world.servers:
        server.recover()
    assert first(world.keep_asking("a", 60, every=0.5), "key") <= 30
