"""What validation costs when keys are known: nothing but computing, and no memory for any token."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from crowd_kit import run_script
from fire_kit import outcome
from key_rows_kit import Memory, at_rest, provider_validator, with_claims, with_header

from jwtmr.testing import OidcIssuer, SettableClock

VALIDATIONS = 20_000
FIRST, THEN = 1000, 6000
"""Tokens of each kind: enough to fill whatever is bounded, and then so many that what is not would show."""
MEMORY = 4 * 1024 * 1024
"""Bytes. The tokens themselves have four times as many."""


@pytest.mark.slow
@pytest.mark.row("hot-path", fault=None)
def test_known_keys_cost_no_lock_no_system_and_no_log() -> None:
    """No lock is taken, nothing is done that an audit would be told of, nobody is asked for keys, nothing is logged."""
    cold, warm = run_script("warm_path.py", VALIDATIONS)
    assert cold == "cold locks sockets 1", "what is watched for would be seen"
    assert warm == "warm {} {} [] 1"


def distinct(issuer: OidcIssuer, start: int, count: int) -> Iterator[str]:
    """Tokens of every kind, none of which is like another."""
    stem = issuer.access_token()
    kinds: list[tuple[int, Callable[[str], str]]] = [
        (10, lambda name: issuer.access_token(claims={"jti": name}, header={"name": name})),
        (10, lambda name: with_claims(stem, jti=name)),
        (1, lambda name: with_header(stem, kid=name, alg="ES256", typ="at+jwt")),
        (1, lambda name: with_claims(stem, iss=f"https://{name}.example")),
        (1, lambda name: f"{name}.x.y"),
    ]
    for number in range(start, start + count):
        yield from (make(f"name-{number}") for every, make in kinds if number % every == 0)


@pytest.mark.slow
@pytest.mark.row("memory", fault=None)
def test_no_token_leaves_anything_behind() -> None:
    """Valid ones, forged ones, unknown keys and issuers, garbage: what is remembered of them is bounded, and full."""
    with OidcIssuer(algorithms=["ES256"], clock=SettableClock()) as issuer, provider_validator(issuer) as validator:
        assert Counter(outcome(validator, token) for token in distinct(issuer, 0, FIRST))["ok"] == FIRST / 10
        at_rest()
        validator.drain_report()  # sums up the few tokens that wait to be counted
        memory = Memory()
        codes = Counter(outcome(validator, token) for token in distinct(issuer, FIRST, THEN))
        assert codes.keys() == {"ok", "invalid_signature", "unknown_key", "untrusted_issuer", "malformed_token"}
        assert codes["ok"] == codes["invalid_signature"] == THEN / 10
        assert codes["unknown_key"] == codes["untrusted_issuer"] == codes["malformed_token"] == THEN
        validator.drain_report()
        assert memory.blocks < sum(codes.values()) / 50
        assert memory.resident < MEMORY
