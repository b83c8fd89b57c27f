"""No thread can be had, in earnest: the address space has no room for its stack. Then there is room again."""

from __future__ import annotations

import asyncio
import resource
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from child import outcome, say

from jwtmr import AuthError, TokenValidator
from jwtmr.testing import RegionalIssuer, SettableClock, validator_for

MIB = 1024 * 1024
ROOM, STACK = 64 * MIB, 256 * MIB
DUE, BACK_OFF = 811, 31


@contextmanager
def no_threads() -> Iterator[None]:
    """Leave room for anything but a stack."""
    usual = resource.getrlimit(resource.RLIMIT_AS)
    used = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    threading.stack_size(STACK)
    resource.setrlimit(resource.RLIMIT_AS, (used + ROOM, usual[1]))
    try:
        threading.Thread(target=print).start()
        say("a thread could be had")
    except RuntimeError:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, usual)
        threading.stack_size(0)


async def outcome_async(validator: TokenValidator, token: str) -> str:
    """``ok``, or the code of the refusal."""
    try:
        await validator.validate_async(token)
    except AuthError as error:
        return error.code
    return "ok"


def problems(validator: TokenValidator) -> int:
    """How many an operator sees."""
    return len(validator.status().authorities[0].problems)


def wait_for_refresh(validator: TokenValidator) -> None:
    """Until one has landed."""
    end = time.monotonic() + 10
    while problems(validator) and time.monotonic() < end:
        time.sleep(0.005)


def main() -> None:
    """Cold and warm, without threads and then with them."""
    clock = SettableClock()
    with RegionalIssuer(clock=clock) as pool:
        pool.switch_to_updated()
        token, bogus = pool.access_token(), pool.access_token(header={"kid": "bogus"})
        with closing(validator_for(pool)) as warm, closing(validator_for(pool)) as cold:
            warm.validate(token)
            clock.advance(DUE)
            asked = pool.count()
            with no_threads():
                began = time.monotonic()
                say("cold", outcome(cold, token), asyncio.run(outcome_async(cold, token)))
                say("warm", *[outcome(warm, token) for _ in range(3)], outcome(warm, bogus))
                say("problems", problems(cold), problems(warm), "asked", pool.count() - asked)
                say("at once" if time.monotonic() - began < 1 else "late")
            clock.advance(BACK_OFF)
            say("cold", outcome(cold, token), "warm", outcome(warm, token))
            wait_for_refresh(warm)
            age = warm.status().authorities[0].endpoints[0].age or DUE
            say("problems", problems(cold), problems(warm), "refreshed" if age < DUE / 2 else "not refreshed")


if __name__ == "__main__":
    main()
