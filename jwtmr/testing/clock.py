"""A clock that a test sets, so that nothing waits for a token to expire or a window to close."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from typing import Final

from jwtmr.issuers import check_moment
from jwtmr.settings import SystemClock, seconds

LAST_MOMENT: Final = 253402300799.0
"""Unix seconds of the last second of the year 9999, the end of ``datetime``."""

SYSTEM_CLOCK: Final = SystemClock()
"""What issuers go by unless they are given a clock."""


def unix_time(parameter: str, moment: datetime | float) -> float:
    """Return ``moment`` as Unix seconds; ``ConfigurationError`` for a naive ``datetime``, whose moment nobody knows."""
    if isinstance(moment, datetime):
        check_moment(parameter, moment)
        return moment.timestamp()
    return seconds(parameter, moment, low=0, high=LAST_MOMENT)


class SettableClock:
    """A :class:`jwtmr.Clock` whose wall clock stands still until the test moves it.

    The monotonic and the boot-time clock go on by themselves and are moved in addition: deadlines, back-off and hedging
    run on them, and a timer on a clock that stands still would never end. Any thread may move it.
    """

    def __init__(self, start: datetime | float | None = None) -> None:
        """Start at an aware ``datetime`` or at Unix seconds; ``None`` is the present, in whole seconds.

        Whole, so that a ``datetime`` made with :meth:`now` names exactly the moment that :meth:`wall` will reach.
        """
        self._lock = threading.Lock()
        self._wall = float(int(time.time())) if start is None else unix_time("start", start)
        self._advanced = 0.0
        self._suspended = 0.0

    def wall(self) -> float:
        """Unix seconds as last set."""
        return self._wall

    def monotonic(self) -> float:
        """The real monotonic clock plus all that was advanced."""
        return SYSTEM_CLOCK.monotonic() + self._advanced

    def boottime(self) -> float:
        """The real boot-time clock plus all that was advanced or suspended."""
        with self._lock:
            return SYSTEM_CLOCK.boottime() + self._advanced + self._suspended

    def now(self) -> datetime:
        """The wall clock as an aware ``datetime`` in UTC."""
        return datetime.fromtimestamp(self._wall, UTC)

    def advance(self, seconds: float) -> None:
        """Let time pass: all three clocks go forward. Never back; for that see :meth:`set`."""
        step = _step(seconds)
        with self._lock:
            self._wall += step
            self._advanced += step

    def suspend(self, seconds: float) -> None:
        """Let time pass while the machine sleeps: wall and boot-time go forward, the monotonic clock does not."""
        step = _step(seconds)
        with self._lock:
            self._wall += step
            self._suspended += step

    def set(self, moment: datetime | float) -> None:
        """Move the wall clock alone, forward or back, as somebody does who corrects it."""
        wall = unix_time("moment", moment)
        with self._lock:
            self._wall = wall

    def __repr__(self) -> str:
        return f"SettableClock({self.now().isoformat()})"


def _step(value: float) -> float:
    return seconds("seconds", value, low=0, high=LAST_MOMENT)
