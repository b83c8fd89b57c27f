"""An observer that a test holds, and the threads of those that take their time."""

from __future__ import annotations

import threading
from typing import Final

from jwtmr import Event
from jwtmr.events import TokenRefused

PATIENCE: Final = 30.0
"""Seconds in which something has to happen on a machine of any speed."""


class Held:
    """An observer that keeps each event for as long as a test likes."""

    def __init__(self, *, held: bool = True) -> None:
        self.inside, self.go_on = threading.Semaphore(0), threading.Semaphore(0)
        self.held = held
        self.seen: list[Event] = []
        self.threads: set[threading.Thread] = set()

    def on_event(self, event: Event, /) -> None:
        """Take it, and wait."""
        self.seen.append(event)
        self.threads.add(threading.current_thread())
        self.inside.release()
        if self.held:
            assert self.go_on.acquire(timeout=PATIENCE)

    def let_go(self) -> None:
        """Wait for nothing any more."""
        self.held = False
        self.go_on.release()

    def wait(self, events: int = 1) -> None:
        """Wait until so many more have come."""
        for _ in range(events):
            assert self.inside.acquire(timeout=PATIENCE)

    @property
    def codes(self) -> list[str]:
        """What has come."""
        return [event.code for event in self.seen if isinstance(event, TokenRefused)]


def told(number: int) -> Event:
    """Some event."""
    return TokenRefused(str(number))


def observers() -> list[threading.Thread]:
    """The threads of observers that are alive."""
    return [thread for thread in threading.enumerate() if thread.name == "jwtmr-observer"]
