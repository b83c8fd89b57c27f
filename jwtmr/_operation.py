"""What an operator does with all the keys of one validator: warm them up, look at them, close them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from jwtmr._keys.source import KeySource
from jwtmr._keys.waiting import Waiting
from jwtmr._log import Log
from jwtmr._status import status_of
from jwtmr.errors import KeysUnavailable, ValidatorClosed
from jwtmr.events import Announcer
from jwtmr.issuers import Authority
from jwtmr.reports import ValidatorStatus
from jwtmr.settings import Clock, one_of


class Operation:
    """The key sources of one validator, taken together."""

    def __init__(self, sources: Sequence[tuple[Authority, KeySource]], clock: Clock, announce: Announcer) -> None:
        self._sources: Final = sources
        self._clock: Final = clock
        self._announce: Final = announce
        self._log: Final = Log(clock)
        self._closed = False

    def warm(self, require: str | None) -> Waiting[None]:
        """Fetch keys of every authority that has none and needs some."""
        if require is not None:
            one_of("require", require, ("any", "all"))
        self._check_open()
        wall = self._clock.wall()
        needed = [source for authority, source in self._sources if authority.accepts(wall)]
        for source in needed:
            next(source.warm(), None)  # all of them take off before the first is waited for
        for source in needed:
            yield from source.warm()

    def warmed(self, require: str | None) -> ValidatorStatus:
        """How it went, told to the log too. Raises :class:`KeysUnavailable` where ``require`` is not met."""
        status = self.status()
        for authority in status.authorities:
            for problem in authority.problems:
                self._log.problem(authority.id, problem)
        needed = [authority for authority in status.authorities if authority.accepts_tokens]
        without = [authority.id for authority in needed if not authority.ready]
        if (require == "all" and without) or (require == "any" and needed and not status.ready):
            raise KeysUnavailable("no usable keys: " + ", ".join(without), retry_after=1)
        return status

    def status(self) -> ValidatorStatus:
        """What is known of every authority and endpoint now. Starts the fetches that are due, and waits for none."""
        self._check_open()
        wall = self._clock.wall()
        authorities = [
            status_of(authority, *source.report(ask=authority.accepts(wall)), wall)
            for authority, source in self._sources
        ]
        return ValidatorStatus(tuple(authorities), self._announce.failures, wall)

    @property
    def authority_ids(self) -> tuple[str, ...]:
        """The ids of all authorities, in their order."""
        return tuple(authority.id for authority, _ in self._sources)

    @property
    def current_issuers(self) -> tuple[str, ...]:
        """The current issuers of all authorities."""
        issuers = (issuer for authority, _ in self._sources for issuer in authority.issuers)
        return tuple(issuer.url for issuer in issuers if issuer.kind == "current")

    def close(self) -> None:
        """End it."""
        self._closed = True
        for _, source in self._sources:
            source.close()

    def _check_open(self) -> None:
        if self._closed:
            raise ValidatorClosed
