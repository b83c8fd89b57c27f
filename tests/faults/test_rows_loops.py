"""Event loops, threads and tasks in every mixture, while keys are fetched, held back and exchanged."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.metadata import metadata
from itertools import count, takewhile
from threading import Event

import pytest
from crowd_kit import PATIENT, outcome_async, run_script
from fire_kit import PATIENCE, outcome
from key_rows_kit import Making

from jwtmr import KeyPolicy, TokenValidator, events
from jwtmr.testing import RegionalIssuer, SettableClock
from jwtmr.testing.faults import Injection, at, diverge, hold

MIB = 8
"""By which a process may grow in a hundred loops."""
THREADS, LOOPS, VALIDATIONS = 32, 3, 100_000
SHARE = VALIDATIONS // (THREADS + LOOPS) + 1
"""Of each."""
LIFETIME, PAUSE = 60, 0.1
"""Seconds that a set lives by the clock of the test, and that pass in earnest until the next one is published."""
LONG = 1800
"""Seconds for which keys have to serve still when another set is published."""
ENOUGH = 12
"""Sets that are adopted, or hardly anything has changed, and nothing is shown."""


@pytest.mark.slow
@pytest.mark.row("loops", fault=None)
def test_a_hundred_loops_one_after_the_other() -> None:
    """Each waits for keys, and one of its tasks leaves; nothing is left of it, and no warning. Then three at once."""
    hundred, three, threads = run_script("loops.py", options=("-X", "dev", "-W", "error"))
    assert hundred.startswith("100 loops 100 fetches 100 late ")
    assert float(hundred.split()[-2]) < MIB
    assert three == "3 loops 1 fetches"
    assert threads == "1 thread"


@pytest.mark.row("loops")
@pytest.mark.row("sync-async-mix")
def test_one_flight_for_threads_and_loops(pool: RegionalIssuer, make: Making) -> None:
    """A thread takes off, and three loops board; then a loop does, and threads board. Either way it is one fetch."""
    validator = make(key_policy=PATIENT, jwks_uris=pool.jwks_uris[:1])
    found: list[str] = []

    def by_thread() -> None:
        found.append(outcome(validator, pool.access_token()))

    def by_loop() -> None:
        found.append(asyncio.run(outcome_async(validator, pool.access_token())))

    for first, others in ((by_thread, by_loop), (by_loop, by_thread)):
        with at(pool).let(hold()) as held:
            threads = [threading.Thread(target=first)]
            threads[0].start()
            held.await_struck()
            threads += [threading.Thread(target=others) for _ in range(3)]
            for thread in threads[1:]:
                thread.start()
        for thread in threads:
            thread.join()
        assert found == ["ok"] * 4
        assert pool.count() == 1
        found.clear()
        pool.rotate()
        pool.forget_requests()


# -- while the keys change --------------------------------------------------------------------------------------------


class Exchanges:
    """Counts how often other keys were adopted. A list of all events would hold a hundred thousand."""

    def __init__(self) -> None:
        self.count = 0

    def on_event(self, event: events.Event, /) -> None:
        """Called by the validator."""
        self.count += isinstance(event, events.KeysChanged)

    def go_on(self, done: int) -> bool:
        """Whether one of all those who validate has more to do: his share, and until enough was seen."""
        return done < SHARE or (self.count < ENOUGH and done < 3 * SHARE)


def in_a_thread(validator: TokenValidator, tokens: list[str], exchanges: Exchanges, found: Counter[str]) -> None:
    """Validate as often as there is need, and count what becomes of it."""
    for done in takewhile(exchanges.go_on, count()):
        found[outcome(validator, tokens[done % len(tokens)])] += 1


def in_a_loop(validator: TokenValidator, tokens: list[str], exchanges: Exchanges, found: Counter[str]) -> None:
    """The same, ten at once."""

    async def scene() -> None:
        for done in takewhile(exchanges.go_on, count(0, 10)):
            validations = (outcome_async(validator, tokens[n % len(tokens)]) for n in range(done, done + 10))
            found.update(await asyncio.gather(*validations))

    asyncio.run(scene())


def all_at_once(acts: list[Callable[[Counter[str]], None]]) -> Counter[str]:
    """Do all this at the same time; what became of it together."""
    counters = [Counter[str]() for _ in acts]
    threads = [threading.Thread(target=act, args=[found]) for act, found in zip(acts, counters, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(12 * PATIENCE)
        assert not thread.is_alive(), "a thread hangs"
    return sum(counters, Counter())


@pytest.fixture
def fair() -> Iterator[None]:
    """Threads that take turns more often: those who fetch have to do so in a tenth of a second."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(0.001)
    yield
    sys.setswitchinterval(usual)


