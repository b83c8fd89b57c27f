"""An observer that takes its time: events wait in a queue, and a thread of its own hands them on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Final, Literal

from jwtmr._fork import renewed_in_child
from jwtmr.errors import ConfigurationError
from jwtmr.events import Event, Observer
from jwtmr.settings import check_methods, seconds

MAX_EVENTS: Final = 1_000_000
MAX_WAIT: Final = 3600.0
"""Seconds that ``close`` waits at most: not for ever."""


class BackgroundObserver:
    """Hands events to ``inner`` in a thread, so that a request never waits for it. What does not fit is dropped.

    ``inner``
        The observer that may block. It is told of one event at a time, in their order.
    ``max_events``
        Events that wait at most, 1 to 1000000; some more where many threads bring one at once.

    ``dropped`` counts events that did not fit or came after the end, ``failures`` what ``inner`` raised. The thread
    starts with the first event; where none can be had, events wait for the next one, which tries again. A forked child
    has a thread, a queue and counts of its own. The end of the interpreter waits for nothing: call :meth:`close` before
    that. Raises :class:`ConfigurationError`.
    """

    def __init__(self, inner: Observer, *, max_events: int = 1000) -> None:
        check_methods("inner", inner, ("on_event",))
        if type(max_events) is not int or not 1 <= max_events <= MAX_EVENTS:
            raise ConfigurationError("max_events", f"must be an int between 1 and {MAX_EVENTS}")
        self._inner: Final = inner
        self._max_events: Final = max_events
        self._closed = False
        self.in_child()
        renewed_in_child(self)

    def in_child(self) -> None:
        """After a fork. Internal: the parent's thread is not here, and its events are its own."""
        self._hands = _Hands(self._inner)
        self.dropped = 0

    @property
    def failures(self) -> int:
        """Exceptions that ``inner`` raised, all swallowed."""
        return self._hands.failures

    def on_event(self, event: Event, /) -> None:
        """Take ``event`` into the queue, or drop it. Never waits."""
        hands = self._hands
        if self._closed or hands.queue.qsize() >= self._max_events:
            self.dropped += 1
            return
        hands.queue.put(event)
        if not hands.busy:
            hands.start()
        if self._closed:  # meanwhile: whoever takes that event shall find an end behind it
            hands.queue.put(None)

    def close(self, timeout: float = 5) -> bool:
        """Take no more events, and wait at most ``timeout`` seconds, 0 to 3600, for those that were taken.

        Returns whether all of them went out. May be called again, to wait for longer.
        """
        seconds("timeout", timeout, low=0, high=MAX_WAIT)
        self._closed = True
        return self._hands.end(timeout)

    def __del__(self) -> None:
        hands = getattr(self, "_hands", None)  # none where the settings were refused
        if hands is not None:
            hands.queue.put(None)


class _Turn:
    """One thread of an observer, and whether it is over; which can be waited for before it has begun."""

    def __init__(self, hand_on: Callable[[], None]) -> None:
        self._hand_on: Final = hand_on
        self.thread: Final = threading.Thread(target=self._run, name="jwtmr-observer", daemon=True)
        self.over: Final = threading.Event()
        self._fate: Final[dict[str, str]] = {}

    def becomes(self, fate: Literal["begun", "given up"]) -> bool:
        """Whether that becomes of it. In one step: never both."""
        return self._fate.setdefault("it is", fate) == fate

    def _run(self) -> None:
        if not self.becomes("begun"):
            return
        try:
            self._hand_on()
        finally:  # also where the observer ended its thread, with SystemExit say
            self.over.set()

    def wait(self, timeout: float) -> None:
        """Wait at most so many seconds until it is over."""
        if self.thread is not threading.current_thread() and self.over.wait(timeout) and self.thread.ident is not None:
            self.thread.join()  # for the few steps that are left


class _Hands:
    """What the thread knows: not its observer, which may thus be forgotten, and that ends the thread too."""

    def __init__(self, inner: Observer) -> None:
        self._inner: Final = inner
        # A SimpleQueue: it may be filled by a signal handler that came in while its thread was filling it.
        self.queue: Final[SimpleQueue[Event | None]] = SimpleQueue()
        self.failures = 0
        self._turns: dict[str, _Turn] = {}

    @property
    def busy(self) -> bool:
        """Whether there is a thread."""
        return bool(self._turns)

    def start(self) -> None:
        """Start the thread, unless somebody else does or none can be had."""
        turn = _Turn(self._hand_on)
        try:
            if self._turns.setdefault("one", turn) is turn:  # one step: two of them would mix the order up
                turn.thread.start()
        except RuntimeError:  # too many threads, or the interpreter is ending
            pass
        finally:  # where it did not start, also because a signal handler raised, the next event tries again
            if self._turns.get("one") is turn and not turn.thread.is_alive() and turn.becomes("given up"):
                del self._turns["one"]
                turn.over.set()

    def end(self, timeout: float) -> bool:
        """Have the thread end behind the last event, and wait for it. Returns whether all events went out."""
        if not self.busy and not self.queue.empty():  # no thread could be had before
            self.start()
        turn = self._turns.get("one")
        self.queue.put(None)
        if turn is not None:
            turn.wait(timeout)
        return not self.busy and self._nothing_left()

    def _nothing_left(self) -> bool:
        """Whether there are but ends in the queue. Events stay, for a thread that can be had later."""
        left: list[Event] = []
        try:
            while True:
                event = self.queue.get_nowait()
                left += [] if event is None else [event]
        except Empty:
            for event in left:
                self.queue.put(event)
        return not left

    def _hand_on(self) -> None:
        try:
            while (event := self.queue.get()) is not None:
                try:
                    self._inner.on_event(event)
                except Exception:  # noqa: BLE001  # as of observers that are called inline: the next event goes on
                    self.failures += 1
        finally:  # where it was not told to end, the next event starts another
            self._turns.clear()
