"""Tells observers how validations ended.

Apart from its code, a refusal says something only where the signature was good: else anybody could draw a wave of
legacy tokens on somebody's dashboard.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from time import perf_counter
from typing import Final
from weakref import ref

from jwtmr._keys.merge import View
from jwtmr._steps import Verified
from jwtmr._window import WindowWatch
from jwtmr.errors import AuthError
from jwtmr.events import Announcer, TokenAccepted, TokenRefused
from jwtmr.issuers import Authority, Issuer
from jwtmr.settings import UNCHECKED


class Outcomes:
    """How the validations of one validator ended. Falsy without observers: then nothing need be told."""

    def __init__(self, announce: Announcer, authorities: Iterable[Authority], *, dry_run: bool) -> None:
        self._announce: Final = announce
        self._dry_run: Final = dry_run
        self._windows: Final = WindowWatch(authorities)

    def __bool__(self) -> bool:
        return bool(self._announce)

    def refused(self, error: AuthError, began: float) -> None:
        """A token was refused before its signature was known to be good. ``began`` by ``perf_counter``."""
        if self._announce:
            self._announce(TokenRefused(error.code, seconds=perf_counter() - began))

    def teller(self, authority: Authority, issuer: Issuer) -> Callable[[AuthError], None] | None:
        """Hears what is asked in vain of principals under ``issuer``, whose tokens were good; None: nobody listens."""
        listening = ref(self._announce)  # a principal must not keep a validator, which its observers may know

        def tell(error: AuthError) -> None:
            announce = listening()
            if announce is not None:
                announce(TokenRefused(error.code, authority.id, issuer.kind, issuer.region))

        return tell if self._announce else None

    def accepted(self, verified: Verified, view: View, wall: float, began: float) -> None:
        """A token passed every check at the Unix time ``wall``, by a key out of ``view``."""
        facts = verified.facts
        authority, issuer, rules, payload = facts.authority, facts.issuer, facts.rules, facts.payload
        issued = payload.get("iat")
        self._announce(
            TokenAccepted(
                authority.id,
                issuer.kind,
                issuer.region,
                rules.token_use,
                stale_key=verified.kid in view.stale,
                expires_at=float(payload["exp"]),
                would_be_refused=self._dry_run and issuer.kind == "legacy",
                client=None if rules.clients is UNCHECKED else payload[rules.client_claim],
                issued_at=None if issued is None else float(issued),
                seconds=perf_counter() - began,
            )
        )
        ending = self._windows.ending(authority.id, issuer, wall)
        if ending is not None:
            self._announce(ending)
