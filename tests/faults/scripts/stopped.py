"""Validates the tokens that it reads, by a clock that others set while it is stopped: ``clock pool client url...``."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from child import outcome, say, validator_of
from shared_clock import SharedClock


def main(clock: str, pool: str, client: str, *urls: str) -> None:
    """Answer each token with its outcome, and the seconds that it took by the clock of the system."""
    validator = validator_of(pool, client, list(urls), clock=SharedClock(Path(clock)))
    for line in sys.stdin:
        began = time.monotonic()
        say(outcome(validator, line.strip()), f"{time.monotonic() - began:.3f}")
    validator.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
