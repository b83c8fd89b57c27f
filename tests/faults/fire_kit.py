"""What the tests under fire share: validators that are closed, events that are kept, threads that end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final, TypeVar

from jwtmr import AuthError, Event, Principal, TokenValidator
from jwtmr.http import httpx_get

HTTP_GET: Final = httpx_get()
"""One for all validators: reading the CA certificates takes longer than a validation."""
PATIENCE: Final = 10.0
"""Seconds after which what should have happened counts as failed."""

E = TypeVar("E", bound=Event)


class Recorder:
    """An observer that keeps all events."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.events: list[Event] = []

    def on_event(self, event: Event, /) -> None:
        """Called by the validator."""
        with self._changed:
            self.events.append(event)
            self._changed.notify_all()

    def of(self, kind: type[E]) -> list[E]:
        """The events of one kind."""
        return [event for event in list(self.events) if isinstance(event, kind)]

    def wait_for(self, kind: type[E], times: int = 1) -> list[E]:
        """The same, once there are so many."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.of(kind)) >= times, PATIENCE), f"no {kind.__name__}"
        return self.of(kind)


def outcome(validator: TokenValidator, token: str) -> str:
    """``ok``, or the code of the refusal."""
    try:
        principal = validator.validate(token)
    except AuthError as error:
        return error.code
    assert isinstance(principal, Principal)
    return "ok"


def own_threads() -> list[str]:
    """The names of the library's threads that are alive."""
    names = (thread.name for thread in threading.enumerate())
    return sorted(name for name in names if name.startswith("jwtmr-") and not name.startswith("jwtmr-testing-"))


def eventually(condition: Callable[[], bool], complaint: str) -> None:
    """Wait for what no event tells of: a thread's end, the system's hanging up."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, complaint
        time.sleep(0.005)
