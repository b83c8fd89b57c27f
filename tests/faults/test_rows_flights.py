"""Many requests and one fetch: they share it, whoever goes away, and however it ends."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeAlias

import anyio
import pytest
from crowd_kit import PATIENT, Crowd, nothing_is_left_over, outcome_async
from fire_kit import Recorder, eventually, outcome, own_threads
from key_rows_kit import Making

from jwtmr import KeyPolicy, KeysUnavailable, Principal, TokenValidator, ValidatorClosed
from jwtmr.events import FetchFinished, TokenRefused
from jwtmr.testing import RegionalIssuer, SettableClock
from jwtmr.testing.faults import Injection, at, hold, reset

ATTEMPT_TIME = 2.5
"""Seconds that one attempt may take."""
PROMPTLY = 1.0
"""Seconds in which a validator closes, whatever it is waiting for."""


def crowd_of_a_thousand(validator: TokenValidator, token: str) -> Crowd:
    """50 threads, and 950 tasks on 10 loops."""
    return Crowd(validator, token, threads=50, loops=10, tasks=95)


def asked(pool: RegionalIssuer) -> Counter[str]:
    """How often each URL was asked."""
    return Counter(request.url for request in pool.requests())


def known_to(validator: TokenValidator, pool: RegionalIssuer) -> None:
    """Have ``validator`` know the keys of today, and the pool sign with others from then on."""
    validator.validate(pool.access_token())
    eventually(lambda: not own_threads(), "the first flight goes on")
    pool.rotate()
    pool.forget_requests()


# -- everybody at once ------------------------------------------------------------------------------------------------


@pytest.mark.row("single-flight")
@pytest.mark.parametrize("new_kid", [False, True])
def test_a_thousand_requests_are_one_fetch(pool: RegionalIssuer, make: Making, *, new_kid: bool) -> None:
    """Cold or with a new key: threads and tasks share one request to each URL that is asked, and all succeed."""
    validator = make(key_policy=PATIENT)
    if new_kid:
        known_to(validator, pool)
    with at(pool).let(hold()) as held:
        crowd = crowd_of_a_thousand(validator, pool.access_token())
        crowd.wait_until_all_wait()
        held.await_struck()
    assert Counter(crowd.outcomes()) == {"ok": 1000}
    assert set(asked(pool).values()) == {1}


@pytest.mark.row("leader-fails")
@pytest.mark.parametrize("new_kid", [False, True])
def test_a_thousand_fail_together(pool: RegionalIssuer, clock: SettableClock, make: Making, *, new_kid: bool) -> None:
    """One request to each URL, reset after all have boarded, is a 503 for all; nobody tries again for himself."""
    validator = make(key_policy=PATIENT)
    if new_kid:
        known_to(validator, pool)
    with at(pool).let(hold()) as held, at(pool).let(reset()) as broken:
        crowd = crowd_of_a_thousand(validator, pool.access_token())
        crowd.wait_until_all_wait()
        held.await_struck()
        held.end()
        assert Counter(crowd.outcomes()) == {"keys_unavailable": 1000}
        late = [outcome(validator, pool.access_token()) for _ in range(100)]
        assert Counter(late) == {"keys_unavailable": 100}
    assert Counter(broken_one.url for broken_one in broken.suffered()) == dict.fromkeys(pool.jwks_uris, 1)
    clock.advance(3)
    assert outcome(validator, pool.access_token()) == "ok"


@pytest.mark.row("leader-fails")
def test_everybody_gets_an_error_of_his_own(pool: RegionalIssuer, make: Making) -> None:
    """The same one, with a ``Retry-After``, but not the same object: its traceback would tell of other requests."""
    validator, token = make(key_policy=PATIENT), pool.access_token()

    async def scene(held: Injection) -> list[object]:
        waiting = [asyncio.ensure_future(validator.validate_async(token)) for _ in range(100)]
        await asyncio.to_thread(held.await_struck)
        held.end()
        return list(await asyncio.gather(*waiting, return_exceptions=True))

    with at(pool).let(hold()) as held, at(pool).let(reset()):
        errors = [error for error in asyncio.run(scene(held)) if isinstance(error, KeysUnavailable)]
    assert len({id(error) for error in errors}) == 100
    assert {str(error) for error in errors} == {KeysUnavailable.message}
    assert {error.retry_after for error in errors} <= {1, 2}


# -- who goes away ----------------------------------------------------------------------------------------------------

Leaving: TypeAlias = Callable[[Coroutine[Any, Any, Principal], asyncio.Event], Awaitable[None]]
"""Waits for what it is given until the event says that it should leave."""


async def by_cancel(waiting: Coroutine[Any, Any, Principal], gone: asyncio.Event) -> None:
    """As a server does when a client hangs up."""
    task = asyncio.ensure_future(waiting)
    await gone.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def by_time_out(waiting: Coroutine[Any, Any, Principal], gone: asyncio.Event) -> None:
    """With less patience than others."""
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(waiting, 0.1)
    await gone.wait()


async def by_scope(waiting: Coroutine[Any, Any, Principal], gone: asyncio.Event) -> None:
    """As Starlette does, by a cancel scope of anyio."""

    async def wait() -> None:
        await waiting

    async with anyio.create_task_group() as group:
        group.start_soon(wait)
        await gone.wait()
        group.cancel_scope.cancel()


@pytest.mark.row("leader-cancelled")
@pytest.mark.parametrize("leave", [by_cancel, by_time_out, by_scope])
def test_the_first_of_a_hundred_goes(
    leave: Leaving, pool: RegionalIssuer, make: Making, caplog: pytest.LogCaptureFixture
) -> None:
    """The task that took off goes away while its answer is held back; 99 others succeed with its one fetch."""
    validator, token = make(key_policy=PATIENT, jwks_uris=pool.jwks_uris[:1]), pool.access_token()

    async def scene(held: Injection) -> list[str]:
        gone = asyncio.Event()
        leader = asyncio.ensure_future(leave(validator.validate_async(token), gone))
        await asyncio.to_thread(held.await_struck)
        others = [asyncio.ensure_future(outcome_async(validator, token)) for _ in range(99)]
        gone.set()
        await leader
        assert not any(other.done() for other in others)
        held.end()
        return list(await asyncio.gather(*others))

    with nothing_is_left_over(caplog):
        with at(pool).let(hold()) as held:
            assert Counter(asyncio.run(scene(held), debug=True)) == {"ok": 99}
        assert outcome(validator, token) == "ok"
    assert pool.count() == 1


@pytest.mark.slow
@pytest.mark.row("all-cancelled")
def test_everybody_goes_and_the_fetch_ends_by_itself(
    pool: RegionalIssuer, clock: SettableClock, make: Making, caplog: pytest.LogCaptureFixture
) -> None:
    """Its deadline hangs up on the host that says nothing; no task, thread or complaint is left, and a retry works."""
    validator, token = make(key_policy=PATIENT, jwks_uris=pool.jwks_uris[:1]), pool.access_token()

    async def scene(held: Injection) -> set[asyncio.Task[Any]]:
        waiting = [asyncio.ensure_future(validator.validate_async(token)) for _ in range(100)]
        await asyncio.to_thread(held.await_struck)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        assert all(task.cancelled() for task in waiting)
        return asyncio.all_tasks() - {asyncio.current_task()}  # type: ignore[arg-type]

    with nothing_is_left_over(caplog), at(pool).let(hold()) as held:
        assert asyncio.run(scene(held), debug=True) == set()
        (suffered,) = held.await_left()
        assert ATTEMPT_TIME - 0.5 < suffered.client_left_after < ATTEMPT_TIME + 1
        eventually(lambda: not own_threads(), "the flight goes on")
    clock.advance(31)
    assert outcome(validator, token) == "ok"
    assert pool.count() == 2


# -- the end ----------------------------------------------------------------------------------------------------------


@pytest.mark.row("shutdown")
def test_closing_in_the_middle_of_a_fetch(pool: RegionalIssuer, make: Making, caplog: pytest.LogCaptureFixture) -> None:
    """Threads and tasks that wait are told within a second; closed twice it is closed once, and says so ever after."""
    recorder = Recorder()
    validator, token = make(key_policy=PATIENT, observers=[recorder]), pool.access_token()
    ended: list[float] = []

    def wait() -> None:
        with pytest.raises(ValidatorClosed):
            validator.validate(token)
        ended.append(time.monotonic())

    async def scene(held: Injection) -> float:
        waiting = [asyncio.ensure_future(validator.validate_async(token)) for _ in range(10)]
        await asyncio.to_thread(held.await_struck)
        began = time.monotonic()
        validator.close()
        validator.close()
        results = await asyncio.gather(*waiting, return_exceptions=True)
        ended.append(time.monotonic())
        assert {type(result) for result in results} == {ValidatorClosed}
        return began

    with nothing_is_left_over(caplog), at(pool).let(hold()) as held:
        threads = [threading.Thread(target=wait) for _ in range(10)]
        for thread in threads:
            thread.start()
        began = asyncio.run(scene(held), debug=True)
        for thread in threads:
            thread.join()
    assert len(ended) == 11
    assert max(ended) - began < PROMPTLY
    asked_before = pool.count()
    for call in (lambda: validator.validate(token), validator.warm_up, validator.status):
        with pytest.raises(ValidatorClosed):
            call()
    assert pool.count() == asked_before
    assert recorder.of(TokenRefused) == []
    assert [event.outcome for event in recorder.of(FetchFinished)] in ([], ["ok"], ["ok"] * 2, ["ok"] * 3)


@pytest.mark.row("shutdown")
def test_a_closed_validator_waits_for_nobody(pool: RegionalIssuer, make: Making) -> None:
    """``close`` itself returns at once, before the fetch that it leaves behind has ended."""
    validator = make(key_policy=KeyPolicy(wait=0.1))
    with at(pool).let(hold()) as held:
        assert outcome(validator, pool.access_token()) == "keys_unavailable"
        held.await_struck()
        began = time.monotonic()
        validator.close()
        assert time.monotonic() - began < PROMPTLY / 10
        assert own_threads() != []
