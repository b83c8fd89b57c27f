"""Writes what a world tells into the log, at the times of the world."""

from __future__ import annotations

from collections.abc import Iterable

from jwtmr._log import Log
from jwtmr.events import Event
from jwtmr.testing import SettableClock


def write(events: Iterable[tuple[float, Event]]) -> None:
    """Log each event at its second."""
    clock, now = SettableClock(0), 0.0
    log = Log(clock)
    for t, event in events:
        clock.advance(t - now)
        now = t
        log.event(event)
