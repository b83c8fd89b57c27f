"""Every step of the demo notices when what it depends on is taken away.

A breaking acts right before its step, on the same scene, so that whatever the step says then is this step's doing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Final

import demo
import pytest
from breakings import BREAKINGS, Breaking
from demo import STORY, Phase, Step
from demo_scene import Facts, Scene

STEPS: Final = [step.name for phase in STORY for step in phase.steps]
LONG: Final = STEPS[STEPS.index("known keys: nobody waits") : STEPS.index("the original issuer is refused")]
"""Steps that take most of the time. Those behind them do not build on them."""


def needless(name: str) -> Collection[str]:
    """The names of long steps that the step ``name`` does not build on: its breakings are played without them."""
    if name == "the replica renews due keys":
        return ("a new instance starts cold", "keys are rotated meanwhile")
    return () if STEPS.index(name) <= STEPS.index(LONG[-1]) else LONG


def broken(name: str, breaking: Breaking, patch: pytest.MonkeyPatch) -> list[Phase]:
    """The story with a sabotage right before the step of that name."""

    def wrap(step: Step) -> Step:
        def act(scene: Scene, facts: Facts) -> str:
            scene.patience = 0.3
            breaking.sabotage(scene, patch)
            return step.act(scene, facts)

        return replace(step, act=act) if step.name == name else step

    left_out = needless(name)
    return [replace(phase, steps=[wrap(step) for step in phase.steps if step.name not in left_out]) for phase in STORY]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "breaking"),
    [
        pytest.param(name, breaking, id=f"{name}: {breaking.how}")
        for name, listed in BREAKINGS.items()
        for breaking in listed
    ],
)
def test_broken_step_fails(
    name: str, breaking: Breaking, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The exit code is 1, the broken step and no other is marked FAILED, and the facts that were broken are named."""
    story = broken(name, breaking, monkeypatch)
    assert demo.main(story) == 1
    printed = capsys.readouterr().out
    names = [step.name for phase in story for step in phase.steps]
    place = names.index(name)
    played = re.findall(r"^  (ok    |FAILED) (.+?)(?:  |$)", printed, re.MULTILINE)
    assert played == [*(("ok    ", earlier) for earlier in names[:place]), ("FAILED", name)]
    for notice in breaking.notices:
        assert re.search(rf"^          {re.escape(notice)}.*: expected", printed, re.MULTILINE), printed
    rest = f"1 otherwise and {len(names) - place - 1} not played"
    assert re.search(rf"\nFAILED {place} of {len(names)} steps .*{rest}, .*exit code 1\n$", printed)


def test_every_step_is_broken() -> None:
    """There is a breaking for each step and none for others, so a new step needs one too."""
    assert list(BREAKINGS) == STEPS
    assert all(breaking.notices for listed in BREAKINGS.values() for breaking in listed)


def test_step_that_expects_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """A step without facts has shown nothing, and fails."""
    assert demo.main([Phase("Nothing", [Step("looks good", lambda scene, facts: "all well")])]) == 1
    assert "  FAILED looks good  all well\n          this step expected nothing\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("expect", "holds"),
    [
        (lambda facts: facts.at_least("x", 2, 2), True),
        (lambda facts: facts.at_least("x", 1, 2), False),
        (lambda facts: facts.below("x", 1.9, 2), True),
        (lambda facts: facts.below("x", 2, 2), False),
        (lambda facts: facts.equal("x", "a", "a"), True),
        (lambda facts: facts.equal("x", "a", "b"), False),
        (lambda facts: facts.differ("x", "a", "b"), True),
        (lambda facts: facts.differ("x", "a", "a"), False),
    ],
)
def test_facts(expect: Callable[[Facts], None], holds: bool) -> None:
    """A fact that holds leaves no trace but its count; one that does not is named."""
    facts = Facts()
    expect(facts)
    assert facts.checked == 1
    assert [failure.partition(": expected ")[0] for failure in facts.failures] == ([] if holds else ["x"])
