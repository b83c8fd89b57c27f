"""What the scripts share. Each runs in a process of its own, which is stopped, forks, or has to end."""

from __future__ import annotations

import sys

from jwtmr import AuthError, CognitoUserPool, KeyPolicy, TokenValidator
from jwtmr.settings import Clock


def validator_of(pool: str, client: str, urls: list[str], *, clock: Clock, wait: float = 2.0) -> TokenValidator:
    """Make a validator for a pool in two regions, which asks ``urls``."""
    authority = CognitoUserPool(
        pool, issuer_type="updated", client_ids=[client], token_use="access", replica_regions=["us-west-2"],
        jwks_uris=urls,
    )  # fmt: skip
    return TokenValidator(authority, key_policy=KeyPolicy(wait=wait), clock=clock)


def outcome(validator: TokenValidator, token: str) -> str:
    """``ok``, or the code of the refusal."""
    try:
        validator.validate(token)
    except AuthError as error:
        return error.code
    return "ok"


def say(*words: object) -> None:
    """Write a line to standard output, at once."""
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()
