"""Counts accepted tokens for :mod:`jwtmr.drain`, beside the hot path.

A request appends to a queue, which is one step of the interpreter and takes no lock; whoever makes it long enough, or
asks for a report, sums it up. Only one at a time does that: who comes while somebody is at it leaves it to him. So
nobody waits, a signal handler that comes in here does not wait for itself, and no token is lost, but for one that is
being counted when such a handler raises.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable
from secrets import token_hex
from typing import Final

import msgspec
from msgspec.structs import replace

from jwtmr._evidence import MAX_CLIENTS, IssuerDrain, ProcessDrain, Seen
from jwtmr._fork import renewed_in_child
from jwtmr._log import Log
from jwtmr._window import WindowWatch
from jwtmr.drain import DrainReport
from jwtmr.events import LegacyWindowEnding
from jwtmr.issuers import Authority, Issuer
from jwtmr.principal import VerifiedFacts
from jwtmr.settings import Clock

MAX_CLIENT_CHARACTERS: Final = 256
"""Of a client that is counted by name. Real ids have some thirty."""
SUM_UP_AT: Final = 64
"""Tokens in the queue. They are kept whole until then, and summing them up takes one request some 80 us."""


class _Count(msgspec.Struct, gc=False):
    """Accepted tokens of one client, or of all that are not counted by name."""

    accepted: int
    first: float
    last: float
    expiry: float
    issue: float
    life: float

    def add(self, wall: float, expiry: float, issue: float) -> None:
        """One more. The number last: a report made meanwhile knows of a token too early rather than too late."""
        # No min() and max(): five calls would be half of what it costs to count a token.
        if wall < self.first:  # noqa: PLR1730
            self.first = wall
        if wall > self.last:  # noqa: PLR1730
            self.last = wall
        if expiry > self.expiry:  # noqa: PLR1730
            self.expiry = expiry
        if issue > self.issue:  # noqa: PLR1730
            self.issue = issue
        if expiry - issue > self.life:  # noqa: PLR1730
            self.life = expiry - issue
        self.accepted += 1

    def as_seen(self) -> Seen:
        return Seen(self.accepted, self.first, self.last, self.expiry, self.issue, self.life)


class _Book:
    """The counts of one process. A fork begins another, also for whoever is writing in this one just then."""

    def __init__(self, issuers: Iterable[str], clock: Clock) -> None:
        self.queue: Final[deque[tuple[VerifiedFacts, float]]] = deque()
        self.clients: Final[dict[str, dict[str, _Count]]] = {issuer: {} for issuer in issuers}
        self.others: Final[dict[str, _Count]] = {}
        self.process: Final = f"{os.getpid()}-{token_hex(8)}"
        self._began: Final = clock.wall(), clock.monotonic()
        self._writers: Final[list[object]] = []

    def since(self, wall: float, mono: float) -> float:
        """Since when it counts. A wall clock that was set right meanwhile has not made it any longer."""
        began_wall, began_mono = self._began
        return max(began_wall, wall - (mono - began_mono))

    def sum_up(self, windows: WindowWatch) -> list[LegacyWindowEnding]:
        """Write down what is in the queue. Returns what is to be told of it; nothing where somebody else is at it."""
        me, queue, endings = object(), self.queue, list[LegacyWindowEnding]()
        try:
            self._writers.append(me)
            if self._writers[0] is me:
                for _ in range(len(queue)):  # not until it is empty: others fill it meanwhile
                    facts, wall = queue.popleft()
                    self.write(facts, wall)
                    if facts.issuer.kind == "legacy":
                        ending = windows.ending(facts.authority.id, facts.issuer, wall)
                        if ending is not None:
                            endings.append(ending)
            return endings
        finally:  # also when a signal handler raises, wherever that was
            if me in self._writers:
                self._writers.remove(me)

    def write(self, facts: VerifiedFacts, wall: float) -> None:
        """Write one token down."""
        payload, issuer = facts.payload, facts.issuer.url
        client: str = payload.get(facts.rules.client_claim) or ""
        expiry: float = payload["exp"]
        issue: float = payload.get("iat", wall)
        clients = self.clients[issuer]
        if client not in clients and (len(clients) >= MAX_CLIENTS or not 0 < len(client) <= MAX_CLIENT_CHARACTERS):
            clients, client = self.others, issuer
        known = clients.get(client)
        if known is None:
            clients[client] = _Count(1, wall, wall, expiry, issue, max(0.0, expiry - issue))
        else:
            known.add(wall, expiry, issue)


class Tally:
    """What one validator has accepted in this process."""

    def __init__(self, authorities: Iterable[Authority], *, leeway: float, dry_run: bool, clock: Clock) -> None:
        authorities = list(authorities)
        self._issuers: Final = [(authority.id, issuer) for authority in authorities for issuer in authority.issuers]
        self._leeway: Final = leeway
        self._dry_run: Final = dry_run
        self._clock: Final = clock
        self._windows: Final = WindowWatch(authorities)
        self._log: Final = Log(clock)
        self.in_child()
        renewed_in_child(self)

    def in_child(self) -> None:
        """Begin anew: what the parent has counted it tells itself."""
        self._book = _Book([issuer.url for _, issuer in self._issuers], self._clock)
        self._queue = self._book.queue

    def count(self, facts: VerifiedFacts, wall: float) -> None:
        """Count a token whose signature was good at the Unix time ``wall``."""
        queue = self._queue
        queue.append((facts, wall))
        if len(queue) >= SUM_UP_AT:
            self._sum_up()

    def end(self) -> None:
        """Sum up for the last time, so that no token is kept."""
        self._sum_up()

    def report(self) -> DrainReport:
        """What was counted. While somebody sums up, tokens that he has not come to are in the next report."""
        self._sum_up()
        book, wall = self._book, self._clock.wall()
        issuers = tuple(self._issuer(book, authority, issuer) for authority, issuer in self._issuers)
        since = book.since(wall, self._clock.monotonic())
        return DrainReport((ProcessDrain(book.process, since, wall, self._leeway, issuers),))

    def _sum_up(self) -> None:
        for ending in self._book.sum_up(self._windows):  # told after it: whoever writes the log may take his time
            self._log.event(ending)

    def _issuer(self, book: _Book, authority: str, issuer: Issuer) -> IssuerDrain:
        clients = {client: count.as_seen() for client, count in [*book.clients[issuer.url].items()]}
        others = book.others.get(issuer.url)
        legacy = issuer.kind == "legacy"
        made = IssuerDrain(
            authority, issuer.url, issuer.kind, issuer.region, issuer.accept_until_unix if legacy else None,
            clients, others.as_seen() if others else None,
        )  # fmt: skip
        if not (self._dry_run and legacy):
            return made
        return replace(made, would_have_refused=made.total.accepted if made.total else 0)
