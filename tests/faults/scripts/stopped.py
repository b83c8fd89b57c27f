"""Validates the tokens that it reads, by a clock that others set while it is stopped: ``clock pool client url...``."""

from __future__ import annotations

import mmap
import struct
import sys
import time
from pathlib import Path

from child import outcome, say, validator_of

from jwtmr.settings import SystemClock

SYSTEM = SystemClock()


class SharedClock:
    """The clocks of the system, ahead by what a file says: the seconds that the process was stopped for."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._ahead = mmap.mmap(file.fileno(), 8, access=mmap.ACCESS_READ)

    def _more(self) -> float:
        seconds: float = struct.unpack("d", self._ahead[:])[0]
        return seconds

    def wall(self) -> float:
        """Unix seconds."""
        return SYSTEM.wall() + self._more()

    def monotonic(self) -> float:
        """It goes on while a process is stopped."""
        return SYSTEM.monotonic() + self._more()

    def boottime(self) -> float:
        """As does this one."""
        return SYSTEM.boottime() + self._more()


def main(clock: str, pool: str, client: str, *urls: str) -> None:
    """Answer each token with its outcome, and the seconds that it took by the clock of the system."""
    validator = validator_of(pool, client, list(urls), clock=SharedClock(Path(clock)))
    for line in sys.stdin:
        began = time.monotonic()
        say(outcome(validator, line.strip()), f"{time.monotonic() - began:.3f}")
    validator.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
