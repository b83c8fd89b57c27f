"""Counts accepted tokens for :mod:`jwtmr.drain`, beside the hot path.

A request appends to a queue, which is one step of the interpreter and takes no lock; whoever makes it long enough, or
asks for a report, sums it up. Only one at a time does that: he takes the turn out of a list, and who finds none leaves
it to him. So nobody waits, a signal handler that comes in here does not wait for itself, and no token is lost.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from secrets import token_hex
from typing import Final

import msgspec

from jwtmr._fork import renewed_in_child
from jwtmr.drain import DrainReport, IssuerDrain, ProcessDrain, Seen
from jwtmr.issuers import Authority, Issuer
from jwtmr.principal import VerifiedFacts
from jwtmr.settings import Clock

MAX_CLIENTS: Final = 100
"""Clients of an issuer that are counted by name; who mints tokens could invent them without end."""
SUM_UP_AT: Final = 64
"""Tokens in the queue. They are kept whole until then, and summing them up takes one request some 30 us."""


class _Count(msgspec.Struct, gc=False):
    """Accepted tokens of one client, or of all that are not counted by name."""

    accepted: int
    first: float
    last: float
    expiry: float
    issue: float | None

    def as_seen(self) -> Seen:
        return Seen(self.accepted, self.first, self.last, self.expiry, self.issue)


class Tally:
    """What one validator has accepted in this process."""

    def __init__(self, authorities: Iterable[Authority], *, leeway: float, dry_run: bool, clock: Clock) -> None:
        self._issuers: Final = [(authority.id, issuer) for authority in authorities for issuer in authority.issuers]
        self._leeway: Final = leeway
        self._dry_run: Final = dry_run
        self._clock: Final = clock
        self.in_child()
        renewed_in_child(self)

    def in_child(self) -> None:
        """Begin anew: what the parent has counted it tells itself."""
        self._queue: deque[tuple[VerifiedFacts, float]] = deque()
        self._turn = [True]
        self._clients: dict[str, dict[str, _Count]] = {issuer.url: {} for _, issuer in self._issuers}
        self._others: dict[str, _Count] = {}
        self._since = self._clock.wall()
        self._process = f"{os.getpid()}-{token_hex(8)}"

    def count(self, facts: VerifiedFacts, wall: float) -> None:
        """Count a token whose signature was good at the Unix time ``wall``."""
        queue = self._queue
        queue.append((facts, wall))
        if len(queue) >= SUM_UP_AT:
            self._sum_up()

    def report(self) -> DrainReport:
        """What was counted. A token that somebody is counting at this very moment is in the next report."""
        self._sum_up()
        issuers = tuple(self._issuer(authority, issuer) for authority, issuer in self._issuers)
        return DrainReport((ProcessDrain(self._process, self._since, self._clock.wall(), self._leeway, issuers),))

    def _sum_up(self) -> None:
        try:
            self._turn.pop()
        except IndexError:  # somebody else is at it
            return
        try:
            for _ in range(len(self._queue)):  # not until it is empty: others fill it meanwhile
                self._add(*self._queue.popleft())
        finally:
            self._turn.append(True)

    def _add(self, facts: VerifiedFacts, wall: float) -> None:
        payload, issuer = facts.payload, facts.issuer.url
        client: str | None = payload.get(facts.rules.client_claim)
        clients, name = self._clients[issuer], client or ""
        if not name or (name not in clients and len(clients) >= MAX_CLIENTS):
            clients, name = self._others, issuer
        expiry, issue = payload["exp"], payload.get("iat")
        known = clients.get(name)
        if known is None:
            clients[name] = _Count(1, wall, wall, expiry, issue)
            return
        known.accepted += 1
        known.first, known.last = min(known.first, wall), max(known.last, wall)
        known.expiry = max(known.expiry, expiry)
        if issue is not None:
            known.issue = issue if known.issue is None else max(known.issue, issue)

    def _issuer(self, authority: str, issuer: Issuer) -> IssuerDrain:
        clients = {client: count.as_seen() for client, count in [*self._clients[issuer.url].items()]}
        others = self._others.get(issuer.url)
        legacy = issuer.kind == "legacy"
        made = IssuerDrain(
            authority, issuer.url, issuer.kind, issuer.region, issuer.accept_until_unix if legacy else None,
            clients, others.as_seen() if others else None,
        )  # fmt: skip
        if not (self._dry_run and legacy):
            return made
        return replace(made, would_have_refused=made.total.accepted if made.total else 0)
