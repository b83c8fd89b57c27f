"""What processes have accepted, as values that can be added: what a drain report is made of.

Reports come out of files, so the fields say what may stand in them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from operator import add
from typing import Annotated, Final, TypeAlias

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from jwtmr.settings import IssuerKind

MAX_CLIENTS: Final = 100
"""Clients of an issuer that are counted by name; who mints tokens could invent them without end."""

Moment: TypeAlias = Annotated[float, Meta(ge=-1e12, le=1e12)]
"""Unix seconds, of any year that a ``datetime`` can hold and of some more."""
Count: TypeAlias = Annotated[int, Meta(ge=0, le=2**53)]
"""No larger than JSON can say to everybody (RFC 8259 section 6)."""
Url: TypeAlias = Annotated[str, Meta(pattern=r"\A[!-~]+\Z")]
"""Printable, as an ``Issuer`` is: it is written to terminals."""


class Seen(msgspec.Struct, frozen=True):
    """Accepted tokens, summed up. Times are Unix seconds."""

    accepted: Annotated[int, Meta(ge=1, le=2**53)]
    first_seen: Moment
    last_seen: Moment
    latest_expiry: Moment
    """The largest ``exp``."""
    latest_issue: Moment
    """The largest ``iat``. A token without one is taken to have been issued when it was accepted: it was not later."""
    longest_life: Annotated[float, Meta(ge=0, le=1e12)]
    """Seconds: the largest ``exp - iat``."""

    def __add__(self, other: Seen) -> Seen:
        return Seen(
            self.accepted + other.accepted,
            min(self.first_seen, other.first_seen),
            max(self.last_seen, other.last_seen),
            max(self.latest_expiry, other.latest_expiry),
            max(self.latest_issue, other.latest_issue),
            max(self.longest_life, other.longest_life),
        )


class IssuerDrain(msgspec.Struct, frozen=True):
    """What was accepted under one ``iss``."""

    authority: str
    issuer: Url
    kind: IssuerKind
    """Over several processes: legacy where one of them takes it for that."""
    region: str | None
    accept_until: Moment | None
    """Unix seconds; None where it is here to stay. Over several processes: the last of all."""
    clients: Annotated[Mapping[str, Seen], Meta(max_length=MAX_CLIENTS)] = msgspec.field(
        default_factory=dict[str, Seen]
    )
    """By client id, for the first hundred of them; over several processes for the hundred with the most tokens."""
    others: Seen | None = None
    """All other clients, and tokens that name none."""
    would_have_refused: Count | None = None
    """Under ``removal_dry_run``: how many accepted tokens would be refused if the issuer were retired; else None."""

    @property
    def total(self) -> Seen | None:
        """All of its tokens; None where none was accepted."""
        return sum_of([*self.clients.values(), self.others])

    def __add__(self, other: IssuerDrain) -> IssuerDrain:
        clients = dict(self.clients)
        for client, seen in other.clients.items():
            clients[client] = clients[client] + seen if client in clients else seen
        ends = [end for end in (self.accept_until, other.accept_until) if end is not None]
        refused = [count for count in (self.would_have_refused, other.would_have_refused) if count is not None]
        return IssuerDrain(
            self.authority,
            self.issuer,
            "legacy" if "legacy" in (self.kind, other.kind) else "current",
            min([region for region in (self.region, other.region) if region is not None], default=None),
            max(ends) if len(ends) == 2 else None,  # who says no end accepts it for ever
            clients,
            sum_of([self.others, other.others]),
            sum(refused) if refused else None,
        )

    def bounded(self) -> IssuerDrain:
        """The same with a hundred clients at most."""
        ranked = sorted(self.clients.items(), key=lambda item: (-item[1].accepted, item[0]))
        rest = [seen for _, seen in ranked[MAX_CLIENTS:]]
        return replace(self, clients=dict(ranked[:MAX_CLIENTS]), others=sum_of([self.others, *rest])) if rest else self


class ProcessDrain(msgspec.Struct, frozen=True):
    """What one validator in one process has accepted."""

    process: Annotated[str, Meta(pattern=r"\A[!-~]{1,200}\Z")]
    """Made up at its start, so that two reports of one process are not counted twice."""
    since: Moment
    """Unix seconds: since when it counts."""
    taken_at: Moment
    """Unix seconds: until when it has counted."""
    leeway: Annotated[float, Meta(ge=0, le=300)]
    """Seconds for which it accepts a token after its ``exp``."""
    issuers: tuple[IssuerDrain, ...]

    def place(self) -> tuple[int, float, bytes]:
        """Which of several reports of one process is the last.

        That with the most tokens: counts never fall, and a wall clock may be set back. The bytes decide where nothing
        else does, so that the order in which reports come never does.
        """
        accepted = sum(total.accepted for one in self.issuers if (total := one.total))
        return accepted, self.taken_at, msgspec.json.encode(self)


def sum_of(several: Iterable[Seen | None]) -> Seen | None:
    """All of them as one; None where there is none."""
    there = [seen for seen in several if seen is not None]
    return reduce(add, there) if there else None


def one_of_each(processes: Iterable[ProcessDrain]) -> tuple[ProcessDrain, ...]:
    """The last report of each process, by their names."""
    last: dict[str, ProcessDrain] = {}
    for process in processes:
        known = last.setdefault(process.process, process)
        if known is not process:
            last[process.process] = max(known, process, key=ProcessDrain.place)
    return tuple(last[name] for name in sorted(last))
