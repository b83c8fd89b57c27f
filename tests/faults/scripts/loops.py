"""A hundred event loops, one after the other, and three at once: each has to wait for keys. For ``-X dev -W error``."""

from __future__ import annotations

import asyncio
import gc
import logging
import resource
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

from child import say

from jwtmr import TokenValidator
from jwtmr.testing import RegionalIssuer, SettableClock, validator_for
from jwtmr.testing.faults import at, delay

LOOPS, WARM = 100, 10
TOO_OLD = 3600
"""Seconds. After that nothing is left that could serve."""
MIB = 1024 * 1024


def resident() -> float:
    """MiB."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize() / MIB


async def three(validator: TokenValidator, token: str) -> None:
    """Wait for keys in three tasks. One of them leaves before it gets them."""
    tasks = [asyncio.ensure_future(validator.validate_async(token)) for _ in range(3)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(results[0], asyncio.CancelledError), results
    assert not [result for result in results[1:] if isinstance(result, BaseException)], results


def one_loop(validator: TokenValidator, pool: RegionalIssuer, clock: SettableClock) -> None:
    """Run a loop that finds no keys."""
    clock.advance(TOO_OLD)
    asyncio.run(three(validator, pool.access_token()))


def three_loops(validator: TokenValidator, pool: RegionalIssuer, clock: SettableClock) -> None:
    """Run three at once, none of which finds keys."""
    clock.advance(TOO_OLD)
    token = pool.access_token()
    threads = [threading.Thread(target=lambda: asyncio.run(three(validator, token))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def main() -> None:
    """Run them, and say what is left of them."""
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # on a busy machine it complains that a step took long
    clock = SettableClock()
    with (
        RegionalIssuer(["us-east-1"], clock=clock) as pool,
        at(pool, form="original").let(delay(0.005)) as late,
        closing(validator_for(pool, issuer_type="original")) as validator,
    ):
        for _ in range(WARM):
            one_loop(validator, pool, clock)
        pool.forget_requests()
        before, struck = resident(), late.times
        for _ in range(LOOPS):
            one_loop(validator, pool, clock)
        grown = resident() - before
        say(LOOPS, "loops", pool.count(), "fetches", late.times - struck, "late", f"{grown:.1f}", "MiB")
        three_loops(validator, pool, clock)
        say(3, "loops", pool.count() - LOOPS, "fetches")
    end = time.monotonic() + 10
    while threading.active_count() > 1 and time.monotonic() < end:
        time.sleep(0.01)
    say(threading.active_count(), "thread")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
