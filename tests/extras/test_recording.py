"""From events to numbers, without a system of metrics: every kind of event, all labels, many threads at once."""

from __future__ import annotations

import sys
import threading
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from typing import get_args

import pytest
from event_rows import LEGACY, ROWS
from interrupting import Interrupted, interrupted

from jwtmr import Event
from jwtmr.events import TokenAccepted
from jwtmr.extras._measures import LATEST_EXPIRY, MEASURES, Labels, Measure
from jwtmr.extras._recording import Recording


class Numbers:
    """Adds up what is recorded; a gauge is what it was last set to."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, Labels], float] = defaultdict(float)
        self.bound: list[tuple[str, Labels]] = []

    def bind(self, measure: Measure, labels: Labels) -> Callable[[float], None]:
        """Find the place of ``measure`` under ``labels``."""
        assert len(labels) == len(measure.labels)
        key = measure.name, labels
        self.bound.append(key)

        def record(value: float) -> None:
            self.found[key] = value if measure.kind == "gauge" else self.found[key] + value

        return record


@pytest.mark.parametrize(("event", "expected"), ROWS, ids=lambda row: type(row).__name__)
def test_what_an_event_adds(event: Event, expected: dict[tuple[str, Labels], float]) -> None:
    """These numbers under these labels, once and again the second time, and no label is looked for twice."""
    numbers = Numbers()
    record = Recording(numbers.bind)
    gauges = {measure.name for measure in MEASURES if measure.kind == "gauge"}
    for times in (1, 2):
        record(event)
        found = {key: n for key, n in numbers.found.items() if n or key in expected}
        assert found == {key: n if key[0] in gauges else times * n for key, n in expected.items()}
    assert len(numbers.bound) == len(set(numbers.bound))
    assert {key for key in numbers.bound if key[0] in gauges} <= set(expected)  # there is no moment before the first


def test_every_kind_of_event_has_a_row() -> None:
    """A new event is counted, or it is said here that it is not."""
    assert {type(event) for event, _ in ROWS} == set(get_args(Event))


def test_every_measure_that_is_counted_has_a_row() -> None:
    """A new measure is counted by some event, or read from a status."""
    counted = {name for _, expected in ROWS for name, _ in expected}
    assert counted == {measure.name for measure in MEASURES if not measure.from_status}


def test_the_highest_of_many_threads() -> None:
    """Whatever the order in which they come, what is shown at the end is the largest that anybody brought."""
    numbers = Numbers()
    record = Recording(numbers.bind)
    threads, each = 8, 400
    begin = threading.Barrier(threads)

    def bring(own: int) -> None:
        begin.wait()
        for step in range(each):
            record(TokenAccepted("pool", "legacy", "r", "id", False, float(step * threads + own), client="web"))

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        running = [threading.Thread(target=bring, args=(own,)) for own in range(threads)]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert numbers.found[LATEST_EXPIRY.name, LEGACY] == threads * each - 1


def test_a_child_does_not_wait_for_a_thread_of_its_parent() -> None:
    """Whoever held the lock at the fork is not there any more."""
    record = Recording(Numbers().bind)
    record._lock.acquire()  # noqa: SLF001  # what a thread of the parent may be doing
    record.in_child()
    record(TokenAccepted("pool", "legacy", "r", "id", False, 9.0))


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.name)
def test_names_and_labels(measure: Measure) -> None:
    """As both systems want them; and what a dashboard sums up is never split by something that is not closed."""
    assert measure.name == measure.name.lower()
    assert measure.name.startswith("jwtmr.")
    assert set(measure.labels) <= {
        *("authority", "issuer", "issuer_kind", "region", "client", "endpoint"),
        *("outcome", "code", "trigger", "reason", "state"),
    }
    assert (measure.kind == "histogram") == bool(measure.buckets)
    assert (measure.kind == "gauge") == bool(measure.workers)
    assert measure.help.endswith(".")


def test_no_two_measures_share_a_name() -> None:
    """In neither system."""
    for names in ([m.name for m in MEASURES], [m.prometheus_name for m in MEASURES]):
        assert len(set(names)) == len(names)


def test_a_signal_handler_that_raises() -> None:
    """A latest expiry that it kept from being shown is shown with the next token: it says when the last one is over."""
    event = TokenAccepted("pool", "legacy", "r", "id", False, 7.0, client="web")
    for at in range(20):
        numbers = Numbers()
        record = Recording(numbers.bind)
        with interrupted(Recording._raise, at) as raised, suppress(Interrupted):  # noqa: SLF001  # where it may come
            record(event)
        record(event)
        assert numbers.found[LATEST_EXPIRY.name, ("pool", "r", "web")] == 7.0, f"call {at}"
        if not raised:
            break
    assert at > 1, "nothing was interrupted"
