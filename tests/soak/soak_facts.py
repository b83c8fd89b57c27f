"""What happened in one life of a validator, as it is written down: moves of the clock, fetches, requests, and the rest.

Everything is placed by ``time.monotonic()``, which nobody sets. What the clocks of the validator showed at such a place
follows from the moves. A move takes a moment, and so does everything else: hence spans, from the earliest that the
clocks can have shown to the latest.
"""

from __future__ import annotations

import math
import time
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from typing import NamedTuple

from jwtmr.http import HttpAnswer
from jwtmr.testing import SettableClock


class Moment(NamedTuple):
    """What the clocks show, in seconds."""

    mono: float
    """Monotonic: for waits, back-off, the bucket. Stands still while the machine is suspended."""
    aged: float
    """By which keys grow old. Nobody sets a clock back here, so boot-time is the largest of the three."""
    wall: float
    """Unix time: for claims."""


class Span(NamedTuple):
    """From the earliest that the clocks can have shown to the latest."""

    early: Moment
    late: Moment


class Move(NamedTuple):
    """Somebody moved the clocks, between two moments of ``time.monotonic()``."""

    began: float
    ended: float
    seconds: float
    asleep: bool

    @property
    def text(self) -> str:
        """For a timeline."""
        return f"{'the machine sleeps' if self.asleep else 'the clocks go on'} {self.seconds:.0f} s"


class Time:
    """A settable clock, and the log of its moves. One thread moves it."""

    def __init__(self) -> None:
        self.clock = SettableClock()
        self.moves: list[Move] = []
        self._start = self.clock.wall()
        self._sums: list[tuple[float, float]] = [(0.0, 0.0)]

    def move(self, seconds: float, *, asleep: bool = False) -> None:
        """Let so much time pass at once, awake or suspended."""
        began = time.monotonic()
        (self.clock.suspend if asleep else self.clock.advance)(seconds)
        awake, gone = self._sums[-1]
        self._sums.append((awake + (0.0 if asleep else seconds), gone + seconds))
        self.moves.append(Move(began, time.monotonic(), seconds, asleep))

    def span(self, begin: float, end: float) -> Span:
        """What the clocks can have shown between two moments of ``time.monotonic()``."""
        before = bisect_right(self.moves, begin, key=lambda move: move.ended)
        after = bisect_left(self.moves, end, key=lambda move: move.began)
        return Span(self._moment(begin, before), self._moment(end, max(before, after)))

    def after(self, begin: float, seconds: float) -> float:
        """When so many seconds had gone by since ``begin``, by the clock by which keys grow old."""
        for move in self.moves[bisect_left(self.moves, begin, key=lambda move: move.began) :]:
            if move.began - begin >= seconds:
                break
            seconds -= move.seconds
            if move.began - begin >= seconds:
                return move.ended
        return begin + seconds

    def before(self, end: float, seconds: float) -> float:
        """Since when no more than so many seconds have gone by until ``end``, by the monotonic clock."""
        for move in reversed(self.moves[: bisect_right(self.moves, end, key=lambda move: move.ended)]):
            if end - move.ended >= seconds:
                break
            seconds -= end - move.ended + (0.0 if move.asleep else move.seconds)
            if seconds <= 0:
                return move.ended
            end = move.began
        return end - seconds

    def when(self, mono: float) -> float:
        """When the monotonic clock showed this."""
        for number in range(len(self.moves), 0, -1):
            move, awake = self.moves[number - 1], self._sums[number][0]
            if mono - awake >= move.ended:
                return mono - awake
            if mono - self._sums[number - 1][0] > move.began:
                return move.ended
        return mono

    def moved(self, begin: float, end: float) -> bool:
        """Whether the clocks were moved in between."""
        return any(move.began <= end and move.ended >= begin for move in self.moves)

    def _moment(self, real: float, moves: int) -> Moment:
        awake, gone = self._sums[moves]
        return Moment(real + awake, real + gone, self._start + gone)


@dataclass(slots=True, eq=False)
class Fetch:
    """One question to an endpoint, as it is seen at the seam where the library hands it out."""

    place: int
    """Of the endpoint in the order of precedence."""
    called: float
    condition: str | None
    """``If-None-Match``."""
    returned: float = math.inf
    answer: HttpAnswer | None = None
    """None for a failure."""
    failure: str = ""
    noted: float = math.inf
    """When the library had told observers how it ended."""
    outcome: str = ""
    trigger: str = ""
    duration: float = math.inf
    """What it told them."""

    @property
    def text(self) -> str:
        """For a timeline."""
        said = self.failure if self.answer is None else str(self.answer.status)
        after = "still out" if self.returned == math.inf else f"{said} after {self.returned - self.called:.3f} s"
        return f"endpoint {self.place} is asked: {after}{f', {self.outcome}' if self.outcome else ''}"


@dataclass(frozen=True, slots=True)
class Token:
    """A token, and what is known of it by who minted it."""

    kind: str
    text: str
    kid: str
    signer: str
    """The modulus of the key that signed it, as a JWK says it."""
    issuer: str
    """``current``, ``legacy`` or ``foreign``."""
    expires: float
    subject: str
    right_client: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """One request, and its answer as the client saw it."""

    gate: str
    token: Token
    sent: float
    answered: float
    outcome: str
    """``ok``, the code of a refusal, or what else happened."""
    complaint: str = ""
    """What is wrong with the answer in itself: a status that does not belong to its code, another's name."""

    @property
    def took(self) -> float:
        """Seconds until the answer."""
        return self.answered - self.sent

    @property
    def text(self) -> str:
        """For a timeline."""
        return f"{self.gate}: {self.token.kind} token, kid {self.token.kid[:8]}: {self.outcome} after {self.took:.3f} s"


class Note(NamedTuple):
    """Something else that happened."""

    at: float
    text: str


@dataclass(slots=True, eq=False)
class Log:
    """All that happened in one life. Lists are only appended to, by any thread."""

    places: int
    """How many endpoints there are."""
    time: Time
    legacy_ends: float
    """Unix seconds."""
    began: float = field(default_factory=time.monotonic)
    fetches: list[Fetch] = field(default_factory=list[Fetch])
    requests: list[Request] = field(default_factory=list[Request])
    notes: list[Note] = field(default_factory=list[Note])
    stalls: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])
    """When this process stood still, and for how many seconds."""
    ended: float = math.inf
    """When the last request had been answered."""
    followed: int = 0
    """Redirects that somebody followed."""
    threads: int = 0
    """Those that were left over in the end."""

    def note(self, text: str) -> None:
        """Write down what happens now."""
        self.notes.append(Note(time.monotonic(), text))

    def stalled(self, begin: float, end: float) -> float:
        """Seconds for which this process stood still around that time."""
        return sum(seconds for at, seconds in self.stalls if begin <= at and at - seconds <= end)

    def timeline(self, until: float, last: int) -> list[str]:
        """The last things that happened before ``until``, a line each, requests left out."""
        happened = [
            *((note.at, note.text) for note in self.notes),
            *((move.began, move.text) for move in self.time.moves),
            *((fetch.called, fetch.text) for fetch in self.fetches),
        ]
        told = sorted(each for each in happened if each[0] <= until)[-last:]
        return [f"{self.when(at)}  {text}" for at, text in told]

    def when(self, real: float) -> str:
        """Seconds since the life began, as they went by and as the clocks showed them."""
        gone = self.time.span(real, real).early.aged - self.began
        return f"{real - self.began:9.3f} s = {gone:9.1f} s by the clocks"
