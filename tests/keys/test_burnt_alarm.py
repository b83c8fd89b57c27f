"""What operators are told of a key whose private half was published: each once, and nothing of the material."""

from __future__ import annotations

import logging

import pytest
from keymaterial import PRIVATE_HALF, body_of, ed_jwk, rsa_jwk
from leaks import PRESENT, PUBLISHED, problems, refresh, started
from logged import write
from servers import Server
from world import World

from jwtmr.events import EndpointChanged, KeysChanged


def test_the_alarm_is_told_once_by_each_endpoint() -> None:
    """For the one that leaks with what it gave away, for the other with what it lost. Then it is quiet, and stays."""
    world = started()
    since = world.t
    world.servers[0].kids = ("a!", "b")
    refresh(world)
    world.keep_asking("b", 3 * 3600, every=10)
    told = [(event.region, event.added, event.removed, event.refused) for event in world.said(KeysChanged, since)]
    assert told == [("us-east-1", 0, 1, (PRESENT,)), ("us-west-2", 0, 1, (PUBLISHED,))]
    assert [problems(world, place) for place in range(2)] == [(PRESENT,), (PUBLISHED,)]
    assert world.said(EndpointChanged, since) == []


def test_the_alarm_where_all_keys_leak() -> None:
    """Though the answer is none, what it gave away is told, once; its host is down."""
    world = started()
    since = world.t
    world.servers[0].kids = ("a!", "b!")
    refresh(world)
    world.keep_asking("b", 3600, every=10)
    told = [(event.region, event.removed, event.refused) for event in world.said(KeysChanged, since)]
    assert told == [("us-east-1", 2, ("no usable key", PRESENT, PRESENT)), ("us-west-2", 2, (PUBLISHED, PUBLISHED))]
    assert {event.after for event in world.said(EndpointChanged, since)} == {"down"}
    assert set(problems(world, 0)) == {"no usable key", PRESENT, PUBLISHED}


def test_the_alarm_at_a_cold_start() -> None:
    """Nothing was held, so nothing has changed; but a private key is public."""
    world = World(Server(("a!",)))
    assert {request.outcome for request in world.keep_asking("a", 600)} == {"503"}
    assert [(event.added, event.removed, event.refused) for event in world.said(KeysChanged)] == [
        (0, 0, ("no usable key", PRESENT))
    ]
    assert problems(world, 0) == ("no usable key", PRESENT)


def test_the_alarm_of_a_late_answer() -> None:
    """Nobody listed that key, and the answer is not heard."""
    world = started()
    since = world.t
    world.servers[0].kids, world.servers[0].latency = ("x!", "b"), 2.75
    refresh(world)
    told = [(event.region, event.added, event.removed, event.refused) for event in world.said(KeysChanged, since)]
    assert told == [("us-east-1", 0, 0, (PRESENT,))]


def test_another_key_that_leaks_is_another_alarm() -> None:
    """Under the same kid and for the same reason."""
    world = started()
    since = world.t
    for key in ("x!", "x=y!", "x=y!"):
        world.servers[0].kids = ("a", "b", key)
        refresh(world)
        world.run(480)
    assert [event.refused for event in world.said(KeysChanged, since)] == [(PRESENT,), (PRESENT,)]


def test_nothing_of_the_material_is_told(caplog: pytest.LogCaptureFixture) -> None:
    """Not in an event, a line of the log, a report, nor anywhere in the state."""
    caplog.set_level(logging.DEBUG, "jwtmr")
    members = [ed_jwk("a", d=PRIVATE_HALF), rsa_jwk("r", d=PRIVATE_HALF, p=PRIVATE_HALF), ed_jwk("b")]
    world = started()
    world.servers[0].body = body_of(members)
    refresh(world)
    write(world.events)
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert f"pool: unusable keys at https://keys0.example/: {PRESENT}" in warnings
    told = repr((world.events, world.report(), world.state.view, world.state._endpoints.ledger.copies))  # noqa: SLF001
    assert PRIVATE_HALF not in told + caplog.text
