"""When to tell that a legacy issuer's window is about to close: while its tokens come, and not with each of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from jwtmr.events import LegacyWindowEnding
from jwtmr.issuers import Authority, Issuer

WEEK: Final = 7 * 86400.0
DAY: Final = 86400.0


class WindowWatch:
    """Says of each legacy issuer, in the last week of its window, once a day that it ends. Takes no lock."""

    def __init__(self, authorities: Iterable[Authority]) -> None:
        issuers = [issuer for authority in authorities for issuer in authority.issuers]
        self._due = {issuer.url: issuer.accept_until_unix - WEEK for issuer in issuers if issuer.kind == "legacy"}

    def ending(self, authority: str, issuer: Issuer, wall: float) -> LegacyWindowEnding | None:
        """What there is to tell of ``issuer``, one of whose tokens was accepted at the Unix time ``wall``."""
        due = self._due.get(issuer.url)
        if due is None or wall < due:
            return None
        again = wall + DAY
        try:
            taken = self._due.pop(issuer.url, None)  # one step: who finds nothing there was overtaken
            if taken is None:
                return None
            if wall < taken:  # and who finds another moment too
                again = taken
                return None
            return LegacyWindowEnding(authority, issuer.url, issuer.accept_until_unix - wall)
        finally:  # also where a signal handler raises when it was taken out
            self._due[issuer.url] = again
