"""Idle time is not silence: only questions in vain count against an endpoint. What a review of that rule found."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from servers import Server
from world import World

from jwtmr._keys.decision import Ask
from jwtmr._keys.reading import Reading

REGIONS = ("us-east-1", "us-west-2")


@dataclass(slots=True)
class Stumbling(Server):
    """Answers 503 so many times, then properly."""

    stumbles: int = 0

    def answer(self, ask: Ask, allowed: frozenset[str]) -> tuple[float | None, Reading]:
        """What comes back for one attempt, and after how many seconds."""
        self.status = 503 if self.stumbles else 200
        self.stumbles = max(0, self.stumbles - 1)
        return Server.answer(self, ask, allowed)


def pair(*kids: str) -> tuple[World, Stumbling]:
    """Two regions that list these, and the first of them."""
    first = Stumbling(kids)
    return World(first, Server(kids), regions=REGIONS), first


def stumble(first: Stumbling, stumbles: int, wait: int | None, *kids: str) -> None:
    """The first region has these keys now, and says so after so many failures."""
    first.kids, first.stumbles = kids, stumbles
    first.headers = {} if wait is None else {"retry-after": str(wait)}


STUMBLES = pytest.mark.parametrize(
    ("stumbles", "wait", "outcome"), [(0, None, "key"), (1, None, "key"), (1, 30, "503"), (2, None, "503")]
)
"""With one quick failure the walk for the kid, which follows the start, asks again; else it may not do so yet."""


@STUMBLES
@pytest.mark.parametrize("idle", [3500, 3700, 30_000])
def test_idle_time_takes_no_endpoints_say(idle: float, stumbles: int, wait: int | None, outcome: str) -> None:
    """Both have answered, then nobody asked: one failure of who knows the new key is a 503 and no 401."""
    world, first = pair("a")
    assert world.get("x").outcome == "401"
    assert {ask.place for ask in world.asks if ask.outcome == "ok"} == {0, 1}
    world.run(idle)
    stumble(first, stumbles, wait, "a", "new")
    refused = world.get("new")
    assert refused.outcome == outcome
    world.run((refused.retry_after or 0) + 31)
    assert world.get("new").outcome == "key"


@STUMBLES
@pytest.mark.parametrize("idle", [0, 3700, 30_000])
def test_time_since_the_start_is_nobodys_silence(idle: float, stumbles: int, wait: int | None, outcome: str) -> None:
    """A process that gets its first request after an hour has asked nobody in vain yet."""
    world, first = pair("a")
    world.run(idle)
    stumble(first, stumbles, wait, "a", "new")
    refused = world.get("new")
    assert refused.outcome == outcome
    world.run((refused.retry_after or 0) + 31)
    assert world.get("new").outcome == "key"


@pytest.mark.parametrize("stumbles", [0, 1, 2, 10**6])
@pytest.mark.parametrize("idle", [60, 2000, 3590, 3700, 30_000])
def test_a_withdrawn_key_does_not_come_back_after_a_quiet_hour(idle: float, stumbles: int) -> None:
    """The lagging region lists it to this day, and the one that withdrew it fails: not one request is let in."""
    world, first = pair("a", "k")
    world.keep_asking("k", 490)
    first.kids = ("a",)
    world.keep_asking("a", 490)
    world.run(idle)
    stumble(first, stumbles, None, "a")
    answers = world.keep_asking("k", 3500, every=20)
    world.run(3)
    assert {answer.outcome for answer in answers} <= {"401", "503"}
    assert world.get("a").outcome == "key"
