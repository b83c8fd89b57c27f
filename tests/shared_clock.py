"""One time for several processes: the clocks of the system, ahead by what a file says."""

from __future__ import annotations

import mmap
import struct
from pathlib import Path
from typing import Final

from jwtmr.settings import SystemClock

SYSTEM: Final = SystemClock()


class SharedClock:
    """Whoever has made one of the same file sees the same time, also children of a fork; anybody may move it.

    A process that reads its three clocks while they are moved may see one of them earlier than another, as on a machine
    that wakes up. So a test that counts fetches moves them while nobody is asked for anything.
    """

    def __init__(self, path: Path) -> None:
        """``path`` is an eight-byte file; an absent one is made, and nothing is ahead then."""
        if not path.exists():
            path.write_bytes(struct.pack("d", 0.0))
        with path.open("r+b") as file:
            self._ahead = memoryview(mmap.mmap(file.fileno(), 8)).cast("d")  # read and written whole

    def advance(self, seconds: float) -> None:
        """Let time pass: all three clocks go forward, for everybody."""
        self._ahead[0] += seconds

    def wall(self) -> float:
        """Unix seconds."""
        return SYSTEM.wall() + self._ahead[0]

    def monotonic(self) -> float:
        """It goes on while a process is stopped."""
        return SYSTEM.monotonic() + self._ahead[0]

    def boottime(self) -> float:
        """As does this one."""
        return SYSTEM.boottime() + self._ahead[0]
