"""What the README says is true: its snippets run, its commands exist, its table of codes is complete."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from jwtmr import CODES

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)

NOT_YET = {"missing_token", "invalid_request", "revoked", "revocation_unavailable"}
"""Codes that need an adapter or a revocation list; ``validate`` does not raise them."""


def test_first_snippet_is_about_ten_lines_and_refuses_rubbish(capsys: pytest.CaptureFixture[str]) -> None:
    """The snippet that newcomers copy runs, and answers a token that is none with the code that it names."""
    exec(SNIPPETS[0], {"token": "no.real.token"})
    assert capsys.readouterr().out == "401 malformed_token\n"
    assert len(SNIPPETS[0].splitlines()) <= 20


def test_testing_snippet_runs_over_real_sockets() -> None:
    """The snippet about testing without a network holds what its assertions say."""
    assert SNIPPETS[1].count("assert ") == 4
    exec(SNIPPETS[1], {})


def test_there_is_no_snippet_that_is_not_run() -> None:
    """A new snippet needs a test here."""
    assert len(SNIPPETS) == 2


def test_code_table_is_complete() -> None:
    """Every code that ``validate`` can raise stands in the table of its status, and no other does."""
    table = {
        status: set(re.findall(r"`([a-z_]+)`", codes))
        for status, codes in re.findall(r"\| (\d{3}) \| (.*?) \|", README)
    }
    assert set(table) == {"401", "403", "503"}
    for status, codes in table.items():
        assert codes == {code for code, kind in CODES.items() if str(kind.status) == status} - NOT_YET


@pytest.mark.parametrize("command", ["demo", "test"])
def test_make_targets_exist(command: str) -> None:
    """The two commands of the README are targets of the Makefile, where there is one beside the tests."""
    makefile = ROOT / "Makefile"
    assert f"make {command} " in README
    if makefile.exists():  # the wheel is tested without the tree around it
        assert re.search(rf"^{command}:", makefile.read_text(encoding="utf-8"), re.MULTILINE)


def test_example_shows_its_usage() -> None:
    """The command line of the README answers ``--help``."""
    script = ROOT / "examples" / "validate_token.py"
    run = subprocess.run([sys.executable, script, "--help"], capture_output=True, text=True, timeout=30, check=False)
    assert (run.returncode, "--user-pool-id" in run.stdout) == (0, True)
