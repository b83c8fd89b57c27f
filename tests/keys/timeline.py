"""Virtual time: what is to be done when. Nothing in it looks at a clock, and nothing waits."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Final

MAX_EVENTS: Final = 200_000
"""Events at one moment; more of them is a loop that never ends."""


class Timeline:
    """Seconds since the beginning, and what is still to come. Any number of processes can share one."""

    def __init__(self) -> None:
        self.t = 0.0
        self._heap: list[tuple[float, int, Callable[[], object]]] = []
        self._scheduled = 0

    def at(self, t: float, action: Callable[[], object]) -> None:
        """Have ``action`` done when ``t`` seconds have gone; what is due at one moment, in the order of asking."""
        self._scheduled += 1
        heapq.heappush(self._heap, (t, self._scheduled, action))

    def run_until(self, t: float) -> None:
        """Let time pass until ``t``."""
        heap, events = self._heap, 0
        while heap and heap[0][0] <= t:
            when, _, action = heapq.heappop(heap)
            events = events + 1 if when <= self.t else 0
            assert events < MAX_EVENTS, f"time stands still at {self.t}"
            self.t = max(self.t, when)
            action()
        self.t = max(self.t, t)

    def run_next(self) -> None:
        """Let time pass until something happens."""
        assert self._heap, "somebody waits, and nothing will ever happen"
        self.run_until(self._heap[0][0])
