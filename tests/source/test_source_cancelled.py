"""Waiters that go away: cancelled, timed out, or with a loop that is closed. Nobody else must notice."""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator

import pytest
from source_kit import PATIENCE, HeldEndpoint, Making, eventually_async, no_threads_left

from jwtmr import KeyPolicy, Principal, TokenValidator
from jwtmr.testing import RegionalIssuer

CROWD = 100
PATIENT = KeyPolicy(wait=PATIENCE)


@pytest.fixture
def complaints(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[], list[str]]]:
    """Call it for the errors that asyncio and concurrent.futures have logged, after all garbage has been collected."""
    caplog.set_level(logging.WARNING)

    def logged() -> list[str]:
        gc.collect()
        records = [record for record in caplog.records if record.name in ("asyncio", "concurrent.futures")]
        return [record.getMessage() for record in records if record.levelno >= logging.ERROR]

    return logged


async def cancelled(validator: TokenValidator, token: str) -> Principal:
    """Validate like anybody; the test cancels it."""
    return await validator.validate_async(token)


async def timed_out(validator: TokenValidator, token: str) -> Principal:
    """Validate with less patience than the endpoint asks for."""
    return await asyncio.wait_for(validator.validate_async(token), 0.05)


@pytest.mark.parametrize(("first", "end"), [(cancelled, asyncio.CancelledError), (timed_out, TimeoutError)])
def test_the_first_of_a_hundred_goes(
    first: Callable[[TokenValidator, str], Awaitable[Principal]],
    end: type[BaseException],
    issuer: RegionalIssuer,
    make: Making,
    complaints: Callable[[], list[str]],
) -> None:
    """The task that took off goes away while the endpoint thinks; 99 others succeed with its one fetch."""
    with HeldEndpoint(issuer) as endpoint:
        validator, token = make(endpoint.url, key_policy=PATIENT), issuer.access_token()

        async def scene() -> list[object]:
            tasks: list[asyncio.Future[Principal]] = [asyncio.ensure_future(first(validator, token))]
            tasks += [asyncio.ensure_future(validator.validate_async(token)) for _ in range(CROWD - 1)]
            await eventually_async(endpoint.asked.is_set, "nobody took off")
            if first is cancelled:
                tasks[0].cancel()
            await asyncio.wait([tasks[0]])
            assert not any(task.done() for task in tasks[1:])
            endpoint.let_go()
            return list(await asyncio.gather(*tasks, return_exceptions=True))

        results = asyncio.run(scene(), debug=True)
        assert type(results[0]) is end
        assert [result for result in results[1:] if not isinstance(result, Principal)] == []
        assert endpoint.server.count() == 1
    assert complaints() == []


def test_everybody_goes_and_the_flight_lands(
    issuer: RegionalIssuer, make: Making, complaints: Callable[[], list[str]]
) -> None:
    """With nobody left to wait for it the flight lands all the same, and the next request finds the keys."""
    with HeldEndpoint(issuer) as endpoint:
        validator, token = make(endpoint.url, key_policy=PATIENT), issuer.access_token()

        async def scene() -> None:
            tasks = [asyncio.ensure_future(validator.validate_async(token)) for _ in range(10)]
            await eventually_async(endpoint.asked.is_set, "nobody took off")
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        asyncio.run(scene(), debug=True)  # which closes the loop while the flight is in the air
        endpoint.let_go()
        no_threads_left()
        assert validator.validate(token).client_id == issuer.client_id
        assert endpoint.server.count() == 1
    assert complaints() == []


@pytest.fixture
def unraisable(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What finalizers raise, instead of a warning from pytest."""
    found: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda caught: found.append(caught.exc_value))
    return found


def abandon(validator: TokenValidator, token: str, asked: threading.Event) -> asyncio.Task[Principal]:
    """Close a loop with a validation pending in it that nobody cancelled."""
    loop = asyncio.new_event_loop()
    task = loop.create_task(validator.validate_async(token))
    loop.run_until_complete(eventually_async(asked.is_set, "nobody took off"))
    loop.close()
    return task


def test_a_loop_is_closed_under_its_waiters(
    issuer: RegionalIssuer, make: Making, complaints: Callable[[], list[str]], unraisable: list[object]
) -> None:
    """A loop closed with the first validation pending costs neither an error nor any of 99 others."""
    with HeldEndpoint(issuer) as endpoint:
        validator, token = make(endpoint.url, key_policy=PATIENT), issuer.access_token()
        pending = abandon(validator, token, endpoint.asked)

        async def others() -> list[object]:
            tasks = [asyncio.ensure_future(validator.validate_async(token)) for _ in range(CROWD - 1)]
            await asyncio.sleep(0)
            endpoint.let_go()
            return list(await asyncio.gather(*tasks, return_exceptions=True))

        results = asyncio.run(others(), debug=True)
        assert [result for result in results if not isinstance(result, Principal)] == []
        assert endpoint.server.count() == 1
    no_threads_left()
    assert complaints() == []
    assert not pending.done()
    del pending
    gc.collect()  # here, where what finalizers raise is caught: the next test is about that


def test_what_a_closed_loop_leaves_is_collected_in_silence(
    issuer: RegionalIssuer, make: Making, complaints: Callable[[], list[str]], unraisable: list[object]
) -> None:
    """Collecting a validation whose loop is closed raises nothing; asyncio alone says that it was pending."""
    with HeldEndpoint(issuer) as endpoint:
        pending = abandon(make(endpoint.url, key_policy=PATIENT), issuer.access_token(), endpoint.asked)
        endpoint.let_go()
        no_threads_left()  # until it lands, the flight knows who waits for it
        del pending
        (said,) = complaints()
        assert "was destroyed but it is pending" in said
        assert unraisable == []
