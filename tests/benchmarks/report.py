"""The result as a document, which is what files hold, and as a table for people."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from rows import Row

VERSIONS: Final = ("jwtmr", "cryptography", "PyJWT", "msgspec", "fastapi", "starlette", "flask", "uvicorn")


def document(rows: Sequence[Row], left_out: Mapping[str, str], pairs: int, seconds: float) -> dict[str, Any]:
    """Everything about a run."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine(),
        "versions": {"Python": platform.python_version(), **{name: version(name) for name in VERSIONS}},
        "pairs": pairs,
        "seconds": round(seconds),
        "rows": [row.as_json() for row in rows],
        "left_out": dict(left_out),
    }


def rows_of(held: Mapping[str, Any]) -> list[Row]:
    """The rows of a document."""
    return [Row.from_json(row) for row in held["rows"]]


def verification_of(rows: Iterable[Row]) -> float:
    """Seconds of one bare verification of an RS256 token by ``cryptography``: the yardstick of a run."""
    return statistics.median(row.bare for row in rows if row.verifies)


def machine() -> str:
    """What it ran on."""
    model = platform.processor() or platform.machine()
    told = Path("/proc/cpuinfo")
    if told.exists():
        names = [line.partition(":")[2].strip() for line in told.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    return f"{model}, {os.cpu_count()} processors, {platform.system()} {platform.release().split('-')[0]}"


def table(held: Mapping[str, Any]) -> str:
    """The document for people to read."""
    named = ", ".join(f"{name} {number}" for name, number in held["versions"].items())
    lines = [
        f"{held['machine']}; {named}",
        f"medians of {held['pairs']} pairs in one run of {held['seconds']} s; a pair is the fastest of its rounds",
    ]
    for group, rows in groupby(rows_of(held), lambda row: row.group):
        lines += ["", f"{group:<54} {'bare us':>8} {'full us':>8} {'':>15} {'25-75 %':<15} {'least-most':<17} wanted"]
        lines += [_line(row) for row in rows]
    lines += [f"left out: {name}: {reason}" for name, reason in held["left_out"].items()]
    missed = [row.name for row in rows_of(held) if row.met is False]
    return "\n".join([*lines, "", f"not as wanted: {'; '.join(missed) or 'nothing'}"])


def _line(row: Row) -> str:
    scale = 1 if row.kind == "memory" else 1e6
    where = f"{row.name} [{_short(row.runtime)}]"
    return (
        f"  {where:<52} {row.bare * scale:>8.1f} {row.full * scale:>8.1f} {row.value:>9.2f} {row.unit:<5} "
        f"{f'{row.low:.2f}-{row.high:.2f}':<15} {f'{row.least:.2f}-{row.most:.2f}':<17} {_verdict(row)}"
    ).rstrip()


def _short(runtime: str) -> str:
    """``Python 3.11.7`` is ``py3.11``, ``Node.js 20.20.2`` is ``node20``."""
    name, _, number = runtime.partition(" ")
    major, minor, *_ = number.split(".")
    return f"py{major}.{minor}" if name == "Python" else f"node{major}"


def _verdict(row: Row) -> str:
    if row.limit is None:
        return ""
    bound = ">=" if row.kind == "kept" else "<="
    goal = "" if row.goal is None else f", goal {row.goal:g}"
    return f"{bound} {row.limit:g}{goal}: {'met' if row.met else 'NOT MET'}"
