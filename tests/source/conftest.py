"""A pool of one region on a clock that tests set, and validators that ask one endpoint for its keys."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import datetime
from typing import Literal, Unpack

import pytest
from source_kit import Making

from jwtmr import TokenValidator
from jwtmr.testing import RegionalIssuer, SettableClock, validator_for
from jwtmr.testing.validators import Options


@pytest.fixture
def clock() -> SettableClock:
    """A clock that goes on by itself only on its monotonic side."""
    return SettableClock()


@pytest.fixture
def issuer(clock: SettableClock) -> Iterator[RegionalIssuer]:
    """A pool of one region on its original issuer: one host that answers."""
    with RegionalIssuer(["us-east-1"], clock=clock) as started:
        yield started


@pytest.fixture
def make(issuer: RegionalIssuer) -> Iterator[Making]:
    """``make(url, …)`` is a validator of ``issuer`` that asks ``url`` alone; closed afterwards."""
    with ExitStack() as made:

        def make(
            url: str,
            *,
            issuer_type: Literal["original", "updated"] = "original",
            accept_legacy_until: datetime | None = None,
            **options: Unpack[Options],
        ) -> TokenValidator:
            options["jwks_uris"] = [url]
            validator = validator_for(
                issuer, issuer_type=issuer_type, accept_legacy_until=accept_legacy_until, **options
            )
            return made.enter_context(closing(validator))

        yield make
