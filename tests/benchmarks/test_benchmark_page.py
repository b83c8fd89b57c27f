"""The page, the record and the image say the same, and every peer has its place in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import page
import posts
import pytest
import record
from environments import GROUPS, _run
from measure import compare
from rows import Row

PEERS = {
    "PyJWT + PyJWKClient", "joserfc", "aws-lambda-powertools", "aws-jwt-verify, verifySync", "jose", "fast-jwt",
    "fastapi-cognito", "fastapi-azure-auth", "flask-cognito-lib",
}  # fmt: skip
"""Those that jwtmr has to be measured beside."""


def test_the_page_shows_the_record() -> None:
    """What stands between the marks is what the record gives, to the letter."""
    assert f"{page.BEGIN}\n{page.measured(record.read())}\n{page.END}" in page.PAGE.read_text("utf-8")
    assert (page.PAGE.parent / "images" / "performance.png").stat().st_size > 10_000


def test_the_record_has_every_peer_or_says_why_not() -> None:
    """A peer that is not there is named with a reason."""
    held = record.read()
    missing = PEERS - {row["name"] for row in held["rows"]}
    assert len(missing) <= len(held["left_out"]), missing


def test_every_peer_that_was_measured_is_judged() -> None:
    """What it lets in stands beside what it costs; jwtmr lets nothing in."""
    peers = [row for row in record.read()["rows"] if row["group"] in (*page.LIBRARIES, *page.REQUESTS)]
    assert all("accepts" in row and row["version"] for row in peers)
    assert {tuple(row["accepts"]) for row in peers if row["name"].startswith("jwtmr")} == {()}


def document(**ratios: float) -> dict[str, Any]:
    """A result of libraries."""
    told = {"group": "libraries", "kind": "ratio", "verifies": True}
    about = {"python": "3.11.7", "version": "1.0", "accepts": ["padded"]}
    rows = [Row.of({**told, "name": name}, compare([(1.0, ratio)] * 2), about) for name, ratio in ratios.items()]
    held = {"date": "2030-01-01", "machine": "a machine", "versions": {"Python": "3.11.7"}, "pairs": 2, "seconds": 1}
    return {**held, "rows": [row.as_json() for row in rows], "left_out": {"jose": "no npm"}}


def test_writing_changes_nothing_outside_of_the_marks(tmp_path: Path) -> None:
    """The prose stays, and what was measured before goes."""
    path = tmp_path / "performance.md"
    path.write_text(f"before\n{page.BEGIN}\nold\n{page.END}\nafter\n", "utf-8")
    page.write(document(jwtmr=1.5), path)
    text = path.read_text("utf-8")
    assert text.startswith(f"before\n{page.BEGIN}\n")
    assert text.endswith(f"{page.END}\nafter\n")
    assert "old" not in text
    assert "| jwtmr 1.0 |" in text
    path.write_text("no marks", "utf-8")
    with pytest.raises(ValueError, match="marks"):
        page.write(document(jwtmr=1.5), path)


def test_who_is_cheaper_is_said() -> None:
    """A peer that wins is named with its number, and who is missing with the reason."""
    said = page.measured(document(jwtmr=1.5, quick=1.25, slow=3.0))
    assert "Cheaper than jwtmr by this measure: quick with 1.25." in said
    assert "Left out: jose (no npm)." in said
    assert "Cheaper than jwtmr by this measure: none of them." in page.measured(document(jwtmr=1.5, slow=3.0))


def test_every_post_has_its_program() -> None:
    """Each theme, each peer, and nothing in the folder that nobody runs."""
    here = Path(page.__file__).parent
    assert all((here / f"subjects_{theme}.py").exists() for theme in posts.THEMES)
    kits = {"peer_kit", "peer_fastapi", "peer_flask"}
    assert {path.stem for path in (here / "peers").glob("*.py")} == {*posts.PYTHON_PEERS, *kits}
    assert {path.stem for path in (here / "peers" / "node").glob("*.mjs")} == {*posts.NODE_PEERS, "kit"}
    assert GROUPS == ("peers", "plots")


def test_a_failed_installation_has_a_reason(tmp_path: Path) -> None:
    """The last line that is no warning; or how it ended, where it said nothing."""
    said = "echo 'ERROR: no such thing' >&2; echo 'WARNING: whatever' >&2; exit 3"
    assert _run(["sh", "-c", said], tmp_path) == "ERROR: no such thing"
    assert _run(["sh", "-c", "exit 3"], tmp_path) == "ended with 3"
    assert _run(["true"], tmp_path) == ""
