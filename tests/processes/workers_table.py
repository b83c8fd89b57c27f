"""The figures of a play as a table, in Markdown that can be read as it is."""

from __future__ import annotations

import os
import platform
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Final

from workers_place import LIFETIME
from workers_report import Report
from workers_servers import WORKERS
from workers_tokens import GOOD, KNOWN
from workers_town import Size

HEAD: Final = (
    "phase", "requests", "200", "401", "503", "other", "valid, not 200", "p50 ms", "p99 ms", "max ms",
    "latest key, max ms", "updated", "original", "replica", "walks",
)  # fmt: skip
PACKAGES: Final = ("jwtmr", "gunicorn", "flask", "uvicorn", "fastapi")


def heading(size: Size) -> str:
    """When, with what and of what size."""
    versions = ", ".join(f"{package} {version(package)}" for package in PACKAGES)
    python = f"{platform.python_implementation()} {platform.python_version()}"
    load = f"with a load of {os.getloadavg()[0]:.1f} before it began"
    return (
        f"{datetime.now(UTC):%Y-%m-%d}; {python}, {versions}; seed {size.seed}.\n"
        f"{platform.system()}, {os.cpu_count()} processors, {load}.\n"
        f"{WORKERS} workers, {size.each} connections to each, {size.shots} requests on each in each phase."
    )


def table(reports: Sequence[Report]) -> str:
    """A row for each phase. Times are those of valid tokens whose key is known, but for one column."""
    rows = [HEAD, *(_row(report) for report in reports)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(HEAD))]
    written = ["| " + " | ".join(_fill(row, widths)) + " |" for row in rows]
    rule = "|".join("-" * (width + 1) + (":" if place else "-") for place, width in enumerate(widths))
    return "\n".join([written[0], f"|{rule}|", *written[1:]])


def summary(reports: Sequence[Report]) -> str:
    """What became of the valid tokens in all, and how the refreshes were spread."""
    valid = sum((_outcomes(report, GOOD) for report in reports), Counter[str]())
    sent = sum(len(report.answered) for report in reports)
    ages = sorted(age for report in reports for age in report.ages.values())
    told = ", ".join(f"{times} {said}" for said, times in sorted(valid.items()))
    spread = ", ".join(f"{age:.0f}" for age in ages)
    return (
        f"{sent} requests, of them {valid.total()} with valid tokens: {told}.\n"
        f"Sets of {LIFETIME} s were refreshed at the age of {spread} s."
    )


def _fill(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    return [row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]


def _row(report: Report) -> tuple[str, ...]:
    statuses = Counter(each.said[:3] for each in report.answered)
    odd = {said: times for said, times in _outcomes(report, GOOD).items() if said != "200"}
    return (
        report.name,
        str(len(report.answered)),
        *(str(statuses.pop(status, 0)) for status in ("200", "401", "503")),
        str(statuses.total()),
        ", ".join(f"{many} x {said}" for said, many in sorted(odd.items())),
        *(_within(report.seconds_of(KNOWN), share) for share in (0.5, 0.99, 1)),
        _within(report.seconds_of(["new"]), 1),
        *(_range(_fetches(report, endpoint)) for endpoint in report.endpoints),
        _range(_walks(report, worker) for worker in report.workers),
    )


def _outcomes(report: Report, kinds: Iterable[str]) -> Counter[str]:
    return Counter(each.said[:3] for each in report.answered if each.kind in kinds)


def _within(seconds: Sequence[float], share: float) -> str:
    """The time within which this share of the answers came; nothing where nothing was asked."""
    return f"{1000 * seconds[min(int(share * len(seconds)), len(seconds) - 1)]:.1f}" if seconds else ""


def _fetches(report: Report, endpoint: str) -> list[int]:
    """How often each worker asked an endpoint."""
    asked = Counter(worker for worker, place, _ in report.attempts().elements() if place == endpoint)
    return [asked[worker] for worker in report.workers]


def _walks(report: Report, worker: int) -> int:
    """How many walks for unknown kids it made: each asks every endpoint once at most."""
    own = (asked for (who, _, why), asked in report.attempts().items() if (who, why) == (worker, "unknown_kid"))
    return max(own, default=0)


def _range(counts: Iterable[int]) -> str:
    low, *_, high = sorted([*counts] * 2)
    return str(low) if low == high else f"{low}-{high}"
