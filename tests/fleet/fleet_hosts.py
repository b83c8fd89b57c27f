"""The key hosts of a pool, for a whole fleet: what each says at which moment, and how often it was asked.

An answer is read once by the real ``read_answer`` and handed to every process: what it says is immutable.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Literal, TypeAlias, TypeVar

from keymaterial import body_of, rsa_jwk

from jwtmr._keys.reading import Reading, read_answer
from jwtmr.events import Trigger

T = TypeVar("T")

Mood: TypeAlias = Literal["well", "silent", "refusing", "forbidden"]
"""``forbidden``: 403, the updated host of a pool that has not been switched."""
Script: TypeAlias = tuple[tuple[float, T], ...]
"""From which second on what holds. The first line has no beginning."""

ALG: Final = "RS256"
OLD: Final = "a"
NEW: Final = "b"
"""The ``kid`` before a rotation, and the one that it brings."""
VALID: Final = (OLD, NEW)
ALWAYS: Final = -math.inf
SILENCE: Final = 2.55
"""Seconds after which a client gives up a silent host by itself: just more than an attempt is waited for."""
ROOM: Final = 0.1
"""Seconds' worth of requests that a host with a capacity takes at once."""


def _failure(status: int) -> Reading:
    return read_answer(status, {}, b"", allowed=frozenset(), etag=None, wall=0.0)


FAILURES: Final[dict[Mood, Reading]] = {
    "silent": Reading("timeout"), "refusing": Reading("network"), "forbidden": _failure(403)
}  # fmt: skip
OVERLOADED: Final = _failure(429)


@lru_cache
def key_set(kids: tuple[str, ...], max_age: int | None) -> Reading:
    """The answer of a host that is well, read."""
    body = body_of(rsa_jwk(kid, alg=ALG) for kid in kids)
    headers = {} if max_age is None else {"cache-control": f"public, max-age={max_age}"}
    return read_answer(200, headers, body, allowed=frozenset({ALG}), etag=None, wall=0.0)


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How a host is, from when on."""

    moods: Script[Mood] = ((ALWAYS, "well"),)
    kids: Script[tuple[str, ...]] = ((ALWAYS, (OLD,)),)
    max_age: int | None = None
    """What ``Cache-Control`` says; nothing by default."""
    capacity: float | None = None
    """Answers a second for each process of the fleet; who comes beyond that is told 429 without ``Retry-After``."""


@dataclass(slots=True)
class Host:
    """One key host."""

    name: str
    behaviour: Behaviour
    processes: int
    """Of the fleet that asks it."""
    asked: Counter[tuple[int, Trigger]] = field(default_factory=Counter[tuple[int, Trigger]])
    """Requests, by the second in which they were sent and what for."""
    overloads: int = 0
    """Requests that were told 429."""
    _room: float = 0.0
    _filled: float = ALWAYS

    def answer(self, trigger: Trigger, t: float, latency: float) -> tuple[float, Reading]:
        """What comes back for a request sent at ``t``, and after how many seconds."""
        self.asked[math.floor(t), trigger] += 1
        how = self.behaviour
        mood = line_at(how.moods, t)
        if mood != "well":
            return SILENCE if mood == "silent" else latency, FAILURES[mood]
        if how.capacity is not None and not self._has_room(how.capacity * self.processes, t):
            self.overloads += 1
            return latency, OVERLOADED
        return latency, key_set(line_at(how.kids, t), how.max_age)

    def _has_room(self, capacity: float, t: float) -> bool:
        self._room = min(max(1.0, ROOM * capacity), self._room + (t - self._filled) * capacity)
        self._filled = t
        if self._room < 1:
            return False
        self._room -= 1
        return True


def line_at(script: Script[T], t: float) -> T:
    """What holds at ``t``."""
    return script[bisect_right(script, t, key=lambda line: line[0]) - 1][1]
