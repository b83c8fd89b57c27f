"""Looks for inputs that break a promise of the parsers. ``make fuzz``.

    python fuzz_run.py [--target NAME ...] [--seconds 60] [--runs N] [--seed 1] [--jobs 1] [--work DIRECTORY]

Each target begins with its checked-in cases and ends after so many seconds or runs, or at its first find, which stays
in the directory. Needs atheris. Exits with 1 where something was found, and with 2 where a target did not run.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent))  # what all tests share

from fuzz_kit import Target  # noqa: E402  # found where the line above says
from fuzz_log import Outcome, read_log  # noqa: E402
from fuzz_planted import PLANTED  # noqa: E402
from fuzz_targets import TARGETS  # noqa: E402

WORK: Final = HERE.parent.parent / ".venv" / "fuzz"
HANGS_AFTER: Final = 60
"""Seconds of the clock for one input, after which libFuzzer takes it for an endless one."""
MEMORY: Final = 2048
"""Megabytes."""
GRACE: Final = 180.0
"""Seconds beyond its time after which a target is ended: to begin takes one, on a busy machine several."""


def main(arguments: Sequence[str]) -> int:
    """Fuzz, print, and return the exit code."""
    options = _parser().parse_args(arguments)
    names = options.target or list(TARGETS)
    print(_headline(options), "", _row(*COLUMNS), sep="\n", flush=True)
    outcomes = []
    with ThreadPoolExecutor(options.jobs) as pool:
        for name, outcome in zip(names, pool.map(partial(_fuzz, options), names), strict=True):
            print(_row(name, *_figures(outcome)), flush=True)
            outcomes.append(outcome)
    for name, outcome in zip(names, outcomes, strict=True):
        if outcome.found or not outcome.executions:
            print("", _report(name, outcome, options.work / name / "log"), sep="\n")
    return max(1 if outcome.found else 0 if outcome.executions else 2 for outcome in outcomes)


def _fuzz(options: argparse.Namespace, name: str) -> Outcome:
    """Run one target in a process and a directory of its own."""
    directory = options.work / name
    shutil.rmtree(directory, ignore_errors=True)
    for part in ("corpus", "seeds", "finds"):
        (directory / part).mkdir(parents=True)
    target = (TARGETS | PLANTED)[name]
    _write_seeds(target, directory / "seeds")
    (directory / "words").write_text("".join(f'"{_escaped(word)}"\n' for word in target.words or (b"0",)), "ascii")
    flags = {
        "seed": options.seed, "max_total_time": options.seconds, "runs": options.runs, "max_len": target.longest,
        "timeout": HANGS_AFTER, "rss_limit_mb": MEMORY, "print_final_stats": 1, "dict": directory / "words",
        "artifact_prefix": f"{directory}/finds/",
    }  # fmt: skip
    command = [sys.executable, HERE / "fuzz_worker.py", name, *(f"-{flag}={value}" for flag, value in flags.items())]
    with (directory / "log").open("wb") as log:
        subprocess.run(
            [*map(str, command), directory / "corpus", directory / "seeds"],
            cwd=directory, env={**os.environ, "PYTHONHASHSEED": "0"}, stdout=log, stderr=log, check=False,
            timeout=options.seconds + GRACE,
        )  # fmt: skip
    return read_log((directory / "log").read_text("utf-8", "replace"))


def _write_seeds(target: Target, directory: Path) -> None:
    for number, (data, _) in enumerate(target.cases.values()):
        if len(data) <= target.longest:
            (directory / f"{number:04}").write_bytes(data)


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word)


COLUMNS: Final = {
    "target": -16, "executions": 11, "a second": 10, "edges": 12, "features": 14, "corpus": 14, "finds": 7,
}  # fmt: skip
"""Each with its width; a negative one is filled on the right."""


def _row(*cells: object) -> str:
    widths = COLUMNS.values()
    return "".join(str(cell).rjust(w) if w > 0 else str(cell).ljust(-w) for cell, w in zip(cells, widths, strict=True))


def _figures(outcome: Outcome) -> tuple[object, ...]:
    """Edges and features of the code that the seeds reach, and that the corpus reached in the end."""
    seeds, corpus = outcome.seeds, outcome.corpus
    edges = f"{seeds.edges if seeds else 0}-{corpus.edges if corpus else 0}"
    features = f"{seeds.features if seeds else 0}-{corpus.features if corpus else 0}"
    inputs = f"{corpus.inputs}/{corpus.size}" if corpus else "-"
    speed = outcome.per_second or "-"  # libFuzzer divides by whole seconds
    return outcome.executions, speed, edges, features, inputs, int(outcome.found is not None)


def _headline(options: argparse.Namespace) -> str:
    bound = f"{options.runs} runs" if options.runs >= 0 else f"{options.seconds} s"
    tools = ", ".join(f"{name} {version(name)}" for name in ("atheris", "cryptography", "msgspec", "PyJWT"))
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{datetime.now(UTC):%Y-%m-%d}, {python}, {tools}; {bound} for each target, seed {options.seed}"


def _report(name: str, outcome: Outcome, log: Path) -> str:
    """What to do about a target that found something, or did not run."""
    if outcome.found is None:
        return f"{name} did not run; the end of {log}:\n{log.read_text('utf-8', 'replace')[-2000:]}"
    data = outcome.found.read_bytes()
    shown = repr(data) if len(data) <= 1000 else f"{data[:200]!r} and {len(data) - 200} more bytes"
    return (
        f"{name}: {outcome.complaint}\n{name}: the input is in {outcome.found}:\n    {shown}\n"
        f"{name}: mend what is wrong, and add the input to the cases of the target"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Coverage-guided fuzzing of the parsers.")
    parser.add_argument("--target", action="append", choices=[*TARGETS, *PLANTED], help="one alone; may be repeated")
    parser.add_argument("--seconds", type=int, default=60, help="for each target at most")
    parser.add_argument("--runs", type=int, default=-1, help="inputs for each target at most")
    parser.add_argument("--seed", type=int, default=1, help="of the mutations; with --runs it decides everything")
    parser.add_argument("--jobs", type=int, default=1, help="targets side by side")
    parser.add_argument("--work", type=Path, default=WORK, help="where corpora, logs and finds are written")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
