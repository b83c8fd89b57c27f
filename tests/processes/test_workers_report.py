"""What the play counts as a broken promise: every kind of it is found, and nothing else is."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from workers_lines import Answered
from workers_log import AGENT, Fact, ages, facts, nothing_in_the_air
from workers_report import Promise, Report
from workers_table import table

from jwtmr.testing import RecordedRequest

URL: Final = "http://127.0.0.1:1/jwks.json"
ONCE: Final = frozenset({URL})


def attempt(worker: int, *, at: float = 0, trigger: str = "refresh", outcome: str = "not_modified") -> list[Fact]:
    """All that a worker tells of one."""
    heard = Fact(worker, "heard", at, URL, trigger, outcome)
    return [Fact(worker, "asks", at, URL), Fact(worker, "done", at, URL), heard]


def request(worker: int, **headers: str) -> RecordedRequest:
    """What arrives of it."""
    return RecordedRequest("GET", "/jwks.json", {"user-agent": f"{AGENT}{worker}", **headers}, URL, 0.0)


GOOD: Final = Report(
    name="x",
    promise=Promise(most={"refresh": 1}, refreshed=ONCE, conditional=ONCE, asks=True),
    workers=frozenset({1, 2}),
    endpoints=[URL],
    seconds=1.0,
    answered=[Answered("old", 1, "200", 0.1), Answered("forged", 2, "401 invalid_signature", 0.2)],
    told=[*attempt(1), *attempt(2)],
    arrived=[request(1, **{"if-none-match": "a"}), request(2, **{"if-none-match": "a"})],
    ages={(1, URL): 430.0, (2, URL): 500.0},
)
"""Two workers that have kept every promise."""


def test_promises_that_are_kept() -> None:
    """Nothing is wrong, and the table has a row that says so."""
    assert GOOD.problems() == []
    *_, row = table([replace(GOOD, endpoints=[URL, "second", "third"])]).splitlines()
    assert re.sub(" *[|] *", "|", row) == "|x|2|1|1|0|0||100.0|100.0|100.0||1|0|0|0|"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"answered": [*GOOD.answered, Answered("old", 1, "401 unknown_key", 0.1)]}, "old token: 401 unknown_key"),
        ({"answered": [*GOOD.answered, Answered("forged", 1, "200", 0.1)]}, "forged token: 200"),
        ({"answered": [*GOOD.answered, Answered("bogus", 1, "500 without a code", 0.1)]}, "bogus token: 500"),
        ({"answered": GOOD.answered[:1]}, "answered by 1 workers of 2"),
        ({"told": [*GOOD.told, *attempt(1)], "arrived": [*GOOD.arrived, request(1)]}, "2 times (refresh)"),
        ({"told": [*GOOD.told, *attempt(1, trigger="probe")], "arrived": [*GOOD.arrived, request(1)]}, "1 times (pro"),
        ({"told": [*GOOD.told, *attempt(3)], "arrived": [*GOOD.arrived, request(3)]}, "process 3"),
        ({"told": attempt(1), "arrived": GOOD.arrived[:1]}, "worker 2 asked nobody"),
        ({"told": attempt(1), "arrived": GOOD.arrived[:1]}, f"worker 2 refreshed {URL} 0 times"),
        ({"arrived": [request(1), request(2)]}, f"worker 1 asked {URL} 0 times with If-None-Match"),
        ({"arrived": [*GOOD.arrived, *GOOD.arrived]}, f"worker 1 asked {URL} 2 times with If-None-Match"),
        ({"arrived": [*GOOD.arrived, request(1)]}, "asked 1 times, arrived 2 times, answered 1 times"),
        ({"arrived": GOOD.arrived[:1]}, "asked 1 times, arrived 0 times, answered 1 times"),
        ({"ages": {(1, URL): 430.0, (2, URL): 431.0}}, "at the same moments"),
        ({"ages": {(1, URL): 300.0, (2, URL): 500.0}}, "refreshed at 300 to 500 s"),
        ({"ages": {(1, URL): 430.0, (2, URL): 600.0}}, "refreshed at 430 to 600 s"),
    ],
)  # fmt: skip
def test_a_broken_promise(change: dict[str, Any], problem: str) -> None:
    """It is named."""
    assert [found for found in replace(GOOD, **change).problems() if problem in found]


def test_more_is_allowed_as_time_goes_by() -> None:
    """One walk more for unknown kids in half a minute; none where none is allowed at all."""
    walks = [fact for _ in range(3) for fact in attempt(1, trigger="unknown_kid", outcome="ok")]
    report = replace(GOOD, promise=Promise(most={"unknown_kid": 2}), told=walks, arrived=[request(1)] * 3)
    assert len(replace(report, seconds=29.9).problems()) == 1
    assert replace(report, seconds=30.0).problems() == []
    assert len(replace(report, seconds=90.0, promise=Promise()).problems()) == 1


def test_the_log_is_read_by_lines(tmp_path: Path) -> None:
    """From any byte on, and without the line that is being written."""
    log = tmp_path / "log"
    log.write_text('[1, "asks", 2.5, "a", "", ""]\n[2, "heard", 3.5, "b", "refresh", "ok"]\n[3, "as')
    assert facts(log) == [Fact(1, "asks", 2.5, "a"), Fact(2, "heard", 3.5, "b", "refresh", "ok")]
    assert facts(log, len('[1, "asks", 2.5, "a", "", ""]\n')) == [Fact(2, "heard", 3.5, "b", "refresh", "ok")]


def test_an_attempt_is_in_the_air_until_it_is_done_and_heard() -> None:
    """Each of the three words counts."""
    asks, done, heard = attempt(1)
    assert [nothing_in_the_air(told) for told in ([], [asks], [asks, done], [asks, heard], [asks, heard, done])] == [
        True, False, False, False, True,
    ]  # fmt: skip


def test_a_set_is_as_old_as_the_attempt_before() -> None:
    """Each worker and endpoint has its own."""
    before, after = [*attempt(1, at=10), *attempt(2, at=20)], [*attempt(1, at=100), *attempt(2, at=200)]
    assert ages([*before, *after], after) == {(1, URL): 90, (2, URL): 180}
