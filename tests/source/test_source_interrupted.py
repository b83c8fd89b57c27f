"""A signal handler that raises in the middle of a key source, as Celery's time limits do, leaves nobody locked out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

import pytest
from interrupting import Interrupted, interrupted

from jwtmr import KeyPolicy, KeysUnavailable, TokenValidator
from jwtmr._keys.guard import Guard, Reentered
from jwtmr._keys.source import KeySource
from jwtmr._keys.walk import FLIGHT_TIME
from jwtmr.testing import SUBJECT, RegionalIssuer, SettableClock, validator_for

LONGEST_FIRST_PAUSE = 2.0
"""Seconds after the first failed walk."""

INSIDE: list[Callable[..., object]] = [
    *(getattr(KeySource, name) for name in ("_decide", "_settle", "_carry_out")),
    Guard.alone,
]


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
    with guard.alone(), pytest.raises(Reentered):
        guard.alone()
    with guard.alone():
        assert not in_thread(lambda: guard.hold(0))
    assert in_thread(lambda: guard.hold(0))


def in_thread(ask: Callable[[], bool]) -> bool:
    """What ``ask`` says to another thread."""
    said = list[bool]()
    thread = threading.Thread(target=lambda: said.append(ask()))
    thread.start()
    thread.join(10)
    return said[0]
