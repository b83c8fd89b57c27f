"""A small fleet lives through every scenario of ``docs/fleet.md``, and what the page says of each process holds."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import pytest
from fleet_bounds import BOUNDS
from fleet_scenarios import BY_NAME, SCENARIOS
from fleet_simulation import Fleet, Record

SIZES = {
    "steady-60": 15, "both-silent": 10, "both-refusing": 10, "both-weak": 10, "both-long": 5,
    "flood": 20, "rotation-flood": 20, "one-silent": 16, "one-refusing": 16,
}  # fmt: skip
"""Processes, where each of them is asked so much that a few show as much as thirty."""
DEAR = SIZES.keys() - {"one-silent", "one-refusing"}


@lru_cache
def lived(name: str, seed: int = 1) -> Record:
    """What becomes of a small fleet."""
    return Fleet(BY_NAME[name], SIZES.get(name, 30), seed).live()


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if name in DEAR else ()) for name in BY_NAME]
)
def test_a_fleet_keeps_within_its_bounds(name: str) -> None:
    """Requests at each host, waits, refusals, and the time until the last process has its keys."""
    record = lived(name)
    broken = [
        (bound.what, bound.figure(record)) for bound in BOUNDS if bound.scenario == name and not bound.holds(record)
    ]
    assert not broken


def test_the_same_seed_gives_the_same_record() -> None:
    """To the last figure; another seed gives another one."""
    again = Fleet(BY_NAME["rotation"], 30, 1).live()
    assert replace(again, took=0) == replace(lived("rotation"), took=0)
    assert replace(lived("rotation", seed=2), took=0, seed=1) != replace(again, took=0)


def test_every_scenario_has_a_bound() -> None:
    """And every bound a scenario."""
    assert {bound.scenario for bound in BOUNDS} == {scenario.name for scenario in SCENARIOS}
