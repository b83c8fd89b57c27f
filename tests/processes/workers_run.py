"""What do outages and rotations cost behind gunicorn and uvicorn with four workers each? ``make processes``.

    make processes ARGS="--each 4 --shots 100 --steps 20 --seed 1 --server uvicorn"

Prints a table for each server. Exits with 1 where a promise was broken, and says which.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from workers_play import perform
from workers_servers import SERVERS
from workers_table import heading, summary, table
from workers_town import Size


def main(arguments: Sequence[str]) -> int:
    """Play, print, and return the exit code."""
    options = _parser().parse_args(arguments)
    size = Size(each=options.each, shots=options.shots, steps=options.steps, seed=options.seed)
    print(heading(size), flush=True)
    problems: list[str] = []
    for name in SERVERS:
        if options.server in name:
            problems += _measure(name, size)
    print("\n".join(["", "all promises kept" if not problems else "BROKEN PROMISES", *problems]))
    return int(bool(problems))


def _measure(name: str, size: Size) -> list[str]:
    reports, problems = perform(SERVERS[name], size)
    print(f"\n### {name}\n\n{table(reports)}\n\n{summary(reports)}", flush=True)
    return [f"{name}: {problem}" for problem in problems]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Workers behind one socket: outages and rotations under load.")
    parser.add_argument("--each", type=int, default=4, help="connections to each worker")
    parser.add_argument("--shots", type=int, default=100, help="requests on each connection in each phase")
    parser.add_argument("--steps", type=int, default=20, help="in which time goes by while keys become due")
    parser.add_argument("--seed", type=int, default=1, help="of the order in which tokens are sent")
    parser.add_argument("--server", default="", help="only servers whose name has this in it")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
