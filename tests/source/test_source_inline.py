"""``KeyPolicy(refresh="inline")``: keys are refreshed by the request that finds them due, where threads are frozen."""

from __future__ import annotations

import asyncio
from typing import Literal

import pytest
from source_kit import HeldEndpoint, Making

from jwtmr import KeyPolicy
from jwtmr.testing import RegionalIssuer, SettableClock


def test_inline_refresh_is_done_by_the_request(issuer: RegionalIssuer, clock: SettableClock, make: Making) -> None:
    """With ``refresh="inline"`` the request that finds the keys due returns with fresh ones, after any time frozen."""
    with HeldEndpoint(issuer, held=0) as endpoint:
        validator = make(endpoint.url, key_policy=KeyPolicy(refresh="inline"))
        for fetched, step in enumerate((0, 820, 1200, 3 * 3600, 5 * 86400), start=1):
            clock.advance(step)
            for _ in range(3):
                validator.validate(issuer.access_token())
                assert endpoint.server.count() == fetched


def test_inline_refresh_keeps_nobody_else(issuer: RegionalIssuer, clock: SettableClock, make: Making) -> None:
    """While one request refreshes, others are served with the keys that are known."""
    with HeldEndpoint(issuer) as endpoint:
        endpoint.let_go()
        validator = make(endpoint.url, key_policy=KeyPolicy(refresh="inline", wait=10))
        validator.validate(issuer.access_token())
        endpoint.hold()
        clock.advance(820)

        async def scene() -> None:
            refreshing = asyncio.ensure_future(validator.validate_async(issuer.access_token()))
            assert await asyncio.to_thread(endpoint.asked.wait, 5)
            for _ in range(5):
                await asyncio.wait_for(validator.validate_async(issuer.access_token()), 1)
            assert not refreshing.done()
            endpoint.let_go()
            await refreshing

        asyncio.run(scene())
        assert endpoint.server.count() == 2


@pytest.mark.parametrize("how", ["refuse", "accept_silent"])
def test_inline_refresh_in_an_outage(
    how: Literal["refuse", "accept_silent"], issuer: RegionalIssuer, clock: SettableClock, make: Making
) -> None:
    """A refresh that fails or takes too long costs the request its wait, and no valid token its acceptance."""
    validator = make(issuer.jwks_uris_for("original")[0], key_policy=KeyPolicy(refresh="inline", wait=0.3))
    validator.validate(issuer.access_token())
    issuer.take_down("us-east-1", how)
    for _ in range(3):
        clock.advance(1000)
        validator.validate(issuer.access_token())
