"""The page about the simulator: its commands are run in order, and its tables name what there is."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from cli_world import Ran, jwtmr

from jwtmr import TokenValidator
from jwtmr.cli.command import Exit
from jwtmr.cli.simulate.words import FAULTS, OUTAGES

PAGE = Path(__file__).parents[2] / "docs" / "simulate.md"

LIMIT = 20
"""Seconds for the simulator to end when it is told to."""

pytestmark = pytest.mark.skipif(not PAGE.exists(), reason="the wheel is tested without the pages around it")


def blocks(language: str) -> list[str]:
    """The blocks of the page in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def piped(line: str) -> Ran:
    """Run commands that hand their output on, in this process."""
    ran = Ran(0, "", "")
    for command in line.split(" | "):
        ran = jwtmr(command.removeprefix("jwtmr "), stdin=ran.out)
    return ran


def patiently(line: str, code: int) -> Ran:
    """The same, and once more where keys did not come in the two seconds that are all the wait there is for them."""
    ran = piped(line)
    return piped(line) if ran.code == Exit.UNKNOWN != code else ran


@pytest.mark.slow
def test_the_commands_do_what_they_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each line ends as the page says, by default with 0, against the simulator that the first one starts."""
    monkeypatch.chdir(tmp_path)
    (start,), *rest = [block.splitlines() for block in blocks("sh")]
    words = start.replace(" --port 9480", "").split()[1:]
    with subprocess.Popen([sys.executable, "-m", "jwtmr", *words, "--json"], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            port = json.loads(process.stdout.readline())["control"].rpartition(":")[2]
            names: dict[str, object] = {}
            exec(*blocks("python"), names)
            assert isinstance(names["validator"], TokenValidator)
            with closing(names["validator"]):
                for line, _, note in (line.partition("  # ends with ") for block in rest for line in block):
                    ran = patiently(line.replace("--control 9480", f"--control {port}"), int(note or 0))
                    assert (ran.code, bool(ran.out)) == (int(note or 0), True), line + ran.err
            assert process.wait(LIMIT) == 0
        finally:
            process.kill()


@pytest.mark.parametrize("words", [OUTAGES, FAULTS], ids=["outages", "faults"])
def test_the_tables_are_complete(words: dict[str, str]) -> None:
    """What can go wrong stands there in the words of the page in the browser."""
    rows = "".join(f"| `{name}` | {says} |\n" for name, says in words.items())
    assert f"|---|---|\n{rows}\n" in PAGE.read_text("utf-8")


def test_the_pictures_are_there() -> None:
    """So is everything else that the page points to."""
    targets = re.findall(r"\]\((?!https?:)([^)#]+)\)|src=\"([^\"]+)\"", PAGE.read_text("utf-8"))
    assert targets
    for target in targets:
        path = PAGE.parent / "".join(target)
        # The wheel is tested with the docs and without the tree around them.
        assert path.exists() or (".." in path.parts and not (PAGE.parents[1] / "LICENSE").exists()), target
