"""Asks everybody at the same time, and loses patience with all at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Final, TypeAlias

from jwtmr.cli.doctor.probe import Course, Probe, Tools, probe
from jwtmr.cli.doctor.targets import Flow

TIME_LIMIT: Final = 10.0
"""Seconds for all flows together. A name server that is silent makes a look-up wait for longer than that."""

Asked: TypeAlias = tuple[Probe, ...]
"""The probes of one flow, in the order of asking."""


class _Errand:
    """One flow and its thread."""

    def __init__(self, flow: Flow, tools: Tools, done: Callable[[], None]) -> None:
        self._flow: Final = flow
        self._tools: Final = tools
        self._done: Final = done
        self._state: tuple[Asked, Course | None] = ((), Course(next(flow)))
        """What came of the addresses so far, and the one that is asked. Replaced whole: another thread reads it."""

    def run(self) -> None:
        """Ask until the flow has no question left."""
        try:
            probes, course = self._state
            while course is not None:
                came = probe(course, self._tools)
                probes, course = (*probes, came), self._next(came)
                self._state = (probes, course)
        finally:
            self._done()

    def _next(self, came: Probe) -> Course | None:
        try:
            return Course(self._flow.send(came))
        except StopIteration:
            return None

    def asked(self) -> Asked:
        """What there is by now, one probe at least: an address that still hangs has had its time."""
        probes, course = self._state
        return probes if course is None else (*probes, course.ended("timeout"))


def ask_all(
    flows: Sequence[Flow], tools: Tools, progress: Callable[[str], None], limit: float = TIME_LIMIT
) -> list[Asked]:
    """Let each flow ask, in a thread of its own; after ``limit`` seconds none is waited for any more."""
    ends: SimpleQueue[None] = SimpleQueue()
    errands = [_Errand(flow, tools, lambda: ends.put(None)) for flow in flows]
    for errand in errands:
        threading.Thread(target=errand.run, name="jwtmr-doctor", daemon=True).start()
    deadline = monotonic() + limit
    for ended in range(len(errands)):
        progress(f"asking {len(errands)} places, {ended} have answered …")
        try:
            ends.get(timeout=max(deadline - monotonic(), 0.001))
        except Empty:
            break
    return [errand.asked() for errand in errands]
