"""What is done again and again: begun once, ended by itself, begun anew in a child."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain, repeat

import pytest
from interrupting import Interrupted, interrupted
from server_processes import wait_until

from jwtmr.extras import _refresher
from jwtmr.extras._refresher import Refresher

PATIENCE = 10.0
"""Seconds in which something has to happen on a machine of any speed."""


class Act:
    """Is counted, does what it is told, and says when it has been done so often."""

    def __init__(self, *said: bool | Exception) -> None:
        self.said: Iterator[bool | Exception] = chain(said, repeat(False))
        self.threads: list[threading.Thread] = []
        self.over = threading.Event()

    def __call__(self) -> bool:
        """Do it."""
        self.threads.append(threading.current_thread())
        word = next(self.said)
        if isinstance(word, Exception):
            raise word
        if not word:
            self.over.set()
        return word


def test_it_is_done_at_once_and_then_in_a_thread() -> None:
    """The first time by whoever begins, then by itself until it is over; a failure is not the end."""
    act = Act(True, True, OSError("disk full"), True)
    refresher = Refresher(act, 0.001)
    for _ in range(3):
        refresher.begin()
    assert act.over.wait(PATIENCE)
    here, *there = act.threads
    assert here is threading.current_thread()
    assert len(there) == 4
    assert {thread.name for thread in there} == {"jwtmr-metrics"}
    assert all(thread.daemon for thread in there)


def test_one_of_many_begins() -> None:
    """However many requests come first at the same time."""
    act = Act()
    refresher = Refresher(act, 60)
    begin = threading.Barrier(8)

    def first() -> None:
        begin.wait(PATIENCE)
        refresher.begin()

    threads = [threading.Thread(target=first) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert len(act.threads) == 1


def test_what_could_not_begin_is_begun_by_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure, or no thread to be had, is seen by whoever began; the next one tries again."""
    act = Act(OSError("disk full"), True, True)
    refresher = Refresher(act, 0.001)
    with pytest.raises(OSError, match="disk full"):
        refresher.begin()

    def no_thread(*_: object, **__: object) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(_refresher.threading, "Thread", no_thread)
        with pytest.raises(RuntimeError, match="new thread"):
            refresher.begin()
    refresher.begin()
    assert act.over.wait(PATIENCE)


def test_what_is_over_begins_again() -> None:
    """When its pause is over, and not with every token before that."""
    act = Act(True, False, True, False)
    refresher = Refresher(act, 0.05)
    refresher.begin()
    assert act.over.wait(PATIENCE)
    act.threads[-1].join(PATIENCE)
    act.over.clear()
    wait_until(lambda: refresher.begin() or len(act.threads) > 2, "it did not begin again")
    assert act.over.wait(PATIENCE)
    assert [thread is threading.current_thread() for thread in act.threads] == [True, False, True, False]
    act = Act()
    refresher = Refresher(act, 60)
    for _ in range(100):
        refresher.begin()
    assert len(act.threads) == 1


def test_wherever_a_signal_handler_raises() -> None:
    """The next one begins it, or it has begun."""
    moments = 0
    while _begun_in_spite_of_one(moments):
        moments += 1
    assert moments > 3


def _begun_in_spite_of_one(moment: int) -> bool:
    """Whether there is such a moment."""
    act = Act(True)
    refresher = Refresher(act, 0.001)
    with interrupted(Refresher.begin, moment) as raised, suppress(Interrupted):
        refresher.begin()
    wait_until(lambda: refresher.begin() or act.over.is_set(), "it did not go on")
    return bool(raised)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_child_begins_anew() -> None:
    """The parent's thread is not in the child, so the first token there begins one."""
    act = Act(False, False)
    refresher = Refresher(act, 60)
    refresher.begin()
    child = os.fork()
    if child == 0:
        refresher.begin()
        os._exit(len(act.threads))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 2
    refresher.begin()
    assert len(act.threads) == 1
