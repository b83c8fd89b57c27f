"""Fuzzing itself, for a moment: it goes further than its seeds, finds nothing, and would find a fault."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from fuzz_targets import TARGETS

pytestmark = pytest.mark.system("atheris")

RUN = Path(__file__).with_name("fuzz_run.py")
ROW = re.compile(r"^([a-z-]+) +(\d+) +[\d-]+ +\d+-\d+ +(\d+)-(\d+) +\d+/\w+ +(\d)$", re.MULTILINE)
RUNS = 1000

Fuzz = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def fuzz(needs: Callable[[str], str], tmp_path: Path) -> Fuzz:
    """Fuzz with these arguments, from one seed, with all files in the test's directory."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [needs("atheris"), str(RUN), "--work", str(tmp_path), "--seed", "7", "--jobs", "2", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)

    return run


def test_every_target_goes_further_than_its_seeds_and_finds_nothing(fuzz: Fuzz) -> None:
    """All inputs were tried, some reached what no seed had, and none broke a promise."""
    ran = fuzz("--runs", str(RUNS), "--seconds", "300")
    assert (ran.returncode, ran.stderr) == (0, ""), ran.stdout
    rows = ROW.findall(ran.stdout)
    assert [name for name, *_ in rows] == list(TARGETS)
    for _, executions, seeds, corpus, finds in rows:
        assert int(executions) == RUNS
        assert int(corpus) >= int(seeds) > 0
        assert finds == "0"
    # Not each of them: the seeds of small parsers reach all that there is in a thousand inputs.
    assert sum(int(corpus) > int(seeds) for _, _, seeds, corpus, _ in rows) >= len(rows) / 2


def test_a_planted_fault_is_found_and_told_with_its_input(fuzz: Fuzz, tmp_path: Path) -> None:
    """An exception and a waste of time, behind three letters: coverage leads there, and the input is kept."""
    ran = fuzz("--target", "planted-raises", "--target", "planted-slow", "--seconds", "300")
    assert ran.returncode == 1, ran.stdout
    assert [(name, finds) for name, *_, finds in ROW.findall(ran.stdout)] == [
        ("planted-raises", "1"),
        ("planted-slow", "1"),
    ]
    assert "planted-raises: ValueError: a planted fault\n" in ran.stdout
    assert re.search(r"^planted-slow: Find: took [6-9]\d ms of processor time$", ran.stdout, re.MULTILINE)
    for path in re.findall(r": the input is in (.*):$", ran.stdout, re.MULTILINE):
        assert Path(path).is_relative_to(tmp_path)
        assert f"    {Path(path).read_bytes()!r}\n" in ran.stdout
        assert Path(path).read_bytes().startswith(b"jwt")
    assert ran.stdout.count(": the input is in ") == 2
