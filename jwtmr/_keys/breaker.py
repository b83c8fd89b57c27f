"""What an endpoint's failures so far say about asking it again. Times are monotonic seconds."""

from __future__ import annotations

import math
from typing import Final

import msgspec

from jwtmr._keys.pace import Uniform
from jwtmr.events import FetchOutcome

FAILURES_TO_SKIP: Final = 2
FIRST_SKIP: Final = 30.0
LAST_SKIP: Final = 300.0
"""Seconds that an endpoint with two failures in a row is left alone, doubling, as long as another answers."""
NOT_ENABLED_PAUSE: Final = 300.0
"""Seconds between questions to an endpoint that never had anything to say."""
MAX_RETRY_AFTER: Final = 300.0
MAX_RETRY_AFTER_WITHOUT_KEYS: Final = 30.0
"""Seconds for which ``Retry-After`` is obeyed; less while nobody can be validated."""


class Health(msgspec.Struct):
    """One endpoint's record."""

    worked: bool = False
    not_enabled: bool = False
    failures: int = 0
    """Failed attempts in a row."""
    retry_at: float = -math.inf
    """Before this it is not asked again on its own: the pause after a failure, the skip, or the wait for a pool to be
    switched."""
    asked: bool = False
    last_outcome: FetchOutcome | None = None
    reasons: tuple[str, ...] = ()
    """Why its last answer was of no use, where it was one."""
    _told_at: float = -math.inf
    _told_for: float = 0.0

    @property
    def answers(self) -> bool:
        """Whether it worked, and has not failed since."""
        return self.worked and not self.failures

    def succeeded(self) -> None:
        """It answered with usable keys."""
        self.worked, self.not_enabled, self.failures = True, False, 0
        self.retry_at = self._told_at = -math.inf

    def failed(self, now: float, uniform: Uniform) -> None:
        """It gave no usable answer."""
        self.failures += 1
        doublings = min(self.failures - FAILURES_TO_SKIP, 10)
        pause = uniform(1.0, 2.0) if doublings < 0 else min(FIRST_SKIP * 2**doublings, LAST_SKIP)
        self.retry_at = now + pause

    def refused(self, now: float) -> None:
        """It said that there is nothing here, and never said anything else: a pool that has not been switched."""
        self.not_enabled, self.failures = True, 0
        self.retry_at = now + NOT_ENABLED_PAUSE

    def told_to_wait(self, now: float, seconds: float) -> None:
        """It sent ``Retry-After``."""
        self._told_at, self._told_for = now, min(seconds, MAX_RETRY_AFTER)

    def closed_until(self, *, have_keys: bool) -> float:
        """Until when ``Retry-After`` closes it."""
        return self._told_at + (self._told_for if have_keys else min(self._told_for, MAX_RETRY_AFTER_WITHOUT_KEYS))
