"""An observer of fetches: how each endpoint was found, and whether the keys in hand were enough all the time."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Final

from jwtmr import Event
from jwtmr.events import FetchFinished, FetchOutcome

PATIENCE: Final = 60.0
"""Seconds for what takes a fraction of one, on a machine that is busy with other things."""
ANSWERED: Final[frozenset[FetchOutcome]] = frozenset({"ok", "not_modified"})
MISSED: Final[frozenset[FetchOutcome]] = frozenset({"network", "timeout"})
"""Nobody listens, or the clock was moved while that was being found out."""


class FetchWatch:
    """Remembers fetches, and wakes who waits for one."""

    def __init__(self) -> None:
        self._seen: list[FetchFinished] = []
        self._changed = threading.Condition()

    def on_event(self, event: Event, /) -> None:
        """Keep it, if it is one."""
        if isinstance(event, FetchFinished):
            with self._changed:
                self._seen.append(event)
                self._changed.notify_all()

    def since(self, mark: int = 0) -> list[FetchFinished]:
        """The fetches after the first ``mark``, oldest first."""
        with self._changed:
            return self._seen[mark:]

    def mark(self) -> int:
        """How many there were so far."""
        return len(self.since())

    def found(self, mark: int, outcome: FetchOutcome) -> set[str]:
        """The endpoints of which a fetch ended so, after the first ``mark`` fetches."""
        return {fetch.endpoint for fetch in self.since(mark) if fetch.outcome == outcome}

    def wait(self, mark: int, wanted: Mapping[str, frozenset[FetchOutcome]]) -> None:
        """Wait until each of these endpoints was found in one of its ways, after the first ``mark`` fetches."""

        def all_found() -> bool:
            found = [(event.endpoint, event.outcome) for event in self._seen[mark:]]
            return all(any((url, way) in found for way in ways) for url, ways in wanted.items())

        with self._changed:
            assert self._changed.wait_for(all_found, PATIENCE), (wanted, self._seen[mark:])
