"""A lock that refuses, instead of waiting for ever, when the thread that holds it comes again.

That happens: a signal handler or a finalizer runs in the middle of whatever its thread was doing, and may call the
validator. What the lock protects is half changed then, so coming in must not be allowed either, as an ``RLock`` would.
"""

from __future__ import annotations

import threading
from types import TracebackType


class Reentered(Exception):
    """The thread that holds the lock came again."""


class Guard:
    """Use it as a context manager; entering raises :class:`Reentered`."""

    __slots__ = ("_held", "_lock")

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._held = False

    def __enter__(self) -> None:
        # Between these lines a handler may come and go: nothing has been touched yet, so it finds everything whole.
        self._lock.acquire()
        if self._held:
            self._lock.release()
            raise Reentered
        self._held = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._held = False
        self._lock.release()

    def hold(self, seconds: float) -> bool:
        """Take the lock if it can be had within ``seconds``; :meth:`let_go` gives it back."""
        return self._lock.acquire(timeout=seconds)

    def let_go(self) -> None:
        """Give back what :meth:`hold` took."""
        self._lock.release()
