"""What is timed: warm validation of two typical tokens, and the bare signature check of the same tokens.

The bare check is the least that any library could do: ``cryptography`` verifying RS256 with RSA-2048, with the key, the
bytes and the padding already at hand. Everything beyond it is what jwtmr costs.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from time import perf_counter

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from measure import Timed

from jwtmr import TokenValidator
from jwtmr.testing import RegionalIssuer, SigningKey, validator_for


@dataclass(frozen=True, slots=True)
class Subject:
    """One row of the result."""

    token: str
    """Which kind of token."""
    size: int
    """Its bytes."""
    call: str
    bare: Timed
    full: Timed


@contextmanager
def subjects() -> Iterator[list[Subject]]:
    """Every kind of token by every way to validate it, on a validator that has its keys."""
    with RegionalIssuer() as issuer:
        issuer.switch_to_updated()
        tokens = {
            "access": (issuer.access_token(groups=["admins"]), issuer.access_key),
            "id": (issuer.id_token(groups=["admins"]), issuer.id_key),
        }
        with closing(validator_for(issuer)) as validator, asyncio.Runner() as runner:
            yield [
                Subject(kind, len(token), call, _bare(token, key), full)
                for kind, (token, key) in tokens.items()
                for call, full in (
                    ("validate", _sync(validator, token)),
                    ("validate_async", _async(validator, token, runner)),
                )
            ]


def _bare(token: str, key: SigningKey) -> Timed:
    signed, _, tail = token.rpartition(".")
    verify, padding, algorithm = key.private_key.public_key().verify, PKCS1v15(), SHA256()
    data, signature = signed.encode(), base64.urlsafe_b64decode(tail + "==")

    def timed(calls: int) -> float:
        began = perf_counter()
        for _ in range(calls):
            verify(signature, data, padding, algorithm)
        return perf_counter() - began

    return timed


def _sync(validator: TokenValidator, token: str) -> Timed:
    validator.validate(token)
    validate = validator.validate

    def timed(calls: int) -> float:
        began = perf_counter()
        for _ in range(calls):
            validate(token)
        return perf_counter() - began

    return timed


def _async(validator: TokenValidator, token: str, runner: asyncio.Runner) -> Timed:
    validate = validator.validate_async

    async def work(calls: int) -> float:
        began = perf_counter()
        for _ in range(calls):
            await validate(token)
        return perf_counter() - began

    def timed(calls: int) -> float:
        return runner.run(work(calls))

    return timed
