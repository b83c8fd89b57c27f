"""A pool in the middle of its migration, and a validator that takes both of its issuers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import pytest
from validation_kit import HTTP_GET, clock_of

from jwtmr import TokenValidator
from jwtmr.testing import RegionalIssuer, SettableClock, validator_for


@pytest.fixture
def issuer() -> Iterator[RegionalIssuer]:
    """A switched pool of the test's own."""
    with RegionalIssuer(clock=SettableClock()) as started:
        started.switch_to_updated()
        yield started


@pytest.fixture
def validator(issuer: RegionalIssuer) -> Iterator[TokenValidator]:
    """A validator of the test's own, with a day for the legacy issuer."""
    window = clock_of(issuer).now() + timedelta(days=1)
    with closing(validator_for(issuer, accept_legacy_until=window, http_get=HTTP_GET)) as made:
        yield made


@pytest.fixture(scope="module")
def shared_issuer() -> Iterator[RegionalIssuer]:
    """A switched pool that no test of the module changes."""
    with RegionalIssuer(clock=SettableClock()) as started:
        started.switch_to_updated()
        yield started


@pytest.fixture(scope="module")
def shared_validator(shared_issuer: RegionalIssuer) -> Iterator[TokenValidator]:
    """A validator for it, without leeway; the window of the legacy issuer and its cut-over lie ahead."""
    now = clock_of(shared_issuer).now()
    with closing(
        validator_for(
            shared_issuer,
            accept_legacy_until=now + timedelta(days=1),
            legacy_issued_before=now + timedelta(hours=1),
            leeway=0,
            http_get=HTTP_GET,
        )
    ) as made:
        yield made
