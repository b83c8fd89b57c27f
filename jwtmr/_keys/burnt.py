"""Keys whose private half was published: whoever could fetch that can sign, so they serve nothing ever again.

That holds under whatever ``kid``, from whichever endpoint's copy, and whether or not the answer that gave them away is
good for anything else. What was published cannot be taken back: only another key helps; and where an endpoint was
wrong about it, a new process.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from jwtmr._keys.keyset import KeySet
from jwtmr._keys.reading import Reading

MAX_BURNT: Final = 1024
"""Thumbprints remembered per authority. A careless publisher burns two, and a thousand are no carelessness. The oldest
stay: what is burnt must not come back because an endpoint goes on to publish private halves. Those that it publishes
then are refused in its own answers, and gone from all copies that are held."""


class Burnt:
    """The burnt keys of one authority, by their thumbprints (RFC 7638)."""

    def __init__(self) -> None:
        self._thumbprints: set[str] = set()

    def remember(self, leaked: Iterable[str]) -> bool:
        """Burn these. Returns whether one of them was not burnt before."""
        room = MAX_BURNT - len(self._thumbprints)
        fresh = sorted(set(leaked) - self._thumbprints)[:room]
        self._thumbprints.update(fresh)
        return bool(fresh)

    def sift(self, reading: Reading, confirmed: KeySet | None) -> Reading:
        """``reading`` without burnt keys; with none but those it is no answer. A 304 stands for ``confirmed``."""
        keys = reading.keys or confirmed
        if keys is None or not reading.good:
            return reading
        left = keys.without(self._thumbprints)
        if not left.keys:
            refused = ("no usable key", *left.refused)
            return replace(reading, outcome="unusable", keys=None, lifetime=0.0, age=0.0, etag=None, refused=refused)
        return reading if left is keys else replace(reading, keys=left, refused=left.refused)
