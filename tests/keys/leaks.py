"""Two endpoints whose next refresh is due, and what may become of a key that one of them gives away."""

from __future__ import annotations

from typing import Final

from servers import Server
from world import World

TWO: Final = ("us-east-1", "us-west-2")
PRESENT: Final = "private members present: this key is never used again"
PUBLISHED: Final = "its private members were published: this key is never used again"


def started(*servers: Server, regions: tuple[str, ...] = TWO) -> World:
    """A world of two endpoints, or those given, that have all been asked for ``a`` and ``b``. A refresh is due."""
    world = World(*(servers or (Server(("a", "b")), Server(("a", "b")))), regions=regions)
    world.keep_asking("a", 490)
    assert {world.get(kid).outcome for kid in "ab"} == {"key"}
    assert {ask.place for ask in world.asks} == set(range(len(world.servers)))
    world.run(500)
    return world


def refresh(world: World, kid: str = "b") -> None:
    """A request finds that the keys are due, and all that follows from it."""
    asked = len(world.asks)
    world.request(kid)
    world.run(10)
    assert len(world.asks) > asked


def outcomes(world: World, kids: str) -> list[str | None]:
    """What a request with each of these is told."""
    return [world.get(kid).outcome for kid in kids]


def problems(world: World, place: int) -> tuple[str, ...]:
    """What an operator is told of an endpoint's answers."""
    return world.report()[place].reasons
