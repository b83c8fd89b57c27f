"""The life of a validator: cold, warm, refreshed, in an outage, closed. Run with ``-X dev -W error``."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import sys
import threading
import time

from jwtmr import KeysUnavailable, TokenValidator
from jwtmr.testing import RegionalIssuer, SettableClock, validator_for


async def tasks(validator: TokenValidator, token: str) -> None:
    """Validate in tasks, one of which goes away."""
    running = [asyncio.ensure_future(validator.validate_async(token)) for _ in range(5)]
    running[0].cancel()
    await asyncio.gather(*running, return_exceptions=True)


def live(issuer: RegionalIssuer, clock: SettableClock) -> None:
    """From cold start to close."""
    issuer.switch_to_updated()
    with contextlib.closing(validator_for(issuer)) as validator:
        asyncio.run(tasks(validator, issuer.access_token()))
        validator.validate(issuer.access_token())
        clock.advance(820)
        validator.validate(issuer.access_token())
        for region in issuer.regions:
            issuer.take_down(region, "accept_silent")
        clock.advance(600)
        asyncio.run(validator.validate_async(issuer.access_token()))
        clock.advance(4000)
        with contextlib.suppress(KeysUnavailable):
            validator.validate(issuer.access_token())
        for region in issuer.regions:
            issuer.bring_up(region)
        clock.advance(60)
        asyncio.run(validator.warm_up_async(require="all"))


def main() -> None:
    """Live, and look at what is left."""
    clock = SettableClock()
    with RegionalIssuer(clock=clock) as issuer:
        live(issuer, clock)
    end = time.monotonic() + 10
    while threading.active_count() > 1 and time.monotonic() < end:
        time.sleep(0.01)
    gc.collect()
    left = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
    sys.stdout.write("\n".join([*left, "done\n"]))


if __name__ == "__main__":
    main()
