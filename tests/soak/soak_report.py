"""What a soak prints: what was sent and answered, which faults struck, who waited how long, and every contradiction."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Final

from soak_facts import Log
from soak_gates import GATES
from soak_model import Model, Verdict
from soak_model_keys import DARK, DISPUTED, UNLISTED, WITHDRAWN

PACKAGES: Final = ("jwtmr", "PyJWT", "cryptography", "httpx", "fastapi", "starlette", "uvicorn", "flask", "waitress")
FATES: Final = (UNLISTED, DARK, DISPUTED, WITHDRAWN)
TIMELINE: Final = 30
"""Things that happened before a contradiction, which are told with it."""
TOLD: Final = 10
"""Contradictions that are told at length. Of more only the number."""


@dataclass(slots=True)
class Tally:
    """What all lives of a soak add up to."""

    lives: int = 0
    virtual: float = 0.0
    fetches: int = 0
    forced: int = 0
    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter[tuple[str, str, str]])
    """By kind of token, answer and gate."""
    judged: Counter[str] = field(default_factory=Counter[str])
    """Forced judgements by kind of token."""
    struck: Counter[str] = field(default_factory=Counter[str])
    waits: dict[str, list[float]] = field(default_factory=lambda: {gate: list[float]() for gate in GATES})
    meant: Counter[str] = field(default_factory=Counter[str])
    """Answers by what the kid could mean."""
    worst_stall: float = 0.0
    threads: int = 0
    contradictions: list[str] = field(default_factory=list[str])

    def add(self, log: Log, struck: Mapping[str, int], model: Model) -> None:
        """Add one life."""
        self.lives += 1
        self.virtual += sum(move.seconds for move in log.time.moves)
        self.fetches += len(log.fetches)
        self.struck.update(struck)
        self.worst_stall = max([self.worst_stall, *(seconds for _, seconds in log.stalls)])
        self.threads = max(self.threads, log.threads)
        self.contradictions += [f"life {self.lives}: {complaint}" for complaint in model.of_the_life()]
        for verdict in model.verdicts():
            request = verdict.request
            self.meant[_meaning(verdict)] += 1
            self.counts[request.token.kind, request.outcome, request.gate] += 1
            self.waits[request.gate].append(request.took)
            self.forced += verdict.forced
            self.judged[request.token.kind] += verdict.forced
            if verdict.complaints:
                self.contradictions.append("\n".join(_told(verdict, log, self.lives)))


def _meaning(verdict: Verdict) -> str:
    words = sorted({fate if fate in FATES else "a key" for fate in verdict.fates})
    return " or ".join(words) or "not looked for"


def _told(verdict: Verdict, log: Log, life: int) -> Iterator[str]:
    request = verdict.request
    yield f"life {life}, {log.when(request.sent)}: {request.text}"
    yield f"  {'; '.join(verdict.complaints)}. Allowed: {', '.join(sorted(verdict.allowed)) or 'nothing'}"
    fates = (fate if fate in FATES else f"key {fate[:8]}" for fate in sorted(verdict.fates))
    yield f"  its kid may mean: {', '.join(fates)}; its key is {request.token.signer[:8]}"
    for line in log.timeline(request.answered, TIMELINE):
        yield f"  | {line}"


def report(tally: Tally, seed: int, seconds: float) -> str:
    """The whole report."""
    return "\n".join([
        "", *_contradictions(tally), *_counts(tally), *_faults(tally), *_waits(tally), *_summary(tally, seed, seconds)
    ])  # fmt: skip


def _counts(tally: Tally) -> Iterator[str]:
    yield f"{'token':10} {'answer':24}" + "".join(f"{gate:>15}" for gate in GATES)
    for kind, outcome in sorted({(kind, outcome) for kind, outcome, _ in tally.counts}):
        yield f"{kind:10} {outcome:24}" + "".join(f"{tally.counts[kind, outcome, gate]:15}" for gate in GATES)
    yield ""


def _faults(tally: Tally) -> Iterator[str]:
    yield "faults, and how often each struck"
    told = [f"{name} {times}" for name, times in sorted(tally.struck.items())]
    yield from ("  " + ", ".join(told[start : start + 8]) for start in range(0, len(told), 8))
    yield ""


def _waits(tally: Tally) -> Iterator[str]:
    yield f"{'waits in ms':14} {'p50':>9} {'p99':>9} {'max':>9}"
    for gate, waits in tally.waits.items():
        ordered = sorted(waits) or [0.0]
        marks = (ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)], ordered[-1])
        yield f"{gate:14} " + " ".join(f"{1000 * mark:9.1f}" for mark in marks)
    yield ""
    yield "what the kid could mean: " + ", ".join(f"{word} {count}" for word, count in tally.meant.most_common())
    yield f"threads left over after a life: {tally.threads}"
    yield f"this process stood still for {1000 * tally.worst_stall:.0f} ms at the longest"
    yield ""


def _contradictions(tally: Tally) -> Iterator[str]:
    for contradiction in tally.contradictions[:TOLD]:
        yield "CONTRADICTION " + contradiction
        yield ""


def _summary(tally: Tally, seed: int, seconds: float) -> Sequence[str]:
    requests, hours = sum(tally.counts.values()), tally.virtual / 3600
    kinds = Counter[str]()
    for (kind, _, _), count in tally.counts.items():
        kinds[kind] += count
    weakest = ", ".join(f"{kind} {tally.judged[kind] / count:.0%}" for kind, count in sorted(kinds.items()))
    return [
        f"python {platform.python_version()}, " + ", ".join(f"{name} {version(name)}" for name in PACKAGES),
        f"seed {seed}: {seconds:.0f} s, {tally.lives} lives, {hours:.1f} h by the clocks, {tally.fetches} fetches",
        f"{requests} answers judged, {tally.forced / max(1, requests):.1%} with one answer allowed ({weakest})",
        f"contradictions: {len(tally.contradictions)}",
    ]
