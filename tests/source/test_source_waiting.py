"""How a call waits: without blocking the loop, within its time, and only on asyncio."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

import pytest
from source_kit import PATIENCE, HeldEndpoint, Making, eventually_async

from jwtmr import KeyPolicy, KeysUnavailable, TokenValidator, ValidatorStatus
from jwtmr.errors import Expired, LegacyIssuerRetired
from jwtmr.testing import RegionalIssuer, SettableClock

pytestmark = pytest.mark.slow  # seconds of real silence

TICKS = 20


async def tick_while(endpoint: HeldEndpoint) -> None:
    """Let the endpoint answer after so many turns of the loop. A blocked loop never gets there."""
    await eventually_async(endpoint.asked.is_set, "nobody asked")
    for _ in range(TICKS):
        await asyncio.sleep(0.001)
    endpoint.let_go()


def test_a_cold_start_does_not_block_the_loop(issuer: RegionalIssuer, make: Making) -> None:
    """Other tasks run while one waits for keys; the endpoint answers because they do."""
    with HeldEndpoint(issuer) as endpoint:
        validator = make(endpoint.url, key_policy=KeyPolicy(wait=PATIENCE))

        async def scene() -> str:
            principal, _ = await asyncio.gather(
                validator.validate_async(issuer.access_token()), tick_while(endpoint)
            )  # fmt: skip
            return principal.subject

        began = time.monotonic()
        assert asyncio.run(scene(), debug=True)
        assert time.monotonic() - began < 2  # and not because the server lost its patience


def test_a_warm_up_does_not_block_the_loop(issuer: RegionalIssuer, make: Making) -> None:
    """``warm_up_async`` waits like ``validate_async``."""
    with HeldEndpoint(issuer) as endpoint:
        validator = make(endpoint.url)

        async def scene() -> ValidatorStatus:
            status, _ = await asyncio.gather(validator.warm_up_async(require="all"), tick_while(endpoint))
            return status

        began = time.monotonic()
        assert asyncio.run(scene(), debug=True).ready
        assert time.monotonic() - began < 2


@pytest.mark.parametrize("wait", [0.1, 0.6])
def test_a_call_ends_within_its_time(wait: float, issuer: RegionalIssuer, make: Making) -> None:
    """Sync in a thread, sync inside a running loop, and async: each waits for its time, and no longer."""
    with HeldEndpoint(issuer) as endpoint:
        validator, token = make(endpoint.url, key_policy=KeyPolicy(wait=wait)), issuer.access_token()

        async def blocking() -> None:
            validator.validate(token)

        for call in (lambda: validator.validate(token), lambda: asyncio.run(blocking())):
            took(call, wait)
        took(lambda: asyncio.run(validator.validate_async(token)), wait)
        assert endpoint.server.count() == 1


def took(call: object, wait: float) -> None:
    """Assert that ``call`` is refused after ``wait`` seconds."""
    assert callable(call)
    began = time.monotonic()
    with pytest.raises(KeysUnavailable) as caught:
        call()
    assert wait * 0.9 <= time.monotonic() - began < wait + 1
    assert caught.value.retry_after == 1


def test_sync_inside_a_running_loop(issuer: RegionalIssuer, make: Making) -> None:
    """``validate`` in a coroutine blocks its loop and works: the flight needs no loop."""
    with HeldEndpoint(issuer, held=0) as endpoint:
        validator = make(endpoint.url)

        async def scene() -> str:
            return validator.validate(issuer.access_token()).subject

        assert asyncio.run(scene())


@pytest.mark.row("trio", fault=None)
@pytest.mark.parametrize("warm", [False, True])
@pytest.mark.parametrize("good", [False, True])
def test_async_without_asyncio(warm: bool, good: bool, issuer: RegionalIssuer, make: Making) -> None:
    """Outside asyncio the first call is a ``RuntimeError``, with known keys and with any token, and asks nobody."""
    with HeldEndpoint(issuer, held=0) as endpoint:
        validator = make(endpoint.url)
        if warm:
            validator.warm_up(require="all")
        coroutine = validator.validate_async(issuer.access_token() if good else "")
        with pytest.raises(RuntimeError, match="event loop"):
            coroutine.send(None)
        assert endpoint.server.count() == warm


def test_a_token_expires_while_it_waits(issuer: RegionalIssuer, clock: SettableClock, make: Making) -> None:
    """What depends on the time is checked again after the wait."""
    with HeldEndpoint(issuer) as endpoint:
        validator = make(endpoint.url, key_policy=KeyPolicy(wait=PATIENCE))
        expired_while_waiting(validator, issuer.access_token(expires_in=100), endpoint, clock, Expired)


def test_a_window_closes_while_a_token_waits(issuer: RegionalIssuer, clock: SettableClock, make: Making) -> None:
    """A legacy token that waited past the end of its issuer's window is refused."""
    with HeldEndpoint(issuer) as endpoint:
        end = clock.now() + timedelta(seconds=100)
        policy = KeyPolicy(wait=PATIENCE)
        validator = make(endpoint.url, issuer_type="updated", accept_legacy_until=end, key_policy=policy)
        expired_while_waiting(validator, issuer.access_token(), endpoint, clock, LegacyIssuerRetired)


def expired_while_waiting(
    validator: TokenValidator, token: str, endpoint: HeldEndpoint, clock: SettableClock, error: type[Exception]
) -> None:
    """Let the wall clock alone go on by 200 s while the endpoint thinks."""

    async def scene() -> None:
        task = asyncio.ensure_future(validator.validate_async(token))
        await eventually_async(endpoint.asked.is_set, "nobody asked")
        clock.set(clock.wall() + 200)
        endpoint.let_go()
        with pytest.raises(error):
            await task

    asyncio.run(scene())
