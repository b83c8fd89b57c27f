"""A pytest plugin. Opt in with ``pytest_plugins = ["jwtmr.testing.plugin"]`` in the top-level ``conftest.py``.

====================  ==================================================================================================
``settable_clock``    a fresh :class:`SettableClock`, standing at the present moment
``regional_issuer``   a fresh, started :class:`RegionalIssuer` on that clock, with a primary and a replica region, still
                      on the original issuer; closed afterwards
``jwt_validator``     a ``TokenValidator`` for it, closed afterwards. It is configured as in the middle of a migration:
                      the updated issuer, and for a day from the start of the clock the original one too. So tokens from
                      before and after ``regional_issuer.switch_to_updated()`` are accepted
``oidc_issuer``       a fresh, started :class:`OidcIssuer` on that clock, which signs with RS256; closed afterwards
====================  ==================================================================================================

For another configuration make the validator in the test, with :func:`jwtmr.testing.validator_for`; for other regions
override ``regional_issuer``, for other paths or algorithms ``oidc_issuer``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import pytest

from jwtmr.testing.clock import SettableClock
from jwtmr.testing.issuer import RegionalIssuer
from jwtmr.testing.provider import OidcIssuer
from jwtmr.testing.validators import validator_for
from jwtmr.validator import TokenValidator


@pytest.fixture
def settable_clock() -> SettableClock:
    """A clock that stands at the present moment until the test moves it."""
    return SettableClock()


@pytest.fixture
def regional_issuer(settable_clock: SettableClock) -> Iterator[RegionalIssuer]:
    """A pool in two regions on loopback, on the original issuer."""
    with RegionalIssuer(clock=settable_clock) as issuer:
        yield issuer


@pytest.fixture
def jwt_validator(regional_issuer: RegionalIssuer, settable_clock: SettableClock) -> Iterator[TokenValidator]:
    """A validator for ``regional_issuer`` that accepts both of its issuers for a day."""
    window = settable_clock.now() + timedelta(days=1)
    with closing(validator_for(regional_issuer, accept_legacy_until=window)) as validator:
        yield validator


@pytest.fixture
def oidc_issuer(settable_clock: SettableClock) -> Iterator[OidcIssuer]:
    """A provider on loopback without a path in its name."""
    with OidcIssuer(clock=settable_clock) as issuer:
        yield issuer
