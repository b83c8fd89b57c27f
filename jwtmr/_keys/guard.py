"""A lock that refuses, instead of waiting for ever, when the thread that holds it comes again.

That happens: a signal handler or a finalizer runs in the middle of whatever its thread was doing, and may call the
validator. What the lock protects is half changed then, so coming in must not be allowed either, as an ``RLock`` would.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")


class Reentered(Exception):
    """The thread that holds the lock came again."""


class Guard:
    """Use it as ``guard.alone(act)``.

    A handler can also raise, between any two steps of Python: Celery's time limits do. So what is entered is the lock
    itself. A ``with`` that takes it is one step, where an ``__enter__`` of our own could end after the lock was taken
    and before anybody would give it back; and who holds it is asked of the lock, as a note of ours could be left over.
    """

    __slots__ = ("_lock",)

    def __init__(self) -> None:
        self._lock: Final = threading.RLock()

    @property
    def mine(self) -> bool:
        """Whether this thread holds the lock."""
        return bool(self._lock._is_owned())  # type: ignore[attr-defined]  # noqa: SLF001 - as threading.Condition asks

    def alone(self, act: Callable[[], T]) -> T:
        """What ``act`` returns, with the lock. Raises :class:`Reentered` where this thread is inside of it."""
        # Before it is entered a handler may come and go: nothing has been touched yet, so it finds everything whole.
        if self.mine:
            raise Reentered
        try:
            with self._lock:
                return act()
        except BaseException:
            self.let_go()  # Python 3.14 makes two steps of that ``with`` (python/cpython#148874); others have done it
            raise

    def hold(self, seconds: float) -> None:
        """Take the lock if it can be had within ``seconds``; :meth:`let_go` gives it back."""
        self._lock.acquire(timeout=seconds)

    def let_go(self) -> None:
        """Give the lock back, where this thread holds it."""
        if self.mine:
            self._lock.release()
