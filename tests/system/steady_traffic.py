"""Requests that do not stop: threads and an event loop that validate the same tokens over and over."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final

import pytest
from fetch_watch import PATIENCE
from shared_pool import Facts, facts_of

from jwtmr import TokenValidator

THREADS: Final = 3
"""Beside one more with an event loop."""
PAUSE: Final = 0.02
"""Seconds between two rounds of one thread: traffic, and not a contest for the processor."""
LIMIT: Final = 300.0
"""Seconds after which it ends by itself, whatever has become of the test."""


class Traffic:
    """Everybody validates all tokens, round after round, until the end or until one of them is judged wrongly."""

    def __init__(self, validator: TokenValidator, expected: Mapping[str, Facts]) -> None:
        self._validator = validator
        self._expected = expected
        self._rounds = [0] * (THREADS + 1)
        self._out = 0
        """How many have stopped."""
        self._changed = threading.Condition()
        self._end = threading.Event()
        self._riders: list[Future[None]] = []

    def begin(self, pool: ThreadPoolExecutor) -> None:
        """Set out."""
        acts = [self._in_a_thread] * THREADS + [self._in_a_loop]
        self._riders = [pool.submit(act, number) for number, act in enumerate(acts)]

    def go_on(self) -> None:
        """Wait until everybody has begun and ended a round from now on. Raises what stopped anybody."""
        with self._changed:
            wanted = [rounds + 2 for rounds in self._rounds]  # one may be under way
            self._changed.wait_for(lambda: self._out or self._are_at(wanted), PATIENCE)
            fine = not self._out and self._are_at(wanted)
        if not fine:
            self.end()
            pytest.fail(f"traffic stopped without a reason: {self._rounds}")

    def end(self) -> None:
        """Stop everybody. Raises what stopped anybody before; once."""
        self._end.set()
        riders, self._riders = self._riders, []
        for rider in riders:
            rider.result(PATIENCE)

    def _are_at(self, wanted: list[int]) -> bool:
        return all(have >= want for have, want in zip(self._rounds, wanted, strict=True))

    def _in_a_thread(self, number: int) -> None:
        def one_round() -> None:
            for token, facts in self._expected.items():
                found = facts_of(self._validator.validate(token))
                assert found == facts, (found, facts)

        self._ride(number, one_round)

    def _in_a_loop(self, number: int) -> None:
        async def one_round() -> None:
            principals = await asyncio.gather(*map(self._validator.validate_async, self._expected))
            found, facts = list(map(facts_of, principals)), list(self._expected.values())
            assert found == facts, (found, facts)

        with asyncio.Runner() as runner:
            self._ride(number, lambda: runner.run(one_round()))

    def _ride(self, number: int, one_round: Callable[[], None]) -> None:
        limit = time.monotonic() + LIMIT
        try:
            while not self._end.wait(PAUSE) and time.monotonic() < limit:
                one_round()
                with self._changed:
                    self._rounds[number] += 1
                    self._changed.notify_all()
        finally:
            with self._changed:
                self._out += 1
                self._changed.notify_all()


@contextmanager
def steady_traffic(validator: TokenValidator, expected: Mapping[str, Facts]) -> Iterator[Traffic]:
    """Traffic to the end of the block. Each of the tokens must be accepted, with these facts."""
    traffic = Traffic(validator, expected)
    with ThreadPoolExecutor(THREADS + 1, "traffic") as pool:
        traffic.begin(pool)
        try:
            yield traffic
        finally:
            traffic.end()
