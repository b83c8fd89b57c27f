"""Four workers behind one socket, under load: outages, returns and rotations refuse nobody, and cost what they may."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest
from workers_play import perform
from workers_servers import SERVERS
from workers_table import table
from workers_town import Size

PAGE: Final = (Path(__file__).resolve().parents[2] / "docs" / "load.md").read_text("utf-8")
PATIENT: Final = Size(wait=10)
"""On a busy machine the two seconds that a request waits for keys are over soon."""


def phases(text: str) -> list[str]:
    """The first column of a table, without its head."""
    return re.findall(r"^\| (.*?) +\|", text, re.MULTILINE)[1:]


@pytest.mark.slow
@pytest.mark.parametrize("server", SERVERS)
def test_no_valid_token_is_refused_and_no_fetch_is_one_too_many(server: str) -> None:
    """An outage in three ways, rotations, a flood, and the dark: each phase keeps its promises, and is on the page."""
    reports, problems = perform(SERVERS[server], PATIENT)
    assert problems == [], table(reports)
    assert sum(len(report.answered) for report in reports) > 1000
    section = PAGE.split(f"### {server}\n")[1].split("\n#")[0]
    assert phases(section) == phases(table(reports)) == [report.name for report in reports]
