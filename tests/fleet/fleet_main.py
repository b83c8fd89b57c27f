"""A fleet on paper: ten thousand processes, their key hosts, and what can befall them. ``make fleet``.

    python tests/fleet/fleet_main.py [--seed 1] [--processes 10000] [--jobs 2] [--only NAME ...] [--save FILE]
    python tests/fleet/fleet_main.py --load FILE

Prints the tables of ``docs/fleet.md``; ``fleet_plots.py`` draws what was saved.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path

from fleet_report import for_each, for_hosts, for_users
from fleet_scenarios import BY_NAME
from fleet_simulation import Fleet, Record


def main(arguments: Sequence[str]) -> None:
    """Simulate, save, and print; or print again what was saved."""
    options = _parser().parse_args(arguments)
    began = time.perf_counter()
    if options.load is None:
        header, records = _header(options), _simulate(options)
    else:
        saved = json.loads(options.load.read_text())
        header, records = saved["header"], [Record(**record) for record in saved["records"]]
    if options.save is not None:
        options.save.parent.mkdir(parents=True, exist_ok=True)
        options.save.write_text(json.dumps({"header": header, "records": [asdict(record) for record in records]}))
    told = [(BY_NAME[record.name], record) for record in records]
    print(f"{header}\n\n{for_hosts(told)}\n\n{for_users(told)}\n\n{for_each(told)}\n")
    took, clock = sum(record.took for record in records), time.perf_counter() - began
    print(f"{took:.0f} s of the processor, {clock:.0f} s by the clock")


def _simulate(options: argparse.Namespace) -> list[Record]:
    """Side by side where there are several processors: no scenario knows of another."""
    records = []
    with ProcessPoolExecutor(options.jobs) as pool:
        live = partial(live_through, processes=options.processes, seed=options.seed)
        for record in pool.map(live, options.only or BY_NAME):
            print(f"{record.name}: {record.simulated} processes, {record.took:.0f} s", file=sys.stderr, flush=True)
            records.append(record)
    return records


def live_through(name: str, processes: int, seed: int) -> Record:
    """What becomes of a fleet in the scenario of that name."""
    return Fleet(BY_NAME[name], processes, seed).live()


def _header(options: argparse.Namespace) -> str:
    today = datetime.now(UTC).date()
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{today}, jwtmr {version('jwtmr')}, {python}, {options.processes} processes, seed {options.seed}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Simulate a fleet of processes and its key hosts.")
    parser.add_argument("--seed", type=int, default=1, help="the same one gives the same figures")
    parser.add_argument("--processes", type=int, default=10_000, help="in the fleet")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="scenarios to simulate side by side")
    parser.add_argument("--only", nargs="+", choices=list(BY_NAME), help="these scenarios; all without it")
    parser.add_argument("--save", type=Path, help="write all records to this file, as JSON")
    parser.add_argument("--load", type=Path, help="print what was saved there, and simulate nothing")
    return parser


if __name__ == "__main__":
    main(sys.argv[1:])
