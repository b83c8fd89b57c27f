"""The interpreter ends in the middle of a fetch: ``fault pool client token url...``. Run with ``-X dev -W error``."""

from __future__ import annotations

import sys
import threading
import time
from urllib.parse import urlsplit

from child import outcome, say, validator_of

from jwtmr.settings import SystemClock
from jwtmr.testing.names import Switchboard, hang


def main(fault: str, pool: str, client: str, token: str, *urls: str) -> None:
    """Validate in vain, close twice, and say when that began and how long it took."""
    switchboard = Switchboard()
    if fault == "dns_hang":
        for url in urls:
            switchboard.add(urlsplit(url).port or 0, hang(threading.Event()))
    validator = validator_of(pool, client, list(urls), clock=SystemClock(), wait=0.2)
    say(outcome(validator, token), sum(thread.name == "jwtmr-attempt" for thread in threading.enumerate()))
    began = time.monotonic()
    validator.close()
    validator.close()
    say(began, time.monotonic() - began)


if __name__ == "__main__":
    main(*sys.argv[1:])
