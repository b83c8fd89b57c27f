"""Walks that are lost on this side: no thread, or one that died. Keys serve on, and operators see it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from servers import Server, dead_server
from world import World

from jwtmr.events import FetchFinished


def started(*servers: Server) -> World:
    """A world that has its keys, and a refresh that is due."""
    world = World(*(servers or (Server(),)))
    assert world.get("a").outcome == "key"
    world.run(500)
    return world


def stranded(world: World) -> bool:
    """What an operator sees. Nobody is asked for it."""
    return world.state.report(world.now(), ask=False).stranded


def no_thread(world: World) -> None:
    """The next walk finds no thread."""
    world.threads = False
    world.request("a")
    world.threads = True


def dead_thread(world: World) -> None:
    """The thread of the next walk dies, and says so."""
    world.carriers_live = False
    world.request("a")
    assert world.state.walk is not None
    world.state.lost(world.state.walk.number, world.now())
    world.run(0.01)
    world.carriers_live = True


def vanished_thread(world: World) -> None:
    """The thread of the next walk is gone without a word, for as long as a flight may take."""
    world.carriers_live = False
    world.request("a")
    world.run(6.01)
    world.carriers_live = True
    world.state._give_up(world.now())  # noqa: SLF001  # any call would; this one begins no other walk


ways = pytest.mark.parametrize("lose", [no_thread, dead_thread, vanished_thread])


@ways
def test_a_lost_refresh_is_seen_until_one_has_brought_keys(lose: Callable[[World], None]) -> None:
    """The endpoint is not to blame: no failure is counted, and no fetch is told that was not made."""
    world = started()
    fetches = len(world.said(FetchFinished))
    assert not stranded(world)
    lose(world)
    assert stranded(world)
    (status,) = world.state.report(world.now(), ask=False).endpoints
    assert (status.state, status.failures, status.last_outcome) == ("ok", 0, "ok")
    assert len(world.said(FetchFinished)) == fetches
    assert {request.outcome for request in world.keep_asking("a", 5)} == {"key"}
    assert (len(world.said(FetchFinished)), stranded(world)) == (fetches + 1, False)


@ways
def test_a_lost_start_is_seen(lose: Callable[[World], None]) -> None:
    """Nobody can be validated, and status says whose fault that is."""
    world = World(Server())
    lose(world)
    assert stranded(world)
    world.run(5)
    assert world.get("a").outcome == "key"
    assert not stranded(world)


def test_a_walk_that_brings_no_keys_does_not_end_it() -> None:
    """Until one does, nobody knows that it would have been otherwise."""
    world = started()
    no_thread(world)
    world.servers[0].down = True
    world.keep_asking("a", 60)
    assert world.report()[0].failures > 1
    assert stranded(world)
    world.servers[0].recover()
    world.keep_asking("a", 60)
    assert not stranded(world)


def test_a_probe_does_not_end_it() -> None:
    """It is no walk, and needs no thread that carries one."""
    world = World(Server(max_age=900), dead_server(), regions=["us-east-1", "us-west-2"])
    world.keep_asking("a", 800)
    world.threads = False
    assert (world.get("x").outcome, stranded(world)) == ("503", True)
    world.threads = True
    world.servers[1].recover()
    walks = len(world.walks)
    world.keep_asking("a", 300)
    assert (world.asks[-1].trigger, world.asks[-1].outcome, len(world.walks)) == ("probe", "ok", walks)
    assert stranded(world)


def test_a_walk_for_an_unknown_kid_ends_it() -> None:
    """It has brought keys, though not the one that was sought; and it can be lost as any other."""
    world = started()
    no_thread(world)
    world.run(3)
    assert (world.get("x").outcome, stranded(world)) == ("401", False)
    world.threads = False
    assert (world.get("y").outcome, stranded(world)) == ("503", True)


@pytest.mark.parametrize(("seconds", "seen"), [(5.9, False), (6.1, True)])
def test_a_frozen_flight_is_lost_when_its_time_is_over(seconds: float, seen: bool) -> None:
    """Until then it may land."""
    world = started()
    world.servers[0].latency = 1.0
    world.request("a")
    world.run(0.5)
    world.freeze(seconds - 0.5)
    world.request("a")
    assert stranded(world) is seen


def test_a_loss_that_is_told_too_late_is_none() -> None:
    """The walk has landed."""
    world = started()
    world.get("a")
    world.run(1)
    world.state.lost(world.state._walks, world.now())  # noqa: SLF001
    assert not stranded(world)


def test_a_fork_in_mid_flight_is_no_loss() -> None:
    """The flight is the parent's. What the parent had lost is lost to the child's keys as well."""
    world = started()
    world.request("a")
    world.become_child()
    assert not stranded(world)
    world.run(1)
    world.keep_asking("a", 5)
    world.run(500)
    no_thread(world)
    world.become_child()
    assert stranded(world)
    world.keep_asking("a", 5)
    assert not stranded(world)
