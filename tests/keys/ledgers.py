"""A ledger that is written line by line: who listed what, and when."""

from __future__ import annotations

from keymaterial import set_of

from jwtmr._keys.keyset import parse_key_set
from jwtmr._keys.merge import Copy, Ledger, View
from jwtmr.settings import Instant


def moment(t: float) -> Instant:
    """``t`` seconds after the beginning, on three clocks of different origin."""
    return Instant(10_000.0 + t, 20_000.0 + t, 1_000_000.0 + t)


class Book:
    """A ledger, and the numbers of its attempts."""

    def __init__(self, endpoints: int = 3, max_stale: float = 3600) -> None:
        self.ledger = Ledger(endpoints, max_stale=max_stale, silence=max_stale or 900)
        self.sent = 0

    def says(self, place: int, t: float, *kids: str, age: float = 0, lifetime: float = 600, number: int = 0) -> bool:
        """Endpoint ``place`` answers a request that was sent at ``t``."""
        self.sent = number or self.sent + 1
        keys = parse_key_set(set_of(*kids), frozenset({"EdDSA"}))
        sent = moment(t)
        copy = Copy(keys, sent, sent.mono - age, lifetime, 0.8 * lifetime, None, self.sent)
        self.ledger.unanswered[place] = None
        return self.ledger.adopt(place, copy)

    def fails(self, place: int, t: float) -> None:
        """Endpoint ``place`` is asked in vain from ``t`` on."""
        self.ledger.unanswered[place] = moment(t)

    def view(self, t: float) -> View:
        """What serves at ``t``."""
        return self.ledger.resolve(moment(t))

    def serves(self, kid: str, t: float) -> bool:
        """Whether a key serves ``kid`` at ``t``."""
        return kid in self.view(t).keys

    def fate(self, kid: str, t: float) -> str:
        """What is known of ``kid`` at ``t``."""
        view = self.view(t)
        if kid in view.keys:
            return "serves"
        if kid in view.disputed:
            return "disputed"
        return "withdrawn" if kid in view.withdrawn else "unlisted"
