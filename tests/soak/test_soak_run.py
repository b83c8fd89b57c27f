"""The soak finds bugs that are planted, finds none without, and says so."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from typing import Final

import pytest
from soak_life import Act
from soak_plan import Step, by_the_clocks, draw_plan
from soak_plants import PLANTS, planted
from soak_report import report
from soak_run import main, soak
from soak_script import cold_outage, dropped_key, quiet_quarter, total_outage

from jwtmr._keys import merge
from jwtmr._keys.endpoints import Endpoints

SEED: Final = 20261129

FOUND: Final[dict[str, tuple[Sequence[Act], str]]] = {
    "stale-bound": (
        (cold_outage, total_outage),
        r"valid token, .*: ok after .*\n.*Allowed: keys_unavailable\n.*: dark;",
    ),
    "revived-key": (
        (cold_outage, dropped_key),
        r"withdrawn token, .*: ok after .*\n.*Allowed: keys_unavailable\n.*: disputed;",
    ),
    "outage-401": (
        (cold_outage, total_outage),
        r"bogus token, .*: unknown_key after .*\n.*Allowed: keys_unavailable\n",
    ),
    "never-refreshed": ((cold_outage, quiet_quarter), r"endpoint \d was due, and is not asked"),
}
"""The acts that provoke each bug, and how the soak tells of it."""


@pytest.mark.slow
@pytest.mark.parametrize("plant", [*PLANTS])
def test_a_planted_bug_is_found(plant: str) -> None:
    """The model contradicts what the bug makes of the timeline that provokes it, and tells that timeline.

    Threads are real: where the machine had no time for the walk that shows the bug, the timeline is played again.
    """
    acts, told = FOUND[plant]
    with planted(plant):
        plays = (soak(SEED, 0, acts) for _ in range(3))
        tally = next((played for played in plays if played.contradictions), None)
    assert tally is not None
    assert any(re.search(told, each) for each in tally.contradictions), tally.contradictions[0]
    assert "  | " in report(tally, SEED, 0)


@pytest.mark.slow
def test_nothing_is_found_without(capsys: pytest.CaptureFixture[str]) -> None:
    """The acts without a bug: no contradiction, most judgements forced, all kinds of tokens, exit code 0."""
    acts = {act.__name__ for acts, _ in FOUND.values() for act in acts}
    code = main(["--seed", str(SEED), "--seconds", "0", "--acts", *acts])
    text = capsys.readouterr().out
    assert code == 0, text
    assert text.startswith(f"soak: seed {SEED}, 0 s\n")
    assert text.endswith("contradictions: 0\n")
    forced = re.search(r"answers judged, ([\d.]+)% with one answer allowed", text)
    assert forced
    assert float(forced[1]) > 60
    for kind in ("valid", "former", "withdrawn", "legacy", "expired", "forged", "foreign", "client", "bogus"):
        assert re.search(rf"^{kind} +\w+( +\d+){{5}}$", text, re.MULTILINE), text


@pytest.mark.slow
def test_a_contradiction_is_the_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    """With a bug it is 1."""
    assert main(["--seed", str(SEED), "--seconds", "0", "--plant", "stale-bound", "--acts", "total_outage"]) == 1
    assert "CONTRADICTION life 1, " in capsys.readouterr().out


def test_a_bug_is_planted_for_a_while() -> None:
    """After the block the library is itself again."""
    good = merge._blocked, Endpoints.silent  # noqa: SLF001 - what is planted is private
    for name in PLANTS:
        with planted(name):
            pass
    assert (merge._blocked, Endpoints.silent) == good  # noqa: SLF001


def test_a_seed_is_a_plan() -> None:
    """The same seed plans the same, another one something else."""
    plan = draw_plan("7/0", 60, regions=3)
    assert plan == draw_plan("7/0", 60, regions=3)
    assert plan != draw_plan("8/0", 60, regions=3)
    assert by_the_clocks(plan) > 3600


@pytest.mark.parametrize("seed", range(20))
def test_a_plan_ends_what_it_begins(seed: int) -> None:
    """Each fault begins once and ends once, later, and steps are in order."""
    plan = draw_plan(f"{seed}/1", 60, regions=2)
    assert plan == sorted(plan, key=lambda step: step.at)
    begun, ended = ([step.number for step in plan if step.do == do] for do in ("begin", "end"))
    assert sorted(begun) == sorted(ended)
    assert all(plan.index(_first(plan, "begin", n)) < plan.index(_first(plan, "end", n)) for n in begun)


def _first(plan: Sequence[Step], do: str, number: int) -> Step:
    return next(step for step in plan if (step.do, step.number) == (do, number))


def test_nothing_goes_on() -> None:
    """No thread of a soak is left when it is over."""
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("soak-")]
