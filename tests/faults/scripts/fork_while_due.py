"""Four children are forked at once, while a refresh is due: ``pool client token url...``."""

from __future__ import annotations

import os
import signal
import sys
import time

from child import outcome, say, validator_of

from jwtmr import TokenValidator
from jwtmr.testing import SettableClock

PATIENCE = 10
CHILDREN = 4
DUE = 811
"""Seconds. At 90 % of its lifetime a set is due, whatever the jitter."""


def live(validator: TokenValidator, token: str) -> str:
    """Validate, and wait for the refresh of the replica that the request has started."""
    began = time.monotonic()
    found, seconds = outcome(validator, token), time.monotonic() - began
    replica = validator.status().authorities[0].endpoints[2]
    while replica.age is None or replica.age > DUE / 2:
        time.sleep(0.005)
        replica = validator.status().authorities[0].endpoints[2]
    return f"{found} {seconds:.3f} {replica.state}"


def fork(validator: TokenValidator, token: str) -> int:
    """Let a child live, which prints what it saw."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        signal.alarm(PATIENCE)
        os.write(1, f"child {live(validator, token)}\n".encode())
        code = 0
    finally:
        os._exit(code)


def main(pool: str, client: str, token: str, *urls: str) -> None:
    """Fetch keys, let them become due, fork, and wait for all children."""
    clock = SettableClock()
    validator = validator_of(pool, client, list(urls), clock=clock)
    validator.warm_up(require="all")
    clock.advance(DUE)
    children = [fork(validator, token) for _ in range(CHILDREN)]
    say("exits", *[os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children])
    say("parent", outcome(validator, token))
    validator.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
