"""Tells observers how validations ended.

Apart from its code, a refusal says something only where the signature was good: else anybody could draw a wave of
legacy tokens on somebody's dashboard.
"""

from __future__ import annotations

from typing import Final

from jwtmr._routes import Route
from jwtmr.errors import AuthError
from jwtmr.events import Announcer, LegacyWindowEnding, TokenAccepted, TokenRefused
from jwtmr.issuers import Issuer
from jwtmr.principal import VerifiedFacts

WEEK: Final = 7 * 86400.0
DAY: Final = 86400.0


class Outcomes:
    """How the validations of one validator ended. Falsy without observers: then nothing need be told."""

    def __init__(self, announce: Announcer) -> None:
        self._announce: Final = announce
        self._warned_at: dict[str, float] = {}

    def __bool__(self) -> bool:
        return bool(self._announce)

    def refused(self, error: AuthError, verified: Route | None = None) -> None:
        """A token was refused; ``verified`` is its route if its signature was good."""
        if not self._announce:
            return
        if verified is None:
            self._announce(TokenRefused(error.code))
        else:
            issuer = verified.issuer
            self._announce(TokenRefused(error.code, verified.authority.id, issuer.kind, issuer.region))

    def accepted(self, route: Route, facts: VerifiedFacts, kid: str, wall: float) -> None:
        """A token passed every check at the Unix time ``wall``."""
        issuer, stale, expires = route.issuer, kid in route.source.view.stale, float(facts.payload["exp"])
        use = facts.rules.token_use
        self._announce(TokenAccepted(route.authority.id, issuer.kind, issuer.region, use, stale, expires))
        self._warn(route.authority.id, issuer, wall)

    def _warn(self, authority: str, issuer: Issuer, wall: float) -> None:
        left = issuer.accept_until_unix - wall
        if left < WEEK and wall - self._warned_at.get(issuer.url, -DAY) >= DAY:
            self._warned_at[issuer.url] = wall
            self._announce(LegacyWindowEnding(authority, issuer.url, left))
