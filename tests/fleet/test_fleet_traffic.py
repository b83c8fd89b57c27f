"""Requests that make no difference are not played. That must make no difference."""

from __future__ import annotations

import math

import pytest
from fleet_arrivals import Arrivals
from fleet_figures import requests
from fleet_process import Process, Stream
from fleet_scenarios import BY_NAME
from fleet_simulation import NAMES, Fleet
from furniture import Outcome

STEP = Arrivals((0, 0), (0, 2))
RAMP = Arrivals((0, 0), (100, 1))
FALL = Arrivals((0, 1), (100, 0))


@pytest.mark.parametrize(
    ("arrivals", "begin", "end", "number"),
    [
        (STEP, -10, 5, 10), (STEP, 3, 5, 4), (RAMP, 0, 100, 50), (RAMP, 50, 110, 47.5), (RAMP, -5, -1, 0),
        (FALL, -10, 0, 10), (FALL, 0, 200, 50), (FALL, 100, 200, 0),
    ],
)  # fmt: skip
def test_how_many_requests_come(arrivals: Arrivals, begin: float, end: float, number: float) -> None:
    """The area under the rate."""
    assert arrivals.number(begin, end) == pytest.approx(number)


@pytest.mark.parametrize("arrivals", [STEP, RAMP, FALL])
@pytest.mark.parametrize("begin", [-20, 0, 30, 99])
def test_the_next_request_comes_when_so_many_have(arrivals: Arrivals, begin: float) -> None:
    """``after`` is the inverse of ``number``; past the last request there is none."""
    for number in (0.001, 0.3, 5, 40, 60):
        moment = arrivals.after(begin, number)
        if moment < math.inf:
            assert arrivals.number(begin, moment) == pytest.approx(number)
        else:
            assert arrivals.number(begin, 1e6) < number


def played(self: Process, stream: Stream) -> tuple[float, Outcome | None]:
    """Foresee nothing: every request matters."""
    return self.timeline.t, None


@pytest.mark.slow
@pytest.mark.parametrize(("name", "processes"), [("both-long", 4), ("rotation", 16)])
def test_playing_every_request_changes_no_figure(name: str, processes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """But for chance: what requests are told, and how often hosts are asked."""
    counted = Fleet(BY_NAME[name], processes, 1).live()
    monkeypatch.setattr(Process, "foresee", played)
    every = Fleet(BY_NAME[name], processes, 1).live()
    assert every.told == pytest.approx(counted.told, rel=0.1)
    assert all(number == int(number) for number in every.told.values())
    for host in NAMES:
        assert sum(requests(every, host)) == pytest.approx(sum(requests(counted, host)), rel=0.15)