def publish_others(pool: RegionalIssuer, clock: SettableClock, validator: TokenValidator, over: Event) -> int:
    """Publish another set every 100 ms, when the last one has come to the end of its life; how many there were."""
    published = 0
    while not over.wait(PAUSE):
        more = {**pool.jwks()["keys"][0], "kid": f"set-{published}"}
        at(pool).heal()
        at(pool).let(diverge(add=[more]))
        if (validator.status().authorities[0].seconds_left or 0) > LONG:  # else nobody has had the time to fetch
            clock.advance(LIFETIME)
            published += 1
    return published


@pytest.mark.slow
@pytest.mark.row("sync-async-mix")
def test_a_hundred_thousand_validations_while_keys_are_exchanged(
    fair: None, pool: RegionalIssuer, clock: SettableClock, make: Making
) -> None:
    """32 threads and three loops see no error, while every 100 ms another set is published, fetched and adopted."""
    exchanges, over = Exchanges(), Event()
    validator = make(observers=[exchanges], key_policy=PATIENT)
    pool.max_age = LIFETIME
    tokens = [pool.access_token(expires_in=10**6), pool.id_token(expires_in=10**6)]
    validator.validate(tokens[0])
    acts = [partial(in_a_thread, validator, tokens, exchanges)] * THREADS
    acts += [partial(in_a_loop, validator, tokens, exchanges)] * LOOPS
    with ThreadPoolExecutor(1) as publisher:
        published = publisher.submit(publish_others, pool, clock, validator, over)
        try:
            found = all_at_once(acts)
        finally:
            over.set()
    assert found.keys() == {"ok"}
    assert found["ok"] >= VALIDATIONS
    assert published.result() >= ENOUGH / len(pool.jwks_uris)
    assert exchanges.count >= ENOUGH


@pytest.mark.row("free-threaded", fault=None)
def test_builds_without_the_lock_are_not_promised() -> None:
    """What is shipped does not say that it is made for free-threaded builds: nobody has run it there."""
    claimed = metadata("jwtmr").get_all("Classifier") or []
    assert "Programming Language :: Python :: 3" in claimed
    assert [claim for claim in claimed if "Free Threading" in claim] == []


# -- a call that blocks, in a loop ------------------------------------------------------------------------------------


@pytest.mark.row("sync-in-loop")
def test_a_blocking_call_in_a_loop_has_an_end(pool: RegionalIssuer, make: Making) -> None:
    """It blocks its loop for the time of one call at most, ends in 503, and the loop goes on."""
    validator, token = make(key_policy=KeyPolicy(wait=0.3)), pool.access_token()

    async def scene(held: Injection) -> tuple[str, float, str]:
        began = time.monotonic()
        found = outcome(validator, token)
        took = time.monotonic() - began
        held.end()
        return found, took, await outcome_async(make(), token)

    with at(pool).let(hold()) as held:
        found, took, after = asyncio.run(scene(held), debug=True)
    assert (found, after) == ("keys_unavailable", "ok")
    assert 0.25 < took < 1.3


@pytest.mark.row("sync-in-loop")
def test_a_blocking_call_beside_a_task_that_waits(pool: RegionalIssuer, make: Making) -> None:
    """Nothing that the call waits for needs the loop that it blocks: both get the keys of the one fetch."""
    validator, token = make(key_policy=PATIENT, jwks_uris=pool.jwks_uris[:1]), pool.access_token()

    async def scene(held: Injection) -> list[str]:
        task = asyncio.ensure_future(outcome_async(validator, token))
        await asyncio.to_thread(held.await_struck)
        threading.Timer(0.05, held.end).start()
        return [outcome(validator, token), await task]

    with at(pool).let(hold()) as held:
        assert asyncio.run(scene(held)) == ["ok", "ok"]
    assert pool.count() == 1
