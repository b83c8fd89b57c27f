"""Three-valued logic: where nobody can tell which of two came first, both must be allowed, and nothing more.

Kleene's logic as numbers: *and* is ``min``, *or* is ``max``, *not* is ``no``.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from soak_facts import Moment, Span

Truth: TypeAlias = int
Stretch: TypeAlias = tuple[float, float]
"""Between two moments of ``time.monotonic()``."""

NO: Final[Truth] = 0
MAYBE: Final[Truth] = 1
YES: Final[Truth] = 2


def no(truth: Truth) -> Truth:
    """Whether it is not so."""
    return YES - truth


def lapsed(since: Span | None, now: Span, seconds: float) -> Truth:
    """Whether ``seconds`` have gone by since then. Never since what never was."""
    if since is None:
        return NO
    if _between(since.late, now.early) >= seconds:
        return YES
    return MAYBE if _between(since.early, now.late) >= seconds else NO


def passed(wall: float, now: Span) -> Truth:
    """Whether a moment of the wall clock has come."""
    if now.early.wall >= wall:
        return YES
    return MAYBE if now.late.wall >= wall else NO


def later(one: Stretch, other: Stretch) -> Truth:
    """Whether ``one`` came after ``other``, each of which came at some moment of a stretch of time."""
    if one[0] > other[1]:
        return YES
    return NO if one[1] < other[0] else MAYBE


def _between(one: Moment, other: Moment) -> float:
    return other.aged - one.aged
