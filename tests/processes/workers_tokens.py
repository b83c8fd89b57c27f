"""The tokens that clients send, by kind, and the order in which each line sends its own."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, TypeAlias

from workers_lines import Shot

from jwtmr.testing import RegionalIssuer

GOOD: Final = ("old", "new", "legacy")
"""Of a key that was there from the beginning, of the latest key, and of the issuer that is being left."""
KNOWN: Final = ("old", "legacy")
"""Those that nobody need fetch a key for."""
USUAL: Final[Mapping[str, frozenset[str]]] = {
    **dict.fromkeys(GOOD, frozenset({"200"})),
    "forged": frozenset({"401 invalid_signature"}),
    "expired": frozenset({"401 expired"}),
    "bogus": frozenset({"401 unknown_key"}),
}
"""How each kind is answered unless something is the matter."""
READ: Final = ("orders/read",)
"""What both examples ask for."""

Mix: TypeAlias = Mapping[str, int]
"""Kinds, and how often each is sent."""


class Minting:
    """Mints the tokens of a phase. The same seed gives the same order of kinds."""

    def __init__(self, issuer: RegionalIssuer, seed: int) -> None:
        self._issuer = issuer
        self._old = issuer.access_key
        self._random = random.Random(seed)
        self._bogus = 0

    def shots(
        self, mix: Mix, *, lines: int, each: int, first: str | None = None, flood: bool = False
    ) -> list[list[Shot]]:
        """For every line ``each`` requests: kinds as often as ``mix`` weighs them, in an order of its own.

        All begin with ``first``. Bogus kids are one and the same, or in a ``flood`` all different.
        """
        self._bogus += 1
        return [self._of_line(line, mix, each, first, flood) for line in range(lines)]

    def _of_line(self, line: int, mix: Mix, each: int, first: str | None, flood: bool) -> list[Shot]:
        weighed = [kind for kind, weight in mix.items() for _ in range(weight)]
        kinds = [weighed[place % len(weighed)] for place in range(each - (first is not None))]
        self._random.shuffle(kinds)
        once = {kind: self._shot(kind, line) for kind in {*kinds, first} if kind}
        return [
            self._shot(kind, line, another=True) if flood and kind == "bogus" else once[kind]
            for kind in [*filter(None, [first]), *kinds]
        ]

    def _shot(self, kind: str, line: int, *, another: bool = False) -> Shot:
        self._bogus += another
        issuer, old, subject = self._issuer, self._old, f"{kind} {line}"
        special: dict[str, dict[str, Any]] = {
            "old": {"key": old},
            "new": {},
            "legacy": {"key": old, "issuer": issuer.original_issuer},
            "forged": {"key": replace(issuer.id_key, kid=old.kid)},
            "expired": {"key": old, "issued_at": issuer.clock.wall() - 7200},
            "bogus": {"key": replace(issuer.id_key, kid=f"bogus {self._bogus}")},
        }
        return Shot(kind, subject, issuer.access_token(subject=subject, scopes=READ, **special[kind]))
