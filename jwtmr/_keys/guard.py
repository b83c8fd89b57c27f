"""A lock that refuses, instead of waiting for ever, when the thread that holds it comes again.

That happens: a signal handler or a finalizer runs in the middle of whatever its thread was doing, and may call the
validator. What the lock protects is half changed then, so coming in must not be allowed either, as an ``RLock`` would.
"""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager
from typing import Final


class Reentered(Exception):
    """The thread that holds the lock came again."""


class Guard:
    """Use it as ``with guard.alone():``.

    A handler can also raise, between any two steps of Python: Celery's time limits do. So what is entered is the lock
    itself. A ``with`` that takes it is one step, where an ``__enter__`` of our own could end after the lock was taken
    and before anybody would give it back; and who holds it is asked of the lock, as a note of ours could be left over.
    """

    __slots__ = ("_lock",)

    def __init__(self) -> None:
        self._lock: Final = threading.RLock()

    def alone(self) -> AbstractContextManager[bool]:
        """The lock, to be entered at once. Raises :class:`Reentered` where this thread is inside of it."""
        # Before it is entered a handler may come and go: nothing has been touched yet, so it finds everything whole.
        if self._lock._is_owned():  # type: ignore[attr-defined]  # noqa: SLF001 - as threading.Condition asks
            raise Reentered
        return self._lock

    def hold(self, seconds: float) -> bool:
        """Take the lock if it can be had within ``seconds``; :meth:`let_go` gives it back."""
        return self._lock.acquire(timeout=seconds)

    def let_go(self) -> None:
        """Give back what :meth:`hold` took."""
        self._lock.release()
