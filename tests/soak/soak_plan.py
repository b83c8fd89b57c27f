"""What happens in a life after its acts, drawn from a seed alone: a plan that is the same whatever comes of it.

Faults begin and end, the clocks go on by seconds or by an hour, keys are rotated and withdrawn, the pool is switched.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Final

from soak_faults import draw, make
from soak_stage import EVERYWHERE, REGIONS, Stage, Where

from jwtmr.testing.faults import Injection

STEP: Final = (0.25, 0.9)
"""Seconds between two things that happen."""
LONGEST_MOVE: Final = 900
PAST_STALE: Final = 3700
SPELL: Final = 7
"""Steps that a fault lasts at most."""
AT_ONCE: Final = 3
"""Faults that are in force at the same time at most, so that there is something left that works."""
DOWN: Final = ("refuse", "drop_syn")
"""Of these one at a time: a server can be down in one way only."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens, so many seconds after the life's acts."""

    at: float
    do: str
    number: int = 0
    """Seconds, rotations or the number of a spell, as ``do`` says."""
    name: str = ""
    where: Where = EVERYWHERE


def draw_plan(seed: str, seconds: float, *, regions: int) -> list[Step]:
    """Draw a plan for so many seconds and a pool with so many regions."""
    return [*_Drawing(Random(seed), regions).steps(seconds)]


def by_the_clocks(plan: list[Step]) -> int:
    """The seconds that the clocks are moved in all."""
    return sum(step.number for step in plan if step.do in ("move", "sleep"))


class _Drawing:
    def __init__(self, random: Random, regions: int) -> None:
        self._random = random
        self._regions = REGIONS[:regions]
        self._spells: dict[int, tuple[int, str, bool]] = {}
        """The steps that each fault in force has left, its name, and whether it is one of everything."""
        self._begun = 0

    def steps(self, seconds: float) -> Iterator[Step]:
        at = 0.0
        if self._random.random() < 0.3:
            yield self._begin(at, total=True)
        while (at := at + self._random.uniform(*STEP)) < seconds:
            yield from self._ended(at)
            yield from self._step(at)
        for number in self._spells:
            yield Step(at, "end", number)

    def _step(self, at: float) -> Iterator[Step]:
        dice = self._random.random
        if dice() < 0.4 and len(self._spells) < AT_ONCE:
            yield self._begin(at, total=dice() < 0.15)
        if dice() < 0.2:
            yield Step(at, "rotate", number=int(dice() < 0.8))
        if dice() < 0.15:
            yield Step(at, "withdraw", number=self._random.choice((1, 1, 2, 3)))
        if dice() < 0.15:
            yield Step(at, "switch")
        if dice() < 0.7:
            yield Step(at, "sleep" if dice() < 0.1 else "move", number=self._seconds())

    def _seconds(self) -> int:
        if any(total for _, _, total in self._spells.values()) and self._random.random() < 0.2:
            return PAST_STALE
        return round(math.exp(self._random.uniform(0, math.log(LONGEST_MOVE))))

    def _begin(self, at: float, *, total: bool) -> Step:
        self._begun += 1
        name = draw(self._random, total=total)
        while name in DOWN and any(other in DOWN for _, other, _ in self._spells.values()):
            name = draw(self._random, total=total)
        self._spells[self._begun] = self._random.randint(1, SPELL), name, total
        return Step(at, "begin", self._begun, name, EVERYWHERE if total else self._where())

    def _where(self) -> Where:
        region = self._random.choice(self._regions)
        return Where(region, self._random.choice((None, "updated", "original")) if region == REGIONS[0] else None)

    def _ended(self, at: float) -> Iterator[Step]:
        for number, (left, name, total) in [*self._spells.items()]:
            if left:
                self._spells[number] = left - 1, name, total
            else:
                del self._spells[number]
                yield Step(at, "end", number)


class Player:
    """Does what a plan says."""

    def __init__(self, stage: Stage, seed: str) -> None:
        self._stage = stage
        self._seed = seed
        self._spells: dict[int, Injection] = {}

    def play(self, step: Step) -> None:
        """Do one step."""
        getattr(self, f"_{step.do}")(step)

    def _begin(self, step: Step) -> None:
        fault = make(step.name, Random(f"{self._seed}/spell/{step.number}"), self._stage.purse)
        self._spells[step.number] = self._stage.begin(step.name, fault, step.where)

    def _end(self, step: Step) -> None:
        self._stage.end(self._spells.pop(step.number))

    def _move(self, step: Step) -> None:
        self._stage.move(step.number)

    def _sleep(self, step: Step) -> None:
        self._stage.move(step.number, asleep=True)

    def _rotate(self, step: Step) -> None:
        self._stage.rotate(keep_old=bool(step.number))

    def _withdraw(self, step: Step) -> None:
        self._stage.withdraw(step.number)

    def _switch(self, _: Step) -> None:
        self._stage.switch()
