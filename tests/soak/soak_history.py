"""What each endpoint had said by when, as far as that can be seen from outside: the log of a life in the model's words.

An answer counts from some moment between its coming and the library's telling of it. An attempt that took 2.5 s or more
is a failure, whatever came. Where the clocks were moved so close to its beginning that nobody outside can tell how long
it took for the library, the library's own word settles it: that much, and no more, is believed.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Final

from soak_facts import Fetch, Log, Time
from soak_kleene import MAYBE, NO, Stretch, lapsed
from soak_model_keys import ATTEMPT, SLACK, Keys, Said, Sent, Word, fates, heard, lifetime, read

LATE: Final = 1.0
"""Seconds after which an answer counts though the library has told nobody."""
HAIR: Final = 0.001
"""Seconds that reading three clocks one after the other may take."""
MOST_WORLDS: Final = 1024
"""Combinations of what the endpoints may have said by a moment; with more, nothing is known."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An endpoint's word after one answer more."""

    maybe: float
    """From when that may have been known."""
    sure: float
    """From when it was."""
    said: Said
    word: Word
    fetch: Fetch

    @property
    def failed(self) -> bool:
        """Whether it was no answer."""
        return self.said.kind == "failure"


class History:
    """What was known at any moment of a life."""

    def __init__(self, log: Log) -> None:
        self._time = log.time
        self.chains = [list(_chain(log, place)) for place in range(log.places)]
        """All that each endpoint said, in the order in which it was known."""
        self._sure = [[entry.sure for entry in chain] for chain in self.chains]

    def entries(self, place: int, begin: float, end: float) -> list[Entry]:
        """What endpoint ``place`` said last before ``begin``, and what became known until ``end``, or may have."""
        chain, known = self.chains[place], bisect_right(self._sure[place], begin)
        most = max((n for n, entry in enumerate(chain[known:], known) if entry.maybe <= end), default=known - 1)
        return chain[max(0, known - 1) : most + 1]

    def words(self, place: int, begin: float, end: float) -> list[Word]:
        """What endpoint ``place`` may have said as far as was known at some moment in between."""
        entries = self.entries(place, begin, end)
        words = [entry.word for entry in entries]
        return words if entries and entries[0].sure <= begin else [Word(), *words]

    def fates(self, kid: str, begin: float, end: float) -> set[str] | None:
        """What a kid may have meant at some moment in between; None where there are too many possibilities."""
        now = self._time.span(begin, end)
        said = [self.words(place, begin, end) for place in range(len(self.chains))]
        if math.prod(map(len, said)) > MOST_WORLDS:
            return None
        return set().union(*(fates(kid, words, now) for words in product(*said)))


def _chain(log: Log, place: int) -> Iterator[Entry]:
    word, sets, sure = Word(), dict[str, Keys](), -math.inf
    fetches = (fetch for fetch in log.fetches if fetch.place == place)
    for fetch, over in sorted(((each, _over(each, log.time)) for each in fetches), key=lambda pair: pair[1]):
        said = _said(fetch, word, sets, log.time)
        word, sure = heard(word, said), max(sure, min(fetch.noted, over + LATE))
        yield Entry(fetch.called if said.kind == "failure" else fetch.returned, sure, said, word, fetch)


def _over(fetch: Fetch, time: Time) -> float:
    """When an attempt had come home, or was given up."""
    return min(fetch.returned, time.after(fetch.called, ATTEMPT))


def _said(fetch: Fetch, word: Word, sets: dict[str, Keys], time: Time) -> Said:
    """What came of a question. A 4xx of an endpoint that worked before is a failure."""
    begin, end = _sent(fetch, time)
    sent = Sent((begin, end), time.span(begin, end))
    kind, keys = read(fetch.answer, sets, fetch.condition)
    if not _in_time(fetch, sent, time) or (kind == "nothing" and word.sent is not None):
        return Said("failure", sent)
    if kind != "keys" or fetch.answer is None:
        return Said(kind, sent)
    sets[fetch.answer.headers.get("etag", "")] = keys
    return Said(kind, sent, keys, lifetime(fetch.answer))


def _sent(fetch: Fetch, time: Time) -> Stretch:
    """When a question was sent: a little before it was seen, and the clocks may have moved in between.

    The library tells how long an attempt took, by its clock. That narrows it, but never beyond what was seen.
    """
    begin, end = fetch.called - SLACK, fetch.called
    if fetch.noted == math.inf:
        return begin, end
    home = time.span(fetch.returned, fetch.noted)
    told = time.when(home.early.mono - fetch.duration) - HAIR, time.when(home.late.mono - fetch.duration) + HAIR
    narrow = max(begin, told[0]), min(end, told[1])
    return narrow if narrow[0] <= narrow[1] else (begin, end)


def _in_time(fetch: Fetch, sent: Sent, time: Time) -> bool:
    """Whether an answer came within the time of one attempt."""
    late = lapsed(sent.span, time.span(fetch.returned, min(fetch.noted, fetch.returned + LATE)), ATTEMPT)
    return late == NO or (late == MAYBE and fetch.outcome not in ("", "timeout"))
