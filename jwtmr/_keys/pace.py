"""How often may be asked: back-off, a bucket of walks for unknown kids, questions about disputed ones.

Times are monotonic seconds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

Uniform: TypeAlias = Callable[[float, float], float]
"""Draws a number between two bounds."""

FIRST_STEP: Final = 2.0
LAST_STEP: Final = 30.0
"""Seconds: a failed walk is followed by a pause between one second and a step that doubles between these two."""

BUCKET_SIZE: Final = 2
"""Walks for unknown kids in a burst: one that a bogus kid spends leaves one for a real rotation."""
BUCKET_PERIOD: Final = 30.0
"""Seconds until one more."""

RECHECK_PERIOD: Final = 30.0
"""Seconds between questions about a kid that one endpoint dropped and another lists."""


class Backoff:
    """Pauses after failed walks."""

    def __init__(self, uniform: Uniform) -> None:
        self.uniform = uniform
        self.until = -math.inf
        self._step = FIRST_STEP

    def failed(self, now: float) -> None:
        """A walk found no endpoint that answers."""
        self.until = now + self.uniform(1.0, self._step)
        self._step = min(self._step * 2, LAST_STEP)

    def succeeded(self) -> None:
        """Some endpoint answered: ask as usual."""
        self.until = -math.inf
        self._step = FIRST_STEP


class Bucket:
    """Walks for unknown kids that may still take off."""

    def __init__(self) -> None:
        self._walks = float(BUCKET_SIZE)
        self._filled = -math.inf

    def take(self, now: float) -> bool:
        """Pay for one walk, if there is one."""
        self._fill(now)
        if self._walks < 1:
            return False
        self._walks -= 1
        return True

    def wait(self, now: float) -> float:
        """Seconds until a walk can be paid for."""
        self._fill(now)
        return max(0.0, (1 - self._walks) * BUCKET_PERIOD)

    def _fill(self, now: float) -> None:
        self._walks = min(BUCKET_SIZE, self._walks + (now - self._filled) / BUCKET_PERIOD)
        self._filled = now


class Rechecks:
    """When each endpoint was last asked about a kid that one dropped and another lists."""

    def __init__(self) -> None:
        self._asked: dict[int, float] = {}

    def take(self, places: Iterable[int], now: float) -> list[int]:
        """Those of ``places`` that may be asked, which they now are."""
        due = [place for place in places if now >= self._asked.get(place, -math.inf) + RECHECK_PERIOD]
        self._asked.update((place, now) for place in due)
        return due
