"""The last result that was kept, and this one beside it.

Compared are numbers that travel: ratios, and times counted in bare verifications of the machine that they were taken
on. Nothing here fails: what another machine, or a busy one, makes of a ratio is for a reader to judge.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from report import rows_of, verification_of
from rows import Row

RECORD: Final = Path(__file__).with_name("record.json")
TOLERANCE: Final = 0.15
"""The part by which a number may be worse than the recorded one before it is pointed out."""
FLOOR: Final = 0.1
"""Bare verifications: what takes less than that is compared as if it took that long, or noise would be a finding."""


def read(path: Path = RECORD) -> dict[str, Any]:
    """The document of the record."""
    held: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return held


def write(held: Mapping[str, Any], path: Path = RECORD) -> None:
    """Keep a document."""
    path.write_text(json.dumps(held, indent=1, ensure_ascii=False) + "\n", "utf-8")


def compared(now: Mapping[str, Any], then: Mapping[str, Any]) -> str:
    """Each row that both have, then and now; ``REGRESSION?`` where it is worse by more than the tolerance."""
    before = {_key(row): number for row, number in _numbers(rows_of(then))}
    lines = [f"{'':54}{'recorded':>10}{'now':>10}{'':>9}   recorded {then['date']} on {then['machine']}"]
    for row, number in _numbers(rows_of(now)):
        recorded = before.get(_key(row))
        if recorded is None:
            lines.append(f"{row.name:<54}{'-':>10}{number:>10.3f}{'new':>9}")
            continue
        change = change_of(row.kind, recorded, number)
        flag = "   REGRESSION?" if change > TOLERANCE else ""
        lines.append(f"{row.name:<54}{recorded:>10.3f}{number:>10.3f}{change:>+9.0%}{flag}")
    return "\n".join([*lines, "", "ratios; times in bare verifications; per cent; more is worse, but for what is kept"])


def change_of(kind: str, recorded: float, number: float) -> float:
    """By which part a number is worse than it was; negative where it is better."""
    if kind == "kept":
        return (recorded - number) / recorded
    floor = FLOOR if kind in ("added", "took") else 0.0
    return (max(number, floor) - max(recorded, floor)) / max(recorded, floor)


def _numbers(rows: Sequence[Row]) -> list[tuple[Row, float]]:
    """Each row and what is compared of it. Times are not, where a part was measured that has no yardstick."""
    yardstick = verification_of(rows) * 1e6 if any(row.verifies for row in rows) else None
    if yardstick is None:
        return [(row, row.value) for row in rows if row.unit != "us"]
    return [(row, row.value / yardstick if row.unit == "us" else row.value) for row in rows]


def _key(row: Row) -> tuple[str, str, str]:
    """What makes two rows the same: a patch release of Python is no other Python."""
    return row.group, row.name, row.runtime.rpartition(".")[0]
