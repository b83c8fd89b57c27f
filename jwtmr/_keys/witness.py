"""Says once what changed: compares what serves now with what served before, and makes the events of it."""

from __future__ import annotations

from collections.abc import Sequence

from jwtmr._keys.merge import View
from jwtmr.events import EndpointChanged, EndpointState, Event, KeysDiverged, KeysServedStale
from jwtmr.issuers import JwksEndpoint


class Witness:
    """Remembers the last view of one authority."""

    def __init__(self, authority: str, endpoints: Sequence[JwksEndpoint]) -> None:
        self._authority = authority
        self._endpoints = endpoints
        self._states: list[EndpointState] = ["cold"] * len(endpoints)
        self._view = View()

    def compare(self, view: View, states: Sequence[EndpointState], seconds_left: float | None) -> list[Event]:
        """The events that lead from the last view to this one."""
        events: list[Event] = []
        for endpoint, before, after in zip(self._endpoints, self._states, states, strict=True):
            if before != after:
                events.append(EndpointChanged(self._authority, endpoint.url, endpoint.region, before, after))
        dropped = view.disputed.keys() - self._view.disputed.keys()
        if dropped:
            events.append(KeysDiverged(self._authority, "dropped", tuple(sorted(dropped))))
        conflicts = view.conflicts - self._view.conflicts
        if conflicts:
            events.append(KeysDiverged(self._authority, "conflict", tuple(sorted(conflicts))))
        if view.stale and not self._view.stale:
            events.append(KeysServedStale(self._authority, seconds_left or 0.0))
        self._view, self._states = view, list(states)
        return events
