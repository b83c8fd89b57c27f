"""A signal handler that raises in the middle of a key source, as Celery's time limits do, leaves nobody locked out."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from weakref import WeakValueDictionary

import pytest
from interrupting import Interrupted, interrupted

from jwtmr import KeyPolicy, KeysUnavailable, TokenValidator
from jwtmr._keys import forks
from jwtmr._keys.guard import Guard, Reentered
from jwtmr._keys.source import KeySource
from jwtmr._keys.walk import FLIGHT_TIME
from jwtmr.testing import SUBJECT, RegionalIssuer, SettableClock, validator_for

LONGEST_FIRST_PAUSE = 2.0
"""Seconds after the first failed walk."""

INSIDE: list[Callable[..., object]] = [
    *(getattr(KeySource, name) for name in ("_decide", "_decided", "_ask", "_asked", "_settle", "_carry_out")),
    Guard.alone,
]


@pytest.fixture(scope="module")
def updated() -> Iterator[RegionalIssuer]:
    """A pool that no test of the module changes."""
    with RegionalIssuer() as issuer:
        issuer.switch_to_updated()
        yield issuer


def in_another_thread(validator: TokenValidator, token: str) -> str:
    """How a validation ends where no lock of this thread is one's own."""
    ended = list[str]()

    def validate() -> None:
        try:
            ended.append(validator.validate(token).subject)
        except KeysUnavailable as error:
            ended.append(error.code)

    thread = threading.Thread(target=validate, daemon=True)
    thread.start()
    thread.join(10)
    return ended[0] if ended else "it hangs"


@pytest.mark.parametrize("function", INSIDE, ids=lambda function: function.__qualname__)
def test_no_moment_of_an_exception_locks_others_out(function: Callable[..., object]) -> None:
    """Wherever in it a handler raises, nobody hangs; a walk that was lost is made again when its time is over."""
    clock = SettableClock()
    with RegionalIssuer(clock=clock) as issuer:
        issuer.switch_to_updated()
        token = issuer.access_token(expires_in=86400)
        for at in range(50):
            validator = validator_for(issuer, key_policy=KeyPolicy(wait=0.2))
            with interrupted(function, at) as raised, suppress(Interrupted, KeysUnavailable):
                validator.validate(token)
            assert in_another_thread(validator, token) in (SUBJECT, "keys_unavailable"), f"call {at}"
            clock.advance(FLIGHT_TIME + LONGEST_FIRST_PAUSE)
            assert in_another_thread(validator, token) == SUBJECT, f"call {at}"
            validator.close()
            if not raised:
                break
        assert at > 0, "nothing was interrupted"
        assert not raised, "there are more moments than were tried"


def test_a_thread_that_comes_again_is_refused() -> None:
    """Inside of the lock nothing is whole; outside of it, and to others, it is a lock like any other."""
    guard = Guard()

    def come_again() -> None:
        with pytest.raises(Reentered):
            guard.alone(lambda: None)

    guard.alone(come_again)
    assert guard.alone(lambda: in_thread(lambda: can_be_had(guard))) is False
    assert in_thread(lambda: can_be_had(guard))


class TwoSteps:
    """A lock as Python 3.14 takes it: a handler may raise when it is had, before ``with`` sees to its release."""

    def __init__(self) -> None:
        lock = threading.RLock()
        self.acquire, self.release = lock.acquire, lock.release
        self._is_owned = lock._is_owned  # type: ignore[attr-defined]  # noqa: SLF001 - as Guard asks

    def __enter__(self) -> None:
        """Take the lock, and raise what a handler raises."""
        self.acquire()
        raise Interrupted

    def __exit__(self, *_: object) -> None:
        """Nobody comes here."""


def test_a_with_of_two_steps_locks_nobody_out() -> None:
    """Where a handler raises between them the lock is given back."""
    guard = Guard()
    object.__setattr__(guard, "_lock", TwoSteps())
    with pytest.raises(Interrupted):
        guard.alone(lambda: None)
    assert in_thread(lambda: can_be_had(guard))


def can_be_had(guard: Guard) -> bool:
    """Whether this thread could take the lock at once."""
    guard.hold(0)
    try:
        return guard.mine
    finally:
        guard.let_go()


FORKING: list[Callable[..., object]] = [
    *(getattr(forks, name) for name in ("before_fork", "after_fork_in_parent", "_let_go")),
    *(getattr(KeySource, name) for name in ("before_fork", "after_fork_in_parent")),
    Guard.hold,
    Guard.let_go,
]


@pytest.fixture
def no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold nothing in forks but what the test makes."""
    monkeypatch.setattr(forks, "_things", WeakValueDictionary())


@pytest.mark.usefixtures("no_others")
@pytest.mark.parametrize("function", FORKING, ids=lambda function: function.__qualname__)
def test_no_moment_around_a_fork_locks_others_out(updated: RegionalIssuer, function: Callable[..., object]) -> None:
    """Wherever in its hooks a handler raises, Python forks all the same, and afterwards nobody hangs in the parent."""
    token = updated.access_token()
    with closing(validator_for(updated)) as one, closing(validator_for(updated)) as other:
        for at in range(50):
            with interrupted(function, at) as raised:
                for hook in (forks.before_fork, forks.after_fork_in_parent):
                    with suppress(Interrupted):  # as Python does, and writes it down
                        hook()
            said = [in_another_thread(validator, token) for validator in (one, other)]
            assert said == [SUBJECT] * 2, f"call {at}"
            if not raised:
                break
        assert not raised, "there are more moments than were tried"


class Thing:
    """Something that is held in forks, and by whom it is."""

    entered = False

    def __init__(self) -> None:
        self.holders = list[int]()

    def before_fork(self) -> None:
        """One more holds it."""
        self.holders.append(threading.get_ident())

    def after_fork_in_parent(self) -> None:
        """One less, if this thread does."""
        self.holders = [holder for holder in self.holders if holder != threading.get_ident()]

    def after_fork_in_child(self) -> None:
        """Something is wrong with it."""
        raise Interrupted


@pytest.mark.usefixtures("no_others")
def test_what_cannot_begin_in_a_child_leaves_no_other_locked() -> None:
    """Those that its exception has left out are given back."""
    things = [Thing(), Thing()]
    for thing in things:
        forks.held_in_forks(thing)
    forks.before_fork()
    assert [len(thing.holders) for thing in things] == [1, 1]
    with pytest.raises(Interrupted):
        forks.after_fork_in_child()
    assert [thing.holders for thing in things] == [[], []]


@pytest.mark.usefixtures("no_others")
def test_two_threads_fork_at_once() -> None:
    """Each gives back what it has itself."""
    thing = Thing()
    forks.held_in_forks(thing)
    with ThreadPoolExecutor(1) as other:
        forks.before_fork()
        other.submit(forks.before_fork).result()
        forks.after_fork_in_parent()
        assert len(thing.holders) == 1
        other.submit(forks.after_fork_in_parent).result()
    assert thing.holders == []


def in_thread(ask: Callable[[], bool]) -> bool:
    """What ``ask`` says to another thread."""
    said = list[bool]()
    thread = threading.Thread(target=lambda: said.append(ask()))
    thread.start()
    thread.join(10)
    return said[0]
