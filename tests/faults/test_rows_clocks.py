"""Clocks that are corrected, machines that sleep, and an issuer whose time is over, while the key hosts are down."""

from __future__ import annotations

import threading
import time
from collections import Counter
from datetime import datetime, timedelta

import pytest
from crowd_kit import PATIENT
from fire_kit import outcome
from key_rows_kit import AFTER_REFRESH, BEFORE_REFRESH, MAX_STALE, Making, at_rest, pass_time

from jwtmr import TokenValidator
from jwtmr.testing import RegionalIssuer, SettableClock
from jwtmr.testing.faults import accept_silent, at, hold, reset

DAY = timedelta(days=1)
FIRST_BACK_OFF = 2
"""Seconds at most."""
REQUESTS = 50
AT_ONCE = 1.0
"""Seconds. A call that waits for an answer that is held back waits for two."""


@pytest.fixture
def validator(pool: RegionalIssuer, make: Making, clock: SettableClock) -> TokenValidator:
    """One that knows what all endpoints list, and has just asked them."""
    validator = make(accept_legacy_until=clock.now() + timedelta(days=2))
    validator.validate(pool.access_token())
    pass_time(clock, validator, AFTER_REFRESH)
    assert validator.validate(pool.access_token())
    pool.forget_requests()
    return validator


def outcomes(validator: TokenValidator, token: str) -> Counter[str]:
    """Of many requests, and of all fetches that they start."""
    found = Counter(outcome(validator, token) for _ in range(REQUESTS))
    at_rest()
    return found + Counter(outcome(validator, token) for _ in range(REQUESTS))


def most_asked(pool: RegionalIssuer) -> int:
    """How often the endpoint was asked that was asked most often."""
    return max(Counter(request.url for request in pool.requests()).values(), default=0)


# -- the wall clock is set --------------------------------------------------------------------------------------------


@pytest.mark.row("clock-forward", fault=None)
def test_a_day_forward_and_back_is_one_fetch_each_way(
    pool: RegionalIssuer, clock: SettableClock, validator: TokenValidator
) -> None:
    """Tokens are judged by the wall clock; keys are fetched once more, and no storm or frozen refresh follows."""
    now, today = clock.now(), pool.access_token()
    clock.set(now + DAY)
    tomorrow = pool.access_token()
    assert outcomes(validator, tomorrow) == {"ok": 2 * REQUESTS}
    assert outcomes(validator, today) == {"expired": 2 * REQUESTS}
    assert most_asked(pool) == 1
    clock.set(now)
    pool.forget_requests()
    assert outcomes(validator, today) == {"ok": 2 * REQUESTS}
    assert outcomes(validator, tomorrow) == {"not_yet_valid": 2 * REQUESTS}
    assert most_asked(pool) == 1
    pool.forget_requests()
    pass_time(clock, validator, BEFORE_REFRESH)
    assert pool.count() == 0
    pass_time(clock, validator, AFTER_REFRESH - BEFORE_REFRESH)
    assert most_asked(pool) == 1


@pytest.mark.row("clock-forward")
def test_a_day_forward_in_an_outage(pool: RegionalIssuer, clock: SettableClock, validator: TokenValidator) -> None:
    """Keys are as old as the clock says that is ahead: 503, without a storm. Once it is right they serve on."""
    now, today = clock.now(), pool.access_token()
    with at(pool).let(reset()) as dead:
        clock.set(now + DAY)
        assert outcomes(validator, pool.access_token()) == {"keys_unavailable": 2 * REQUESTS}
        assert Counter(suffered.url for suffered in dead.suffered()) == dict.fromkeys(pool.jwks_uris, 1)
        clock.set(now)
        clock.advance(FIRST_BACK_OFF)
        assert outcomes(validator, today) == {"ok": 2 * REQUESTS}


@pytest.mark.row("clock-back", fault=None)
def test_a_day_back_is_one_fetch(pool: RegionalIssuer, clock: SettableClock, validator: TokenValidator) -> None:
    """Tokens of the day before pass, those that begin later do not, and the keys get a new age at once."""
    now, today = clock.now(), pool.access_token()
    clock.set(now - DAY)
    yesterday = pool.access_token()
    assert outcomes(validator, yesterday) == {"ok": 2 * REQUESTS}
    assert outcomes(validator, today) == {"not_yet_valid": 2 * REQUESTS}
    assert outcomes(validator, pool.access_token(claims={"nbf": clock.wall() + 31})) == {"not_yet_valid": 2 * REQUESTS}
    assert outcome(validator, pool.access_token(claims={"nbf": clock.wall() + 30})) == "ok"
    assert most_asked(pool) == 1
    clock.set(now)
    assert outcomes(validator, today) == {"ok": 2 * REQUESTS}
    assert outcomes(validator, yesterday) == {"expired": 2 * REQUESTS}


