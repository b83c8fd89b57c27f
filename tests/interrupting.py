"""Exceptions of signal handlers, at every moment at which one can come: where a call within a function ends."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType, FrameType


class Interrupted(BaseException):
    """What the handler raises."""


@contextmanager
def interrupted(function: Callable[..., object], at: int) -> Iterator[list[str]]:
    """Raise :class:`Interrupted` where the call number ``at`` within ``function`` ends. Yields whether it did."""
    code: CodeType = function.__code__  # type: ignore[attr-defined]
    ended, raised = 0, list[str]()

    def profile(frame: FrameType, event: str, _: object) -> None:
        nonlocal ended
        caller = {"c_return": frame, "return": frame.f_back}.get(event)
        if caller is not None and caller.f_code is code:
            ended += 1
            if ended == at + 1:
                raised.append(event)
                raise Interrupted

    sys.setprofile(profile)
    try:
        yield raised
    finally:
        sys.setprofile(None)
