"""docs/doctor.md says what doctor does: the codes, and an example that looks like what comes out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from doctor_world import World, good_world, pool

import jwtmr.cli.doctor
from jwtmr.cli.doctor.codes import MEANINGS
from jwtmr.cli.doctor.findings import Finding
from jwtmr.testing.faults import at, status

PAGE = Path(__file__).parents[2] / "docs" / "doctor.md"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A world without a fault."""
    with pool() as issuer, good_world(issuer, tmp_path) as made:
        yield made


def test_the_page_lists_every_code() -> None:
    """The table is that of the code, word by word and in its order."""
    listed = re.findall(
        r"^\| `(\w+)` \| (.*) \|$", PAGE.read_text("utf-8").partition("## Every finding")[2], re.MULTILINE
    )
    assert listed == list(MEANINGS.items())


def test_every_code_is_found_somewhere() -> None:
    """What the table names is looked for, and what is found has a meaning there."""
    sources = [path for path in Path(jwtmr.cli.doctor.__file__).parent.glob("*.py") if path.name != "codes.py"]
    text = "".join(path.read_text("utf-8") for path in sources)
    assert [code for code in MEANINGS if f'"{code}"' not in text] == []
    with pytest.raises(ValueError, match="novelty"):
        Finding(severity="ok", code="novelty", what="", why="", do="")


def _shape(text: str) -> str:
    """Without what differs from run to run: numbers, the pool's id, and where lines end."""
    text = re.sub(r"us-east-1_\w+", "POOL", " ".join(text.split()))
    return re.sub(r"[0-9]+", "0", text)


def test_the_example_is_what_comes_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page shows a run of this version."""
    monkeypatch.setenv("COLUMNS", "100")
    world.issuer.switch_back()
    world.token = world.issuer.access_token()
    world.faults.enter_context(at(world.issuer, "us-west-2", "original").let(status(404)))
    block = PAGE.read_text("utf-8").partition("```console\n")[2].partition("```")[0]
    line, _, shown = block.partition("\n")
    assert line == "$ jwtmr doctor --config jwtmr.toml --token-file token.txt"
    assert _shape(world.doctor().out) == _shape(shown)


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_no_line_is_wider_than_the_terminal(world: World, columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal there are colours and a line of progress, and nothing runs over its edge."""
    monkeypatch.setenv("COLUMNS", str(columns))
    world.options["replica-region"] = ["eu-west-1"]
    ran = world.doctor(terminal=True)
    assert "\x1b[32mdoes this configuration work now? YES" in ran.out.replace("\n", " ")
    assert max(len(re.sub(r"\x1b\[\d*m", "", line)) for line in ran.out.splitlines()) <= columns
    assert "asking 3 places, 0 have answered" in ran.err
    assert ran.err.endswith("\r\x1b[K")


@pytest.mark.parametrize("question", ["now", "switch", "refuse-legacy"])
def test_both_names_and_each_question(world: World, question: str) -> None:
    """`preflight` is the same command, and --for picks the verdict."""
    ran = world.doctor(f"--for {question} --json")
    assert [verdict["question"] for verdict in ran.document["verdicts"]] == [question]
    assert (ran.document["schema"], ran.document["asked"], ran.code) == ("jwtmr.doctor/1", question, 0)
