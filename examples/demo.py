"""A user pool moves from its original issuer to the updated one, and a service goes on validating tokens.

    make demo
    .venv/bin/python examples/demo.py        the same without make
    make demo ARGS=--stay                    and leave the page of the pool up, as the story left it

The whole migration in a few seconds, over real sockets on this machine: the switch, a silent region, a key rotation
during it, recovery, the end of the old issuer, and tokens that must not pass. One line a step with what was measured.
The exit code is 0 if every step came out as it should; otherwise 1, after the first that did not, because the
following ones build on it.

The pool is that of ``jwtmr simulate``, whose page shows in a browser what happens to it; the first line says where.

``demo_steps`` holds the steps, ``demo_scene`` what they act on, ``demo_console`` how it looks.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import demo_steps
from demo_console import Console
from demo_scene import Facts, Otherwise, Scene


@dataclass(frozen=True)
class Step:
    """One line of the demo."""

    name: str
    act: Callable[[Scene, Facts], str]
    """Does it, states the facts that must follow, and returns what was measured."""


@dataclass(frozen=True)
class Phase:
    """Steps under one headline."""

    headline: str
    steps: Sequence[Step]


STORY: Final = (
    Phase(
        "The pool is on ORIGINAL, the service expects UPDATED and has a window open",
        [
            Step("updated host not enabled yet", demo_steps.updated_host_not_enabled),
            Step("keys come from the other hosts", demo_steps.served_by_other_hosts),
        ],
    ),
    Phase(
        "The pool is switched to UPDATED",
        [
            Step("new tokens have another issuer", demo_steps.switch),
            Step("both issuers are accepted", demo_steps.both_accepted),
            Step("users stay the same users", demo_steps.same_user),
            Step("the updated host comes alive", demo_steps.updated_host_comes_alive),
        ],
    ),
    Phase(
        "The primary region accepts connections and says nothing",
        [
            Step("known keys: nobody waits", demo_steps.known_keys_never_wait),
            Step("a new instance starts cold", demo_steps.cold_start),
            Step("keys are rotated meanwhile", demo_steps.rotation),
            Step("the replica renews due keys", demo_steps.refreshed_by_replica),
        ],
    ),
    Phase("The primary region is back", [Step("it is used again", demo_steps.recovery)]),
    Phase(
        "The window for old tokens closes",
        [
            Step("the original issuer is refused", demo_steps.legacy_retired),
            Step("the updated issuer is accepted", demo_steps.current_accepted),
        ],
    ),
    Phase(
        "Tokens that must not pass",
        [
            Step("a forged one", demo_steps.forged),
            Step("an expired one", demo_steps.expired),
            Step("one of a foreign pool", demo_steps.foreign),
        ],
    ),
    Phase("Both regions are down", [Step("a new instance cannot tell", demo_steps.outage_is_no_refusal)]),
)


def main(story: Sequence[Phase] = STORY, *, stay: bool = False) -> int:
    """Play the story and return the exit code. With ``stay`` only when somebody presses Ctrl-C."""
    steps = [step for phase in story for step in phase.steps]
    console = Console(sys.stdout, name_width=max(len(step.name) for step in steps))
    began = time.perf_counter()
    with Scene() as scene:
        console.note(f"The pool in a browser: {scene.control.url}{'' if stay else ' (--stay keeps it up)'}")
        good = play(story, scene, console)
        code = sum_up(good, len(steps), time.perf_counter() - began, console)
        if stay:
            console.note("The page stays up until Ctrl-C")
            with contextlib.suppress(KeyboardInterrupt):
                scene.simulator.wait()
    return code


def sum_up(good: int, steps: int, took: float, console: Console) -> int:
    """Say how many of the steps came out as they should, in how many seconds; return the exit code."""
    code = 0 if good == steps else 1
    unplayed = steps - good - code
    rest = f", 1 otherwise and {unplayed} not played" if code else ""
    console.summary(
        f"{good} of {steps} steps came out as expected{rest}, in {took:.1f} s; exit code {code}", good=not code
    )
    return code


def play(story: Sequence[Phase], scene: Scene, console: Console) -> int:
    """Play step after step until one comes out otherwise; return how many did not."""
    good = 0
    for phase in story:
        console.headline(phase.headline)
        for step in phase.steps:
            measured, failures = perform(step, scene)
            console.step(step.name, measured, failures)
            if failures:
                return good
            good += 1
    return good


def perform(step: Step, scene: Scene) -> tuple[str, list[str]]:
    """Take one step; return what was measured and what was expected in vain."""
    facts, measured = Facts(), ""
    with contextlib.suppress(Otherwise):  # the facts say why
        measured = step.act(scene, facts)
    if not facts.checked:
        facts.failures.append("this step expected nothing")
    return measured, facts.failures


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Plays a migration against a user pool that is simulated here.")
    parser.add_argument("--stay", action="store_true", help="leave the page of the pool up until Ctrl-C")
    sys.exit(main(stay=parser.parse_args().stay))
