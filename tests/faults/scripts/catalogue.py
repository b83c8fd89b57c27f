"""Every fault of the kit, without keys and with, in one process. For ``-X dev -W error``."""

from __future__ import annotations

import gc
import os
import threading
import time
from contextlib import closing

from child import outcome, say
from fault_catalogue import CATALOGUE, Entry

from jwtmr import KeyPolicy, TokenValidator
from jwtmr.http import HttpGet, httpx_get
from jwtmr.testing import RegionalIssuer, SettableClock, validator_for
from jwtmr.testing.faults import TlsAuthority, at

DUE = 811
"""Seconds after which keys are asked for again."""
COLD, WARM = 31, 121
"""Seconds after a fault in which a new key is found: a ``Retry-After`` counts in full where other keys serve."""
PATIENCE = 10
TLS = TlsAuthority()
PLAIN = httpx_get()


def live_through(entry: Entry, get: HttpGet) -> str:
    """The fault without keys, its end, and the fault with keys that are due; what became of the requests."""
    clock = SettableClock()
    with RegionalIssuer(["us-east-1"], clock=clock, tls=TLS if entry.tls else None) as pool:
        policy = KeyPolicy(wait=entry.wait)
        with closing(validator_for(pool, issuer_type="original", http_get=get, key_policy=policy)) as validator:
            token, found = pool.access_token(), list[str]()
            for due, pause in ((0, COLD), (DUE, WARM)):
                with at(pool, form="original").let(entry.fault) as suffered:
                    pool.rotate()
                    clock.advance(due)
                    found += [outcome(validator, token), outcome(validator, pool.access_token(header={"kid": "x"}))]
                    suffered.await_struck()
                at_rest()
                clock.advance(pause)
                found.append(recovered(validator, pool.access_token()))
    return " ".join(found)


def recovered(validator: TokenValidator, token: str) -> str:
    """The outcome, once there is time for a fetch: some of these validators wait for the shortest time of all."""
    found, end = outcome(validator, token), time.monotonic() + PATIENCE
    while found != "ok" and time.monotonic() < end:
        found = outcome(validator, token)
    return found


def at_rest() -> None:
    """Wait until no thread of the library is left."""
    end = time.monotonic() + PATIENCE
    while any(thread.name in ("jwtmr-fly", "jwtmr-attempt") for thread in threading.enumerate()):
        assert time.monotonic() < end, "a thread goes on"
        time.sleep(0.002)


def left() -> tuple[int, int]:
    """Threads and open files, sockets among them."""
    gc.collect()
    end = time.monotonic() + PATIENCE
    while threading.active_count() > 1 and time.monotonic() < end:
        time.sleep(0.002)
    return threading.active_count(), len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - a path for each would be one more


def main() -> None:
    """Live through all of them, and say what is left."""
    secured = httpx_get(ssl_context=TLS.client_context())
    before = left()
    for entry in CATALOGUE:
        say("passes" if entry.passes else "fails", live_through(entry, secured if entry.tls else PLAIN))
    say("left", *(now - then for now, then in zip(left(), before, strict=True)))


if __name__ == "__main__":
    main()
