"""Regions and issuers that do not agree about a key: whose word counts, for how long, and for whom."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace

import pytest
from fire_kit import HTTP_GET, Recorder, outcome
from key_rows_kit import (
    AFTER_REFRESH,
    COOLDOWN,
    MARGIN,
    MAX_STALE,
    Making,
    asked,
    later,
    pass_time,
    warned,
    with_header,
)

from jwtmr import CognitoUserPool, TokenValidator
from jwtmr.events import KeysDiverged
from jwtmr.testing import RegionalIssuer, SettableClock, SigningKey
from jwtmr.testing.faults import age, at, diverge, lag, reset

HOME, ABROAD = "us-east-1", "us-west-2"
STEP = 300
WEEK = 7 * 86400


@pytest.fixture(scope="module")
def fresh() -> SigningKey:
    """A key that appears."""
    return SigningKey.generate(kid="fresh")


@pytest.mark.row("region-diverge")
def test_a_key_that_only_the_replica_lists_is_found_there(
    pool: RegionalIssuer, make: Making, clock: SettableClock, fresh: SigningKey
) -> None:
    """The first token passes, for one request to each host on the way; then it is as any other, for hours."""
    validator = make()
    assert outcome(validator, pool.access_token()) == "ok"
    pool.forget_requests()
    with at(pool, ABROAD).let(diverge(add=[fresh])):
        assert outcome(validator, pool.access_token(key=fresh)) == "ok"
        assert asked(pool) == [1, 0, 1]
        for _ in range(2 * MAX_STALE // STEP):
            pass_time(clock, validator, STEP)
            assert outcome(validator, pool.access_token(key=fresh)) == outcome(validator, pool.access_token()) == "ok"


@pytest.mark.row("region-diverge")
def test_a_key_that_nobody_lists_costs_each_region_one_question(
    pool: RegionalIssuer, make: Making, clock: SettableClock, fresh: SigningKey
) -> None:
    """401 comes after the word of each, and it is remembered; half a minute later they are asked again."""
    validator = make()
    assert outcome(validator, pool.access_token()) == "ok"
    pool.forget_requests()
    nobodys = with_header(pool.access_token(), kid="nobody")
    with at(pool, ABROAD).let(diverge(add=[fresh])):
        assert [outcome(validator, nobodys) for _ in range(3)] == ["unknown_key"] * 3
        assert asked(pool) == [1, 1, 1]
        later(clock, COOLDOWN + MARGIN)
        assert [outcome(validator, nobodys) for _ in range(3)] == ["unknown_key"] * 3
        assert asked(pool) == [2, 2, 2]
        assert outcome(validator, pool.access_token(key=fresh)) == "ok"
        assert asked(pool) == [2, 2, 2]


@pytest.mark.row("region-diverge")
def test_a_key_that_one_silent_region_may_have_is_no_401(pool: RegionalIssuer, make: Making, fresh: SigningKey) -> None:
    """It cannot be checked, as not everybody has answered; known keys are not touched."""
    validator = make()
    assert outcome(validator, pool.access_token()) == "ok"
    with at(pool, ABROAD).let(reset()):
        assert outcome(validator, pool.access_token(key=fresh)) == "keys_unavailable"
        assert outcome(validator, pool.access_token()) == "ok"


def twin(pool: RegionalIssuer, other: SigningKey) -> SigningKey:
    """Another key under the name of the one that signs."""
    return replace(pool.access_key, private_key=other.private_key)


@pytest.mark.row("region-conflict")
def test_of_two_keys_under_one_kid_the_first_configured_wins(
    pool: RegionalIssuer, make: Making, clock: SettableClock, fresh: SigningKey, caplog: pytest.LogCaptureFixture
) -> None:
    """The other is refused wherever it is from, for hours. One alarm says which ``kid`` it is."""
    recorder, other = Recorder(), twin(pool, fresh)
    validator = make(observers=[recorder])
    with at(pool, ABROAD).let(diverge(drop=[pool.access_kid], add=[other])):
        for _ in range(2 * MAX_STALE // STEP):
            assert outcome(validator, pool.access_token()) == "ok"
            assert outcome(validator, pool.access_token(key=other)) == "invalid_signature"
            pass_time(clock, validator, STEP)
    assert recorder.of(KeysDiverged) == [KeysDiverged(pool.user_pool_id, "conflict", (pool.access_kid,))]
    assert len(warned(caplog, "contradict each other")) == 1


@pytest.mark.row("region-conflict")
def test_never_do_both_keys_of_one_kid_pass(
    pool: RegionalIssuer, make: Making, clock: SettableClock, fresh: SigningKey
) -> None:
    """Not when the first one was dark at the start, not when it returns, and not when it goes again for long."""
    other, pairs = twin(pool, fresh), []
    validator = make()

    def look(times: int) -> tuple[str, str]:
        for _ in range(times):
            pairs.append((outcome(validator, pool.access_token()), outcome(validator, pool.access_token(key=other))))
            pass_time(clock, validator, STEP)
        return pairs[-1]

    with at(pool, ABROAD).let(diverge(drop=[pool.access_kid], add=[other])):
        with at(pool, HOME).let(reset()):
            assert look(3) == ("invalid_signature", "ok")
        assert look(4) == ("ok", "invalid_signature")
        with at(pool, HOME).let(reset()):
            assert look(6) == ("invalid_signature", "ok")
        assert look(4) == ("ok", "invalid_signature")
    assert set(pairs) == {("ok", "invalid_signature"), ("invalid_signature", "ok")}


@pytest.fixture(params=[0, WEEK], ids=["behind", "out of a cache"])
def withdrawn(
    request: pytest.FixtureRequest, pool: RegionalIssuer, make: Making, clock: SettableClock
) -> Iterator[tuple[TokenValidator, str]]:
    """A validator that knew a key in all regions, and a token of it. It is withdrawn, and the replica does not know."""
    token, validator = pool.access_token(expires_in=86000), make()
    assert outcome(validator, token) == "ok"
    pass_time(clock, validator, AFTER_REFRESH)
    with at(pool, ABROAD).let(lag(), *([age(request.param)] if request.param else [])):
        pool.withdraw(pool.access_kid)
        yield validator, token


@pytest.mark.row("region-stale")
def test_a_region_that_lags_cannot_bring_back_a_dropped_key(
    pool: RegionalIssuer, clock: SettableClock, withdrawn: tuple[TokenValidator, str], caplog: pytest.LogCaptureFixture
) -> None:
    """From the next refresh on it is "cannot check", as one region lists it; after an hour it is "no", for good."""
    validator, token = withdrawn
    codes: list[str] = []
    pass_time(clock, validator, AFTER_REFRESH)
    for _ in range(3 * MAX_STALE // STEP):
        codes.append(outcome(validator, token))
        assert outcome(validator, pool.id_token()) == "ok"
        pass_time(clock, validator, STEP)
    assert codes == sorted(codes)
    assert set(codes) == {"keys_unavailable", "unknown_key"}
    assert (MAX_STALE - STEP) / STEP <= codes.count("keys_unavailable") <= MAX_STALE / STEP + 1
    assert len(warned(caplog, "contradict each other (dropped)")) == 1
    assert at(pool, ABROAD).suffered("lag")


@pytest.mark.row("region-stale")
def test_a_dropped_key_is_refused_at_once_when_the_last_region_has_followed(
    pool: RegionalIssuer, clock: SettableClock, withdrawn: tuple[TokenValidator, str]
) -> None:
    """Nobody lists it any more."""
    validator, token = withdrawn
    pass_time(clock, validator, AFTER_REFRESH)
    assert outcome(validator, token) == "keys_unavailable"
    at(pool, ABROAD).heal()
    pass_time(clock, validator, AFTER_REFRESH)
    assert outcome(validator, token) == "unknown_key"


@pytest.mark.row("region-stale")
def test_a_stale_replica_brings_nothing_back_for_an_hour_in_which_it_is_alone(
    pool: RegionalIssuer, make: Making, clock: SettableClock, withdrawn: tuple[TokenValidator, str]
) -> None:
    """The word of the region that dropped the key holds until it has been asked in vain for ``max_stale``."""
    validator, token = withdrawn
    pass_time(clock, validator, AFTER_REFRESH)
    with at(pool, HOME).let(reset()):
        codes: list[str] = []
        pass_time(clock, validator, AFTER_REFRESH)
        for _ in range(MAX_STALE // STEP):
            codes.append(outcome(validator, token))
            assert outcome(validator, pool.id_token()) == "ok"
            pass_time(clock, validator, STEP)
        assert set(codes) <= {"keys_unavailable", "unknown_key"}
        pass_time(clock, validator, MARGIN)
        assert outcome(validator, token) == outcome(make(), token) == "ok"  # SECURITY.md says so
    pass_time(clock, validator, AFTER_REFRESH)
    assert outcome(validator, token) == "unknown_key"


@pytest.mark.row("region-diverge")
@pytest.mark.parametrize("late", [HOME, ABROAD])
def test_a_key_that_is_only_late_in_one_region_works(
    pool: RegionalIssuer, make: Making, clock: SettableClock, late: str
) -> None:
    """From its first token on, however long the lag lasts, whichever region it is in, and when it is over."""
    validator = make()
    assert outcome(validator, pool.access_token()) == "ok"
    pass_time(clock, validator, AFTER_REFRESH)
    with at(pool, late).let(lag()):
        pool.rotate()
        for _ in range(2 * MAX_STALE // STEP):
            assert outcome(validator, pool.access_token()) == "ok"
            pass_time(clock, validator, STEP)
    for _ in range(MAX_STALE // STEP):
        pass_time(clock, validator, STEP)
        assert outcome(validator, pool.access_token()) == "ok"


@pytest.mark.row("cross-issuer")
def test_one_kid_in_two_houses_is_two_keys(pool: RegionalIssuer, clock: SettableClock, fresh: SigningKey) -> None:
    """Each verifies its own house's tokens alone, in whatever order they come, and after a refresh."""
    other = SigningKey.generate(kid=fresh.kid)
    with ExitStack() as stack:
        second = stack.enter_context(RegionalIssuer(["us-east-1", "us-west-2"], clock=clock))
        second.switch_to_updated()
        houses = [(pool, fresh), (second, other)]
        validator = stack.enter_context(closing(TokenValidator(*map(authority, (pool, second)), **options(clock))))
        for house, key in houses:
            stack.enter_context(at(house).let(diverge(add=[key])))
        for _ in range(3):
            for house, own in houses:
                codes = {key: outcome(validator, house.access_token(key=key)) for key in (other, fresh)}
                assert codes == {key: "ok" if key is own else "invalid_signature" for key in (other, fresh)}
            pass_time(clock, validator, AFTER_REFRESH)


def authority(pool: RegionalIssuer) -> CognitoUserPool:
    """As ``validator_for`` makes it."""
    return CognitoUserPool(
        pool.user_pool_id, issuer_type="updated", client_ids=[pool.client_id], token_use="access",
        replica_regions=pool.replica_regions, jwks_uris=pool.jwks_uris,
    )  # fmt: skip


def options(clock: SettableClock) -> dict[str, object]:
    """For the validator of both."""
    return {"clock": clock, "http_get": HTTP_GET}
