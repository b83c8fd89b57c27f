"""A pool in the middle of its migration, and both systems of metrics in turn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import datetime
from typing import Unpack

import pytest
from extras_kit import HTTP_GET, System, Watching, otel, prometheus

from jwtmr import TokenValidator
from jwtmr.testing import RegionalIssuer, SettableClock, validator_for
from jwtmr.testing.validators import Options


@pytest.fixture
def clock() -> SettableClock:
    """The clock of pool and validator."""
    return SettableClock()


@pytest.fixture
def issuer(clock: SettableClock) -> Iterator[RegionalIssuer]:
    """A switched pool of the test's own, of two regions."""
    with RegionalIssuer(clock=clock) as started:
        started.switch_to_updated()
        yield started


@pytest.fixture(params=[prometheus, otel], ids=lambda make: make.__name__)
def system(request: pytest.FixtureRequest) -> System:
    """One of the two."""
    made: System = request.param()
    return made


@pytest.fixture
def watched(issuer: RegionalIssuer, system: System, clock: SettableClock) -> Iterator[Watching]:
    """``watched(…)`` is a validator that the system listens to and watches; closed afterwards."""
    with ExitStack() as made:

        def make(accept_legacy_for: float | None = 86400, **options: Unpack[Options]) -> TokenValidator:
            until = None if accept_legacy_for is None else clock.wall() + accept_legacy_for
            window = None if until is None else datetime.fromtimestamp(until, clock.now().tzinfo)
            options.setdefault("observers", [system])
            options.setdefault("http_get", HTTP_GET)
            validator = validator_for(issuer, accept_legacy_until=window, **options)
            made.enter_context(closing(validator))
            system.watch(validator)
            return validator

        yield make
