"""What is told of keys and endpoints: read from ``TokenValidator.status()`` when somebody wants to know."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from math import inf
from typing import Final, get_args
from weakref import ref

from jwtmr import (
    AuthorityStatus,
    BackgroundObserver,
    ConfigurationError,
    EndpointStatus,
    TokenValidator,
    ValidatorClosed,
    ValidatorStatus,
)
from jwtmr.events import EndpointState
from jwtmr.extras import _measures as m
from jwtmr.extras._measures import Labels, Value

STATES: Final[tuple[EndpointState, ...]] = get_args(EndpointState)
HASH_DIGITS: Final = 12
"""Hexadecimal digits of a hash, 48 bits: a double holds them exactly."""


class _Validator:
    """One that is watched, as long as it is open and somebody has it."""

    def __init__(self, validator: TokenValidator) -> None:
        self._ref: Final = ref(validator)
        self._closed = False
        self.failures = 0
        """Of its observers, as it said last: what was counted stays."""

    @property
    def found(self) -> TokenValidator | None:
        """It, or None where it has ended."""
        return None if self._closed else self._ref()

    def status(self) -> ValidatorStatus | None:
        """What it says; nothing where it has ended."""
        validator = self.found
        if validator is None:
            return None
        try:
            status = validator.status()
        except ValidatorClosed:
            self._closed = True
            return None
        self.failures = status.observer_failures
        return status


class _Queue:
    """One that is watched, and what it said last."""

    def __init__(self, queue: BackgroundObserver) -> None:
        self.ref: Final = ref(queue)
        self.failures = self.dropped = 0

    def read(self) -> None:
        """Ask it, if somebody still has it."""
        queue = self.ref()
        if queue is not None:
            self.failures, self.dropped = queue.failures, queue.dropped


class Watched:
    """The validators of this process, and the queues between them and their observers.

    They are held weakly: metrics live as long as the process, and what is watched may lead to itself through them.
    """

    def __init__(self, expect: Callable[[Iterable[Value]], None]) -> None:
        """``expect`` is told of the counters that a validator may come to need."""
        self._expect: Final = expect
        self._validators: Final[list[_Validator]] = []
        self._queues: Final[list[_Queue]] = []
        self._expected: set[Labels] = set()

    @property
    def over(self) -> bool:
        """Whether all that were watched have ended. Not before there was one."""
        return bool(self._validators) and all(watched.found is None for watched in [*self._validators])

    def add(self, validator: TokenValidator, queues: tuple[BackgroundObserver, ...]) -> None:
        """Watch one more, and queues that may be others' too. None is asked yet: that would fetch keys, before a fork.

        Raises :class:`ConfigurationError`: whoever scrapes would be told too late.
        """
        if not isinstance(validator, TokenValidator):
            raise ConfigurationError("validator", "must be a TokenValidator")
        if not all(isinstance(queue, BackgroundObserver) for queue in queues):
            raise ConfigurationError("queues", "must be BackgroundObservers")
        if not any(watched.found is validator for watched in self._validators):
            self._validators.append(_Validator(validator))
        for queue in queues:
            if not any(watched.ref() is queue for watched in self._queues):
                self._queues.append(_Queue(queue))

    def values(self) -> list[Value]:
        """What the open ones have to tell. Of two with one authority the later one tells of its keys."""
        found: dict[tuple[str, Labels], Value] = {}
        for watched in [*self._validators]:
            status = watched.status()
            if status is not None:
                self._begin(status)
                found.update(((value.measure.name, value.labels), value) for value in values_of(status))
        return [*found.values(), *self._counted()]

    def _counted(self) -> Iterator[Value]:
        """What never becomes less, also when somebody ends."""
        if not self._validators:
            return
        for queue in self._queues:
            queue.read()
        of_queues = sum(queue.failures for queue in self._queues)
        yield Value(m.OBSERVER_FAILURES, (), sum(watched.failures for watched in self._validators) + of_queues)
        yield Value(m.DROPPED, (), sum(queue.dropped for queue in self._queues))

    def _begin(self, status: ValidatorStatus) -> None:
        """Have the counters of accepted tokens begin at 0, for each issuer."""
        for authority in status.authorities:
            for issuer in authority.issuers:
                labels = (authority.id, issuer.kind, issuer.region or "", "accepted", "")
                if labels not in self._expected:
                    self._expected.add(labels)
                    self._expect([Value(m.VALIDATIONS, labels, 0)])


def values_of(status: ValidatorStatus) -> Iterator[Value]:
    """All that ``status`` says of keys and windows."""
    for authority in status.authorities:
        yield Value(m.SERVE_UNTIL, (authority.id,), _serves_until(authority, status.taken_at))
        for endpoint in authority.endpoints:
            yield from _of_endpoint(authority, endpoint, status.taken_at)
        for issuer in authority.issuers:
            if issuer.accept_until is not None:
                yield Value(m.ACCEPT_UNTIL, (authority.id, issuer.url), issuer.accept_until.timestamp())


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
