"""The ``jwtmr`` logger: one line per change of state, and nothing on the way of a request."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Final

from jwtmr._calm import Calm
from jwtmr._lines import Line, line_of_fetching, line_of_problem, lines_of
from jwtmr.events import EndpointChanged, Event, FetchFinished, FetchOutcome
from jwtmr.settings import Clock

logger: Final = logging.getLogger("jwtmr")
logger.addHandler(logging.NullHandler())


class Log:
    """Writes the lines of one part of a validator. No method raises anything."""

    def __init__(self, clock: Clock) -> None:
        self._clock: Final = clock
        self._calm: Final = Calm()
        self._outcomes: Final[dict[tuple[str, str], FetchOutcome]] = {}

    def event(self, event: Event) -> None:
        """Write the lines of ``event``, if an operator should see it."""
        with suppress(Exception):  # somebody's logging filter must not turn a settled outcome into another one
            self._write(list(lines_of(event, self._outcome(event))))

    def problem(self, authority: str, problem: str) -> None:
        """Write a line about a problem of ``authority`` that a report names."""
        with suppress(Exception):
            self._write([line_of_problem(authority, problem)])

    def fetching(self, authority: str, *, stranded: bool) -> None:
        """Write that fetches of ``authority``'s keys began to be lost, or that one has come to its end again."""
        with suppress(Exception):
            self._write([line_of_fetching(authority, stranded=stranded)])

    def _outcome(self, event: Event) -> FetchOutcome | None:
        """The last outcome at the endpoint of ``event``, which comes before the change that it causes."""
        if isinstance(event, FetchFinished):
            self._outcomes[event.authority, event.endpoint] = event.outcome
        if isinstance(event, EndpointChanged):
            return self._outcomes.get((event.authority, event.endpoint))
        return None

    def _write(self, lines: list[Line]) -> None:
        for line, left_out in self._calm.take(lines, self._clock.monotonic()):
            text, args = line.format, line.args
            if left_out:
                text, args = text + "; %d more left out", (*args, left_out)
            with suppress(Exception):  # and not keep the other lines back
                logger.log(line.level, text, *args, extra=line.labels(left_out))
