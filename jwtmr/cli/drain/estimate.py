"""Makes a report of what metrics tell, so that one set of rules judges both. What they leave open is taken as bad.

* When the last legacy token came is not told. It was accepted before it expired: so it may have come as late as that.
* Since when current tokens come is not told, only when the last of them was issued. The pool was switched before that.
* Since when a process counts is told by its counters, or not at all. It did when it accepted a token that has expired.
* The leeway is not told, so it is the largest one.
* How long tokens live is not told. Those of Cognito live for a day at most; whose live longer must keep reports.
* Which of several legacy issuers a token names is not told, so an authority is judged as a whole.
"""

from __future__ import annotations

from math import inf
from typing import Final

from jwtmr._evidence import IssuerDrain, ProcessDrain, Seen
from jwtmr.cli.drain.exposition import BadMetrics, Told

LEEWAY: Final = 300.0
"""Seconds: the most that a validator takes."""


def process_of(source: str, told: Told, now: float, switched: float | None) -> ProcessDrain:
    """The process, or the processes behind one address, that told this at the Unix time ``now``.

    ``switched``: when the pool was switched to the updated issuer, where somebody knows it. Raises
    :class:`BadMetrics` where it is not told whether an authority still has a legacy issuer.
    """
    _check_watched(told)
    watched = [moment + LEEWAY for moment in told.expiry.values() if moment]
    if told.since is not None:
        watched.append(told.since)
    issuers: list[IssuerDrain] = []
    for authority in told.authorities:
        issuers += _legacy(authority, told, now)
        issuers += _current(authority, told, now, switched)
    return ProcessDrain(source, min([now, *watched]), now, LEEWAY, tuple(issuers))


def _check_watched(told: Told) -> None:
    """Without ``watch`` nothing tells of windows, and an open one that nobody uses looks like none."""
    if not told.authorities:
        raise BadMetrics("it names no authority yet: no token came, or PrometheusObserver.watch(validator) is missing")
    used = {one for one, _ in told.tokens}
    for authority in told.authorities:
        if authority not in told.watched | used:
            raise BadMetrics(f"it does not tell the settings of {authority}: PrometheusObserver.watch is missing there")


def _legacy(authority: str, told: Told, now: float) -> list[IssuerDrain]:
    windows = told.until.get(authority)
    issued = told.issue.get((authority, "legacy"), 0.0)
    counted = {client: count for (one, client), count in told.tokens.items() if one == authority and count}
    # Where a count is missing and a moment is not, it was one token at least.
    counted = {client: 1 for (one, client), end in told.expiry.items() if one == authority and end} | counted
    clients = {
        client: _seen(count, told.expiry.get((authority, client), 0.0), issued, now)
        for client, count in counted.items()
    }
    refusals = told.refusals.get(authority)
    if not clients and (issued or refusals):
        clients[""] = _seen(1, 0.0, issued, now)
    if windows is None and not clients:
        return []
    until = max(windows.values()) if windows else inf
    others = clients.pop("", None)
    return [
        IssuerDrain(
            authority, authority, "legacy", None, None if until == inf else until, clients, others, refusals
        ).bounded()
    ]


def _seen(count: int, expiry: float, issued: float, now: float) -> Seen:
    """Legacy tokens. One whose expiry is not told may come and expire at any time."""
    expires = expiry or now
    last = min(now, expires + LEEWAY)
    return Seen(count, min(issued or last, last), last, expires, issued or last, max(expires - (issued or last), 0.0))


def _current(authority: str, told: Told, now: float, switched: float | None) -> list[IssuerDrain]:
    issued = told.issue.get((authority, "current"), 0.0)
    if not issued:
        return []
    first = issued if switched is None else min(issued, switched)
    seen = Seen(1, first, now, now, issued, 0.0)
    return [IssuerDrain(authority, f"{authority} (current)", "current", None, None, {}, seen)]
