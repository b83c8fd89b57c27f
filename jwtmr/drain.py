"""When may the old issuer go? What was accepted of each issuer, as evidence that merges across workers and hosts.

Nothing here changes what is trusted. Reports are JSON; :meth:`DrainReport.merge` of any of them, in any order and with
repetitions, says the same. What a process has not seen it cannot tell of, so a verdict names how many processes have
watched, and since when.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import reduce
from typing import Final, Literal, TypeAlias

import msgspec

from jwtmr.errors import ConfigurationError
from jwtmr.settings import IssuerKind

SCHEMA: Final = 1
"""The form of the JSON. It grows by fields that may be missing; anything else is another number."""

LONGEST_LIFE: Final = 86400.0
"""Seconds that an access or ID token of Cognito lives at most (Amazon Cognito Developer Guide, app client settings)."""

DrainState: TypeAlias = Literal["closed", "not_yet", "waiting", "too_early", "safe"]
"""``closed``: legacy issuers are refused already, or there are none. ``not_yet``: legacy tokens are still issued.
``waiting``: none are issued any more, and some have not expired. ``too_early``: none was seen, by processes that have
watched for less than a day. ``safe``: the last one that was seen has expired, or none was seen for a day."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Accepted tokens, summed up. Times are Unix seconds."""

    accepted: int
    first_seen: float
    last_seen: float
    latest_expiry: float
    """The largest ``exp``."""
    latest_issue: float | None
    """The largest ``iat``; None where no token had one."""

    def __add__(self, other: Seen) -> Seen:
        issues = [issue for issue in (self.latest_issue, other.latest_issue) if issue is not None]
        return Seen(
            self.accepted + other.accepted,
            min(self.first_seen, other.first_seen),
            max(self.last_seen, other.last_seen),
            max(self.latest_expiry, other.latest_expiry),
            max(issues, default=None),
        )


