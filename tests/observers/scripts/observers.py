"""A process that ends, or forks, with events in the queue of an observer that blocks."""

from __future__ import annotations

import os
import sys
import threading

from jwtmr import BackgroundObserver, Event
from jwtmr.events import TokenRefused


def say(*words: object) -> None:
    """Write a line, at once."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


class Blocking:
    """Takes an event and never comes back, unless it is let."""

    def __init__(self) -> None:
        self.inside, self.go_on = threading.Event(), threading.Event()
        self.seen: list[Event] = []

    def on_event(self, event: Event, /) -> None:
        """Block."""
        self.seen.append(event)
        self.inside.set()
        self.go_on.wait()


def blocked() -> tuple[Blocking, BackgroundObserver]:
    """An observer in the middle of one event, with two more in its queue."""
    inner = Blocking()
    observer = BackgroundObserver(inner, max_events=2)
    observer.on_event(TokenRefused("first"))
    inner.inside.wait(30)
    for code in ("second", "third", "dropped"):
        observer.on_event(TokenRefused(code))
    return inner, observer


def end() -> None:
    """The interpreter ends."""
    _, observer = blocked()
    say("dropped", observer.dropped)


def fork() -> None:
    """A child has a queue, a thread and counts of its own; what was its parent's stays with that."""
    inner, observer = blocked()
    child = os.fork()
    if not child:
        threading.Timer(30, os._exit, [9]).start()
        inner.go_on = threading.Event()  # its lock may be held by a thread that is not here
        inner.go_on.set()
        inner.seen.clear()
        counts = observer.dropped, observer.failures
        observer.on_event(TokenRefused("child"))
        say("child", *counts, observer.close(20), [event.code for event in inner.seen])
        os._exit(0)
    os.waitpid(child, 0)
    inner.go_on.set()
    say("parent", observer.dropped, observer.close(20), [event.code for event in inner.seen])


{"end": end, "fork": fork}[sys.argv[1]]()
