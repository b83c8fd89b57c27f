"""What is told of keys and endpoints: read from ``TokenValidator.status()`` when somebody wants to know."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from math import inf
from typing import Final, get_args

from jwtmr import AuthorityStatus, BackgroundObserver, EndpointStatus, TokenValidator, ValidatorClosed, ValidatorStatus
from jwtmr.events import EndpointState
from jwtmr.extras import _measures as m
from jwtmr.extras._measures import Labels, Value

STATES: Final[tuple[EndpointState, ...]] = get_args(EndpointState)
HASH_DIGITS: Final = 12
"""Hexadecimal digits of a hash, 48 bits: a double holds them exactly."""


class Watched:
    """The validators of this process, and the queues between them and their observers."""

    def __init__(self, expect: Callable[[Iterable[Value]], None]) -> None:
        """``expect`` is told of the counters that a validator may come to need."""
        self._expect: Final = expect
        self._listed: list[tuple[TokenValidator, tuple[BackgroundObserver, ...]]] = []
        self._expected: set[Labels] = set()

    def __bool__(self) -> bool:
        return bool(self._listed)

    def add(self, validator: TokenValidator, queues: tuple[BackgroundObserver, ...]) -> None:
        """Watch one more. It is not asked yet: that would fetch its keys, perhaps before a fork."""
        self._listed.append((validator, queues))

    def values(self) -> list[Value]:
        """What the open ones have to tell. Of two with one authority the later one tells of its keys."""
        found: dict[tuple[str, Labels], Value] = {}
        for validator, queues in list(self._listed):
            with suppress(ValidatorClosed):
                status = validator.status()
                self._begin(status)
                for value in values_of(status, queues):
                    key = value.measure.name, value.labels
                    before = found[key].value if key in found and value.measure.kind == "counter" else 0.0
                    found[key] = value._replace(value=value.value + before)
        return list(found.values())

    def _begin(self, status: ValidatorStatus) -> None:
        """Have the counters of accepted tokens begin at 0, for each issuer."""
        for authority in status.authorities:
            for issuer in authority.issuers:
                labels = (authority.id, issuer.kind, issuer.region or "", "accepted", "")
                if labels not in self._expected:
                    self._expected.add(labels)
                    self._expect([Value(m.VALIDATIONS, labels, 0)])


def values_of(status: ValidatorStatus, queues: Iterable[BackgroundObserver]) -> Iterator[Value]:
    """All that ``status`` says, and what came of the events that went into ``queues``."""
    for authority in status.authorities:
        yield Value(m.SERVE_UNTIL, (authority.id,), _serves_until(authority, status.taken_at))
        for endpoint in authority.endpoints:
            yield from _of_endpoint(authority, endpoint, status.taken_at)
        for issuer in authority.issuers:
            if issuer.accept_until is not None:
                yield Value(m.ACCEPT_UNTIL, (authority.id, issuer.url), issuer.accept_until.timestamp())
    listed = list(queues)
    yield Value(m.OBSERVER_FAILURES, (), status.observer_failures + sum(queue.failures for queue in listed))
    yield Value(m.DROPPED, (), sum(queue.dropped for queue in listed))


def _serves_until(authority: AuthorityStatus, now: float) -> float:
    if authority.state == "cold" or not authority.accepts_tokens:
        return inf  # nobody has asked for keys, or nobody will
    return 0.0 if authority.seconds_left is None else now + authority.seconds_left


def _of_endpoint(authority: AuthorityStatus, endpoint: EndpointStatus, now: float) -> Iterator[Value]:
    """Of an authority that accepts no token any more nothing is told: its host may be gone."""
    told = authority.accepts_tokens
    labels = (authority.id, endpoint.url, endpoint.region or "")
    for state in STATES:
        yield Value(m.ENDPOINT_STATE, (*labels, state), float(told and endpoint.state == state))
    yield Value(m.ANSWERED, labels, now - endpoint.age if told and endpoint.age is not None else 0.0)
    yield Value(m.KEY_SET_HASH, labels, _number(endpoint.key_set_hash) if told else 0.0)


def _number(key_set_hash: str | None) -> float:
    return 0.0 if key_set_hash is None else float(int(key_set_hash[:HASH_DIGITS], 16))
