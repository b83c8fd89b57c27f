"""Waiting, once for threads and event loops.

What takes time is a generator: it yields a ``Future`` that is fulfilled when something changed, and for how many
seconds to wait for it. The two drivers differ in how they wait, and in nothing else.

``asyncio`` is loaded by the first who needs it: a third of the time of ``import jwtmr`` would be its, also where nobody
has a loop. Who has one has loaded it.
"""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable, Generator
from concurrent.futures import Future
from contextlib import suppress
from functools import cache
from typing import TypeAlias, TypeVar

T = TypeVar("T")

Waiting: TypeAlias = Generator[tuple["Future[None]", float], None, T]
"""Something that takes time: it yields what to wait for, and for how many seconds at most."""


def unfulfilled() -> Future[None]:
    """Something to wait for."""
    future: Future[None] = Future()
    # RUNNING before anyone can see it: asyncio.wrap_future forwards a cancelled waiter, and cancelling a PENDING future
    # would cancel it for every waiter.
    future.set_running_or_notify_cancel()
    return future


def wait_for(waiting: Waiting[T]) -> T:
    """Drive ``waiting`` in this thread."""
    try:
        while True:
            change, seconds = next(waiting)
            concurrent.futures.wait([change], timeout=seconds)
    except StopIteration as end:
        result: T = end.value
        return result


@cache
def running_loop() -> Callable[[], object]:
    """What returns the running loop of asyncio, or raises ``RuntimeError`` where there is none."""
    from asyncio import get_running_loop  # noqa: PLC0415  # see above

    return get_running_loop


async def wait_for_async(waiting: Waiting[T]) -> T:
    """Drive ``waiting`` in this task. Cancelling it disturbs nobody else who waits."""
    import asyncio  # noqa: PLC0415  # see above

    try:
        while True:
            change, seconds = next(waiting)
            waiter = asyncio.wrap_future(change)
            try:
                await asyncio.wait([waiter], timeout=seconds)
            finally:
                with suppress(RuntimeError):  # the loop is closed, and this is being collected
                    waiter.cancel()  # or the future would call back into a loop that may be closed by then
    except StopIteration as end:
        result: T = end.value
        return result
