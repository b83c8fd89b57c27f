"""Forks again and again while threads use the validator in every way there is: ``url pool client token``."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable

from common import PATIENCE, fork, reap, say, validator_of

from jwtmr import UNCHECKED, AuthError, CognitoUserPool, KeyPolicy, TokenValidator

FORKS = 25


def main(url: str, pool: str, client: str, token: str, unknown: str) -> None:
    """Hammer and fork; print one line a child."""
    validator = validator_of(url, pool, client, policy=KeyPolicy(wait=0.1))
    validator.warm_up(require="all")
    over = threading.Event()

    def refused() -> None:
        with contextlib.suppress(AuthError):
            validator.validate(unknown)

    def another() -> None:
        other = CognitoUserPool("eu-west-1_x", issuer_type="original", client_ids=UNCHECKED, token_use="id")
        TokenValidator(other, http_get=lambda url, **_: None).close()  # type: ignore[arg-type,return-value]

    def hammer(act: Callable[[], object]) -> None:
        while not over.is_set():
            act()

    acts: list[Callable[[], object]] = [lambda: validator.validate(token), refused, validator.status, another]
    threads = [threading.Thread(target=hammer, args=(act,), daemon=True) for act in acts]
    for thread in threads:
        thread.start()
    for _ in range(FORKS):
        child = fork(lambda: f"{validator.validate(token).subject} {validator.status().authorities[0].state}")
        say("exit", reap(child))
    over.set()
    for thread in threads:
        thread.join(PATIENCE)
    say("alive", sum(thread.is_alive() for thread in threads))


if __name__ == "__main__":
    main(*sys.argv[1:])
