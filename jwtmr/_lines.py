"""What the log says: the line of each event, and the fields that stand beside it for machines.

A line holds words from closed sets and what the configuration or a key host says, a field not even the latter. Nothing
of a token is ever in either.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Final, NamedTuple, TypeAlias

from jwtmr.events import (
    EndpointChanged,
    Event,
    FetchOutcome,
    KeysChanged,
    KeysDiverged,
    KeysServedStale,
    LegacyWindowEnding,
)

Field: TypeAlias = str | float | None

FIELDS: Final = (
    *("event", "authority", "endpoint", "region", "issuer", "state", "outcome", "reason", "seconds_left", "left_out"),
)
"""Every record has all of them, as ``jwtmr_event`` and so on; None where there is nothing to say."""

_HOUR: Final = 3600.0
_FINE: Final = (None, "ok", "not_modified")


class Line(NamedTuple):
    """One line of the log."""

    level: int
    format: str
    args: tuple[object, ...]
    event: str
    """What it is about, a word of a closed set."""
    about: str
    """And of what: the URL of an endpoint, say, or nothing but the authority."""
    news: str | None
    """It is news if it says another word than the line before. None: it always is."""
    fields: dict[str, Field]

    @property
    def subject(self) -> tuple[Field, str, str]:
        """Lines with the same one are kept apart in time."""
        return self.fields["authority"], self.event, self.about

    def labels(self, left_out: int) -> dict[str, Field]:
        """What a record of it holds beside the text."""
        said = {**self.fields, "event": self.event, "left_out": left_out}
        return {f"jwtmr_{name}": said.get(name) for name in FIELDS}


def lines_of(event: Event, outcome: FetchOutcome | None) -> Iterator[Line]:
    """The lines of ``event``, where an operator should see it. ``outcome``: of the last fetch from its endpoint."""
    match event:
        case EndpointChanged():
            yield _endpoint(event, outcome)
        case KeysServedStale(authority, left):
            fields: dict[str, Field] = {"authority": authority, "seconds_left": left}
            text = "%s: serving keys past their lifetime"
            yield Line(logging.WARNING, text, (authority,), "keys_served_stale", "", None, fields)
        case KeysDiverged(authority, reason, kids):
            fields = {"authority": authority, "reason": reason}
            text = "%s: endpoints contradict each other (%s): %r"
            yield Line(logging.WARNING, text, (authority, reason, kids), "keys_diverged", reason, None, fields)
        case KeysChanged():
            yield from _keys(event)
        case LegacyWindowEnding(authority, issuer, left):
            fields = {"authority": authority, "issuer": issuer, "seconds_left": left}
            text = "%s: tokens of %s still come, and will be refused in %.0f hours, when its window closes"
            args = (authority, issuer, left / _HOUR)
            yield Line(logging.WARNING, text, args, "legacy_window_ending", issuer, None, fields)
        case _:
            pass


def line_of_problem(authority: str, problem: str) -> Line:
    """The line about something that a report names. It is news once a minute."""
    fields: dict[str, Field] = {"authority": authority, "reason": problem}
    return Line(logging.WARNING, "%s: %s", (authority, problem), "problem", problem, "", fields)


def line_of_fetching(authority: str, *, stranded: bool) -> Line:
    """The line that says that fetches began to be lost, or that one has come to its end again."""
    state = "lost" if stranded else "ok"
    level, text = logging.INFO, "%s: keys are fetched again"
    if stranded:
        level, text = logging.WARNING, "%s: a fetch of keys was lost: no thread for it, or that died or was frozen"
    fields: dict[str, Field] = {"authority": authority, "state": state}
    return Line(level, text, (authority,), "fetching_changed", "", state, fields)


def _endpoint(event: EndpointChanged, outcome: FetchOutcome | None) -> Line:
    level = logging.WARNING if event.after in ("down", "degraded") else logging.INFO
    text = "%s: endpoint %s is %s"
    args: tuple[object, ...] = (event.authority, event.endpoint, event.after)
    if outcome not in _FINE:
        text, args = text + " (%s)", (*args, outcome)
    fields: dict[str, Field] = {**_where(event), "state": event.after, "outcome": outcome}
    return Line(level, text, args, "endpoint_changed", event.endpoint, event.after, fields)


def _keys(event: KeysChanged) -> Iterator[Line]:
    where, args = _where(event), (event.authority, event.endpoint)
    yield Line(logging.INFO, "%s: %s lists other keys", args, "keys_changed", event.endpoint, None, where)
    if event.refused:
        reasons = ", ".join(sorted(set(event.refused)))
        fields: dict[str, Field] = {**where, "reason": reasons}
        text = "%s: unusable keys at %s: %s"
        yield Line(logging.WARNING, text, (*args, reasons), "keys_refused", event.endpoint, None, fields)


def _where(event: EndpointChanged | KeysChanged) -> dict[str, Field]:
    return {"authority": event.authority, "endpoint": event.endpoint, "region": event.region}
