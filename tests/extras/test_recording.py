"""From events to numbers, without a system of metrics: every kind of event, all labels, many threads at once."""

from __future__ import annotations

import sys
import threading
from collections import defaultdict
from collections.abc import Callable
from typing import get_args

import pytest

from jwtmr import Event
from jwtmr.events import (
    EndpointChanged,
    FetchFinished,
    KeysChanged,
    KeysDiverged,
    KeysServedStale,
    LegacyWindowEnding,
    RefreshSuppressed,
    TokenAccepted,
    TokenRefused,
)
from jwtmr.extras._measures import LATEST_EXPIRY, MEASURES, Labels, Measure
from jwtmr.extras._recording import Recording

ACCEPTED, SPENT = ("jwtmr.validations", ("pool", "current", "r", "accepted", "")), "jwtmr.validation.duration"
LEGACY = ("pool", "r", "web")
ROWS: list[tuple[Event, dict[tuple[str, Labels], float]]] = [
    (TokenAccepted("pool", "current", "r", "id", False, 9.0), {ACCEPTED: 1, (SPENT, ("accepted",)): 0}),
    (
        TokenAccepted("pool", "legacy", "r", "id", False, 9.0, True, "web", 5.0, 0.25),
        {
            ("jwtmr.validations", ("pool", "legacy", "r", "accepted", "")): 1,
            (SPENT, ("accepted",)): 0.25,
            ("jwtmr.token.latest_issue_timestamp", ("pool", "legacy")): 5,
            ("jwtmr.legacy_tokens", LEGACY): 1,
            ("jwtmr.legacy_token.latest_expiry_timestamp", LEGACY): 9,
            ("jwtmr.removal_dry_run_refusals", LEGACY): 1,
        },
    ),
    (
        TokenAccepted("pool", "legacy", None, "access", True, 9.0),
        {
            ("jwtmr.validations", ("pool", "legacy", "", "accepted", "")): 1,
            (SPENT, ("accepted",)): 0,
            ("jwtmr.legacy_tokens", ("pool", "", "")): 1,
            ("jwtmr.legacy_token.latest_expiry_timestamp", ("pool", "", "")): 9,
            ("jwtmr.stale_key_tokens", ("pool",)): 1,
        },
    ),
    (
        TokenRefused("expired", seconds=0.5),
        {("jwtmr.validations", ("", "", "", "refused", "expired")): 1, (SPENT, ("refused",)): 0.5},
    ),
    (
        TokenRefused("insufficient_scope", "pool", "legacy", "r"),
        {("jwtmr.validations", ("pool", "legacy", "r", "refused", "insufficient_scope")): 1},
    ),
    (
        FetchFinished("pool", "https://a", None, "timeout", 2.5, "probe"),
        {
            ("jwtmr.fetches", ("pool", "https://a", "", "timeout", "probe")): 1,
            ("jwtmr.fetch.duration", ("pool", "https://a", "")): 2.5,
        },
    ),
    (KeysChanged("pool", "https://a", "r", 2, 0, ()), {("jwtmr.key_set_changes", ("pool", "https://a", "r")): 1}),
    (KeysDiverged("pool", "conflict", ("k",)), {("jwtmr.key_divergences", ("pool", "conflict")): 1}),
    (KeysServedStale("pool", 60.0), {("jwtmr.stale_periods", ("pool",)): 1}),
    (RefreshSuppressed("pool", "bucket"), {("jwtmr.refreshes_suppressed", ("pool", "bucket")): 1}),
    (EndpointChanged("pool", "https://a", "r", "ok", "down"), {}),
    (LegacyWindowEnding("pool", "https://a", 60.0), {}),
]


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
        assert numbers.found == {key: n if key[0] in gauges else times * n for key, n in expected.items()}
    assert sorted(numbers.bound) == sorted(set(numbers.bound)) == sorted(expected)


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
