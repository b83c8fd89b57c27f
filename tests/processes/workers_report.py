"""What came of one phase, and what of it breaks a promise of the design."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Final

from workers_lines import Answered
from workers_log import AGENT, Fact
from workers_place import LIFETIME
from workers_tokens import USUAL

from jwtmr.testing import RecordedRequest

GROWTH: Final[Mapping[str, float]] = {"unknown_kid": 1 / 30, "probe": 1 / 30}
"""Attempts more for each second that a phase takes: one walk for unknown kids each 30 s, and a skip lasts as long."""
SLACK: Final = 3.0
"""Seconds between a decision and what is written down of it, at most, on a busy machine."""
ANSWERS: Final = frozenset({"ok", "not_modified", "client_error", "server_error"})
"""Outcomes of attempts whose request certainly arrived."""


@dataclass(frozen=True)
class Promise:
    """What a phase has to keep. An answer or an attempt that is not named here is one too many."""

    said: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Answers by kind, where they are not as usual."""
    most: Mapping[str, int] = field(default_factory=dict)
    """Attempts by trigger, for each worker and endpoint; those of ``GROWTH`` may be more in time."""
    growth: Mapping[str, float] = field(default_factory=lambda: GROWTH)
    refreshed: frozenset[str] = frozenset()
    """Endpoints that every worker refreshes, once."""
    conditional: frozenset[str] = frozenset()
    """Of these, those that every worker asks with ``If-None-Match``. Nobody asks so twice."""
    asks: bool = False
    """Whether every worker asks somebody."""


@dataclass(frozen=True)
class Report:
    """One phase: who answered what, and who fetched how often. ``seconds``: how long it took until all was quiet."""

    name: str
    promise: Promise
    workers: frozenset[int]
    endpoints: Sequence[str]
    seconds: float
    answered: Sequence[Answered]
    told: Sequence[Fact]
    arrived: Sequence[RecordedRequest]
    ages: Mapping[tuple[int, str], float] = field(default_factory=dict)
    """Of each worker's and endpoint's set when it was refreshed, in seconds, where that was looked at."""

    def answers(self) -> Counter[tuple[str, str]]:
        """How often each kind was answered how."""
        return Counter((each.kind, each.said) for each in self.answered)

    def attempts(self) -> Counter[tuple[int, str, str]]:
        """How often each worker asked each endpoint for which reason."""
        return Counter((fact.worker, fact.endpoint, fact.trigger) for fact in self.told if fact.word == "heard")

    def seconds_of(self, kinds: Iterable[str]) -> list[float]:
        """How long it took to answer tokens of these kinds, shortest first."""
        return sorted(each.seconds for each in self.answered if each.kind in kinds)

    def problems(self) -> list[str]:
        """Every promise that was broken, in words."""
        checks = (self._wrong_answers, self._idle, self._fetches, self._refreshes, self._jitter, self._arrivals)
        found = [problem for check in checks for problem in check()]
        return [f"{self.name}: {problem}" for problem in found]

    def _wrong_answers(self) -> Iterator[str]:
        allowed = {**USUAL, **self.promise.said}
        for (kind, said), times in sorted(self.answers().items()):
            if said not in allowed[kind]:
                yield f"{kind} token: {said}, {times} times"

    def _idle(self) -> Iterator[str]:
        busy = {each.worker for each in self.answered}
        if self.answered and busy != self.workers:
            yield f"answered by {len(busy)} workers of {len(self.workers)}"

    def _fetches(self) -> Iterator[str]:
        for (worker, endpoint, trigger), times in sorted(self.attempts().items()):
            most = self.promise.most.get(trigger, 0)
            if times > most + (int(self.seconds * self.promise.growth.get(trigger, 0)) if most else 0):
                yield f"worker {worker} asked {endpoint} {times} times ({trigger}) in {self.seconds:.1f} s, not {most}"
        askers = {fact.worker for fact in self.told}
        for process in sorted(askers - self.workers):
            yield f"process {process}, which is not to, asked for keys"
        for worker in sorted(self.workers - askers if self.promise.asks else ()):
            yield f"worker {worker} asked nobody"

    def _refreshes(self) -> Iterator[str]:
        attempts = self.attempts()
        conditional = Counter(_who(request) for request in self.arrived if "if-none-match" in request.headers)
        for worker, endpoint in product(sorted(self.workers), self.endpoints):
            refreshes, conditions = attempts[worker, endpoint, "refresh"], conditional[worker, endpoint]
            if endpoint in self.promise.refreshed and refreshes != 1:
                yield f"worker {worker} refreshed {endpoint} {refreshes} times"
            if conditions > 1 or conditions < (endpoint in self.promise.conditional):
                yield f"worker {worker} asked {endpoint} {conditions} times with If-None-Match"

    def _jitter(self) -> Iterator[str]:
        """Ahead of the end of a lifetime, and not in step: also workers that were one process do not draw the same."""
        if not self.ages:
            return
        if min(self.ages.values()) < 0.7 * LIFETIME - SLACK or max(self.ages.values()) >= LIFETIME:
            yield f"sets were refreshed at {min(self.ages.values()):.0f} to {max(self.ages.values()):.0f} s"
        if all(self._spread(endpoint) < SLACK for endpoint in self.endpoints):
            yield "all workers have refreshed at the same moments"

    def _spread(self, endpoint: str) -> float:
        own = [age for (_, asked), age in self.ages.items() if asked == endpoint]
        return max(own) - min(own)

    def _arrivals(self) -> Iterator[str]:
        """The log and the servers must tell the same, or one of them counts wrongly."""
        asked = Counter((fact.worker, fact.endpoint) for fact in self.told if fact.word == "asks")
        heard = Counter((fact.worker, fact.endpoint) for fact in self.told if fact.outcome in ANSWERS)
        arrived = Counter(_who(request) for request in self.arrived)
        for who in sorted({*asked, *arrived}):
            if not heard[who] <= arrived[who] <= asked[who]:
                counted = f"asked {asked[who]} times, arrived {arrived[who]} times, answered {heard[who]} times"
                yield f"worker {who[0]} at {who[1]}: {counted}"


def _who(request: RecordedRequest) -> tuple[int, str]:
    """The worker and the endpoint."""
    return int(request.headers["user-agent"].removeprefix(AGENT)), request.url
