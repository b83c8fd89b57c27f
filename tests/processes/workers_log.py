"""What workers tell of their fetches: one file, to which each adds a line for everything that it does.

No server says which of its workers answered for what, so a worker writes it down, and calls itself by its process id
when it asks for keys. The test's process reads both: the file here, and the requests that arrived.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal, NamedTuple, TypeAlias

from jwtmr import Clock, Event
from jwtmr.events import FetchFinished
from jwtmr.http import HttpAnswer, HttpGet

Word: TypeAlias = Literal["asks", "heard", "done"]
AGENT: Final = "jwtmr of "
"""Before the process id, as the ``User-Agent``."""


class Fact(NamedTuple):
    """One line. An attempt has one of each word: it ``asks``, its outcome is ``heard``, and it is ``done``."""

    worker: int
    word: Word
    at: float
    """By the clock that all share."""
    endpoint: str
    trigger: str = ""
    """Of what was ``heard``, as is the outcome."""
    outcome: str = ""


class Log:
    """One worker's pen: an observer, and what it asks for keys with."""

    def __init__(self, path: Path, clock: Clock, http_get: HttpGet) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND)  # each write is one line, at the end, whoever writes
        self._clock = clock
        self._http_get = http_get

    def __call__(self, url: str, *, headers: Mapping[str, str], timeout: float, max_bytes: int) -> HttpAnswer:
        """Ask ``url`` once, and say who asks."""
        named = {**headers, "user-agent": f"{AGENT}{os.getpid()}"}
        self._write("asks", url)
        try:
            return self._http_get(url, headers=named, timeout=timeout, max_bytes=max_bytes)
        finally:
            self._write("done", url)

    def on_event(self, event: Event) -> None:
        """Take note of what was heard."""
        if isinstance(event, FetchFinished):
            self._write("heard", event.endpoint, event.trigger, event.outcome)

    def _write(self, word: Word, endpoint: str, trigger: str = "", outcome: str = "") -> None:
        fact = Fact(os.getpid(), word, self._clock.monotonic(), endpoint, trigger, outcome)
        os.write(self._file, json.dumps(fact).encode() + b"\n")


def facts(path: Path, begin: int = 0) -> list[Fact]:
    """What was written from byte ``begin`` on, up to the last whole line."""
    text = path.read_bytes()[begin:]
    return [Fact(*json.loads(line)) for line in text[: text.rfind(b"\n") + 1].splitlines()]


def nothing_in_the_air(told: list[Fact]) -> bool:
    """Whether every attempt has come to its end, and been heard of."""
    counts = [sum(fact.word == word for fact in told) for word in ("asks", "heard", "done")]
    return len(set(counts)) == 1


def ages(everything: list[Fact], late: list[Fact]) -> dict[tuple[int, str], float]:
    """How old the set of each worker and endpoint was, in seconds, when it was last asked for in ``late``."""
    asked: dict[tuple[int, str], float] = {}
    found: dict[tuple[int, str], float] = {}
    for fact in everything:
        if fact.word == "asks":
            who = (fact.worker, fact.endpoint)
            if fact in late:
                found[who] = fact.at - asked[who]
            asked[who] = fact.at
    return found
