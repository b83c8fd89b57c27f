"""A soak: random faults under traffic of good and bad tokens, each answer judged by a model of the design.

    make soak SECONDS=60 SEED=7            PYTHONPATH=tests python tests/soak/soak_run.py --seconds 60 --seed 7

Without a seed one is drawn and printed. The seed determines what happens and when, and which kinds of tokens each
client sends; how threads interleave it cannot. The exit code is 1 where an answer contradicts the model.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from random import SystemRandom
from typing import Final

from soak_life import Act, live
from soak_model import Model
from soak_plants import PLANTS, planted
from soak_report import Tally, report
from soak_script import ACTS

LIFE: Final = 40.0
"""Seconds that one life lasts at most: then another begins, with a cold start, a switch and a window of its own."""
SHORTEST: Final = 5.0


def main(arguments: Sequence[str]) -> int:
    """Soak, print the report, and return the exit code."""
    options = _parser().parse_args(arguments)
    seed = SystemRandom().randrange(10**6) if options.seed is None else options.seed
    print(f"soak: seed {seed}, {options.seconds:g} s", flush=True)
    began = time.monotonic()
    acts = [act for act in ACTS if options.acts is None or act.__name__ in options.acts]
    with planted(options.plant):
        tally = soak(seed, options.seconds, acts)
    print(report(tally, seed, time.monotonic() - began))
    return int(bool(tally.contradictions))


def soak(seed: int, seconds: float, acts: Sequence[Act] = ACTS) -> Tally:
    """Live one life after the other for so many seconds; ``acts`` are played in the first, however long they take."""
    tally, end = Tally(), time.monotonic() + seconds
    while (left := end - time.monotonic()) > SHORTEST or not tally.lives:
        lived = live(f"{seed}/{tally.lives}", min(LIFE, left), acts=() if tally.lives else acts)
        tally.add(lived.log, lived.struck, Model(lived.log))
    return tally


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Random faults under traffic, judged by a model.")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--acts", nargs="*", choices=[act.__name__ for act in ACTS], help="the first life's; else all")
    parser.add_argument("--plant", choices=sorted(PLANTS), default=None, help="a bug to find")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
