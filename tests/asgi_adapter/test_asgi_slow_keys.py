"""Keys that take two seconds to come: nobody blocks the loop, and who leaves disturbs nobody who stays."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import closing

import pytest
from asgi_kit import HTTP_GET, client_of, whoami

from jwtmr import HttpAnswer, KeyPolicy
from jwtmr.testing import RegionalIssuer, validator_for
from jwtmr_asgi import BearerAuthMiddleware

PATIENT = KeyPolicy(wait=5)
"""A call waits two seconds by default: as long as the keys take here."""
STALL = 0.25
"""Seconds for which the loop may be busy with one thing. Keys take two; a busy machine stops a process for less."""


async def longest_stall(over: asyncio.Event) -> float:
    """The longest time between two turns of the loop that were meant to be a millisecond apart."""
    longest, last = 0.0, time.monotonic()
    while not over.is_set():
        await asyncio.sleep(0.001)
        now = time.monotonic()
        longest, last = max(longest, now - last), now
    return longest


async def crowd() -> tuple[float, list[int], int]:
    """50 requests wait for keys, half of them leave, then the keys come. The stall, the answers, and the fetches."""
    gate, over = threading.Event(), asyncio.Event()

    def slow(url: str, **limits: object) -> HttpAnswer:
        gate.wait(10)
        return HTTP_GET(url, **limits)  # type: ignore[arg-type]

    with (
        RegionalIssuer(["us-east-1"]) as issuer,
        closing(validator_for(issuer, issuer_type="original", http_get=slow, key_policy=PATIENT)) as validator,
    ):
        watch = asyncio.create_task(longest_stall(over))
        async with client_of(BearerAuthMiddleware(whoami, validator)) as client:
            headers = [{"authorization": f"Bearer {issuer.access_token(subject=f'u{number}')}"} for number in range(50)]
            tasks = [asyncio.create_task(client.get("/", headers=one)) for one in headers]
            await asyncio.sleep(0.3)
            for task in tasks[::2]:
                task.cancel()
            await asyncio.sleep(1.7)
            gate.set()
            left = await asyncio.gather(*tasks[::2], return_exceptions=True)
            assert all(isinstance(outcome, asyncio.CancelledError) for outcome in left)
            stayed = await asyncio.gather(*tasks[1::2])
            over.set()
            assert [answer.json()["subject"] for answer in stayed] == [f"u{number}" for number in range(1, 50, 2)]
            return await watch, [answer.status_code for answer in stayed], issuer.count()


@pytest.mark.slow
def test_waiting_for_keys_blocks_nothing() -> None:
    """A stall of our own making would be there every time; another process on the machine makes one now and then."""
    best = 1.0
    for _ in range(3):
        stall, statuses, fetches = asyncio.run(crowd())
        assert (set(statuses), fetches) == ({200}, 1)
        best = min(best, stall)
        if best < STALL:
            return
    pytest.fail(f"the loop was busy for {best:.3f} s")
