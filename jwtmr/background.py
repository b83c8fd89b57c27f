"""An observer that takes its time: events wait in a queue, and a thread of its own hands them on."""

from __future__ import annotations

import threading
from queue import SimpleQueue
from typing import Final

from jwtmr._fork import renewed_in_child
from jwtmr.errors import ConfigurationError
from jwtmr.events import Event, Observer
from jwtmr.settings import check_methods

MAX_EVENTS: Final = 1_000_000


class BackgroundObserver:
    """Hands events to ``inner`` in a thread, so that a request never waits for it. What does not fit is dropped.

    ``inner``
        The observer that may block.
    ``max_events``
        Events that wait at most, 1 to 1000000; some more where many threads bring one at once.

    ``dropped`` counts events that did not fit or found no thread, ``failures`` what ``inner`` raised. The thread starts
    with the first event; a forked child has one of its own and none of its parent's events. Raises
    :class:`ConfigurationError`.
    """

    def __init__(self, inner: Observer, *, max_events: int = 1000) -> None:
        check_methods("inner", inner, ("on_event",))
        if type(max_events) is not int or not 1 <= max_events <= MAX_EVENTS:
            raise ConfigurationError("max_events", f"must be an int between 1 and {MAX_EVENTS}")
        self._inner: Final = inner
        self._max_events: Final = max_events
        self.dropped = 0
        self.failures = 0
        self._closed = False
        self.in_child()
        renewed_in_child(self)

    def in_child(self) -> None:
        """After a fork. Internal: the parent's thread is not here, and its events are its own."""
        # A SimpleQueue: it may be filled by a signal handler that came in while its thread was filling it.
        self._queue: SimpleQueue[Event | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def on_event(self, event: Event, /) -> None:
        """Take ``event`` into the queue, or drop it. Never waits."""
        if self._closed or self._queue.qsize() >= self._max_events:
            self.dropped += 1
            return
        self._queue.put(event)
        if self._thread is None:
            self._start()

    def close(self, timeout: float = 5) -> bool:
        """Take no more events, and wait at most ``timeout`` seconds for those in the queue. Whether all went out."""
        self._closed = True
        self._queue.put(None)
        if self._thread is not None:
            self._thread.join(timeout)
        return self._queue.empty()

    def _start(self) -> None:
        thread = threading.Thread(target=self._hand_on, args=(self._queue,), name="jwtmr-observer", daemon=True)
        self._thread = thread
        try:
            thread.start()
        except RuntimeError:  # too many threads, or the interpreter is ending: the next event tries again
            self._thread = None

    def _hand_on(self, queue: SimpleQueue[Event | None]) -> None:
        while (event := queue.get()) is not None:
            try:
                self._inner.on_event(event)
            except Exception:  # noqa: BLE001  # as observers that are called inline: counted, and the next one goes on
                self.failures += 1
