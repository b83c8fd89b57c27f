"""What the scripts share. Each is run in a process of its own, because it forks or looks at the whole interpreter."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable

from jwtmr import CognitoUserPool, KeyPolicy, TokenValidator
from jwtmr.http import HttpGet
from jwtmr.settings import Clock, SystemClock

PATIENCE = 30
"""Seconds, on a machine that is busy too. What hangs hangs for ever."""
SYSTEM = SystemClock()


def validator_of(
    url: str, pool: str, client: str, *, policy: KeyPolicy, http_get: HttpGet | None = None, clock: Clock = SYSTEM
) -> TokenValidator:
    """Make a validator of ``pool`` that asks ``url`` alone."""
    authority = CognitoUserPool(
        pool, issuer_type="original", client_ids=[client], token_use="access", jwks_uris=[url]
    )  # fmt: skip
    return TokenValidator(authority, key_policy=policy, http_get=http_get, clock=clock)


def say(*words: object) -> None:
    """Write a line to standard output, at once."""
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def fork(act: Callable[[], object]) -> int:
    """Do ``act`` in a child, which prints what it returns, and ends after ``PATIENCE`` seconds whatever happens."""
    sys.stdout.flush()
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        signal.alarm(PATIENCE)
        began = time.monotonic()
        said = act()
        os.write(1, f"child {said} {time.monotonic() - began:.3f}\n".encode())
        code = 0
    finally:
        os._exit(code)


def reap(child: int) -> int:
    """Wait for a child and return its exit code; that of the alarm if it hung."""
    end = time.monotonic() + PATIENCE + 5
    while time.monotonic() < end:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return -signal.SIGKILL
