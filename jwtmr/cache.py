"""Tokens that were verified lately, so that their signature need not be checked again. Off unless asked for.

What time, a rotation or an operator can change is not remembered: a hit repeats the token's own end, its issuer's
window and the look-up of its key, and then what the call asks. What remains is what a signature says, and a signature
does not change. Refusals are not remembered: there is no end of them, and anybody can send more.

A plain ordered dictionary: ``cachetools.TTLCache`` takes a lock to read too, and a hit cost half as much again as its
hash. Here nobody takes one. One at a time writes, and others leave it.
"""

from __future__ import annotations

from collections import OrderedDict
from hashlib import sha256
from typing import Final

import msgspec

from jwtmr._fork import renewed_in_child
from jwtmr._steps import Verified
from jwtmr.errors import ConfigurationError
from jwtmr.settings import seconds

MAX_ENTRIES: Final = 1_000_000


class Remembered(msgspec.Struct, frozen=True, gc=False):
    """A verified token, and the Unix times between which that may be believed."""

    verified: Verified
    since: float
    until: float


class TokenCache:
    """Remembers verified tokens by the SHA-256 of the whole token. For one validator: a second one is refused.

    ``max_entries``
        Tokens remembered, 1 to 1000000; the oldest make room. One takes about 3 kB.
    ``ttl``
        Seconds for which one is remembered at most, 1 to 3600, by the wall clock; setting that back ends it too.

    Raises :class:`ConfigurationError` for settings out of bounds. Thread-safe; survives a fork with what it holds.
    """

    def __init__(self, *, max_entries: int = 10_000, ttl: float = 60) -> None:
        if type(max_entries) is not int or not 1 <= max_entries <= MAX_ENTRIES:
            raise ConfigurationError("max_entries", f"must be an int between 1 and {MAX_ENTRIES}")
        self._max_entries: Final = max_entries
        self._ttl: Final = seconds("ttl", ttl, low=1, high=3600)
        self._entries: OrderedDict[bytes, Remembered] = OrderedDict()
        self._owner: Final[dict[str, object]] = {}
        self.in_child()
        renewed_in_child(self)

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        return f"TokenCache(max_entries={self._max_entries}, ttl={self._ttl:g})"

    def clear(self) -> None:
        """Forget all of them. Waits for nobody: a signal handler may close a validator."""
        self._entries = OrderedDict()  # who is in the middle of remembering goes on with the old ones

    def in_child(self) -> None:
        """After a fork. Internal: somebody in the parent may have been at it."""
        self._writers: list[object] = []

    def belong(self) -> None:
        """Become one validator's. Internal. :class:`ConfigurationError` the second time.

        Two validators have two sets of rules, and what one accepts the other may not.
        """
        owner = object()
        if self._owner.setdefault("one", owner) is not owner:
            raise ConfigurationError("token_cache", "must be a TokenCache of its own: another validator has this")

    def recall(self, digest: bytes, wall: float) -> Verified | None:
        """The token with this digest if it may be believed at the Unix time ``wall``. Internal; takes no lock."""
        entry = self._entries.get(digest)
        return entry.verified if entry is not None and entry.since <= wall < entry.until else None

    def keep(self, digest: bytes, verified: Verified, wall: float, until: float) -> None:
        """Remember a token that was verified at ``wall`` and ends at ``until``. Internal.

        Where somebody else is at it, the token is left out, and comes in the next time: nobody waits, and a signal
        handler that comes in here does not wait for itself.
        """
        me, writers, entries = object(), self._writers, self._entries
        try:
            writers.append(me)
            if writers[0] is me:
                entries.pop(digest, None)
                entries[digest] = Remembered(verified, wall, min(until, wall + self._ttl))
                self._make_room(entries, wall)
        finally:  # a signal handler may raise wherever a call ends; of a lock's call before it is known who has it
            if me in writers:
                writers.remove(me)

    def _make_room(self, entries: OrderedDict[bytes, Remembered], wall: float) -> None:
        """Drop the oldest where there are too many, and one or two whose time is over: more go than come."""
        for _ in range(2):
            oldest = next(iter(entries))
            if len(entries) <= self._max_entries and wall < entries[oldest].until:
                return
            del entries[oldest]


def digest_of(token: object, max_bytes: int) -> bytes | None:
    """What a token is remembered by; None for what never is: another type, too long, or not ASCII."""
    if type(token) is not str or len(token) > max_bytes or not token.isascii():
        return None
    return sha256(token.encode()).digest()
