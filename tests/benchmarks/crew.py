"""The workers of one run, and going round them: each does one pair of everything it has before the next one does.

So a moment at which the machine is slow is nobody's own: every subject of every library has pairs from all of the run.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Timer
from typing import Any, Final

from measure import Comparison, compare

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]
ANSWER_WITHIN: Final = 60.0
"""Seconds for one line of a worker; they take less than two. One that is silent for longer is ended."""
LAST_WORDS: Final = 300
"""Characters of what a worker that failed had to say."""


@dataclass(frozen=True, slots=True)
class Post:
    """One worker to be: who it is, its command, and what it finds in its environment besides."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    pairs: int | None = None
    """At most so many; None is as many as the others."""

    @classmethod
    def of(cls, module: str, *arguments: str, python: str = sys.executable, name: str = "") -> Post:
        """A worker that runs under a Python."""
        return cls(name or module, [python, str(HERE / "worker.py"), module, *arguments])


class Silent(Exception):
    """A worker ended without an answer, and why."""


class Worker:
    """A process that was started and has said what it can do. Ended by closing its input."""

    def __init__(self, post: Post, log: Path) -> None:
        self.post: Final = post
        self._log: Final = log
        with log.open("wb") as errors:
            self._process: Final = subprocess.Popen(
                post.command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                bufsize=1,
                env={**os.environ, **post.environment},
            )
        self.about: dict[str, Any] = {}
        self.pairs: list[list[tuple[float, float]]] = []

    def introduce(self) -> None:
        """Wait for what it says of itself. Raises :class:`Silent`."""
        self.about = self._answer()
        if "absent" in self.about:
            raise Silent(self.about["absent"])
        self.pairs = [[] for _ in self.about["subjects"]]

    def measure(self, share: float, *, keep: bool = True) -> None:
        """One pair of each subject. Raises :class:`Silent`."""
        assert self._process.stdin is not None
        print(json.dumps({"share": share}), file=self._process.stdin)
        for series, pair in zip(self.pairs, self._answer(), strict=True):
            if keep:
                series.append(tuple(pair))

    def results(self) -> list[tuple[dict[str, Any], Comparison]]:
        """What each subject is, and what its pairs say."""
        return [
            (told, compare(series)) for told, series in zip(self.about["subjects"], self.pairs, strict=True) if series
        ]

    @property
    def ended(self) -> bool:
        """Whether its process has."""
        return self._process.poll() is not None

    def end(self) -> None:
        """Let it end by itself, or end it."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        self._leave()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _leave(self) -> None:
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _answer(self) -> Any:  # noqa: ANN401 - what JSON holds
        assert self._process.stdout is not None
        alarm = Timer(ANSWER_WITHIN, self._process.kill)
        alarm.start()
        try:
            line = self._process.stdout.readline()
        finally:
            alarm.cancel()
        if not line:
            self._leave()
            raise Silent(_last_words(self._log.read_text("utf-8", "replace")))
        return json.loads(line)


def _last_words(said: str) -> str:
    """The line that says what was wrong: the last one with an error in it, as Node.js says its version after that."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"\w*Error\b.*:", line)]
    return (errors or lines or ["it ended without a word"])[-1].replace(f"{ROOT}/", "")[:LAST_WORDS]


@dataclass(slots=True)
class Crew:
    """The workers that could be had, and why the others could not."""

    workers: list[Worker]
    absent: dict[str, str]

    def go_round(self, pairs: int, share: float, warm_up: int) -> None:
        """Let everybody warm up, then measure ``pairs`` pairs. Who falls silent is absent from then on."""
        for turn in range(-warm_up, pairs):
            for worker in list(self.workers):
                few = worker.post.pairs
                if few is not None and not 0 <= turn < few:  # what takes seconds needs no warm-up
                    continue
                try:
                    worker.measure(share, keep=turn >= 0)
                except Silent as reason:
                    self.absent[worker.post.name] = str(reason)
                    self.workers.remove(worker)


@contextmanager
def crew(posts: Sequence[Post], logs: Path) -> Iterator[Crew]:
    """Start all workers at once, and end them all in the end."""
    logs.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        together = Crew([], {})
        started: list[Worker] = []
        for post in posts:
            try:
                started.append(Worker(post, logs / f"{post.name}.log"))
            except OSError as error:
                together.absent[post.name] = f"{post.command[0]}: {error.strerror}"
            else:
                stack.callback(started[-1].end)
        for worker in started:
            try:
                worker.introduce()
                together.workers.append(worker)
            except Silent as reason:
                together.absent[worker.post.name] = str(reason)
        yield together
