"""Says once what changed: compares what is with what was, and keeps the events of it until they are fetched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

from jwtmr._keys.decision import Ask
from jwtmr._keys.merge import Copy, View, differ, refuse_alike
from jwtmr._keys.reading import Reading
from jwtmr.events import (
    EndpointChanged,
    EndpointState,
    Event,
    FetchFinished,
    KeysChanged,
    KeysDiverged,
    KeysServedStale,
    RefreshSuppressed,
)
from jwtmr.issuers import JwksEndpoint

Copies: TypeAlias = Sequence[Copy | None]
"""What each endpoint lists, in order of precedence."""


class Witness:
    """Remembers the last view of one authority."""

    def __init__(self, authority: str, endpoints: Sequence[JwksEndpoint]) -> None:
        self._authority: Final = authority
        self._endpoints: Final = endpoints
        self._states: list[EndpointState] = ["cold"] * len(endpoints)
        self._view = View()
        self._quiet = False
        self._events: list[Event] = []

    def events(self) -> list[Event]:
        """What happened since the last call."""
        events, self._events = self._events, []
        return events

    def fetched(self, ask: Ask, reading: Reading, seconds: float) -> None:
        """An attempt has ended."""
        self._events.append(FetchFinished(*self._where(ask.place), reading.outcome, seconds, ask.trigger))

    def suppressed(self, reason: Literal["bucket", "backoff"]) -> None:
        """An unknown ``kid`` is not looked for. Told once until the next walk."""
        if not self._quiet:
            self._events.append(RefreshSuppressed(self._authority, reason))
        self._quiet = True

    def took_off(self) -> None:
        """A walk is in the air."""
        self._quiet = False

    def listed(self, before: Copies, after: Copies, ask: Ask, reading: Reading, *, burnt: bool) -> None:
        """The copies before and after ``reading`` came home; ``burnt``: it gave a key away that was good until then."""
        for place, (old, new) in enumerate(zip(before, after, strict=True)):
            speaks = place == ask.place
            if refuse_alike(old, new) and not differ(old, new) and not (burnt and speaks):
                continue
            had, has = (frozenset[str]() if copy is None else copy.kids for copy in (old, new))
            refused = reading.refused if speaks else ()
            if new is not None and not new.void and not refused:
                refused = new.keys.refused
            self._events.append(KeysChanged(*self._where(place), len(has - had), len(had - has), refused))

    def compare(self, view: View, states: Sequence[EndpointState], seconds_left: float | None) -> None:
        """What serves now, and how the endpoints are."""
        for place, (before, after) in enumerate(zip(self._states, states, strict=True)):
            if before != after:
                self._events.append(EndpointChanged(*self._where(place), before, after))
        dropped = view.disputed.keys() - self._view.disputed.keys()
        if dropped:
            self._events.append(KeysDiverged(self._authority, "dropped", tuple(sorted(dropped))))
        conflicts = view.conflicts - self._view.conflicts
        if conflicts:
            self._events.append(KeysDiverged(self._authority, "conflict", tuple(sorted(conflicts))))
        if view.stale and not self._view.stale:
            self._events.append(KeysServedStale(self._authority, seconds_left or 0.0))
        self._view, self._states = view, list(states)

    def _where(self, place: int) -> tuple[str, str, str | None]:
        endpoint = self._endpoints[place]
        return self._authority, endpoint.url, endpoint.region