@pytest.mark.row("clock-back")
def test_keys_live_no_day_longer(pool: RegionalIssuer, clock: SettableClock, validator: TokenValidator) -> None:
    """They serve for the hour that the other clocks count, past their lifetime, and then no longer."""
    with at(pool).let(reset()):
        clock.set(clock.now() - DAY)
        began = clock.monotonic()
        assert outcomes(validator, pool.access_token()) == {"ok": 2 * REQUESTS}
        assert validator.status().authorities[0].state == "degraded"
        at_rest()
        clock.advance(MAX_STALE - 5 - (clock.monotonic() - began))
        assert outcome(validator, pool.access_token()) == "ok"
        at_rest()
        clock.advance(5)
        assert outcome(validator, pool.access_token()) == "keys_unavailable"


# -- the machine sleeps -----------------------------------------------------------------------------------------------


@pytest.mark.row("freeze")
def test_after_an_hour_of_sleep_the_first_request_waits_for_new_keys(
    pool: RegionalIssuer, clock: SettableClock, validator: TokenValidator
) -> None:
    """The monotonic clock has not moved. One region says nothing, and the request passes all the same, in time."""
    clock.suspend(MAX_STALE)
    with at(pool, "us-east-1").let(accept_silent()):
        before = time.monotonic()
        assert outcome(validator, pool.access_token()) == "ok"
        assert time.monotonic() - before < 2
    assert pool.count("us-west-2") == 1


@pytest.mark.row("freeze")
def test_after_a_shorter_sleep_the_keys_serve_while_new_ones_are_fetched(
    pool: RegionalIssuer, clock: SettableClock, validator: TokenValidator
) -> None:
    """Nobody waits, and what was published meanwhile is known as soon as it has come."""
    clock.suspend(MAX_STALE - 60)
    old = pool.access_token()
    pool.rotate()
    with at(pool).let(hold()) as held:
        before = time.monotonic()
        assert Counter(outcome(validator, old) for _ in range(REQUESTS)) == {"ok": REQUESTS}
        assert time.monotonic() - before < AT_ONCE
        held.await_struck()
    assert outcome(validator, pool.access_token()) == "ok"
    at_rest()
    assert most_asked(pool) == 1


# -- the time of an issuer is over ------------------------------------------------------------------------------------


def closing_at(pool: RegionalIssuer, make: Making, moment: datetime) -> TokenValidator:
    """A validator that accepts the original issuer until then, and has seen a token of it."""
    validator = make(accept_legacy_until=moment)
    assert outcome(validator, legacy_token(pool)) == "ok"
    at_rest()
    return validator


def legacy_token(pool: RegionalIssuer) -> str:
    """A token of the original issuer that would be good for hours."""
    return pool.access_token(issuer=pool.original_issuer, expires_in=86400)


@pytest.mark.row("sunset")
@pytest.mark.parametrize("age", [60, 1200])
def test_the_old_issuer_ends_on_the_second(pool: RegionalIssuer, clock: SettableClock, make: Making, age: int) -> None:
    """Its tokens pass until then and never after, a token that has passed a hundred times too, outage or not."""
    validator = closing_at(pool, make, clock.now() + timedelta(seconds=age + 1))
    old, new = legacy_token(pool), pool.access_token(expires_in=86400)
    with at(pool).let(reset()) as dead:
        clock.advance(age)
        assert outcomes(validator, old) == {"ok": 2 * REQUESTS}
        clock.advance(1)
        assert outcomes(validator, old) == {"legacy_issuer_retired": 2 * REQUESTS}
        assert outcomes(validator, new) == {"ok": 2 * REQUESTS}
        clock.advance(MAX_STALE)
        assert outcome(validator, old) == "legacy_issuer_retired", "not 503: no key is needed to know it"
        assert outcome(validator, new) == "keys_unavailable"
        dead.await_struck()


@pytest.mark.row("sunset")
def test_the_old_issuer_ends_while_a_token_waits_for_keys(
    pool: RegionalIssuer, clock: SettableClock, make: Making
) -> None:
    """Who came in time and gets his keys too late is refused."""
    validator = make(accept_legacy_until=clock.now() + timedelta(seconds=10), key_policy=PATIENT)
    found: list[str] = []

    def wait_for_keys(token: str) -> None:
        found.append(outcome(validator, token))

    with at(pool).let(hold()) as held:
        tokens = [legacy_token(pool), pool.access_token()]
        threads = [threading.Thread(target=wait_for_keys, args=[token]) for token in tokens]
        for thread in threads:
            thread.start()
        held.await_struck()
        clock.advance(10)
    for thread in threads:
        thread.join()
    assert sorted(found) == ["legacy_issuer_retired", "ok"]
