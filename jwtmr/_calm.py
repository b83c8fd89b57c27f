"""Keeps the log from storming: what it says of one subject, at which pace.

News is written at once, but for the sixth line about a subject within a minute; what is no news, once a minute. What
was left out is counted in the next line. The last news of a subject is never lost: it is written when the minute is
over and anything at all happens, so the log does not go on saying "down" of what has been up for hours.
"""

from __future__ import annotations

import threading
from typing import Final

from jwtmr._fork import renewed_in_child
from jwtmr._lines import Field, Line

MINUTE: Final = 60.0
"""Seconds by the monotonic clock."""
MAX_NEWS: Final = 5
"""Lines about one subject in a minute. State machines of ours make two or three at worst."""
MAX_SUBJECTS: Final = 1000
"""What is remembered. There are as many as endpoints and problems; with more of them all are forgotten."""


class _Said:
    """What was written about one subject, and what was not."""

    __slots__ = ("began", "left_out", "lines", "news", "waiting")

    def __init__(self) -> None:
        self.began = float("-inf")
        self.lines = self.left_out = 0
        self.news: str | None = None
        self.waiting: Line | None = None

    def write(self, line: Line, now: float) -> tuple[Line, int]:
        """Say ``line`` now. Returns it, and how many were left out before it."""
        if now - self.began >= MINUTE:
            self.began, self.lines = now, 0
        left_out, self.left_out = self.left_out, 0
        self.lines, self.news, self.waiting = self.lines + 1, line.news, None
        return line, left_out

    def may(self, line: Line, now: float) -> bool:
        """Whether ``line`` may be written now."""
        return now - self.began >= MINUTE or (self.is_news(line) and self.lines < MAX_NEWS)

    def is_news(self, line: Line) -> bool:
        """Whether ``line`` says something else than the last one that was written."""
        return line.news is None or line.news != self.news


class Calm:
    """Decides when a line is written. Thread-safe; a signal handler may come in between."""

    def __init__(self) -> None:
        self.in_child()
        renewed_in_child(self)

    def in_child(self) -> None:
        """Begin anew."""
        # It may be entered again by the thread that holds it: a signal handler must not wait for whom it interrupted.
        self._lock = threading.RLock()
        self._said: dict[tuple[Field, str, str], _Said] = {}

    def take(self, lines: list[Line], now: float) -> list[tuple[Line, int]]:
        """What is to be written now, in its order, each with the number of lines that were left out before it."""
        if not lines and not self._said:
            return []
        with self._lock:
            return [*self._overdue(now), *(one for line in lines for one in self._taken(line, now))]

    def _taken(self, line: Line, now: float) -> list[tuple[Line, int]]:
        if len(self._said) >= MAX_SUBJECTS and line.subject not in self._said:
            self._said.clear()
        said = self._said.setdefault(line.subject, _Said())
        if said.may(line, now):
            return [said.write(line, now)]
        said.left_out += 1
        said.waiting = line if said.is_news(line) else None
        return []

    def _overdue(self, now: float) -> list[tuple[Line, int]]:
        overdue: list[tuple[Line, int]] = []
        for said in list(self._said.values()):
            line = said.waiting
            if line is not None and said.may(line, now):
                said.left_out -= 1
                overdue.append(said.write(line, now))
        return overdue
