"""Something that is done again and again, in a thread of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from jwtmr._fork import renewed_in_child


class Refresher:
    """Does ``act`` now and then, from the first :meth:`begin` in this process until it says that it is over.

    A forked child has none of it until it begins itself.
    """

    def __init__(self, act: Callable[[], bool], pause: float) -> None:
        """``act`` tells whether to go on. Between two of its runs are ``pause`` seconds."""
        self._act: Final = act
        self._pause: Final = pause
        self.in_child()
        renewed_in_child(self)

    def in_child(self) -> None:
        """After a fork. Internal: the thread is the parent's."""
        self._begun = threading.Lock()

    def begin(self) -> None:
        """Do it at once, and then in the thread. Of several who begin at the same time one does."""
        if not self._begun.acquire(blocking=False):
            return
        try:
            if self._act():
                threading.Thread(target=self._go_on, name="jwtmr-metrics", daemon=True).start()
        except BaseException:  # no thread could be had, or the act failed: the next one tries again
            self._begun.release()
            raise

    def _go_on(self) -> None:
        going = True
        while going:
            time.sleep(self._pause)
            with suppress(Exception):  # a disk that is full, say: the next time it may not be
                going = self._act()
