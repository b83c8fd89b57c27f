"""Who watches the old issuer go, as mypy and pyright must accept it in their strictest mode. Never run."""

# pyright: strict, reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import assert_never, assert_type

from jwtmr import BackgroundObserver, CognitoUserPool, DrainReport, Observer, TokenValidator
from jwtmr.drain import DrainState, DrainVerdict, IssuerDrain, ProcessDrain, Seen


def counted(pool: CognitoUserPool, slow: Observer) -> tuple[TokenValidator, BackgroundObserver]:
    """A validator that counts, with an observer that may take its time."""
    observer = BackgroundObserver(slow, max_events=100)
    assert_type(observer.dropped, int)
    assert_type(observer.failures, int)
    assert_type(observer.close(timeout=1.5), bool)
    nested: Observer = observer
    return TokenValidator(pool, observers=[nested], drain=True, removal_dry_run=True), observer


def merged(validator: TokenValidator, files: list[Path], now: float) -> DrainVerdict:
    """What all processes have seen."""
    others = [DrainReport.from_json(file.read_bytes()) for file in files]
    report = DrainReport.merge([validator.drain_report(), *others])
    assert_type(report.to_json(), str)
    assert_type(report.processes, tuple[ProcessDrain, ...])
    assert_type(report.issuers, tuple[IssuerDrain, ...])
    for one in report.issuers:
        assert_type(one.clients, Mapping[str, Seen])
        assert_type(one.total, Seen | None)
        assert_type(one.accept_until, float | None)
        assert_type(one.would_have_refused, int | None)
    verdict = report.verdict(now)
    assert_type(verdict.safe_after, datetime | None)
    assert_type(verdict.issuer, str | None)
    return verdict


def advice(state: DrainState) -> str:
    """The states are closed: a forgotten one is found by the checker."""
    match state:
        case "closed" | "safe":
            return "go"
        case "waiting" | "too_early" | "not_yet":
            return "stay"
        case _:
            assert_never(state)
