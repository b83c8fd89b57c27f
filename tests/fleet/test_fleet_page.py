"""``docs/fleet.md`` and the bounds agree, and what it shows is there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest
from fleet_bounds import BOUNDS
from fleet_report import limits
from fleet_scenarios import BY_NAME

DOCS: Final = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def page() -> str:
    """The page."""
    return (DOCS / "fleet.md").read_text()


def test_the_page_has_every_bound(page: str) -> None:
    """With the limits that the tests hold it to, and a figure of the full fleet that is within them."""
    found = re.findall(r"^\| `([\w-]+)` \| (.+) \| (\S+) \| (at most \S+|\S+ to \S+) \| holds \|$", page, re.MULTILINE)
    rows = {(name, what): (float(figure), limit) for name, what, figure, limit in found}
    for bound in BOUNDS:
        figure, limit = rows.pop((bound.scenario, bound.what))
        assert limit == limits(bound)
        assert bound.least <= figure <= bound.most
    assert not rows


def test_the_page_tells_every_scenario(page: str) -> None:
    """By its name and what it is."""
    assert [name for name, scenario in BY_NAME.items() if f"| `{name}`: {scenario.title} |" not in page] == []


def test_the_page_shows_pictures_that_are_there(page: str) -> None:
    """All that are drawn, and no other."""
    shown = set(re.findall(r"\]\(images/(fleet-[\w-]+\.png)\)", page))
    assert shown == {path.name for path in (DOCS / "images").glob("fleet-*.png")}
    assert all((DOCS / "images" / name).stat().st_size < 150_000 for name in shown)
