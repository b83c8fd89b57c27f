"""What stood in the way of finding out what a kid means: where nothing did, 503 is no answer.

Each method says yes only where that is sure, whatever the threads did.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from soak_facts import Log, Request
from soak_history import History
from soak_kleene import NO, lapsed
from soak_model_keys import SLACK, asking_order

WAIT: Final = 2.0
"""Seconds that a request waits for keys."""
BACK_OFF: Final = 30.0
"""Seconds: the longest pause after a failed walk."""
LATELY: Final = 30.0
"""Seconds for which a walk that heard everybody answers for whom no walk can be paid."""
FULL: Final = 60.0
"""Seconds in which an empty bucket fills."""
REMEMBERED: Final = 36.0
"""Seconds since the sending of an answer that a 401 may rest on: 30, and the time of a flight before them."""


class Obstacles:
    """Those of one life. ``strangers`` are the requests with a kid that nobody may have listed."""

    def __init__(self, log: Log, history: History, strangers: Iterable[Request]) -> None:
        self._time, self._history = log.time, history
        self._order = asking_order(log.places)
        self._sought = sorted(
            (each for chain in history.chains for each in chain if each.fetch.trigger == "unknown_kid"),
            key=lambda entry: entry.fetch.called,
        )
        self._strangers = list[tuple[float, int, Request]]()
        self._by_kid = defaultdict[str, list[tuple[float, int, Request]]](list)
        for number, request in enumerate(strangers):
            ended = self._time.span(request.answered, request.answered).late.mono, number, request
            insort(self._strangers, ended)
            insort(self._by_kid[request.token.kid], ended)

    def undisturbed(self, request: Request) -> bool:
        """Whether the wait was not over, the clocks stood still, and everybody answered, lately and last."""
        still = request.took < WAIT and not self._time.moved(request.sent, request.answered)
        return still and all(self._well(place, request) for place in range(len(self._history.chains)))

    def somebody_has_keys(self, request: Request) -> bool:
        """Whether an endpoint said lately which keys there are. Where none does there is a back-off too."""
        since = self._time.before(request.sent, BACK_OFF + SLACK)
        places = range(len(self._history.chains))
        return any(
            entry.said.keys and entry.sure > since
            for place in places for entry in self._history.entries(place, since, request.answered)
        )  # fmt: skip

    def bucket_holds(self, request: Request) -> bool:
        """Whether the bucket held a walk: at most one other request can have paid since it was full for sure."""
        since = self.mono(request.sent) - FULL - SLACK
        return self._others(self._strangers, since, request) <= 1

    def asked_before(self, request: Request) -> bool:
        """Whether a walk may have looked for this kid in vain already, for somebody else.

        Lately, or long after he asked: a kid that waits for the next walk waits for it though nobody asks any more.
        """
        return self._others(self._by_kid[request.token.kid], -math.inf, request) > 0

    def sought_lately(self, request: Request) -> bool:
        """Whether the last walk for an unknown kid heard everybody, landed before this request, and still counts."""
        begun = bisect_left(self._sought, request.answered, key=lambda entry: entry.fetch.called)
        walk = self._sought[max(0, begun - len(self._order)) : begun]
        if [entry.fetch.place for entry in walk] != self._order:
            return False  # it began without the first, or ended before the last
        now = self._time.span(request.sent, request.answered)
        heard_all = all(entry.sure <= request.sent and not entry.failed for entry in walk)
        return heard_all and lapsed(walk[0].said.sent.span, now, LATELY) == NO

    def mono(self, real: float) -> float:
        """What the monotonic clock showed then at the earliest."""
        return self._time.span(real, real).early.mono

    def _well(self, place: int, request: Request) -> bool:
        """Whether an endpoint has answered whenever it was asked, lately and last."""
        since = self._time.before(request.sent, BACK_OFF + SLACK)
        entries = self._history.entries(place, since, request.answered)
        return not any(entry.failed for entry in entries if entry.sure > since or entry is entries[-1])

    def _others(self, ended: list[tuple[float, int, Request]], since: float, request: Request) -> int:
        later = ended[bisect_left(ended, since, key=lambda each: each[0]) :]
        return sum(other is not request and other.sent <= request.answered for _, _, other in later)
