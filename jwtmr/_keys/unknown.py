"""Kids that nobody lists: who waits for one, who was refused, and what looking for them may cost.

A bogus ``kid`` must not cost the key hosts a request each, and must not keep a real rotation waiting for ever. So walks
for unknown kids are paid for at take-off from a bucket, however many requests board, and nothing is remembered of a
``kid`` but that a walk has not found it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Final

from cachetools import TTLCache

from jwtmr._keys.freshness import age
from jwtmr._keys.pace import BUCKET_PERIOD, Bucket
from jwtmr._keys.walk import MAX_KIDS
from jwtmr.settings import Instant

MAX_REFUSED: Final = 256
REFUSED_TIME: Final = 30.0
"""Kids that a walk did not find, and seconds for which they are refused without another."""


class UnknownKids:
    """What one authority knows of kids that nobody lists.

    ``boottime`` tells the time of the call under way: a refusal is as old as its answers, also where the machine slept.
    """

    def __init__(self, boottime: Callable[[], float]) -> None:
        self.bucket: Final = Bucket()
        self._waiting: set[str] = set()
        self._refused: TTLCache[str, bool] = TTLCache(MAX_REFUSED, REFUSED_TIME, timer=boottime)
        self._last_take_off: Instant | None = None
        self._last_was_complete = False

    def is_refused(self, kid: str) -> bool:
        """Whether a walk has looked for ``kid`` lately, in vain."""
        return kid in self._refused

    def queue(self, kid: str) -> None:
        """Have the next walk look for ``kid`` as well."""
        if len(self._waiting) < MAX_KIDS:
            self._waiting.add(kid)

    def passengers(self, kid: str, known: Collection[str]) -> set[str]:
        """The kids that a walk taking off now looks for. Empties the queue."""
        kids = {kid, *(waiting for waiting in self._waiting if waiting not in known)}
        self._waiting.clear()
        return kids

    def concluded(self, took_off: Instant, missing: Iterable[str], *, complete: bool) -> None:
        """A walk has landed. ``complete``: every endpoint that has a say answered, so the ``missing`` are refused."""
        self._last_take_off, self._last_was_complete = took_off, complete
        if complete:
            self._refused.update((kid, True) for kid in missing)

    def all_answered_lately(self, now: Instant) -> bool:
        """Whether a walk that took off within the last period heard every endpoint that has a say."""
        last = self._last_take_off
        return last is not None and self._last_was_complete and age(last, now) < BUCKET_PERIOD

    def keys_changed(self) -> None:
        """Some endpoint lists other keys now: what was refused may be among them."""
        self._refused.clear()

    def voided(self) -> None:
        """Some endpoint's keys have moved: what was answered at their old place says nothing any more."""
        self._refused.clear()
        self._last_was_complete = False

    def in_child(self) -> None:
        """After a fork: those who wait are the parent's."""
        self._waiting.clear()
