"""Everybody at once: threads, tasks and loops that start cold, and validation while the keys change all the time."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import pytest
from source_kit import PATIENCE, HeldEndpoint, Making, Recorder, eventually, no_threads_left

from jwtmr import KeyPolicy, Principal, TokenValidator
from jwtmr.events import KeysChanged
from jwtmr.testing import Answer, LoopbackServer, RecordedRequest, RegionalIssuer, SettableClock, SigningKey

THREADS, LOOPS, TASKS = 50, 10, 50
ROUNDS, SWAPS = 25, 20


class Crowd:
    """Runs many things at the same moment and keeps what became of them."""

    def __init__(self, size: int) -> None:
        self.results: list[object] = []
        self._lock = threading.Lock()
        self._start = threading.Barrier(size)
        self._threads: list[threading.Thread] = []
        self._arrived = 0

    def arrive(self) -> None:
        """Say that one more is about to validate."""
        with self._lock:
            self._arrived += 1

    def add(self, act: Callable[[], list[object]]) -> None:
        """Have ``act`` done in a thread of its own, once all are there."""

        def run() -> None:
            self._start.wait(PATIENCE)
            found = act()
            with self._lock:
                self.results += found

        self._threads.append(threading.Thread(target=run))
        self._threads[-1].start()

    def all_arrived(self, count: int) -> None:
        """Wait until that many have arrived."""
        eventually(lambda: self._arrived >= count, "not everybody arrived")

    def end(self) -> None:
        """Wait for all threads."""
        for thread in self._threads:
            thread.join(3 * PATIENCE)
            assert not thread.is_alive(), "a thread hangs"


def outcome(act: Callable[[], object]) -> object:
    """What ``act`` returns, or the exception that it raises."""
    try:
        return act()
    except BaseException as error:  # noqa: BLE001 - the test looks at it
        return error


async def many(validator: TokenValidator, tokens: list[str], arrive: Callable[[], None]) -> list[object]:
    """Validate all tokens, each in a task of its own."""

    async def one(token: str) -> Principal:
        arrive()
        return await validator.validate_async(token)

    return list(await asyncio.gather(*map(one, tokens), return_exceptions=True))


def test_a_cold_start_is_one_fetch(issuer: RegionalIssuer, make: Making) -> None:
    """50 threads and 500 tasks on 10 loops that find no keys share one request, and all of them succeed."""
    with HeldEndpoint(issuer) as endpoint:
        validator = make(endpoint.url, key_policy=KeyPolicy(wait=PATIENCE))
        access, id_ = issuer.access_token(), issuer.id_token()
        crowd = Crowd(THREADS + LOOPS)

        def in_thread() -> list[object]:
            crowd.arrive()
            return [outcome(lambda: validator.validate(access))]

        for _ in range(THREADS):
            crowd.add(in_thread)
        for _ in range(LOOPS):
            crowd.add(lambda: asyncio.run(many(validator, [access, id_] * (TASKS // 2), crowd.arrive)))
        crowd.all_arrived(THREADS + LOOPS * TASKS)
        endpoint.let_go()
        crowd.end()
        assert [result for result in crowd.results if not isinstance(result, Principal)] == []
        assert len(crowd.results) == THREADS + LOOPS * TASKS
        assert endpoint.server.count() == 1
    no_threads_left()


@contextmanager
def changing_endpoint(issuer: RegionalIssuer) -> Iterator[LoopbackServer]:
    """Publishes the keys of ``issuer`` beside another one, which is never the same twice in a row."""
    others = [SigningKey.generate().jwk for _ in range(2)]
    asked = iter(range(1_000_000))

    def answer(_: RecordedRequest) -> Answer:
        body = {"keys": [others[next(asked) % 2], *issuer.jwks()["keys"]]}
        return 200, {"Cache-Control": "max-age=60"}, json.dumps(body).encode()

    with LoopbackServer(answer) as server:
        yield server


def swap_until(over: threading.Event, clock: SettableClock, recorder: Recorder, nudge: Callable[[], object]) -> None:
    """Let each set's lifetime pass as soon as it is adopted."""
    swaps = 1
    while not over.is_set():
        clock.advance(60)
        nudge()
        swaps += 1
        recorder.await_(KeysChanged, swaps)


@pytest.fixture
def fair() -> Iterator[None]:
    """Threads that take turns more often, so that those who fetch are not starved by those who validate."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(0.0002)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.slow
def test_validation_goes_on_while_keys_are_swapped(
    fair: None, issuer: RegionalIssuer, clock: SettableClock, make: Making
) -> None:
    """20 000 validations in 5 threads and 3 loops see no error while key sets come and go under them."""
    recorder, over, deadline = Recorder(), threading.Event(), time.monotonic() + 3 * PATIENCE
    with changing_endpoint(issuer) as server:
        validator = make(server.url + "/jwks.json", observers=[recorder], key_policy=KeyPolicy(wait=PATIENCE))
        tokens = [issuer.access_token(expires_in=10**9), issuer.id_token(expires_in=10**9)] * 50
        validator.validate(tokens[0])

        def rounds() -> Iterator[int]:
            for done in range(10**6):
                if done >= ROUNDS and (len(recorder.of(KeysChanged)) >= SWAPS or time.monotonic() > deadline):
                    return
                yield done

        swapper = threading.Thread(target=swap_until, args=(over, clock, recorder, validator.status))
        crowd = Crowd(8)
        swapper.start()
        for _ in range(5):
            crowd.add(lambda: [outcome(partial(validator.validate, token)) for _ in rounds() for token in tokens])
        for _ in range(3):
            crowd.add(lambda: [done for _ in rounds() for done in asyncio.run(many(validator, tokens, lambda: None))])
        crowd.end()
        over.set()
        swapper.join(3 * PATIENCE)
    assert [result for result in crowd.results if not isinstance(result, Principal)] == []
    assert len(crowd.results) >= 20_000
    assert len(recorder.of(KeysChanged)) >= SWAPS, "the keys hardly changed, so nothing was shown"
