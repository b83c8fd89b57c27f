"""A pool in the middle of its migration, on a clock that tests set, and validators that count its tokens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import timedelta
from typing import Any

import pytest
from drain_kit import HTTP_GET, Making

from jwtmr import TokenValidator
from jwtmr.testing import RegionalIssuer, SettableClock, validator_for


@pytest.fixture
def clock() -> SettableClock:
    """The time."""
    return SettableClock()


@pytest.fixture
def issuer(clock: SettableClock) -> Iterator[RegionalIssuer]:
    """A pool that has not been switched yet."""
    with RegionalIssuer(["us-east-1"], clock=clock) as started:
        yield started


@pytest.fixture
def make(issuer: RegionalIssuer, clock: SettableClock) -> Iterator[Making]:
    """``make(…)`` is a validator of the pool, with a month for the legacy issuer; closed afterwards."""
    with ExitStack() as made:

        def make(**options: Any) -> TokenValidator:  # noqa: ANN401 - as ``validator_for`` has them
            usual = {"accept_legacy_until": clock.now() + timedelta(days=30), "http_get": HTTP_GET}
            return made.enter_context(closing(validator_for(issuer, **{**usual, **options})))

        yield make


@pytest.fixture
def validator(make: Making) -> TokenValidator:
    """One of them."""
    return make()
