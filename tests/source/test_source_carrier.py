"""Flights that nobody carries: threads that do not start, or die. The next request must not wait for them for ever."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from source_kit import PATIENCE, HeldEndpoint, Making, no_threads_left

from jwtmr import KeyPolicy, KeysUnavailable
from jwtmr.testing import RegionalIssuer, SettableClock, validator_for

A_WHILE = 31
"""Seconds: longer than any back-off, and than an abandoned attempt keeps its endpoint closed."""


def refused_after(call: Callable[[], object], clock: SettableClock) -> float:
    """Seconds after which ``call`` is refused for want of keys; and let the back-off pass."""
    began = time.monotonic()
    with pytest.raises(KeysUnavailable):
        call()
    took = time.monotonic() - began
    clock.advance(A_WHILE)
    return took


@pytest.mark.parametrize("name", ["jwtmr-", "jwtmr-fly", "jwtmr-attempt"])
def test_no_thread_can_be_had(
    name: str, issuer: RegionalIssuer, clock: SettableClock, make: Making, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no thread starts the request is refused at once, in threads and tasks alike, and later ones work."""
    start = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        if thread.name.startswith(name):
            raise RuntimeError("can't start new thread")
        start(thread)

    with HeldEndpoint(issuer, held=0) as endpoint:
        validator, token = make(endpoint.url, key_policy=KeyPolicy(wait=PATIENCE)), issuer.access_token()
        monkeypatch.setattr(threading.Thread, "start", refuse)
        calls = [lambda: validator.validate(token), lambda: asyncio.run(validator.validate_async(token))] * 2
        assert min(refused_after(call, clock) for call in calls) < 0.4
        monkeypatch.undo()
        validator.validate(token)
        assert endpoint.server.count() == 1
    no_threads_left()


class BrokenClock(SettableClock):
    """A clock that fails in the thread that carries a walk, so many times."""

    failures = 0

    def monotonic(self) -> float:
        """Tell the time, or not."""
        if self.failures and threading.current_thread().name == "jwtmr-fly":
            self.failures -= 1
            raise OSError("no time")
        return super().monotonic()


@pytest.fixture
def died(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What threads died of."""
    found: list[str] = []
    monkeypatch.setattr(threading, "excepthook", lambda caught: found.append(str(caught.exc_value)))
    yield found
    assert set(found) == {"no time"}


def test_the_carrier_dies(died: list[str]) -> None:
    """A walk whose thread dies of a bug has failed: its waiters are told at once, and the next one can take off."""
    clock = BrokenClock()
    with RegionalIssuer(["us-east-1"], clock=clock) as issuer:
        policy = KeyPolicy(wait=PATIENCE)
        with closing(validator_for(issuer, issuer_type="original", key_policy=policy)) as validator:
            clock.failures = 1
            assert refused_after(lambda: validator.validate(issuer.access_token()), clock) < PATIENCE / 2
            validator.validate(issuer.access_token())
        assert issuer.count() == 1


@pytest.mark.parametrize("seconds", [5.0, 6.0])
@pytest.mark.parametrize("passing", [SettableClock.advance, SettableClock.suspend])
def test_the_carrier_is_gone_without_a_word(
    passing: Callable[[SettableClock, float], None], seconds: float, died: list[str]
) -> None:
    """A flight that has not landed after 6 s, also of sleep, has failed; until then the next does not take off."""
    clock = BrokenClock()
    with RegionalIssuer(["us-east-1"], clock=clock) as issuer:
        policy = KeyPolicy(wait=0.2)
        with closing(validator_for(issuer, issuer_type="original", key_policy=policy)) as validator:
            clock.failures = 2  # the second one where the first would be reported
            with pytest.raises(KeysUnavailable):
                validator.validate(issuer.access_token())
            assert clock.failures == 0
            passing(clock, seconds)
            if seconds < 6:
                with pytest.raises(KeysUnavailable):
                    validator.validate(issuer.access_token())
            else:
                validator.validate(issuer.access_token())
        assert issuer.count() == (seconds >= 6)


@pytest.mark.slow
def test_a_warm_up_has_an_end(died: list[str]) -> None:
    """A warm-up whose flight is gone without a word ends after the time of one flight, and reports."""
    clock = BrokenClock()
    with (
        RegionalIssuer(["us-east-1"], clock=clock) as issuer,
        closing(validator_for(issuer, issuer_type="original")) as validator,
    ):
        clock.failures = 2
        began = time.monotonic()
        assert not validator.warm_up().ready
        assert 5.5 < time.monotonic() - began < 8
