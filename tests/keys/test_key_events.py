"""What the state machine says about itself: each thing once (design section 5, events)."""

from __future__ import annotations

import pytest
from keymaterial import body_of, ed_jwk
from servers import Server, dead_server, not_enabled_server
from world import World

from jwtmr.events import EndpointChanged, FetchFinished, KeysChanged, KeysDiverged, RefreshSuppressed

TWO = ["us-east-1", "us-west-2"]


def test_every_attempt_is_told_of_once() -> None:
    """With its outcome, its duration, its trigger and its place; the ones that were given up too."""
    world = World(not_enabled_server(), Server(latency=2.75), Server())
    world.keep_asking("a", 1000)
    world.run(3)
    world.warm()
    told = world.said(FetchFinished)
    assert len(told) == len(world.asks)
    assert [event.endpoint for event in told[:2]] == ["https://keys0.example/", "https://keys2.example/"]
    assert (told[0].authority, told[0].region, told[0].outcome, told[0].trigger) == (
        "pool", "us-east-1", "client_error", "start",
    )  # fmt: skip
    assert told[1].duration == pytest.approx(0.0625)
    late = [event for event in told if event.endpoint == "https://keys1.example/"]
    assert late
    assert all(event.outcome == "timeout" and event.duration >= 2.5 for event in late)


def test_changed_keys_are_told_with_numbers() -> None:
    """Added and removed, and why members were refused; an unchanged set is no event."""
    world = World(Server(("a", "b")))
    world.keep_asking("a", 1000)
    world.servers[0].body = body_of([ed_jwk("b"), ed_jwk("c"), ed_jwk("d"), {"kid": "e", "kty": "oct", "k": "AQ"}])
    world.keep_asking("b", 1000)
    changes = [(event.added, event.removed, event.refused) for event in world.said(KeysChanged)]
    assert changes == [(2, 0, ()), (2, 1, ("private or symmetric key material",))]


def test_another_key_under_the_same_kid_is_a_change() -> None:
    """Though no kid comes or goes."""
    world = World(Server(("a=old",)))
    world.get("a")
    world.servers[0].kids = ("a=new",)
    world.keep_asking("a", 1000)
    assert [(event.added, event.removed) for event in world.said(KeysChanged)] == [(1, 0), (0, 0)]


def test_an_endpoint_tells_each_change_of_its_state_once() -> None:
    """cold, ok, degraded, down, ok: a whole outage in four events."""
    world = World(Server(), Server(max_age=900), regions=TWO)
    world.keep_asking("a", 500)
    world.servers[0].down = True
    world.keep_asking("a", 5000)
    world.servers[0].recover()
    world.keep_asking("a", 600)
    steps = [(event.before, event.after) for event in world.said(EndpointChanged) if event.region == "us-east-1"]
    assert steps == [("cold", "ok"), ("ok", "degraded"), ("degraded", "down"), ("down", "ok")]


@pytest.mark.parametrize(("server", "state"), [(dead_server, "down"), (not_enabled_server, "not_enabled")])
def test_an_endpoint_that_never_worked_changes_once(server: type[Server], state: str) -> None:
    """However often it is asked."""
    world = World(server(), Server(), regions=TWO)
    world.keep_asking("a", 3000)
    steps = [(event.before, event.after) for event in world.said(EndpointChanged) if event.region == "us-east-1"]
    assert steps == [("cold", state)]


def test_a_quiet_day_is_quiet() -> None:
    """Nothing but fetches, after the start."""
    world = World(Server(), Server(), Server())
    world.keep_asking("a", 1000)
    start = world.t
    world.keep_asking("a", 20_000, every=5)
    assert {type(event) for t, event in world.events if t > start} == {FetchFinished}


def test_nothing_of_an_unverified_token_is_told() -> None:
    """A bogus kid is in no event, whatever became of it."""
    world = World(Server(("a", "k")), Server(("a", "k")), regions=TWO)
    world.keep_asking("a", 600)
    world.servers[0].kids = ("a",)
    world.keep_asking("a", 600)
    for n in range(20):
        world.get(f"bogus-{n}")
        world.get("k")
    assert world.said(KeysDiverged)
    assert world.said(RefreshSuppressed) == []
    assert "bogus" not in repr(world.events)
