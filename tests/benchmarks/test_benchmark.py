"""The benchmark runs and reports what it measured. How fast anything is, is no test."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
from posts import THEMES
from run import main

RUN: Final = Path(__file__).with_name("run.py")
LEAST: Final = ("--pairs", "2", "--share", "0.03", "--warm-up", "0")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the benchmark with tiny counts, unless told otherwise."""
    command = [sys.executable, str(RUN), *LEAST, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    """A run of what takes little time, and its document."""
    path = tmp_path_factory.mktemp("benchmark") / "build" / "result.json"
    ran = run("--only", "validation,adapters,cache", "--check", "--json", str(path), "--against", str(path))
    return ran, json.loads(path.read_text("utf-8"))


def test_every_subject_has_its_row(measured: tuple[Any, dict[str, Any]]) -> None:
    """Each kind of token by each way to validate it, each adapter, and what is wanted of them."""
    _, held = measured
    names = {(row["group"], row["name"]) for row in held["rows"]}
    tokens = ("RS256 access token", "RS256 ID token", "ES256 access token", "EdDSA access token")
    assert names >= {("validation", f"{name}, {call}") for name in tokens for call in ("validate", "validate_async")}
    assert names >= {("adapters", "ASGI"), ("adapters", "FastAPI"), ("adapters", "Flask")}
    assert {group for group, _ in names} | set(held["left_out"]) == {"validation", "async", "adapters", "cache"}
    assert all(row["limit"] > 0 for row in held["rows"])


def test_the_numbers_are_those_of_the_pairs(measured: tuple[Any, dict[str, Any]]) -> None:
    """A median stands within its quartiles, and these within the ends; times are times."""
    for row in measured[1]["rows"]:
        assert row["least"] <= row["low"] <= row["value"] <= row["high"] <= row["most"], row
        assert row["bare"] > 0
        assert row["full"] > 0
        if row["kind"] == "ratio":
            assert row["least"] > 0


def test_the_table_says_what_the_document_says(measured: tuple[subprocess.CompletedProcess[str], Any]) -> None:
    """One line for each row, with its number, and with the verdict that follows from it."""
    ran, held = measured
    assert ran.stderr == ""
    lines = ran.stdout.splitlines()
    for row in held["rows"]:
        verdict = "met" if row["value"] <= row["limit"] else "NOT MET"
        wanted = rf"  {re.escape(row['name'])} \[py3\.\d+\] .* {row['value']:.2f} .* <= {row['limit']:g}.*: {verdict}$"
        assert any(re.match(wanted, line) for line in lines), row


def test_check_makes_the_verdict_the_exit_code(measured: tuple[subprocess.CompletedProcess[str], Any]) -> None:
    """With ``--check`` the exit code says whether all is as wanted."""
    ran, held = measured
    assert ran.returncode == int(any(row["value"] > row["limit"] for row in held["rows"]))


@pytest.mark.parametrize(
    "arguments",
    [
        ["--pairs", "1"],
        ["--share", "0"],
        ["--share", "nan"],
        ["--warm-up", "-1"],
        ["--only", "everything"],
        ["--record"],
        ["--record", "--peers", "--quick"],
    ],
)
def test_what_measures_nothing_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """One pair has no spread, no share of a round takes no time, a theme has a name, and a part is no record."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "error: argument" in capsys.readouterr().err


@pytest.mark.slow
def test_what_takes_longer_is_measured_too(tmp_path: Path) -> None:
    """Growth, refusals, a server under load, an import, and memory."""
    others = [theme for theme in THEMES if theme not in ("validation", "adapters", "cache")]
    ran = run("--only", ",".join(others), "--json", str(tmp_path / "result.json"))
    assert (ran.returncode, ran.stderr) == (0, "")
    held = json.loads((tmp_path / "result.json").read_text("utf-8"))
    assert {row["group"] for row in held["rows"]} | set(held["left_out"]) == {
        "growth",
        "refusals",
        "serving",
        "import",
        "memory",
    }
    assert all(row["full"] > 0 for row in held["rows"])
