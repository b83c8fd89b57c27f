"""Traffic written down: what became of each request, in their order."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from typing import Final

from furniture import COGNITO, Request
from servers import Server
from world import World

UPDATED, ORIGINAL, REPLICA = 0, 1, 2
"""Places of the endpoints of a pool with a replica region, in order of precedence."""
ONE_ROUND: Final = 0.5
"""Seconds: more than a walk takes past hosts that answer or refuse, and less than any that waits for a silent one."""


def pool(*kids: str) -> World:
    """A switched pool with three endpoints, after five minutes of traffic and one refresh of all."""
    world = World(*[Server(kids or ("a",), max_age=300) for _ in COGNITO])
    assert told(world.keep_asking("a", 300)) == "301 key"
    assert {ask.place for ask in world.asks} == {UPDATED, ORIGINAL, REPLICA}
    return world


def side_by_side(
    world: World, seconds: int, *kids: str, meanwhile: Callable[[], object] = lambda: None
) -> dict[str, list[Request]]:
    """Traffic with several kids: a request with each of them every second, and ``meanwhile`` before them."""
    start, requests = world.t, {kid: list[Request]() for kid in kids}
    for n in range(seconds):
        world.run_until(start + n)
        meanwhile()
        for kid in kids:
            requests[kid].append(world.request(kid))
    world.run_until(start + seconds)
    return requests


def told(requests: list[Request]) -> str:
    """The outcomes, as ``"12 key, 1 503, 3 key"``: those that follow each other and are the same are counted."""
    return ", ".join(f"{len(list(run))} {outcome}" for outcome, run in groupby(request.outcome for request in requests))


def all_told(requests: dict[str, list[Request]]) -> dict[str, str]:
    """The same for each kid."""
    return {kid: told(those) for kid, those in requests.items()}


def waited(requests: list[Request]) -> list[int]:
    """The numbers of the requests that waited."""
    return [number for number, request in enumerate(requests) if request.waited]


def longest_wait(requests: list[Request]) -> float:
    """Seconds."""
    return max(request.waited for request in requests)


def first(requests: list[Request], outcome: str) -> float:
    """Seconds from the first request to the first one with that outcome."""
    return next(request.began for request in requests if request.outcome == outcome) - requests[0].began
