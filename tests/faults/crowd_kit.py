"""Many who validate at the same moment, in threads and in tasks; and scripts, each in a process of its own."""

from __future__ import annotations

import asyncio
import gc
import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from fire_kit import PATIENCE, eventually, outcome
from server_processes import importing_from

from jwtmr import AuthError, KeyPolicy, TokenValidator

PATIENT: Final = KeyPolicy(wait=PATIENCE)
"""Of who waits for as long as a test wants something to happen meanwhile."""
SCRIPTS: Final = Path(__file__).parent / "scripts"


async def outcome_async(validator: TokenValidator, token: str) -> str:
    """``ok``, or the code of the refusal."""
    try:
        await validator.validate_async(token)
    except AuthError as error:
        return error.code
    return "ok"


class Crowd:
    """So many threads, and loops with so many tasks each, that validate one token once all of them are there."""

    def __init__(self, validator: TokenValidator, token: str, *, threads: int, loops: int, tasks: int) -> None:
        self._validator = validator
        self._token = token
        self._size = threads + loops * tasks
        self._begin = threading.Barrier(threads + loops)
        self._arrived: list[None] = []
        self._outcomes: list[str] = []
        sync: list[Callable[[], None]] = [self._one] * threads
        self._threads = [threading.Thread(target=act) for act in [*sync, *[lambda: self._many(tasks)] * loops]]
        for thread in self._threads:
            thread.start()

    def wait_until_all_wait(self) -> None:
        """Return when everybody has asked. Who has not been answered waits."""
        eventually(lambda: len(self._arrived) == self._size, "not everybody has asked")

    def outcomes(self) -> list[str]:
        """Of everybody, when all have been answered."""
        for thread in self._threads:
            thread.join(PATIENCE)
            assert not thread.is_alive(), "a thread hangs"
        assert len(self._outcomes) == self._size
        return self._outcomes

    def _one(self) -> None:
        self._begin.wait(PATIENCE)
        self._arrived.append(None)
        self._outcomes.append(outcome(self._validator, self._token))

    def _many(self, tasks: int) -> None:
        async def one() -> None:
            self._arrived.append(None)
            self._outcomes.append(await outcome_async(self._validator, self._token))

        async def all_of_them() -> None:
            await asyncio.gather(*(one() for _ in range(tasks)))

        self._begin.wait(PATIENCE)
        asyncio.run(all_of_them())


@contextmanager
def nothing_is_left_over(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Neither asyncio nor ``concurrent.futures`` complains, not even when all garbage is collected."""
    with caplog.at_level(logging.ERROR):
        yield
        gc.collect()
    said = [record for record in caplog.records if record.name in ("asyncio", "concurrent.futures")]
    assert [record.getMessage() for record in said if record.levelno >= logging.ERROR] == []


def command(script: str, *args: object, options: tuple[str, ...] = ()) -> list[str]:
    """The command line of a script in ``scripts/``.

    Python 3.12 and newer warn when a process with threads forks. That is what some of them are for.
    """
    ignored = ("-W", "ignore:This process:DeprecationWarning")
    return [sys.executable, *options, *ignored, str(SCRIPTS / script), *map(str, args)]


def environment() -> dict[str, str]:
    """That of a script, which can import the modules beside these tests and those of all tests."""
    return importing_from(SCRIPTS.parent, SCRIPTS.parents[1])


def run_script(script: str, *args: object, options: tuple[str, ...] = ()) -> list[str]:
    """Run a script in ``scripts/`` to its end, which must be a success without a complaint; the lines that it wrote."""
    line = command(script, *args, options=options)
    done = subprocess.run(line, capture_output=True, text=True, timeout=100, check=False, env=environment())
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    return done.stdout.splitlines()
