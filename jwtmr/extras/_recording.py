"""From events to numbers, for whichever system collects them. What is done for every token is done cheaply."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple, TypeAlias

from jwtmr._fork import renewed_in_child
from jwtmr.errors import CODES
from jwtmr.events import (
    Event,
    FetchFinished,
    KeysChanged,
    KeysDiverged,
    KeysServedStale,
    RefreshSuppressed,
    TokenAccepted,
    TokenRefused,
)
from jwtmr.extras import _measures as m
from jwtmr.extras._measures import Labels, Measure, Value

Record: TypeAlias = Callable[[float], object]
"""Takes a number: adds it to a counter, puts it into a histogram, sets a gauge to it."""
Bind: TypeAlias = Callable[[Measure, Labels], Record]
"""Finds what takes the numbers of a measure under these labels."""


class Highest:
    """The largest of all values that were seen. A gauge shows it from the first one on: before that there is none."""

    __slots__ = ("labels", "measure", "value")

    def __init__(self, measure: Measure, labels: Labels) -> None:
        self.measure: Final = measure
        self.labels: Final = labels
        self.value = 0.0


class _Accepted(NamedTuple):
    """Where the numbers of accepted tokens of one kind go."""

    tokens: Record
    seconds: Record
    issue: Highest
    legacy: _Legacy | None


class _Legacy(NamedTuple):
    """Where those of legacy tokens go besides."""

    tokens: Record
    expiry: Highest
    dry_run: Record | None


class Recording:
    """Hands the numbers in events to what ``bind`` finds. There is no label that it does not keep for good."""

    def __init__(self, bind: Bind) -> None:
        self._bind: Final = bind
        self._records: Final[dict[tuple[str, Labels], Record]] = {}
        self._highest: Final[dict[tuple[str, Labels], Highest]] = {}
        self._accepted: Final[dict[tuple[str, str, str | None, str | None, bool], _Accepted]] = {}
        self.in_child()
        renewed_in_child(self)
        self.expect(Value(m.VALIDATIONS, ("", "", "", "refused", code), 0) for code in CODES)

    def expect(self, values: Iterable[Value]) -> None:
        """Begin counters at 0: of one that begins at 1 nobody can tell that it has risen."""
        for measure, labels, _ in values:
            self._of(measure, labels)(0)

    def in_child(self) -> None:
        """After a fork. Internal: a thread of the parent may have held the lock."""
        self._lock = threading.Lock()

    def __call__(self, event: Event) -> None:
        """Take note of ``event``."""
        if type(event) is TokenAccepted:
            self._accept(event)
        elif type(event) is TokenRefused:
            self._refuse(event)
        else:
            for measure, labels, value in told_by(event):
                self._of(measure, labels)(value)

    def _accept(self, event: TokenAccepted) -> None:
        key = (event.authority, event.issuer_kind, event.region, event.client, event.would_be_refused)
        known = self._accepted.get(key) or self._begin(key)
        known.tokens(1)
        known.seconds(event.seconds)
        if event.issued_at is not None:
            self._raise(known.issue, event.issued_at)
        if event.stale_key:
            self._of(m.STALE_KEYS, (event.authority,))(1)
        if known.legacy is not None:
            known.legacy.tokens(1)
            self._raise(known.legacy.expiry, event.expires_at)
            if known.legacy.dry_run is not None:
                known.legacy.dry_run(1)

    def _begin(self, key: tuple[str, str, str | None, str | None, bool]) -> _Accepted:
        authority, kind, region, client, dry_run = key
        legacy = None
        if kind == "legacy":
            labels = (authority, region or "", client or "")
            legacy = _Legacy(
                self._of(m.LEGACY_TOKENS, labels),
                self._highest_of(m.LATEST_EXPIRY, labels),
                self._of(m.DRY_RUN, labels) if dry_run else None,
            )
        return self._accepted.setdefault(
            key,
            _Accepted(
                self._of(m.VALIDATIONS, (authority, kind, region or "", "accepted", "")),
                self._of(m.VALIDATION_TIME, ("accepted",)),
                self._highest_of(m.LATEST_ISSUE, (authority, kind)),
                legacy,
            ),
        )

    def _refuse(self, event: TokenRefused) -> None:
        labels = (event.authority or "", event.issuer_kind or "", event.region or "", "refused", event.code)
        self._of(m.VALIDATIONS, labels)(1)
        if event.seconds is not None:
            self._of(m.VALIDATION_TIME, ("refused",))(event.seconds)

    def _raise(self, highest: Highest, value: float) -> None:
        if value > highest.value:
            with self._lock:
                if value > highest.value:
                    self._of(highest.measure, highest.labels)(value)
                    highest.value = value  # last: where a signal handler raises before it, the next token shows it

    def _of(self, measure: Measure, labels: Labels) -> Record:
        key = measure.name, labels
        return self._records.get(key) or self._records.setdefault(key, self._bind(measure, labels))

    def _highest_of(self, measure: Measure, labels: Labels) -> Highest:
        return self._highest.setdefault((measure.name, labels), Highest(measure, labels))


def told_by(event: Event) -> Iterator[Value]:
    """What an event that is not about a token adds. States and windows are told by ``status()``, not counted."""
    match event:
        case FetchFinished():
            place = event.authority, event.endpoint, event.region or ""
            yield Value(m.FETCHES, (*place, event.outcome, event.trigger), 1)
            yield Value(m.FETCH_TIME, place, event.duration)
        case KeysChanged():
            yield Value(m.KEY_SETS_CHANGED, (event.authority, event.endpoint, event.region or ""), 1)
        case KeysDiverged():
            yield Value(m.DIVERGED, (event.authority, event.reason), 1)
        case KeysServedStale():
            yield Value(m.STALE_PERIODS, (event.authority,), 1)
        case RefreshSuppressed():
            yield Value(m.SUPPRESSED, (event.authority, event.reason), 1)
        case _:
            pass
