"""A signal comes while its thread is inside the locked section: ``outer inner url pool client token``.

``outer`` is what the thread is doing, ``inner`` what the handler calls. The clock is read under the lock, and while it
is armed its reading raises the signal.
"""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable
from types import FrameType

from common import PATIENCE, SYSTEM, say, validator_of

from jwtmr import AuthError, KeyPolicy, TokenValidator, ValidatorClosed


class Tripping:
    """The system's clocks; once armed, the next reading of the monotonic one raises a signal."""

    armed = False

    def wall(self) -> float:
        """Unix seconds."""
        return SYSTEM.wall()

    def boottime(self) -> float:
        """Boot-time seconds."""
        return SYSTEM.boottime()

    def monotonic(self) -> float:
        """Monotonic seconds, after the handler has run."""
        if self.armed:
            self.armed = False
            signal.raise_signal(signal.SIGUSR1)
        return SYSTEM.monotonic()


def told(act: Callable[[], object]) -> str:
    """Say what became of it: the word that it returns, or how it was refused."""
    try:
        return str(act())
    except AuthError as error:
        return error.code
    except ValidatorClosed:
        return "closed"


def acts(validator: TokenValidator, token: str) -> dict[str, Callable[[], object]]:
    """What can be called, each returning one word."""
    return {
        "validate": lambda: validator.validate(token).subject,
        "status": lambda: f"report-{len(validator.status().authorities)}",
        "warm_up": lambda: f"report-{len(validator.warm_up().authorities)}",
        "close": lambda: (validator.close(), "done")[1],
    }


def main(outer: str, inner: str, *known: str) -> None:
    """Be interrupted, and say what the handler found, what the interrupted call gave, and what a later one gives."""
    clock, heard = Tripping(), list[str]()
    url, pool, client, token = known
    validator = validator_of(url, pool, client, policy=KeyPolicy(wait=3), clock=clock)
    calls = acts(validator, token)

    def handler(_: int, __: FrameType | None) -> None:
        heard.append(told(calls[inner]))

    signal.signal(signal.SIGUSR1, handler)
    signal.alarm(PATIENCE)  # whoever hangs is ended
    clock.armed = True
    began = time.monotonic()
    interrupted = told(calls[outer])
    say("handler", *heard)
    say("interrupted", interrupted)
    say("afterwards", told(calls["validate"]))
    say("quick", time.monotonic() - began < 2)
    validator.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
