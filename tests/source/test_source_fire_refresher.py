"""A refresh whose thread dies, or for which there is none: keys serve on, and an operator sees that it was lost."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import TypeAlias

import pytest
from source_kit import Recorder, eventually, no_threads_left

from jwtmr import AuthError, KeyPolicy, TokenValidator
from jwtmr.events import FetchFinished
from jwtmr.testing import RegionalIssuer, SettableClock, validator_for

LOST = (
    "a fetch of keys was lost, as no thread could be had for it, or its thread died or was frozen; "
    "none has brought keys since"
)
WARNING = "a fetch of keys was lost: no thread for it, or that died or was frozen"
A_WHILE = 31
"""Seconds: longer than any back-off."""


class BrokenClock(SettableClock):
    """A clock that each thread which carries a walk finds broken, so many times."""

    failures = 0
    struck = 0
    """How often a thread was lost to a fault."""

    def __init__(self) -> None:
        super().__init__()
        self._seen = threading.local()

    def monotonic(self) -> float:
        """Tell the time, or not."""
        seen = getattr(self._seen, "failures", 0)
        if seen < self.failures and threading.current_thread().name == "jwtmr-fly":
            self._seen.failures = seen + 1
            self.struck += 1
            raise OSError("no time")
        return super().monotonic()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> BrokenClock:
    """A clock that can be broken, and threads that die of it in silence."""
    monkeypatch.setattr(threading, "excepthook", lambda caught: None)
    return BrokenClock()


class Watched:
    """A validator that has its keys, and what is said of it."""

    def __init__(self, issuer: RegionalIssuer, clock: BrokenClock, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO, "jwtmr")
        self.issuer, self.clock, self.recorder = issuer, clock, Recorder()
        policy = KeyPolicy(wait=10)
        self.validator: TokenValidator = validator_for(
            issuer, issuer_type="original", key_policy=policy, observers=[self.recorder]
        )
        self.token = issuer.access_token(expires_in=86000)
        self.validator.validate(self.token)
        no_threads_left()
        self._caplog = caplog

    def problems(self) -> tuple[str, ...]:
        """What an operator is told."""
        return self.validator.status().authorities[0].problems

    def lines(self) -> list[tuple[str, str]]:
        """What the log says of lost fetches and found ones."""
        said = [(record.levelname, record.getMessage().partition(": ")[2]) for record in self._caplog.records]
        return [(level, line) for level, line in said if "fetch" in line]


@pytest.fixture
def watched(clock: BrokenClock, caplog: pytest.LogCaptureFixture) -> Iterator[Watched]:
    """A validator that has its keys."""
    with RegionalIssuer(["us-east-1"], clock=clock) as issuer:
        one = Watched(issuer, clock, caplog)
        with closing(one.validator):
            yield one


Fault: TypeAlias = Callable[[Watched], ExitStack]


def dies(watched: Watched) -> ExitStack:
    """The thread of each walk dies of a bug, and can say so."""
    watched.clock.failures, stack = 1, ExitStack()
    stack.callback(setattr, watched.clock, "failures", 0)
    return stack


def none_to_be_had(watched: Watched) -> ExitStack:
    """The system gives no thread for a walk."""
    start, stack = threading.Thread.start, ExitStack()

    def refuse(thread: threading.Thread) -> None:
        if thread.name == "jwtmr-fly":
            watched.clock.struck += 1
            raise RuntimeError("can't start new thread")
        start(thread)

    patch = pytest.MonkeyPatch()
    patch.setattr(threading.Thread, "start", refuse)
    stack.callback(patch.undo)
    return stack


@contextmanager
def losing(watched: Watched, fault: Fault) -> Iterator[None]:
    """Each refresh is lost, though the request that began it is answered."""
    watched.clock.advance(850)
    with fault(watched):
        watched.validator.validate(watched.token)
        eventually(lambda: LOST in watched.problems(), "the loss in the status")
        no_threads_left()
        assert watched.clock.struck
        yield


@pytest.mark.row("refresher-dies", fault=None)
@pytest.mark.parametrize("fault", [dies, none_to_be_had])
def test_a_lost_refresh_is_seen(fault: Fault, watched: Watched) -> None:
    """In the status and in one line of the log, and no host is blamed; the next one that brings keys ends it."""
    fetched = len(watched.recorder.of(FetchFinished))
    with losing(watched, fault):
        assert watched.problems() == (LOST,)
        assert f"  ! {LOST}" in str(watched.validator.status())
        assert watched.lines() == [("WARNING", WARNING)]
        (endpoint,) = watched.validator.status().authorities[0].endpoints
        assert (endpoint.state, endpoint.failures, endpoint.last_outcome) == ("ok", 0, "ok")
        assert (watched.issuer.count(), len(watched.recorder.of(FetchFinished))) == (1, fetched)
    watched.clock.advance(A_WHILE)
    watched.validator.validate(watched.token)
    watched.recorder.await_(FetchFinished, fetched + 1)
    no_threads_left()
    assert watched.problems() == ()
    assert watched.lines() == [("WARNING", WARNING), ("INFO", "keys are fetched again")]


def test_what_is_lost_again_and_again_is_one_line(watched: Watched) -> None:
    """One for each change, whatever the traffic, for as long as keys serve."""
    with losing(watched, none_to_be_had):
        for _ in range(20):
            watched.clock.advance(A_WHILE)
            for _ in range(5):
                watched.validator.validate(watched.token)
        assert watched.problems() == (LOST,)
        assert watched.clock.struck > 10
    assert watched.lines() == [("WARNING", WARNING)]


def test_a_lost_start_is_seen(clock: BrokenClock, caplog: pytest.LogCaptureFixture) -> None:
    """It is refused, and the status does not blame the host; the next one works."""
    with RegionalIssuer(["us-east-1"], clock=clock) as issuer:
        clock.failures = 1
        with closing(validator_for(issuer, issuer_type="original", key_policy=KeyPolicy(wait=10))) as validator:
            status = validator.warm_up().authorities[0]
            assert (status.state, status.problems) == ("cold", (LOST,))
            with pytest.raises(AuthError) as caught:
                validator.validate(issuer.access_token())
            assert (caught.value.status, issuer.count()) == (503, 0)
            clock.failures = 0
            clock.advance(A_WHILE)
            assert validator.warm_up(require="all").authorities[0].problems == ()


def test_a_refresh_that_is_gone_without_a_word(watched: Watched) -> None:
    """Its thread dies where it would have said so. When the time of a flight is over, that is a loss as well."""
    watched.clock.advance(850)
    watched.clock.failures = 2
    watched.validator.validate(watched.token)
    eventually(lambda: watched.clock.struck == 2, "the second failure")
    no_threads_left()
    watched.clock.failures = 0
    watched.clock.advance(5)
    assert (watched.problems(), watched.lines()) == ((), [])
    watched.clock.advance(1)
    watched.validator.status()  # which begins the next refresh
    no_threads_left()
    assert (watched.problems(), watched.issuer.count()) == ((), 2)
    assert watched.lines() == [("WARNING", WARNING), ("INFO", "keys are fetched again")]
