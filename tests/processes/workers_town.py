"""A pool in this process, four workers behind one socket, and phases of load between which time passes."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from server_processes import wait_until
from shared_clock import SharedClock
from workers_lines import Answered, Line, fire, lines
from workers_log import Fact, facts, nothing_in_the_air
from workers_place import LIFETIME, TOLD, described
from workers_report import Promise, Report
from workers_servers import WORKERS, Serving
from workers_tokens import Minting, Mix

from jwtmr.testing import RegionalIssuer

QUIET_FOR: Final = 0.12
"""Seconds without an attempt after which a walk has landed: its carrier looks up every 0.1 s."""


@dataclass(frozen=True)
class Size:
    """How much is sent. The test sends little, the command more."""

    each: int = 2
    """Lines to each worker."""
    shots: int = 10
    """Requests on each line in each phase."""
    steps: int = 5
    """In which the time goes by when refreshes are due."""
    wait: float = 2.0
    """Seconds that a request waits for keys."""
    seed: int = 0


@dataclass
class Town:
    """What a play acts on."""

    issuer: RegionalIssuer
    clock: SharedClock
    size: Size
    lines: list[Line]
    log: Path
    output: Path
    """Where the server writes."""
    minting: Minting
    parent: int | None
    """The process that has made the application before it was forked, if there is one."""
    endpoints: list[str] = field(init=False)
    workers: frozenset[int] = field(init=False)

    def __post_init__(self) -> None:
        self.endpoints = self.issuer.jwks_uris_for("updated")
        self.workers = frozenset(line.worker for line in self.lines)

    def start(self) -> Report:
        """What it has cost to start."""
        fetchers = self.workers if self.parent is None else frozenset({self.parent})
        told = self._quiet(0)
        promise = Promise(most={"start": 1}, asks=True)
        return Report("start", promise, fetchers, self.endpoints, 0, [], told, self.issuer.requests())

    def phase(self, name: str, mix: Mix, promise: Promise, *, first: str | None = None, flood: bool = False) -> Report:
        """Send the load of one phase, and wait until nobody fetches any more."""
        lines = self.lines
        shots = self.minting.shots(mix, lines=len(lines), each=self.size.shots, first=first, flood=flood)
        return self.acts(name, promise, lambda: fire(lines, shots))

    def acts(self, name: str, promise: Promise, act: Callable[[], list[Answered]]) -> Report:
        """What comes of anything that sends requests."""
        self.issuer.forget_requests()
        begin, began = self.log.stat().st_size, time.monotonic()
        answered = act()
        told = self._quiet(begin)
        seconds = time.monotonic() - began
        arrived = self.issuer.requests()
        return Report(name, promise, self.workers, self.endpoints, seconds, answered, told, arrived)

    def told(self) -> list[Fact]:
        """All that was ever told."""
        return facts(self.log)

    def complaints(self) -> list[str]:
        """What the server has said beyond what is usual: of an answer that was a 500 there is a traceback."""
        return [line for line in self.output.read_text("utf-8").splitlines() if not line.startswith("INFO: ")]

    def quiet(self) -> None:
        """Wait until nobody fetches."""
        self._quiet(0)

    def _quiet(self, begin: int) -> list[Fact]:
        told: list[Fact] = []

        def quiet() -> bool:
            told[:] = facts(self.log, begin)
            if not nothing_in_the_air(told):
                return False
            time.sleep(QUIET_FOR)  # what begins now is told of by no event that could be waited for
            return facts(self.log, begin) == told

        wait_until(quiet, "fetches do not end")
        return told


@contextmanager
def started(serving: Serving, size: Size) -> Iterator[Town]:
    """Start a pool and a server, and open the lines."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        clock, log, output = SharedClock(folder / "clock"), folder / "log", folder / "output"
        log.touch()
        issuer = stack.enter_context(RegionalIssuer(["us-east-1", "us-west-2"], clock=clock))
        issuer.max_age = LIFETIME
        issuer.switch_to_updated()
        environment = {TOLD: described(issuer, folder / "clock", log, size.wait)}
        stack.enter_context(_explained_by(output))
        port, parent = stack.enter_context(serving(environment, output))
        opened = [stack.enter_context(closing(line)) for line in lines(port, workers=WORKERS, each=size.each)]
        yield Town(issuer, clock, size, opened, log, output, Minting(issuer, size.seed), parent)


@contextmanager
def _explained_by(output: Path) -> Iterator[None]:
    """What a server said that did not start, or has died, goes with the failure: the file does not stay."""
    try:
        yield
    except BaseException as error:
        error.add_note(output.read_text("utf-8") if output.exists() else "no server was started")
        raise
