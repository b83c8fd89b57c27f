"""The benchmark runs and reports what it measured. How fast anything is, is no test."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from measure import Timed, compare, interleave

RUN = Path(__file__).with_name("run.py")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the benchmark with tiny counts."""
    command = [sys.executable, str(RUN), "--pairs", "3", "--rounds", "2", "--calls", "3", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_it_prints_a_ratio_for_each_token_and_call() -> None:
    """The table has one row for each kind of token and way to validate it, and the target with its verdict."""
    ran = run()
    assert (ran.returncode, ran.stderr) == (0, "")
    rows = re.findall(
        r"^(access|id) +(\d+)  (validate(?:_async)?) +[\d.]+ +[\d.]+ +(\d+\.\d\d)  ", ran.stdout, re.MULTILINE
    )
    assert [(token, call) for token, _, call, _ in rows] == [
        ("access", "validate"), ("access", "validate_async"), ("id", "validate"), ("id", "validate_async"),
    ]  # fmt: skip
    assert all(900 <= int(size) <= 1200 and float(ratio) > 0 for _, size, _, ratio in rows)
    assert re.search(r"^target: at most 1\.8 times; worst \d+\.\d\d: (met|NOT MET)$", ran.stdout, re.MULTILINE)


def test_check_makes_the_verdict_the_exit_code() -> None:
    """With ``--check`` the exit code says what the report says, which follows from its ratios."""
    ran = run("--json", "--check")
    report = json.loads(ran.stdout)
    assert report["met"] is all(result["ratio"] <= report["target"] for result in report["results"])
    assert ran.returncode == (0 if report["met"] else 1)
    for result in report["results"]:
        assert 0 < result["least"] <= result["low"] <= result["ratio"] <= result["high"] <= result["most"]
        assert result["bare"] > 0
        assert result["full"] > 0


@pytest.mark.parametrize("arguments", [("--pairs", "1"), ("--rounds", "0"), ("--calls", "0")])
def test_counts_that_measure_nothing_are_refused(arguments: tuple[str, str]) -> None:
    """One pair has no spread, and no call takes no time."""
    ran = run(*arguments)
    assert ran.returncode == 2
    assert "must be at least" in ran.stderr


def test_the_ratio_is_the_median_of_the_pairs_own_ratios() -> None:
    """A pair that the machine slowed down as a whole says the same as the others; the medians of times would not."""
    result = compare([(1.0, 2.0), (10.0, 20.0), (1.0, 2.5), (2.0, 3.0), (1.0, 2.25)])
    assert (result.ratio, result.low, result.high) == (2.0, 2.0, 2.25)
    assert (result.least, result.most) == (1.5, 2.5)
    assert (result.bare, result.full) == (1.0, 2.5)


def test_both_are_timed_in_turns_and_the_fastest_round_counts() -> None:
    """Each goes first in every other round, both make the same number of calls, and an interrupted round is ignored."""
    order: list[tuple[str, int]] = []
    seconds = {"bare": [4.0, 400.0, 8.0, 12.0], "full": [800.0, 8.0, 40.0, 16.0]}

    def timed(name: str) -> Timed:
        def work(calls: int) -> float:
            order.append((name, calls))
            return seconds[name].pop(0)

        return work

    assert interleave(timed("bare"), timed("full"), pairs=2, rounds=2, calls=4) == [(1.0, 2.0), (2.0, 4.0)]
    assert order == [(name, 4) for name in ("bare", "full", "full", "bare") * 2]
