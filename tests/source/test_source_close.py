"""``close()``: who waits is told at once, and nothing is left behind."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from source_kit import PATIENCE, HeldEndpoint, Making, Recorder, no_threads_left, run_script

from jwtmr import KeyPolicy, TokenValidator, ValidatorClosed
from jwtmr.events import TokenRefused
from jwtmr.testing import RegionalIssuer

PATIENT = KeyPolicy(wait=PATIENCE)
PROMPTLY = 1.0
"""Seconds; a walk that nobody interrupts takes five."""


def waiting_thread(validator: TokenValidator, token: str, ended: list[float]) -> threading.Thread:
    """Validate in a thread, which notes when it was told that all is over."""

    def wait() -> None:
        with pytest.raises(ValidatorClosed):
            validator.validate(token)
        ended.append(time.monotonic())

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def test_closing_wakes_who_waits(issuer: RegionalIssuer, make: Making) -> None:
    """Threads and tasks that wait for keys get ``ValidatorClosed`` promptly; the flight's threads end by themselves."""
    recorder = Recorder()
    ended: list[float] = []
    with HeldEndpoint(issuer) as endpoint:
        validator, token = make(endpoint.url, key_policy=PATIENT, observers=[recorder]), issuer.access_token()
        threads = [waiting_thread(validator, token, ended) for _ in range(5)]

        async def scene() -> tuple[float, list[object]]:
            tasks = [asyncio.ensure_future(validator.validate_async(token)) for _ in range(5)]
            assert await asyncio.to_thread(endpoint.asked.wait, PATIENCE)
            began = time.monotonic()
            validator.close()
            results = list(await asyncio.gather(*tasks, return_exceptions=True))
            ended.append(time.monotonic())
            return began, results

        began, results = asyncio.run(scene(), debug=True)
        for thread in threads:
            thread.join(PATIENCE)
        assert [type(result) for result in results] == [ValidatorClosed] * 5
        assert len(ended) == 6
        assert max(ended) - began < PROMPTLY
        endpoint.let_go()
        no_threads_left()
        assert endpoint.server.count() == 1
    assert recorder.of(TokenRefused) == []  # nobody's token is to blame


def blocking(validator: TokenValidator) -> Coroutine[Any, Any, object]:
    """A warm-up in a thread."""
    return asyncio.to_thread(validator.warm_up)


@pytest.mark.parametrize("warm", [blocking, TokenValidator.warm_up_async])
def test_closing_ends_a_warm_up(
    warm: Callable[[TokenValidator], Coroutine[Any, Any, object]], issuer: RegionalIssuer, make: Making
) -> None:
    """A warm-up that waits is told as promptly as a validation."""
    with HeldEndpoint(issuer) as endpoint:
        validator = make(endpoint.url)

        async def scene() -> float:
            warming = asyncio.ensure_future(warm(validator))
            assert await asyncio.to_thread(endpoint.asked.wait, PATIENCE)
            began = time.monotonic()
            validator.close()
            with pytest.raises(ValidatorClosed):
                await warming
            return time.monotonic() - began

        assert asyncio.run(scene()) < PROMPTLY
        endpoint.let_go()
        no_threads_left()
        assert endpoint.server.count() == 1


CALLS: list[Callable[[TokenValidator, str], object]] = [
    lambda validator, token: validator.validate(token),
    lambda validator, _: validator.validate(""),
    lambda validator, token: asyncio.run(validator.validate_async(token)),
    lambda validator, _: validator.warm_up(),
    lambda validator, _: asyncio.run(validator.warm_up_async()),
    lambda validator, _: validator.status(),
]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("warm", [False, True])
def test_after_the_end(
    call: Callable[[TokenValidator, str], object],
    warm: bool,
    issuer: RegionalIssuer,
    make: Making,
) -> None:
    """Closed twice it is closed once: each later call says so, and asks nobody."""
    with HeldEndpoint(issuer, held=0) as endpoint:
        validator = make(endpoint.url)
        if warm:
            validator.warm_up(require="all")
        validator.close()
        validator.close()
        with pytest.raises(ValidatorClosed):
            call(validator, issuer.access_token())
        assert endpoint.server.count() == warm
    no_threads_left()


@pytest.mark.slow
def test_a_day_in_the_life() -> None:
    """With every warning an error, a life from cold start to close leaves no thread, no socket and no complaint."""
    done = run_script("life.py", options=("-X", "dev", "-W", "error"))
    assert (done.stdout, done.stderr) == ("done\n", "")
