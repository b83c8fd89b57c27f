"""``docs/commands.md``: every command line in it is run, and ends and speaks as it says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest
from cli_world import Ran, jwtmr
from place import Place
from test_examples import shell

from jwtmr.cli.app import COMMANDS
from jwtmr.testing import LoopbackServer

PAGE: Final = Path(__file__).parents[2] / "docs" / "commands.md"
TEXT: Final = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
"""Empty where only the wheel is there."""
BLOCKS: Final = re.findall(r"```sh\n(.*?)```(?:\n\n```text\n(.*?)```)?", TEXT, re.DOTALL)
ANSWERS: Final = {
    "https://login.example.com/keys.json": "keys.json",
    "https://web-1.example.com/metrics": "metrics.txt",
    "https://web-2.example.com/metrics": "metrics.txt",
    "https://api.example.com/readyz": "health.json",
}
"""What stands at the addresses of the page."""

pytestmark = pytest.mark.skipif(not TEXT, reason="the page is not in the wheel")


@pytest.fixture
def hosts(place: Place) -> Iterator[dict[str, str]]:
    """Servers for the addresses of the page; where they really are."""
    with ExitStack() as stack:
        yield {
            address: stack.enter_context(LoopbackServer(lambda request, name=name: _serve(place, name))).url
            for address, name in ANSWERS.items()
        }


def _serve(place: Place, name: str) -> tuple[int, dict[str, str], bytes]:
    return 200, {}, (place.directory / name).read_bytes()


def run(line: str, place: Place, hosts: dict[str, str]) -> Ran:
    """Run a line of the page."""
    for address, real in hosts.items():
        line = line.replace(address, real)
    return shell(line, place)


def test_every_line_ends_as_the_page_says(place: Place, hosts: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """In order, as a reader would type them; a comment behind a line is its exit code. What is shown is printed."""
    monkeypatch.setenv("COLUMNS", "90")
    assert len(BLOCKS) >= 6
    for block, shown in BLOCKS:
        lines = [line for line in block.splitlines() if line and not line.startswith("#")]
        assert lines
        for line in lines:
            command, _, code = line.partition("  # ")
            ran = run(command, place, hosts)
            assert ran.code == int(code or 0), f"{command}\n{ran.out}{ran.err}"
        if shown:
            assert masked(ran.out) == masked(shown)


def masked(text: str) -> str:
    """``text`` with every digit the same: times move on."""
    return re.sub(r"\d", "0", text).strip()


def test_every_command_has_its_section() -> None:
    """And stands in the table."""
    for command in COMMANDS:
        assert f"\n## {command.name}\n" in TEXT
        assert f"| [`{command.name}`](#{command.name}) |" in TEXT


def test_what_stands_outside_of_blocks_runs_too(place: Place) -> None:
    """Scripts of completion, and help."""
    spoken = set(re.findall(r"jwtmr completion \w+", TEXT))
    assert len(spoken) == 3
    for line in spoken:
        assert json.loads(jwtmr(f"{line.removeprefix('jwtmr ')} --json").out)["script"]
