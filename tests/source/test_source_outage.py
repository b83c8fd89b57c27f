"""Outages: what goes on, what ends when, what is said to a client, and how it comes back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing

import pytest
from source_kit import Recorder, no_threads_left

from jwtmr import AuthError, KeysUnavailable, TokenValidator
from jwtmr.events import FetchFinished
from jwtmr.testing import Outage, RegionalIssuer, SettableClock, validator_for

pytestmark = pytest.mark.slow  # seconds of real silence

REGIONS = ["us-east-1", "us-west-2"]
WAYS: list[Outage] = ["refuse", "accept_silent", "drop_syn"]
STEP, MAX_STALE = 300, 3600
AT_ONCE = 1.0
"""Seconds. Waiting for a host that says nothing would take two, the limit of one call."""


@pytest.fixture
def pool(clock: SettableClock) -> Iterator[RegionalIssuer]:
    """A pool of two regions that has been switched: three endpoints."""
    with RegionalIssuer(REGIONS, clock=clock) as issuer:
        issuer.switch_to_updated()
        yield issuer


@pytest.fixture
def recorder() -> Recorder:
    """Sees what happens inside."""
    return Recorder()


@pytest.fixture
def validator(pool: RegionalIssuer, recorder: Recorder) -> Iterator[TokenValidator]:
    """A validator of ``pool``."""
    with closing(validator_for(pool, observers=[recorder])) as made:
        yield made


def all_down(pool: RegionalIssuer, how: Outage) -> None:
    """Take all regions down."""
    for region in REGIONS:
        pool.take_down(region, how)


@pytest.mark.parametrize("how", WAYS)
def test_no_valid_token_is_refused_in_an_outage(
    how: Outage, pool: RegionalIssuer, clock: SettableClock, validator: TokenValidator
) -> None:
    """Known keys serve for an hour without anybody waiting, long past their lifetime, and not a second more."""
    validator.validate(pool.access_token())
    all_down(pool, how)
    for _ in range(MAX_STALE // STEP - 1):
        clock.advance(STEP)
        for token in (pool.access_token(), pool.id_token(), pool.machine_token()):
            began = time.monotonic()
            validator.validate(token)
            assert time.monotonic() - began < AT_ONCE
    clock.advance(STEP - 1 - 5)  # five seconds for what the test itself takes
    validator.validate(pool.access_token())
    clock.advance(6)
    with pytest.raises(KeysUnavailable):
        validator.validate(pool.access_token())
    assert validator.status().authorities[0].state == "down"


@pytest.mark.parametrize("how", WAYS)
def test_cold_with_everybody_down(
    how: Outage, pool: RegionalIssuer, clock: SettableClock, validator: TokenValidator
) -> None:
    """Cold in an outage is a 503 that says when to come back and nothing of hosts; after the back-off all is well."""
    all_down(pool, how)
    with pytest.raises(KeysUnavailable) as caught:
        validator.validate(pool.access_token())
    error = caught.value
    assert (error.status, error.code) == (503, "keys_unavailable")
    assert error.retry_after is not None
    assert 1 <= error.retry_after <= 30
    for text in (str(error), error.detail, repr(error)):
        for secret in ("127.0.0.1", "localhost", "jwks", "Errno", "errno", "refused", "Connect", "http", "cognito"):
            assert secret not in text
    assert error.__cause__ is None
    for region in REGIONS:
        pool.bring_up(region)
    clock.advance(31)  # longer than any back-off, and than an abandoned attempt closes an endpoint
    assert validator.validate(pool.access_token()).client_id == pool.client_id
    no_threads_left()


def test_nobody_asks_before_the_back_off_is_over(
    pool: RegionalIssuer, clock: SettableClock, validator: TokenValidator, recorder: Recorder
) -> None:
    """The second request of an outage asks nobody and is refused at once; the first one after the pause asks."""
    all_down(pool, "refuse")
    with pytest.raises(KeysUnavailable):
        validator.validate(pool.access_token())
    for region in REGIONS:
        pool.bring_up(region)
    began = time.monotonic()
    with pytest.raises(KeysUnavailable):
        validator.validate(pool.access_token())
    assert time.monotonic() - began < AT_ONCE
    assert pool.count() == 0
    clock.advance(2)  # the first pause is between one and two seconds
    validator.validate(pool.access_token())
    walks = [event.outcome for event in recorder.of(FetchFinished) if event.trigger == "start"]
    assert walks == ["network", "network", "network", "ok"]


def test_one_region_is_enough(pool: RegionalIssuer, validator: TokenValidator, recorder: Recorder) -> None:
    """Cold, with a primary region that accepts connections and says nothing, the replica serves within the wait."""
    pool.take_down("us-east-1", "accept_silent")
    began = time.monotonic()
    assert validator.validate(pool.access_token()).issuer_kind == "current"
    assert time.monotonic() - began < 2
    assert [(event.region, event.outcome) for event in recorder.of(FetchFinished)] == [("us-west-2", "ok")]


def test_errors_are_made_afresh(pool: RegionalIssuer, validator: TokenValidator) -> None:
    """Two refused requests get two exception objects: one raised in many threads would mix up their tracebacks."""
    all_down(pool, "refuse")
    errors: list[AuthError] = []
    for _ in range(2):
        with pytest.raises(KeysUnavailable) as caught:
            validator.validate(pool.access_token())
        errors.append(caught.value)
    assert errors[0] is not errors[1]
