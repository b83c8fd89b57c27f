"""Drain reports and metrics of a pool, as files would hold them; made for a clock."""

from __future__ import annotations

from typing import Any, Final

from prometheus_client import CollectorRegistry, generate_latest

from jwtmr.drain import DrainReport, IssuerDrain, ProcessDrain, Seen
from jwtmr.extras.prometheus import PrometheusObserver
from jwtmr.testing import RegionalIssuer, SettableClock, validator_for

HOUR: Final = 3600.0
DAY: Final = 86400.0
OLD: Final = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Ab12Cd34"
NEW: Final = "https://issuer-cognito-idp.us-east-1.amazonaws.com/us-east-1_Ab12Cd34"
POOL: Final = "us-east-1_Ab12Cd34"


def seen(last: float, count: int = 1) -> Seen:
    """Tokens of an hour, the last of which was issued and seen at ``last``."""
    return Seen(count, last - HOUR, last, last + HOUR, last, HOUR)


def report(
    now: float, legacy: float | None, current: float | None = 0.0, *, name: str = "1-a", since: float = 3 * DAY,
    taken: float = 0.0, clients: tuple[str, ...] = ("web", "cron"), closed: bool = False,
) -> DrainReport:  # fmt: skip
    """What a process reported: the last legacy and current token came so many seconds ago, None for none."""
    old = {} if legacy is None else {client: seen(now - legacy, 5 + place) for place, client in enumerate(clients)}
    new = {} if current is None else {"web": Seen(9, now - 2 * DAY, now - current, now + HOUR, now - current, HOUR)}
    issuers = (
        IssuerDrain(POOL, OLD, "legacy", "us-east-1", now + (-1 if closed else 7 * DAY), old),
        IssuerDrain(POOL, NEW, "current", "us-east-1", None, new),
    )
    return DrainReport((ProcessDrain(name, now - since, now - taken, 30.0, issuers),))


def scraped(clock: SettableClock, *, switched: bool, watch: bool = True, **options: Any) -> bytes:  # noqa: ANN401
    """What ``/metrics`` of a real validator says after a legacy token, and after a current one if it is switched."""
    registry = CollectorRegistry()
    metrics = PrometheusObserver(registry)
    with RegionalIssuer(["us-east-1"], clock=clock) as issuer:
        validator = validator_for(issuer, observers=[metrics], **options)
        if watch:
            metrics.watch(validator)
        validator.validate(issuer.access_token())
        if switched:
            clock.advance(60)
            issuer.switch_to_updated()
            validator.validate(issuer.access_token())
        text = generate_latest(registry)
        validator.close()
    return text


def scraped_text(now: float) -> str:
    """What ``/metrics`` says an hour after the last legacy token came, as text; the lines that matter."""
    told = {
        f'jwtmr_legacy_tokens_total{{authority="{POOL}",client="cron",region=""}}': 17.0,
        f'jwtmr_legacy_token_latest_expiry_timestamp_seconds{{authority="{POOL}",client="cron",region=""}}': now,
        f'jwtmr_token_latest_issue_timestamp_seconds{{authority="{POOL}",issuer_kind="legacy"}}': now - HOUR,
        f'jwtmr_token_latest_issue_timestamp_seconds{{authority="{POOL}",issuer_kind="current"}}': now - 60,
        f'jwtmr_legacy_issuer_accept_until_timestamp_seconds{{authority="{POOL}",issuer="{OLD}"}}': now + 7 * DAY,
        'jwtmr_validations_created{authority="",code="expired",issuer_kind="",outcome="refused",region=""}': now
        - 3 * DAY,
    }
    return "# what /metrics said\n" + "".join(f"{series} {value!r}\n" for series, value in told.items())
