"""A migration that takes its time, for the pictures of ``docs/operations.md``: ``make migration``.

    make migration ARGS="--life 300 --seed 1"

Nothing is sped up but what the pool says: its longest token lives for ``--life`` seconds, 200 at least, and its key
sets for a minute. So nobody waits for a day without legacy tokens: that is for the test, whose clock jumps. Exits with
1 where the drain report was wrong.
"""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from migration_app import LEEWAY
from migration_play import Record, play
from migration_prometheus import Series
from migration_questions import panels, queries_of, questions
from migration_town import WINDOW, Size, Town, started

STEP: Final = 2.0
"""Seconds between two points of a line."""
UNITS: Final = {"percentunit": "share", "s": "seconds", "reqps": "a second", "short": ""}


def main(arguments: Sequence[str]) -> int:
    """Play, print, save, and return the exit code."""
    options = _parser().parse_args(arguments)
    program = shutil.which("prometheus")
    if program is None:
        print("Prometheus is missing: make programs")
        return 1
    size = Size(options.life, 60, tick=1.0, scrape=1.0, seed=options.seed)
    note = f"{time.strftime('%F')}, {_versions(program)}, seed {options.seed}"
    print(f"{note}\nthis takes {options.life * (WINDOW + 0.1) / 60:.0f} minutes", flush=True)
    with started(program, size) as town:
        record = play(town, questions())
        problems = _tell(town, record)
        options.save.parent.mkdir(parents=True, exist_ok=True)
        options.save.write_text(json.dumps(_recorded(town, record, note)))
    print("\n".join(problems or ["the drain report was right"]))
    return int(bool(problems))


def _tell(town: Town, record: Record) -> list[str]:
    """Print what was known at each step; what was wrong in it."""
    for step, verdict in record.verdicts.items():
        print(f"{step}: {verdict}")
    for kind, code in sorted(town.crowd.answers):
        print(f"{town.crowd.answers[kind, code]:6} {kind} {code or 'accepted'}")
    promised = record.verdicts["expired"].safe_after
    if promised is None or not 0 <= record.safe_after - promised.timestamp() < 30:
        return [f"safe after {promised}, and not at {record.safe_after}"]
    return [] if record.last_tries == {"before": "", "after": "expired"} else [f"{record.last_tries}"]


def _recorded(town: Town, record: Record, note: str) -> dict[str, Any]:
    """What is drawn: every panel, from what Prometheus has recorded."""
    start, end = min(began for began, _ in town.marks.values()), max(ended for _, ended in town.marks.values())
    return {
        "note": note,
        "start": start,
        "end": end,
        "step": STEP,
        "phases": town.marks,
        "moments": {"the last one expires": record.last_expiry + LEEWAY, "window closes": town.until},
        "panels": {title: _lines(town, panel, start, end) for title, panel in panels().items()},
    }


def _lines(town: Town, panel: dict[str, Any], start: float, end: float) -> dict[str, Any]:
    """The unit of a panel, and its lines with their names."""
    lines = [
        (_named(legend, series), series.points)
        for legend, query in queries_of(panel, "15s").items()
        for series in town.prometheus.over(town.in_time(query), start, end, STEP)
    ]
    return {"unit": UNITS[panel["fieldConfig"]["defaults"]["unit"]], "lines": sorted(lines)}


def _named(legend: str, series: Series) -> str:
    for name, value in series.labels.items():
        legend = legend.replace("{{" + name + "}}", value)
    return legend.removeprefix("https://")[:40]


def _versions(program: str) -> str:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    prometheus = (said.stdout or said.stderr).split()[2]
    packages = ", ".join(f"{name} {version(name)}" for name in ("uvicorn", "prometheus-client"))
    return f"Python {platform.python_version()}, Prometheus {prometheus}, {packages}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="A migration with three workers and two regions, recorded.")
    parser.add_argument("--life", type=float, default=300, help="seconds for which the longest token lives")
    parser.add_argument("--seed", type=int, default=1, help="of the order in which requests are sent")
    parser.add_argument("--save", type=Path, default=Path("build/migration.json"), help="where the record goes")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
