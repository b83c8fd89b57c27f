"""One life of a validator, from its first request to its last: the acts, then the plan."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final, TypeAlias

from soak_facts import Log
from soak_plan import Player, Step, by_the_clocks, draw_plan
from soak_script import WINDOW
from soak_stage import Stage, stage
from soak_tokens import FLOODS

Act: TypeAlias = Callable[[Stage], None]

ENDED_WITHIN: Final = 5.0
"""Seconds: an attempt of the library's has 2.5."""


@dataclass(frozen=True, slots=True)
class Lived:
    """What is left of a life."""

    log: Log
    struck: Counter[str]
    """How often each kind of fault struck."""


def live(seed: str, seconds: float, *, acts: Sequence[Act] = ()) -> Lived:
    """Live through ``acts``, and then for the rest of ``seconds`` by a plan that follows from ``seed``."""
    began, random, threads = time.monotonic(), Random(seed), threading.active_count()
    regions = random.choice((2, 3))
    plan = draw_plan(seed, seconds, regions=regions)
    window = round(by_the_clocks(plan) * random.uniform(0.3, 0.9)) + (WINDOW if acts else 0)
    bogus = FLOODS[-1] if acts else random.choice(FLOODS)
    with stage(seed, regions=regions, window=window, bogus=bogus) as here:
        with here.traffic.flowing():
            for act in acts:
                here.log.note(f"act: {act.__name__}")
                act(here)
            _play(here, seed, plan, seconds - (time.monotonic() - began))
            here.log.ended = time.monotonic()
        struck = Counter[str]()
        for name, injection in here.struck:
            injection.end()
            struck[name] += injection.times
    here.log.threads = _left_over(threads)
    return Lived(here.log, struck)


def _play(here: Stage, seed: str, plan: Sequence[Step], seconds: float) -> None:
    began, never = time.monotonic(), threading.Event()
    player = Player(here, seed)
    for step in plan:
        if step.at > seconds:
            return
        never.wait(max(0.0, began + step.at - time.monotonic()))
        player.play(step)
        here.traffic.begin()


def _left_over(before: int) -> int:
    """How many threads more there are than before, once those that had their end coming are gone."""
    end = time.monotonic() + ENDED_WITHIN
    while (left := threading.active_count() - before) > 0 and time.monotonic() < end:
        time.sleep(0.02)  # no event tells of a thread's end
    return max(0, left)
