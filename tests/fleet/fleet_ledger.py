"""What is written down of a fleet: what valid requests were told, and how the keys of each process are."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from furniture import Outcome

Standing: TypeAlias = Literal["fresh", "stale", "none"]
"""A process has keys within their lifetime, or past it, or none that it may use."""


@dataclass(slots=True)
class Ledger:
    """The records of one simulation. Requests that were not played are counted on average."""

    told: Counter[Outcome] = field(default_factory=Counter[Outcome])
    """What valid requests were told."""
    waited: int = 0
    longest_wait: float = 0.0
    """Valid requests that did not get their answer at once, and the seconds of the one that waited longest."""
    learnt: list[float] = field(default_factory=list[float])
    """When each process had the new key."""
    longest_refusal: float = 0.0
    """Seconds from a process's first 401 for a valid token to its having the key."""
    moves: list[tuple[float, Standing, Standing]] = field(default_factory=list[tuple[float, Standing, Standing]])
    """When a process went from one standing to another."""

    def begin(self) -> None:
        """Count requests from now on."""
        self.told.clear()
        self.waited, self.longest_wait = 0, 0.0

    def answered(self, outcome: Outcome, waited: float) -> None:
        """A valid request was played."""
        self.told[outcome] += 1
        if waited:
            self.waited += 1
            self.longest_wait = max(self.longest_wait, waited)

    def knows(self, t: float, refused_since: float | None) -> None:
        """A process has the new key, and perhaps refused tokens with it before."""
        self.learnt.append(t)
        if refused_since is not None:
            self.longest_refusal = max(self.longest_refusal, t - refused_since)
