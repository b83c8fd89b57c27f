"""Forks while a first flight is in the air: ``url pool client token``. Forks on a line of standard input."""

from __future__ import annotations

import sys
import threading

from common import PATIENCE, fork, reap, say, validator_of

from jwtmr import KeyPolicy


def main(url: str, pool: str, client: str, token: str) -> None:
    """Take off in a thread, fork when told to, and print how child and parent fared."""
    validator = validator_of(url, pool, client, policy=KeyPolicy(wait=PATIENCE))
    landed: list[str] = []
    flight = threading.Thread(target=lambda: landed.append(validator.validate(token).subject), daemon=True)
    flight.start()
    sys.stdin.readline()
    child = fork(lambda: validator.validate(token).subject)
    say("exit", reap(child))
    flight.join(PATIENCE)
    say("parent", *landed)


if __name__ == "__main__":
    main(*sys.argv[1:])
