"""What a process does with its parent's things after a fork: locks, threads and counts are not its own."""

from __future__ import annotations

import os
from typing import Final, Protocol
from weakref import WeakSet


class Forked(Protocol):
    """Something that a fork copies and that must not stay a copy."""

    def in_child(self) -> None:
        """Called in the child before anything else runs there."""
        ...


_things: Final[WeakSet[Forked]] = WeakSet()


def renewed_in_child(thing: Forked) -> None:
    """Have ``thing.in_child()`` called in every child of this process, for as long as anybody else keeps it."""
    _things.add(thing)


def _in_child() -> None:
    for thing in list(_things):
        thing.in_child()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
