"""Holds all key sources still while the process forks, so that no child gets one that is half changed.

A signal handler may raise in here too. Python writes that down and forks all the same, so nothing relies on how far
this has come: who holds a lock is asked of the lock.
"""

from __future__ import annotations

import os
import threading
from typing import Final, Protocol
from weakref import WeakValueDictionary


class Held(Protocol):
    """What is held still."""

    @property
    def entered(self) -> bool:
        """Whether this thread is inside of it: then this is a handler, and nobody else can change it."""
        ...

    def before_fork(self) -> None:
        """Hold it."""
        ...

    def after_fork_in_parent(self) -> None:
        """Let it go on, if it is held. May be called again."""
        ...

    def after_fork_in_child(self) -> None:
        """Begin with what is there."""
        ...


_things: Final[WeakValueDictionary[int, Held]] = WeakValueDictionary()


class _Held(threading.local):
    """What this thread holds. Another one may fork at the same time."""

    def __init__(self) -> None:
        self.things: Final[list[Held]] = []


_held: Final = _Held()


def held_in_forks(thing: Held) -> None:
    """Hold ``thing`` in every fork of this process, for as long as anybody else keeps it."""
    _things[id(thing)] = thing


def _all_things() -> list[Held]:
    """In one step. A lock to keep others from adding one meanwhile could be held by whom a handler interrupted."""
    return [thing for known in _things.valuerefs() if (thing := known()) is not None]


def before_fork() -> None:
    """Hold all of them."""
    for thing in _all_things():
        if not thing.entered:
            _held.things.append(thing)  # first: a handler may raise as soon as it is held
            thing.before_fork()


def after_fork_in_parent() -> None:
    """Let all of them go on."""
    try:
        _let_go()
    finally:
        _let_go()  # those that it did not come to


def _let_go() -> None:
    held = _held.things
    while held:
        held[-1].after_fork_in_parent()
        del held[-1]  # not before: it may be done twice, and must not be left out


def after_fork_in_child() -> None:
    """Have all of them begin."""
    try:
        for thing in _all_things():
            thing.after_fork_in_child()
    finally:
        _let_go()  # those that it did not come to


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=before_fork, after_in_parent=after_fork_in_parent, after_in_child=after_fork_in_child)
