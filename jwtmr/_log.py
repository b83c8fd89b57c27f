"""The ``jwtmr`` logger: one line per change of state, and nothing on the way of a request.

A line holds words from closed sets and what the configuration or a key host says. Nothing of a token is ever in it.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Final

from jwtmr.events import EndpointChanged, Event, KeysChanged, KeysDiverged, KeysServedStale

logger: Final = logging.getLogger("jwtmr")
logger.addHandler(logging.NullHandler())


def log(event: Event) -> None:
    """Write the line of ``event``, if it is one that an operator should see. Raises nothing."""
    with suppress(Exception):  # somebody's logging filter must not turn a settled outcome into another one
        _write(event)


def log_problem(authority: str, problem: str) -> None:
    """Write a line about a problem of ``authority`` that a report names. Raises nothing."""
    with suppress(Exception):
        logger.warning("%s: %s", authority, problem)


def log_stranded(authority: str, *, stranded: bool) -> None:
    """Write that fetches of ``authority``'s keys began to be lost, or that one has come to its end again."""
    with suppress(Exception):
        if stranded:
            logger.warning("%s: a fetch of keys was lost: no thread for it, or that died or was frozen", authority)
        else:
            logger.info("%s: keys are fetched again", authority)


def _write(event: Event) -> None:
    match event:
        case EndpointChanged(after="down" | "degraded"):
            logger.warning("%s: endpoint %s is %s", event.authority, event.endpoint, event.after)
        case EndpointChanged():
            logger.info("%s: endpoint %s is %s", event.authority, event.endpoint, event.after)
        case KeysServedStale():
            logger.warning("%s: serving keys past their lifetime", event.authority)
        case KeysDiverged():
            logger.warning("%s: endpoints contradict each other (%s): %r", event.authority, event.reason, event.kids)
        case KeysChanged():
            logger.info("%s: %s lists other keys", event.authority, event.endpoint)
            if event.refused:
                reasons = ", ".join(sorted(set(event.refused)))
                logger.warning("%s: unusable keys at %s: %s", event.authority, event.endpoint, reasons)
        case _:
            pass
