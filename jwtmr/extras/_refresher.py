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

    What is over can be begun again. A forked child has none of it until it begins itself.
    """

    def __init__(self, act: Callable[[], bool], pause: float) -> None:
        """``act`` tells whether to go on. Between two of its runs are ``pause`` seconds."""
        self._act: Final = act
        self._pause: Final = pause
        self.in_child()
        renewed_in_child(self)

    def in_child(self) -> None:
        """After a fork. Internal: the thread is the parent's."""
        self._turns: dict[str, object] = {}
        self._due = float("-inf")

    def begin(self) -> None:
        """Do it at once, and then in the thread. Of several who begin at the same time one does."""
        me, turns, going = object(), self._turns, False
        if turns or time.monotonic() < self._due:
            return
        try:
            if turns.setdefault("one", me) is me:
                if self._act():
                    threading.Thread(target=self._go_on, args=(turns, me), name="jwtmr-metrics", daemon=True).start()
                    going = True
                self._due = time.monotonic() + self._pause
        finally:  # no thread could be had, the act failed, or a signal handler raised: the next one tries again
            if not going and turns.get("one") is me:
                del turns["one"]

    def _go_on(self, turns: dict[str, object], me: object) -> None:
        while turns.get("one") is me:
            time.sleep(self._pause)
            going = True
            with suppress(Exception):  # a disk that is full, say: the next time it may not be
                going = self._act()
            if not going:
                turns.pop("one", None)
