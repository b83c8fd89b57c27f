"""Forks after a warm-up, also twice in a row and after a close: ``url pool client token``."""

from __future__ import annotations

import sys

from common import PATIENCE, fork, reap, say, validator_of

from jwtmr import KeyPolicy, TokenValidator, ValidatorClosed


def grandchild(validator: TokenValidator, token: str) -> str:
    """Validate in a child of this child."""
    return f"{validator.validate(token).subject} {reap(fork(lambda: validator.validate(token).subject))}"


def closed(validator: TokenValidator, token: str) -> str:
    """Say whether the validator is closed here too."""
    try:
        return validator.validate(token).subject
    except ValidatorClosed:
        return "closed"


def main(url: str, pool: str, client: str, token: str) -> None:
    """Warm up, fork, and print what the children say."""
    validator = validator_of(url, pool, client, policy=KeyPolicy(wait=PATIENCE))
    validator.warm_up(require="all")
    say("exit", reap(fork(lambda: validator.validate(token).subject)))
    say("exit", reap(fork(lambda: grandchild(validator, token))))
    say("parent", validator.validate(token).subject)
    validator.close()
    say("exit", reap(fork(lambda: closed(validator, token))))


if __name__ == "__main__":
    main(*sys.argv[1:])
