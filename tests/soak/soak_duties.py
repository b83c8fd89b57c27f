"""What the library owes to endpoints and to a withdrawal: to ask in time, not too often, and where it is told to.

From the design: "refresh ahead, in the background, triggered by traffic; asks every endpoint that is not skipped", "a
bucket of 2 walks, one more each 30 s, paid at take-off" and "no redirects".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from soak_facts import Log, Request
from soak_history import Entry, History
from soak_kleene import YES, lapsed
from soak_obstacles import Obstacles

SOON: Final = 1.0
"""Seconds, real ones, in which an endpoint that is due must have been asked. A walk asks all of them in less."""
PERIOD: Final = 30.0
SIZE: Final = 2
WALK: Final = 5.0
"""Seconds between the beginning of a walk, which is what is paid for, and the last question of it."""


def neglected(request: Request, log: Log, history: History, obstacles: Obstacles) -> Iterator[int]:
    """The endpoints whose keys were past their lifetime when somebody looked for a key, and which were not asked soon.

    Only where nothing came between: the clocks stood still, and every endpoint answered whenever it was asked.
    """
    end = request.answered + SOON + log.stalled(request.sent, request.answered + SOON)
    if log.time.moved(request.sent, end) or end > log.ended or not obstacles.undisturbed(request):
        return
    seen = [history.entries(place, request.sent, end) for place in range(log.places)]
    if any(entry.failed for entries in seen for entry in entries):
        return
    for place, entries in enumerate(seen):
        if entries and _past_lifetime(entries[0], request, log) and not _asked_again(entries[0], end, history, place):
            yield place


def _past_lifetime(entry: Entry, request: Request, log: Log) -> bool:
    word, now = entry.word, log.time.span(request.sent, request.answered)
    known = entry.sure <= request.sent and word.sent is not None
    return known and lapsed(word.sent and word.sent.span, now, word.fresh_for) == YES


def _asked_again(entry: Entry, end: float, history: History, place: int) -> bool:
    return any(entry.fetch.called < other.fetch.called <= end for other in history.chains[place])


def overspent(log: Log, history: History) -> Iterator[str]:
    """Where an endpoint got more questions for unknown kids than the bucket has walks, in any stretch of time."""
    for place, chain in enumerate(history.chains):
        sent = sorted(
            (entry.said.sent.span for entry in chain if entry.fetch.trigger == "unknown_kid"),
            key=lambda span: span.early.mono,
        )
        for first, began in enumerate(sent):
            for number, ended in enumerate(sent[first:], 1):
                if number > SIZE + (ended.late.mono - began.early.mono + WALK) / PERIOD:
                    yield f"endpoint {place} was asked {number} times in {ended.late.mono - began.early.mono:.0f} s"
                    return
