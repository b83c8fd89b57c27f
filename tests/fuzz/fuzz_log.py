"""What libFuzzer and atheris write, as figures: how much was tried, how far it got, what was found."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_STATUS: Final = re.compile(r"^#(\d+)\s+(\w+)\s+cov: (\d+) ft: (\d+) corp: (\d+)/(\S+)", re.MULTILINE)
_UNITS: Final = re.compile(r"^stat::number_of_executed_units: (\d+)$", re.MULTILINE)
_SPEED: Final = re.compile(r"^stat::average_exec_per_sec: +(\d+)$", re.MULTILINE)
_WRITTEN: Final = re.compile(r"Test unit written to (\S+)")
_RAISED: Final = re.compile(r"=== Uncaught Python exception: ===\n(.*?)(?=^==\d+==|\Z)", re.MULTILINE | re.DOTALL)
_ENDED: Final = re.compile(r"^==\d+== ?ERROR: (libFuzzer: .*)$", re.MULTILINE)


@dataclass(frozen=True)
class Reach:
    """How far the inputs of a corpus get."""

    edges: int
    features: int
    inputs: int
    size: str


@dataclass(frozen=True)
class Outcome:
    """How one target fared."""

    executions: int
    per_second: int
    seeds: Reach | None
    """What the inputs reach that it began with; None where it did not get so far."""
    corpus: Reach | None
    found: Path | None
    """The input that was found."""
    complaint: str
    """What was raised, or else how it ended."""


def read_log(log: str) -> Outcome:
    """Read it."""
    statuses = [(kind, Reach(int(cov), int(ft), int(n), size)) for _, kind, cov, ft, n, size in _STATUS.findall(log)]
    began = [reach for kind, reach in statuses if kind == "INITED"]
    units, speed, written = (pattern.search(log) for pattern in (_UNITS, _SPEED, _WRITTEN))
    raised, ended = _RAISED.search(log), _ENDED.search(log)
    return Outcome(
        executions=int(units[1]) if units else 0,
        per_second=int(speed[1]) if speed else 0,
        seeds=began[0] if began else None,
        corpus=statuses[-1][1] if statuses else None,
        found=Path(written[1]) if written else None,
        complaint=raised[1].strip() if raised else ended[1] if ended else "",
    )
