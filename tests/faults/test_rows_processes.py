"""Processes that fork, are stopped, have no threads, or end: all in the middle of a fetch."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from crowd_kit import command, environment, run_script
from fire_kit import PATIENCE, eventually
from shared_clock import SharedClock

from jwtmr.testing import RegionalIssuer
from jwtmr.testing.faults import Fault, accept_silent, at, hold, reset

HOUR = 3600.0
CHILD = re.compile(r"child (\w+) ([0-9.]+) (\w+)")


def who(pool: RegionalIssuer) -> list[str]:
    """The arguments of a script that validates tokens of ``pool``."""
    return [pool.user_pool_id, pool.client_id]


# -- fork -------------------------------------------------------------------------------------------------------------


@pytest.mark.row("fork")
def test_four_children_while_a_refresh_is_due(pool: RegionalIssuer) -> None:
    """Each validates at once with the keys of its parent and refreshes for itself, past a region that says nothing."""
    script = command("fork_while_due.py", *who(pool), pool.access_token(), *pool.jwks_uris)
    pipe = subprocess.PIPE
    with subprocess.Popen(script, stdout=pipe, stderr=pipe, text=True) as process:
        eventually(lambda: pool.count() == 1, "the parent has not fetched keys")
        with at(pool, "us-east-1").let(accept_silent()):
            said, complaints = process.communicate(timeout=30)
    assert complaints == ""
    assert said.splitlines()[-2:] == ["exits 0 0 0 0", "parent ok"]
    children = CHILD.findall(said)
    assert [(found, state) for found, _, state in children] == [("ok", "ok")] * 4
    assert max(float(seconds) for _, seconds, _ in children) < 2
    assert pool.count("us-west-2", "original") >= 4


# -- a process that is stopped ----------------------------------------------------------------------------------------


class Stoppable:
    """A process that validates the tokens that it is sent."""

    def __init__(self, process: subprocess.Popen[str], clock: SharedClock) -> None:
        self._process = process
        self._clock = clock

    def send(self, token: str) -> None:
        """Have it validated."""
        assert self._process.stdin is not None
        self._process.stdin.write(token + "\n")
        self._process.stdin.flush()

    def answer(self) -> tuple[str, float]:
        """The outcome, and how many seconds it took."""
        assert self._process.stdout is not None
        found, seconds = self._process.stdout.readline().split()
        return found, float(seconds)

    @contextmanager
    def stopped(self, seconds: float) -> Iterator[None]:
        """Stop it for the block, which takes so many seconds by its clocks."""
        self._process.send_signal(signal.SIGSTOP)
        stat = Path(f"/proc/{self._process.pid}/stat")
        eventually(lambda: stat.read_text(encoding="ascii").rpartition(") ")[2][0] == "T", "it goes on")
        yield
        self._clock.advance(seconds)
        self._process.send_signal(signal.SIGCONT)


@pytest.fixture
def stoppable(pool: RegionalIssuer, tmp_path: Path) -> Iterator[Stoppable]:
    """A process of its own, with nothing fetched."""
    path = tmp_path / "clock"
    clock = SharedClock(path)
    script = command("stopped.py", path, *who(pool), *pool.jwks_uris, options=("-X", "dev", "-W", "error"))
    pipe = subprocess.PIPE
    with subprocess.Popen(script, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=environment()) as process:
        try:
            yield Stoppable(process, clock)
            assert process.communicate(timeout=PATIENCE) == ("", "")
        finally:
            process.kill()


@pytest.mark.row("freeze")
def test_stopped_for_an_hour_in_the_middle_of_a_fetch(pool: RegionalIssuer, stoppable: Stoppable) -> None:
    """Its connections are reset meanwhile. Who waited is answered in time, and the first request after it passes."""
    stoppable.send(pool.access_token())
    assert stoppable.answer()[0] == "ok"
    pool.rotate()
    token = pool.access_token(expires_in=86400)
    with at(pool).let(hold()) as held, at(pool).let(reset()) as broken:
        stoppable.send(token)
        held.await_struck()
        with stoppable.stopped(HOUR):
            held.end()
            broken.await_struck()
            before = time.monotonic()
    assert stoppable.answer()[0] == "keys_unavailable"
    assert time.monotonic() - before < 3
    stoppable.send(token)
    found, seconds = stoppable.answer()
    assert (found, seconds < 2) == ("ok", True)


# -- threads that are not to be had -----------------------------------------------------------------------------------


@pytest.mark.row("refresher-dies", fault=None)
def test_no_thread_can_be_had() -> None:
    """Known keys serve; who needs a fetch gets a 503 at once; until it is over the status names it as a problem."""
    assert run_script("no_thread.py") == [
        "cold keys_unavailable keys_unavailable",
        "warm ok ok ok keys_unavailable",
        "problems 1 1 asked 0",
        "at once",
        "cold ok warm ok",
        "problems 0 0 refreshed",
    ]


# -- the end of the interpreter ---------------------------------------------------------------------------------------


def ends_at_once(pool: RegionalIssuer, fault: str) -> None:
    """Have a process validate in vain, close its validator and end, with threads that still ask for keys."""
    arguments = (fault, *who(pool), pool.access_token(), *pool.jwks_uris)
    said = run_script("exit_in_fetch.py", *arguments, options=("-X", "dev", "-W", "error"))
    ended = time.monotonic()
    assert said[0] == "keys_unavailable 1"
    began, seconds = map(float, said[1].split())
    assert seconds < 0.1
    assert ended - began < 1


@pytest.mark.slow
@pytest.mark.row("shutdown")
@pytest.mark.parametrize("fault", [hold(), accept_silent("accept")], ids=str)
def test_the_interpreter_ends_in_the_middle_of_a_fetch(pool: RegionalIssuer, fault: Fault) -> None:
    """It does not wait for hosts that say nothing, and with every warning an error there is none."""
    with at(pool).let(fault):
        ends_at_once(pool, fault.name)


@pytest.mark.slow
@pytest.mark.row("shutdown", fault=None)
def test_the_interpreter_ends_in_the_middle_of_a_look_up(pool: RegionalIssuer) -> None:
    """Nor for a name server."""
    ends_at_once(pool, "dns_hang")
    assert pool.count() == 0
