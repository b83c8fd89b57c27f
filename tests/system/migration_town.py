"""A pool in this process, three workers of uvicorn behind one port, a Prometheus that scrapes them, and time."""

from __future__ import annotations

import random
import re
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from migration_app import TOLD, described
from migration_lines import Line, lines_to
from migration_people import CLIENTS, Crowd, Person
from migration_prometheus import Prometheus, Series, scraping
from server_processes import uvicorn, wait_until
from shared_clock import SharedClock

from jwtmr import DrainReport
from jwtmr.drain import DrainVerdict
from jwtmr.testing import RegionalIssuer

HERE: Final = Path(__file__).resolve().parent
WORKERS: Final = 3
SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
EAST, WEST = "us-east-1", "us-west-2"
DAY: Final = 86400.0
WINDOW: Final = 1.75
"""When the window of the legacy issuer closes: in lives of the longest token, and a day after that if it is drained."""


@dataclass(frozen=True)
class Size:
    """How long it takes, and how often somebody sends something."""

    life: float = 3600.0
    """Seconds for which the longest token lives."""
    lifetime: int = 600
    """Seconds for which a key set is fresh."""
    tick: float | None = None
    """Seconds between two rounds of requests, which are waited for; None: three rounds a phase, and the clock jumps."""

    @property
    def window(self) -> float:
        """Seconds for which the legacy issuer is accepted."""
        return WINDOW * self.life + (1.5 * DAY if self.tick is None else 0.0)

    scrape: float = 0.5
    """Seconds between two scrapes."""
    seed: int = 1


@dataclass
class Town:
    """What a play acts on."""

    issuer: RegionalIssuer
    clock: SharedClock
    size: Size
    lines: Sequence[Line]
    prometheus: Prometheus
    began: float
    until: float
    """When the window closes."""
    crowd: Crowd = field(init=False)
    random: random.Random = field(init=False)
    marks: dict[str, tuple[float, float]] = field(default_factory=dict[str, tuple[float, float]])
    """By phase: when it began and ended, for everybody's clock but the workers'."""
    jumps: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])
    """When the clock of the workers jumped, and by how many seconds."""
    last_legacy: float = 0.0
    """When the last legacy token was accepted, by that clock, or shortly after that."""

    def __post_init__(self) -> None:
        self.crowd = Crowd.of(self.size.life)
        self.random = random.Random(self.size.seed)

    def live(self, phase: str, lives: float) -> None:
        """Let time pass, as a part of the longest token's life, while everybody sends requests."""
        seconds, began = lives * self.size.life, time.time()
        rounds = 3 if self.size.tick is None else max(1, round(seconds / self.size.tick))
        for number in range(rounds):
            self.round()
            if self.size.tick is None:
                self.jump(seconds / rounds)
            else:
                time.sleep(max(0.0, began + seconds * (number + 1) / rounds - time.time()))
        self.marks[phase] = (began, time.time())

    def jump(self, seconds: float) -> None:
        """Let the clock of pool and workers jump."""
        self.jumps.append((time.time(), seconds))
        self.clock.advance(seconds)

    def skip(self, seconds: float) -> None:
        """Let time pass while nobody sends anything."""
        if self.size.tick is None:
            self.jump(seconds)
        else:
            time.sleep(seconds)

    def round(self) -> None:
        """Everybody sends one request, in any order, to any worker."""
        for person in self.random.sample(self.crowd.people, len(self.crowd.people)):
            self.send(person)

    def send(self, person: Person) -> str:
        """One sends a request; the code of its refusal."""
        answered = person.send(self.random.choice(self.lines), self.issuer)
        self.crowd.note("legacy" if person.legacy else "current", answered)
        if person.legacy and not answered.code:
            self.last_legacy = self.clock.wall()
        return answered.code

    def send_hostile(self, token: str) -> None:
        """Somebody sends a token that must not pass."""
        answered = self.random.choice(self.lines).ask("/orders", token)
        assert answered.code
        self.crowd.note("hostile", answered)

    def drain(self) -> DrainReport:
        """What all workers have counted."""
        return DrainReport.merge([DrainReport.from_json(line.ask("/drain").body) for line in self.lines])

    def verdict(self) -> DrainVerdict:
        """What follows from it now."""
        return self.drain().verdict(self.clock.wall())

    def ahead(self) -> float:
        """How far the clock of pool and workers is ahead of Prometheus', in seconds."""
        return self.clock.wall() - time.time()

    def ask(self, query: str) -> list[Series]:
        """What ``query`` says now, with the clock of the workers."""
        return self.prometheus.ask(self.in_time(query))

    def in_time(self, query: str) -> str:
        """``query`` by the clock of the workers: the present, and how far back its windows reach."""

        def window(found: re.Match[str]) -> str:
            wanted = float(found[2]) * SECONDS[found[3]]
            real = time.time() - self._real_at(self.clock.wall() - wanted)
            return f"{found[1]}{1000 * max(real, 2.5 * self.size.scrape):.0f}ms"

        moved = re.sub(r"(\[|offset )(\d+)([smhd])", window, query)
        return moved.replace("time()", f"(time() + {self.ahead():.3f})")

    def _real_at(self, moment: float) -> float:
        """When it was ``moment`` by the clock of the workers, by everybody else's."""
        ahead = self.ahead()
        for when, seconds in reversed(self.jumps):
            if moment - ahead >= when:
                break
            ahead -= seconds
            if moment - ahead >= when:  # it was jumped over
                return when
        return moment - ahead

    def scraped(self, shown: str) -> None:
        """Wait until Prometheus answers ``shown``, and until it knows of every answer."""
        wait_until(lambda: self.ask(shown) or self._meanwhile(), f"Prometheus does not see {shown}")
        expected = sum(self.crowd.answers.values())
        total = "sum(jwtmr_validations_total)"
        wait_until(lambda: self.prometheus.value(total) == expected, f"not all of {expected} answers were scraped")

    def _meanwhile(self) -> None:
        """Life goes on while somebody waits, where it takes its time."""
        if self.size.tick is not None:
            self.round()
            time.sleep(self.size.tick)


@contextmanager
def started(program: str, size: Size) -> Iterator[Town]:
    """Start all of it. ``program`` is Prometheus."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (folder / "metrics").mkdir()
        clock = SharedClock(folder / "clock")
        issuer = stack.enter_context(RegionalIssuer([EAST, WEST], clock=clock))
        issuer.max_age = size.lifetime
        began = clock.wall()
        until = began + size.window
        told = described(issuer, folder / "clock", CLIENTS, until, min(1.0, size.scrape) / 2)
        environment = {TOLD: told, "PROMETHEUS_MULTIPROC_DIR": str(folder / "metrics")}
        options = ["--factory", "--workers", str(WORKERS), "--timeout-keep-alive", "3600", "--log-level", "info"]
        stack.enter_context(_explained_by(folder / "output"))
        app = "migration_app:application"
        port = stack.enter_context(uvicorn(options, app, [HERE, HERE.parent], environment, folder / "output"))
        lines = [stack.enter_context(closing(line)) for line in lines_to(port, WORKERS)]
        prometheus = stack.enter_context(scraping(program, folder, port, size.scrape))
        yield Town(issuer, clock, size, lines, prometheus, began, until)


@contextmanager
def _explained_by(output: Path) -> Iterator[None]:
    """What the workers said goes with a failure: the file does not stay."""
    try:
        yield
    except BaseException as error:
        error.add_note(output.read_text("utf-8") if output.exists() else "no server was started")
        raise