@dataclass(frozen=True, slots=True)
class IssuerDrain:
    """What was accepted under one ``iss``."""

    authority: str
    issuer: str
    kind: IssuerKind
    region: str | None
    accept_until: float | None
    """Unix seconds; None where it is here to stay."""
    clients: Mapping[str, Seen] = field(default_factory=dict[str, Seen])
    """By client id, for the first hundred of them."""
    others: Seen | None = None
    """All clients after those, and tokens that name none."""
    would_have_refused: int | None = None
    """Under ``removal_dry_run``: how many accepted tokens would be refused if the issuer were retired; else None."""

    @property
    def total(self) -> Seen | None:
        """All of its tokens; None where none was accepted."""
        return _sum([*self.clients.values(), *([self.others] if self.others else [])])

    def __add__(self, other: IssuerDrain) -> IssuerDrain:
        clients = dict(self.clients)
        for client, seen in other.clients.items():
            clients[client] = clients[client] + seen if client in clients else seen
        ends = [end for end in (self.accept_until, other.accept_until) if end is not None]
        refused = [count for count in (self.would_have_refused, other.would_have_refused) if count is not None]
        others = _sum([seen for seen in (self.others, other.others) if seen is not None])
        return IssuerDrain(
            self.authority, self.issuer, self.kind, self.region, max(ends, default=None), clients, others,
            sum(refused) if refused else None,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class ProcessDrain:
    """What one validator in one process has accepted."""

    process: str
    """Made up at its start, so that two reports of one process are not counted twice."""
    since: float
    """Unix seconds: since when it counts."""
    taken_at: float
    """Unix seconds."""
    leeway: float
    """Seconds for which it accepts a token after its ``exp``."""
    issuers: tuple[IssuerDrain, ...]


@dataclass(frozen=True, slots=True)
class DrainVerdict:
    """Whether legacy issuers can go, as evidence. ``str()`` of it is a sentence."""

    state: DrainState
    safe_after: datetime | None
    """When the last legacy token that was seen has expired, leeway included; None where none was seen."""
    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class DrainReport:
    """What one or many processes have accepted. ``TokenValidator.drain_report()`` makes one."""

    processes: tuple[ProcessDrain, ...]
    schema: int = SCHEMA

    @property
    def issuers(self) -> tuple[IssuerDrain, ...]:
        """Each issuer, over all processes."""
        merged: dict[tuple[str, str], IssuerDrain] = {}
        for process in self.processes:
            for one in process.issuers:
                known = merged.get((one.authority, one.issuer))
                merged[one.authority, one.issuer] = one if known is None else known + one
        return tuple(merged[name] for name in sorted(merged))

    @classmethod
    def merge(cls, reports: Iterable[DrainReport]) -> DrainReport:
        """All of ``reports`` as one. Of several reports of one process the latest counts."""
        latest: dict[str, ProcessDrain] = {}
        for process in (process for report in reports for process in report.processes):
            known = latest.get(process.process)
            if known is None or known.taken_at < process.taken_at:
                latest[process.process] = process
        return cls(tuple(latest[name] for name in sorted(latest)))

    def to_json(self) -> str:
        """As JSON that :meth:`from_json` reads."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> DrainReport:
        """Read a report. Raises :class:`ConfigurationError` for what is none, or one of another schema."""
        try:
            report = msgspec.json.decode(text, type=cls)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            raise ConfigurationError("report", "must be the JSON of a DrainReport") from None
        if report.schema != SCHEMA:
            raise ConfigurationError("report", f"must have schema {SCHEMA}, not {report.schema}")
        return report

    def verdict(self, now: float) -> DrainVerdict:
        """Whether the legacy issuers can go, as these processes can tell at the Unix time ``now``."""
        return _verdict(self, now)


def _sum(several: list[Seen]) -> Seen | None:
    return reduce(Seen.__add__, several) if several else None


def _verdict(report: DrainReport, now: float) -> DrainVerdict:
    open_ones = [one for one in report.issuers if one.kind == "legacy" and not _over(one, now)]
    if not open_ones:
        return DrainVerdict("closed", None, "no legacy issuer is accepted")
    seen = _sum([total for one in open_ones if (total := one.total)])
    since = max(process.since for process in report.processes)
    watchers = _watchers(len(report.processes), since)
    if seen is None:
        early = now - since < LONGEST_LIFE
        advice = "; a token may live for a day, so it is too early to tell" if early else ""
        state: DrainState = "too_early" if early else "safe"
        return DrainVerdict(state, None, f"no legacy token accepted by {watchers}{advice}")
    end = seen.latest_expiry + max(process.leeway for process in report.processes)
    last = f"the last one expires at {_date(end)}"
    if _still_issued(report, {one.authority for one in open_ones}, seen):
        return DrainVerdict("not_yet", _moment(end), f"not yet: legacy tokens are still issued, and {last}")
    if now < end:
        text = f"no legacy token issued lately was accepted by {watchers}; {last}: safe after that if no more come"
        return DrainVerdict("waiting", _moment(end), text)
    return DrainVerdict("safe", _moment(end), f"every legacy token accepted by {watchers} has expired at {_date(end)}")


def _over(issuer: IssuerDrain, now: float) -> bool:
    return issuer.accept_until is not None and issuer.accept_until <= now


def _still_issued(report: DrainReport, authorities: set[str], legacy: Seen) -> bool:
    """Whether the newest legacy token is no older than the newest current one. A pool moves as a whole."""
    current = _sum(
        [
            total
            for one in report.issuers
            if one.kind == "current" and one.authority in authorities and (total := one.total)
        ]
    )
    if current is None or current.latest_issue is None or legacy.latest_issue is None:
        return True
    return legacy.latest_issue >= current.latest_issue


def _watchers(count: int, since: float) -> str:
    processes = "this process" if count == 1 else f"these {count} processes"
    return f"{processes} since {_date(since)}"


def _moment(unix: float) -> datetime:
    return datetime.fromtimestamp(unix, UTC)


def _date(unix: float) -> str:
    return _moment(unix).isoformat(" ", "seconds")
