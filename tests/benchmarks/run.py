"""What does a warm validation cost beyond the signature check that it cannot do without? ``make bench``.

    python tests/benchmarks/run.py [--json] [--check] [--pairs 15] [--rounds 20] [--calls 50]

Prints the times and their ratio, and whether the target is met. Says so by its exit code only with ``--check``.
"""

from __future__ import annotations

import argparse
import gc
import json
import platform
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from importlib.metadata import version

from measure import Comparison, compare, interleave
from subjects import Subject, subjects

TARGET = 1.8
"""Times the bare verification that a warm validation may cost."""

Row = tuple[Subject, Comparison]


def main(arguments: Sequence[str]) -> int:
    """Measure, print, and return the exit code."""
    options = _parser().parse_args(arguments)
    rows = _measure(options)
    print(_as_json(rows, options) if options.json else _as_table(rows, options))
    return int(options.check and not _met(rows))


def _measure(options: argparse.Namespace) -> list[Row]:
    counts = {"rounds": options.rounds, "calls": options.calls}
    with subjects() as chosen:
        for subject in chosen:  # caches, branch predictors and the allocator get to know both
            interleave(subject.bare, subject.full, pairs=1, **counts)
        gc.collect()
        gc.freeze()  # what was there before is nobody's garbage now; collecting goes on, as in a service
        return [
            (subject, compare(interleave(subject.bare, subject.full, pairs=options.pairs, **counts)))
            for subject in chosen
        ]


def _met(rows: Sequence[Row]) -> bool:
    return all(result.ratio <= TARGET for _, result in rows)


def _as_table(rows: Sequence[Row], options: argparse.Namespace) -> str:
    python = f"{platform.python_implementation()} {platform.python_version()}"
    lines = [
        f"Warm validation against the bare RS256 check by cryptography {version('cryptography')}, {python}",
        f"medians of {options.pairs} pairs; a pair is the fastest of {options.rounds} rounds of {options.calls} calls",
        "",
        "token    bytes  call              bare us  jwtmr us  ratio      25-75 %   least-most",
    ]
    lines += [
        f"{subject.token:<8}{subject.size:>6}  {subject.call:<16}{result.bare * 1e6:>9.1f}{result.full * 1e6:>10.1f}"
        f"{result.ratio:>7.2f}  {result.low:>5.2f}-{result.high:<5.2f}  {result.least:>5.2f}-{result.most:<5.2f}"
        for subject, result in rows
    ]
    worst = max(result.ratio for _, result in rows)
    lines += ["", f"target: at most {TARGET} times; worst {worst:.2f}: {'met' if _met(rows) else 'NOT MET'}"]
    return "\n".join(lines)


def _as_json(rows: Sequence[Row], options: argparse.Namespace) -> str:
    results = [
        {"token": subject.token, "bytes": subject.size, "call": subject.call, **asdict(result)}
        for subject, result in rows
    ]
    document = {
        "target": TARGET,
        "met": _met(rows),
        "pairs": options.pairs,
        "rounds": options.rounds,
        "calls": options.calls,
        "python": platform.python_version(),
        "cryptography": version("cryptography"),
        "results": results,
    }
    return json.dumps(document, indent=2)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Warm validation against the bare RSA-2048 verification.")
    parser.add_argument("--json", action="store_true", help="print JSON; times are in seconds")
    parser.add_argument("--check", action="store_true", help=f"exit with 1 unless every ratio is at most {TARGET}")
    parser.add_argument("--pairs", type=_count(2), default=15, help="pairs per row, at least 2")
    parser.add_argument("--rounds", type=_count(1), default=20, help="rounds per pair; the fastest counts")
    parser.add_argument("--calls", type=_count(1), default=50, help="calls per round")
    return parser


def _count(least: int) -> Callable[[str], int]:
    def count(text: str) -> int:
        number = int(text)
        if number < least:
            raise argparse.ArgumentTypeError(f"must be at least {least}")
        return number

    return count


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
