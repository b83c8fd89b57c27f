"""New keys, and keys that go: who pays for a rotation, and when a withdrawal holds."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fire_kit import Recorder, outcome
from key_rows_kit import (
    AFTER_REFRESH,
    BEFORE_REFRESH,
    COOLDOWN,
    LIFETIME,
    MARGIN,
    Making,
    asked,
    at_rest,
    later,
    pass_time,
    with_header,
)

from jwtmr import KeysUnavailable
from jwtmr.events import FetchFinished, KeysChanged
from jwtmr.testing import RegionalIssuer, SettableClock, SigningKey
from jwtmr.testing.faults import at, diverge, hold


@pytest.fixture(scope="module")
def fresh() -> SigningKey:
    """A key that appears."""
    return SigningKey.generate(kid="fresh")


@pytest.mark.row("rotation")
@pytest.mark.parametrize("idle", [0, BEFORE_REFRESH])
def test_the_first_token_of_a_new_key_passes(
    pool: RegionalIssuer, make: Making, clock: SettableClock, fresh: SigningKey, idle: float
) -> None:
    """It costs one request in all, whenever it comes; further tokens of old and new keys cost none."""
    validator = make()
    assert outcome(validator, pool.access_token()) == "ok"
    later(clock, idle)
    pool.forget_requests()
    with at(pool).let(diverge(add=[fresh])):
        for _ in range(3):
            assert outcome(validator, pool.access_token(key=fresh)) == outcome(validator, pool.access_token()) == "ok"
    assert asked(pool) == [1, 0, 0]


@pytest.mark.row("rotation")
def test_the_first_token_passes_right_after_a_routine_refresh(
    pool: RegionalIssuer, make: Making, clock: SettableClock, fresh: SigningKey
) -> None:
    """There is no pause after a refresh that did not bring the key: only walks for unknown keys are counted."""
    validator = make()
    assert outcome(validator, pool.access_token()) == "ok"
    pass_time(clock, validator, AFTER_REFRESH)
    assert asked(pool) == [2, 1, 1]
    with at(pool).let(diverge(add=[fresh])):
        assert outcome(validator, pool.access_token(key=fresh)) == "ok"
    assert asked(pool) == [3, 1, 1]


@pytest.mark.row("rotation")
def test_three_rotations_at_once_wait_half_a_minute(
    pool: RegionalIssuer, make: Making, clock: SettableClock, fresh: SigningKey
) -> None:
    """Two pass at once. The third is "cannot check" until one more walk may take off, and says when that is."""
    validator = make()
    assert outcome(validator, pool.access_token()) == "ok"
    pool.forget_requests()
    for _ in range(2):
        pool.rotate()
        assert outcome(validator, pool.access_token()) == "ok"
    with at(pool).let(diverge(add=[fresh])):
        token = pool.access_token(key=fresh)
        with pytest.raises(KeysUnavailable) as caught:
            validator.validate(token)
        assert COOLDOWN - MARGIN <= (caught.value.retry_after or 0) <= COOLDOWN
        later(clock, COOLDOWN - MARGIN)
        assert outcome(validator, token) == "keys_unavailable"
        later(clock, MARGIN)
        assert outcome(validator, token) == "ok"
    assert asked(pool) == [3, 0, 0]


@pytest.mark.row("rotation")
@pytest.mark.parametrize(("bogus", "at_once"), [(1, "ok"), (2, "unknown_key"), (9, "unknown_key")])
def test_a_rotation_after_bogus_kids_works_within_half_a_minute(
    pool: RegionalIssuer, make: Making, clock: SettableClock, fresh: SigningKey, *, bogus: int, at_once: str
) -> None:
    """One bogus ``kid`` takes nothing from the first token of a new key; more may cost it a 401, for 30 s."""
    validator, new = make(), pool.access_token(key=fresh)
    for number in range(bogus):
        assert outcome(validator, with_header(pool.access_token(), kid=f"bogus-{number}")) == "unknown_key"
    with at(pool).let(diverge(add=[fresh])):
        assert outcome(validator, new) == at_once
        later(clock, COOLDOWN - MARGIN)
        assert outcome(validator, new) == at_once
        later(clock, MARGIN)
        assert outcome(validator, new) == "ok"


@pytest.mark.row("rotation-proactive")
def test_nobody_pays_for_a_rotation_that_can_be_seen_coming(
    pool: RegionalIssuer, make: Making, clock: SettableClock, fresh: SigningKey
) -> None:
    """Traffic on old keys has new ones fetched before the lifetime ends, and waits for none of it."""
    recorder = Recorder()
    validator = make(observers=[recorder])
    old, new = pool.access_token(), pool.access_token(key=fresh)
    assert outcome(validator, old) == "ok"
    pool.forget_requests()
    with at(pool).let(diverge(add=[fresh])):
        later(clock, BEFORE_REFRESH)
        assert {outcome(validator, old) for _ in range(50)} == {"ok"}
        at_rest()
        assert pool.count() == 0
        with at(pool).let(hold()) as held:
            clock.advance(AFTER_REFRESH - BEFORE_REFRESH)
            assert {outcome(validator, old) for _ in range(50)} == {"ok"}
            held.await_struck()
            assert {outcome(validator, old) for _ in range(50)} == {"ok"}
            assert recorder.of(FetchFinished)[1:] == []  # all that was validated while the answers were held back
        at_rest()
        assert asked(pool) == [1, 1, 1]
        later(clock, LIFETIME - AFTER_REFRESH - 60)
        assert outcome(validator, new) == "ok"
        assert asked(pool) == [1, 1, 1]


@pytest.mark.row("revocation")
@pytest.mark.parametrize("max_age", [None, 60, LIFETIME, 86400])
def test_a_withdrawn_key_ends_within_its_lifetime_under_every_issuer(
    pool: RegionalIssuer, make: Making, clock: SettableClock, max_age: int | None
) -> None:
    """At the next refresh, 15 minutes at most whatever the host says; tokens that were seen before are no exception."""
    pool.max_age = max_age
    lifetime = {None: 600, 60: 60}.get(max_age, LIFETIME)
    issuers = (pool.updated_issuer, pool.original_issuer, pool.replica_issuer("us-west-2"))
    tokens = [pool.access_token(issuer=issuer) for issuer in issuers]
    validator = make(accept_legacy_until=clock.now() + timedelta(days=1), accept_replica_issuers=True)
    assert [outcome(validator, token) for token in tokens * 3] == ["ok"] * 9
    with at(pool).let(diverge(drop=[pool.access_kid])):
        pass_time(clock, validator, lifetime * 0.7 - MARGIN)
        assert [outcome(validator, token) for token in tokens] == ["ok"] * 3
        pass_time(clock, validator, lifetime * 0.2 + MARGIN)
        assert [outcome(validator, token) for token in tokens * 3] == ["unknown_key"] * 9
        assert [outcome(validator, pool.id_token(issuer=issuer)) for issuer in issuers] == ["ok"] * 3


@pytest.mark.row("revocation")
def test_a_withdrawal_is_noticed_by_the_tokens_of_the_withdrawn_key_alone(
    pool: RegionalIssuer, make: Making, clock: SettableClock
) -> None:
    """The first of them after a pause may pass, as the keys are refreshed behind it; the next one does not."""
    recorder = Recorder()
    validator = make(observers=[recorder])
    token = pool.access_token()
    assert outcome(validator, token) == "ok"
    with at(pool).let(diverge(drop=[pool.access_kid])):
        later(clock, LIFETIME)
        assert outcome(validator, token) == "ok"
        at_rest()
        assert outcome(validator, token) == "unknown_key"
    assert recorder.wait_for(KeysChanged, 2)[1].removed == 1
