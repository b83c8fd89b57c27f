"""What the state machine answers: a key, or what to do about not having one; and to an operator how it is."""

from __future__ import annotations

import math
from enum import Enum
from typing import NamedTuple

import msgspec

from jwtmr._keys.jwk import Key
from jwtmr.events import Trigger
from jwtmr.issuers import JwksEndpoint
from jwtmr.reports import EndpointStatus
from jwtmr.settings import Instant


class Next(Enum):
    """What a request does next."""

    USE = "use"
    WAIT = "wait"
    REJECT = "reject"
    """Nobody lists this key: 401."""
    UNAVAILABLE = "unavailable"
    """It cannot be told: 503."""


class Decision(msgspec.Struct, frozen=True):
    """What a request does next, and with what."""

    next: Next
    key: Key | None = None
    retry_after: int | None = None
    """Whole seconds, for UNAVAILABLE."""
    ride: int | None = None
    """The number of the walk that looks for this request's kid, for WAIT."""


class Ask(msgspec.Struct, frozen=True):
    """One attempt to be made: ask this endpoint, and say what came of it."""

    number: int
    """Attempts are numbered in the order of sending."""
    place: int
    endpoint: JwksEndpoint
    trigger: Trigger
    walk: int
    """The walk that it belongs to; 0 for a probe."""
    sent: Instant
    etag: str | None
    """What ``If-None-Match`` says; None for an unconditional request."""
    held: int | None
    """The attempt that brought the copy which a 304 would confirm."""
    jwks_uri: str | None
    """Where the key set is, as far as that is known."""
    document_first: bool = False
    """Whether the discovery document at the endpoint's URL is asked first; always where ``jwks_uri`` is None."""
    sought: frozenset[str] = frozenset()
    """Kids without which the discovery document is asked whether the keys have moved."""


class Condition(NamedTuple):
    """How an authority's keys are."""

    seconds_left: float | None
    """For which tokens can still be checked if all endpoints stay silent; None where they cannot now."""
    endpoints: tuple[EndpointStatus, ...]
    stranded: bool
    """Whether a walk was lost, and none has brought keys since."""


def unavailable(wait: float) -> Decision:
    """Cannot be told for the next ``wait`` seconds."""
    return Decision(Next.UNAVAILABLE, retry_after=max(1, math.ceil(min(wait, 300.0))))
