"""A token that was verified before, and is remembered."""

from __future__ import annotations

from asyncio import Runner
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Final

from bare import verification
from subject import Subject, each, each_async

from jwtmr import TokenCache
from jwtmr.testing import RegionalIssuer, validator_for

LIMIT: Final = 0.12
"""Times the bare verification."""
OTHERS: Final = 1000
"""Tokens that are remembered besides, so that nothing is found because it is alone."""


@contextmanager
def subjects() -> Iterator[list[Subject]]:
    """A hit, sync and async."""
    cache = TokenCache(max_entries=10_000, ttl=60)
    with RegionalIssuer() as pool, closing(validator_for(pool, token_cache=cache)) as validator, Runner() as runner:
        pool.switch_to_updated()
        for number in range(OTHERS):
            validator.validate(pool.access_token(subject=str(number)))
        token, key = pool.access_token(groups=["admins"]), pool.access_key
        assert validator.validate(token).subject == validator.validate(token).subject
        bare = each(verification(token, key.alg, key.private_key.public_key()))
        raw = token.encode()

        def hit() -> None:
            validator.validate(raw.decode())  # a string of its own each time, as a request brings it

        async def hit_async() -> None:
            await validator.validate_async(raw.decode())

        calls = {"a hit, validate": each(hit), "a hit, validate_async": each_async(runner, hit_async)}
        yield [Subject("cache", name, "ratio", bare, full, LIMIT, verifies=True) for name, full in calls.items()]
