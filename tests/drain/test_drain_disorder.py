"""Threads, signal handlers and whatever is raised in the middle: every token is counted once, and nobody waits."""

from __future__ import annotations

import itertools
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from drain_kit import Making
from interrupting import Interrupted, interrupted

from jwtmr import DrainReport, TokenCache, TokenValidator
from jwtmr._tally import SUM_UP_AT, _Book
from jwtmr.drain import Seen
from jwtmr.testing import RegionalIssuer

THREADS, TOKENS, ROUNDS = 8, 10, 30


def legacy(report: DrainReport) -> Seen:
    """What was accepted of the legacy issuer."""
    (total,) = [one.total for one in report.issuers if one.kind == "legacy"]
    assert total is not None
    return total


def test_threads(issuer: RegionalIssuer, make: Making) -> None:
    """The sum is exact, and so is the largest ``exp``, though reports are made all the while, and those never fall."""
    validator, over = make(token_cache=TokenCache()), threading.Event()
    tokens = [issuer.access_token(expires_in=60 + number) for number in range(THREADS * TOKENS)]
    validator.warm_up()
    told: list[int] = []

    def come(thread: int) -> None:
        for _ in range(ROUNDS):
            for token in tokens[thread::THREADS]:
                validator.validate(token)

    def watch() -> None:
        while not over.is_set():
            told.extend(one.total.accepted for one in validator.drain_report().issuers if one.total)

    workers = [threading.Thread(target=come, args=(number,)) for number in range(THREADS)]
    watcher = threading.Thread(target=watch)
    for thread in (*workers, watcher):
        thread.start()
    for worker in workers:
        worker.join()
    over.set()
    watcher.join()
    seen = legacy(validator.drain_report())
    assert seen.accepted == THREADS * TOKENS * ROUNDS
    assert seen.latest_expiry == issuer.clock.wall() + 60 + THREADS * TOKENS - 1
    assert told == sorted(told)


def test_reports_do_not_wait(
    issuer: RegionalIssuer, validator: TokenValidator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While somebody sums up, others have reports, and tokens come in; all of them are in the next report."""
    inside, go_on = threading.Event(), threading.Event()
    write = _Book.write

    def held(*args: Any) -> None:  # noqa: ANN401 - as it has them
        inside.set()
        assert go_on.wait(30)
        write(*args)

    token = issuer.access_token()
    validator.validate(token)
    monkeypatch.setattr(_Book, "write", held)
    slow = threading.Thread(target=validator.drain_report)
    slow.start()
    assert inside.wait(30)
    for _ in range(2 * SUM_UP_AT):
        validator.validate(token)
    assert validator.drain_report().issuers[0].total is None
    go_on.set()
    slow.join()
    assert legacy(validator.drain_report()).accepted == 1 + 2 * SUM_UP_AT


@contextmanager
def signals(handler: Callable[[], object], at: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    """A signal comes in the middle of counting the token number ``at``. What the handler returns is kept."""
    said: list[object] = []
    numbers, write = itertools.count(), _Book.write

    def struck(*args: Any) -> None:  # noqa: ANN401 - as it has them
        if next(numbers) == at:
            signal.raise_signal(signal.SIGUSR1)
        write(*args)

    before = signal.signal(signal.SIGUSR1, lambda *_: said.append(handler()))
    try:
        with monkeypatch.context() as patch:
            patch.setattr(_Book, "write", struck)
            yield said
    finally:
        signal.signal(signal.SIGUSR1, before)


@pytest.mark.parametrize("at", [0, SUM_UP_AT // 2, SUM_UP_AT - 1])
def test_a_signal_handler_may_report_and_validate(
    issuer: RegionalIssuer, validator: TokenValidator, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """It does not wait for the thread that it has interrupted, and its own token is counted as well."""
    token = issuer.access_token()

    def handler() -> DrainReport:
        validator.validate(token)
        return validator.drain_report()

    with signals(handler, at, monkeypatch) as said:
        for _ in range(SUM_UP_AT):
            validator.validate(token)
    (report,) = said
    assert isinstance(report, DrainReport)
    assert sum(one.total.accepted for one in report.issuers if one.total) == at
    assert legacy(validator.drain_report()).accepted == SUM_UP_AT + 1


def test_a_signal_handler_that_raises(
    issuer: RegionalIssuer, validator: TokenValidator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A time-out of a worker, say: it ends that request, and counting goes on. One token is not counted."""
    token = issuer.access_token()

    def handler() -> None:
        raise TimeoutError("the worker's time is over")

    def come() -> None:
        for _ in range(SUM_UP_AT):
            validator.validate(token)

    with signals(handler, 5, monkeypatch), pytest.raises(TimeoutError):
        come()
    come()
    assert legacy(validator.drain_report()).accepted == 2 * SUM_UP_AT - 1


def test_wherever_a_signal_handler_raises(issuer: RegionalIssuer, validator: TokenValidator) -> None:
    """Counting goes on, and one token at most is not counted."""
    token, moments, accepted = issuer.access_token(), 0, 0
    while True:
        for _ in range(3):
            validator.validate(token)
        with interrupted(_Book.sum_up, moments) as raised, suppress(Interrupted):
            validator.drain_report()
        if not raised:
            break
        moments += 1
        accepted, before = legacy(validator.drain_report()).accepted, accepted
        assert before + 2 <= accepted <= before + 3
    assert moments > 6


def test_what_is_raised_is_what_comes_out(validator: TokenValidator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where it was raised before there was anything to be tidied up."""
    monkeypatch.setattr(validator._tally._book, "_writers", _Full())  # noqa: SLF001
    with pytest.raises(MemoryError):
        validator.drain_report()
    monkeypatch.undo()
    assert validator.drain_report()


class _Full(list[object]):
    """A list that nothing goes into."""

    def append(self, _: object) -> None:
        """Have no memory left."""
        raise MemoryError


def test_tokens_do_not_pile_up(issuer: RegionalIssuer, validator: TokenValidator) -> None:
    """They are held whole until they are summed up, so there are never many of them."""
    token = issuer.access_token()
    lengths = []
    for _ in range(3 * SUM_UP_AT):
        validator.validate(token)
        lengths.append(len(validator._tally._queue))  # noqa: SLF001 - what nobody can see from outside
    assert max(lengths) < SUM_UP_AT
