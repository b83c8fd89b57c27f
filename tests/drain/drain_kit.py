"""Small reports, and a pool whose tokens are counted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from jwtmr import TokenValidator
from jwtmr.drain import DrainReport, DrainVerdict, IssuerDrain, ProcessDrain, Seen
from jwtmr.http import httpx_get

HTTP_GET: Final = httpx_get()
"""One for all validators of these tests: reading the CA certificates takes longer than a validation."""

Making: TypeAlias = Callable[..., TokenValidator]
"""What the fixture ``make`` is."""

HOUR: Final = 3600.0
DAY: Final = 86400.0
NOON: Final = datetime(2026, 11, 3, 12, tzinfo=UTC).timestamp()
"""When verdicts are asked for."""
OLD: Final = "https://cognito-idp.us-east-1.amazonaws.com/pool"
NEW: Final = "https://issuer-cognito-idp.us-east-1.amazonaws.com/pool"


def seen(
    last: float = NOON, *, first: float | None = None, accepted: int = 1, life: float = HOUR, **more: float
) -> Seen:
    """Tokens of an hour, the last of which was issued and seen at ``last``."""
    fields: dict[str, Any] = {
        "accepted": accepted, "first_seen": last if first is None else first, "last_seen": last,
        "latest_expiry": last + life, "latest_issue": last, "longest_life": life, **more,
    }  # fmt: skip
    return Seen(**fields)


def issuer(url: str = OLD, tokens: Seen | None = None, **more: Any) -> IssuerDrain:  # noqa: ANN401 - as the class has them
    """An issuer of the pool: legacy for a week still, or current."""
    legacy = url == OLD
    fields: dict[str, Any] = {
        "authority": "pool", "kind": "legacy" if legacy else "current", "region": "us-east-1",
        "accept_until": NOON + 7 * DAY if legacy else None, "clients": {"app": tokens} if tokens else {}, **more,
    }  # fmt: skip
    return IssuerDrain(issuer=url, **fields)


def process(
    name: str = "1-a", *issuers: IssuerDrain, since: float = NOON - 3 * DAY, taken_at: float = NOON, leeway: float = 0.0
) -> ProcessDrain:
    """A process that has watched for three days."""
    return ProcessDrain(name, since, taken_at, leeway, issuers)


def report(*processes: ProcessDrain) -> DrainReport:
    """All of them."""
    return DrainReport(processes)


FLOWS: Final = seen(NOON - 60, first=NOON - 10 * DAY, accepted=1000)
"""Tokens of the current issuer, as they come every day."""


def at(unix: float) -> datetime:
    """A moment."""
    return datetime.fromtimestamp(unix, UTC)


def watched(
    legacy: Seen | None = None, current: Seen | None = FLOWS, *, until: float | None = NOON + 7 * DAY, **times: float
) -> ProcessDrain:
    """One process that accepts the legacy issuer, and what it has seen."""
    return process("1-a", issuer(OLD, legacy, accept_until=until), issuer(NEW, current), **times)


def verdict(*processes: ProcessDrain, now: float = NOON) -> DrainVerdict:
    """What they come to."""
    return report(*processes).verdict(now)


def state(*processes: ProcessDrain, now: float = NOON) -> str:
    """In a word."""
    return verdict(*processes, now=now).state
