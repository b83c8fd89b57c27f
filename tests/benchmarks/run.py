"""What jwtmr costs, beside the signature check that nobody can do without, and beside its peers. ``make bench``.

    python tests/benchmarks/run.py [--quick] [--peers] [--only THEME,…] [--pairs 15] [--share 1.0]
                                   [--json FILE] [--against FILE] [--record] [--check]

Prints a table. Says by its exit code whether everything is as wanted only with ``--check``.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import page
import posts
import record
import report
from cases import cases
from crew import Post, crew
from rows import Row

QUICK: Final = {"pairs": 5, "share": 0.4, "warm_up": 1}
"""Instead of the usual counts: a few seconds in all."""


def main(arguments: Sequence[str]) -> int:
    """Measure, print, write, and return the exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.record and (options.quick or options.only or not options.peers):
        parser.error("argument --record: a record holds everything, and the peers")
    if options.quick:
        vars(options).update(QUICK)
    held = _measured(options)
    print(report.table(held))
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        record.write(held, options.json)
    if options.against and options.against.exists():
        print("\n" + record.compared(held, record.read(options.against)))
    if options.record:
        record.write(held)
        page.write(held)
    return int(options.check and any(row.met is False for row in report.rows_of(held)))


def _measured(options: argparse.Namespace) -> dict[str, Any]:
    began = time.monotonic()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        wanted = _wanted(options, stack, folder)
        together = stack.enter_context(crew(wanted, folder / "logs"))
        together.go_round(options.pairs, options.share, options.warm_up)
        rows = [Row.of(told, result, worker.about) for worker in together.workers for told, result in worker.results()]
    left_out = {**(posts.not_installed() if options.peers else {}), **together.absent}
    order = {group: number for number, group in reversed(list(enumerate(row.group for row in rows)))}
    rows.sort(key=lambda row: order[row.group])  # stable: the rows of a group come from several workers
    return report.document(rows, left_out, options.pairs, time.monotonic() - began)


def _wanted(options: argparse.Namespace, stack: ExitStack, folder: Path) -> list[Post]:
    themes = options.only or (posts.QUICK if options.quick else posts.THEMES)
    beside = posts.BESIDE if options.peers and not options.only else ()
    wanted = posts.own([theme for theme in themes if theme in posts.THEMES])
    if "pythons" in (*themes, *beside):
        wanted += posts.other_pythons()
    if "peers" in (*themes, *beside):
        wanted += posts.peers(*stack.enter_context(cases(folder)))
    return wanted


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="jwtmr against the bare verification, and beside its peers.")
    parser.add_argument("--quick", action="store_true", help="a few pairs of what takes little time")
    parser.add_argument("--only", type=_themes, help=f"some of: {', '.join((*posts.THEMES, *posts.BESIDE))}")
    parser.add_argument("--peers", action="store_true", help="the peers and other Pythons that are installed, too")
    parser.add_argument("--pairs", type=_number(int, 2), default=15, help="pairs per row, at least 2")
    parser.add_argument("--share", type=_number(float, 0.001), default=1.0, help="of the usual rounds")
    parser.add_argument("--warm-up", type=_number(int, 0), default=2, help="pairs before those that count")
    parser.add_argument("--json", type=Path, help="write the result there; times are in seconds")
    parser.add_argument("--against", type=Path, help="print the result beside a recorded one")
    parser.add_argument("--record", action="store_true", help="make it the recorded one, with docs/performance.md")
    parser.add_argument("--check", action="store_true", help="exit with 1 unless everything is as wanted")
    return parser


def _themes(text: str) -> list[str]:
    themes = text.split(",")
    unknown = [theme for theme in themes if theme not in (*posts.THEMES, *posts.BESIDE)]
    if unknown:
        raise argparse.ArgumentTypeError(f"there is no theme {unknown[0]}")
    return themes


def _number(kind: type[int] | type[float], least: float) -> Callable[[str], float]:
    def number(text: str) -> float:
        found = kind(text)
        if not found >= least:
            raise argparse.ArgumentTypeError(f"must be at least {least}")
        return found

    return number


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
