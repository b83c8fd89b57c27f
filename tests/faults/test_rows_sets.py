"""Key sets as hosts publish them: what is wrong in a set is never used, and what is right in it is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import TypeAlias

import pytest
from fire_kit import Recorder, outcome
from key_rows_kit import (
    AFTER_REFRESH,
    COOLDOWN,
    MARGIN,
    MAX_STALE,
    Forger,
    Making,
    Stopwatch,
    b64url,
    later,
    number,
    pass_time,
    provider_validator,
    rsa_key,
    warned,
    with_header,
)

from jwtmr import AuthError, TokenValidator
from jwtmr.events import FetchFinished, KeysChanged
from jwtmr.testing import MISSING, OidcIssuer, RegionalIssuer, SettableClock, SigningKey
from jwtmr.testing.faults import at, body, diverge

Members: TypeAlias = list[object]

STRANGE: dict[str, Members] = {
    "no objects": [None, 7, True, "key", [], [{}]],
    "empty objects": [{}, {}],
    "types of tomorrow": [{"kty": "AKP", "kid": "a", "alg": "ML-DSA-44", "pub": "AAAA"}, {"kty": ["RSA"], "kid": "b"}],
    "curves of tomorrow": [{"kty": "EC", "kid": "c", "crv": "P-999", "x": "AA", "y": "AA"}],
    "half of a key": [{"kty": "RSA", "kid": "d", "alg": "RS256", "e": "AQAB"}],
    "numbers that are none": [{"kty": "RSA", "kid": "e", "n": "***", "e": "AQAB"}, {"kty": "RSA", "n": 5, "e": 3}],
    "certificates": [{"kty": "RSA", "kid": "f", "x5c": 7, "x5t": {"deep": [[]]}, "x5u": "file:///etc/passwd"}],
    "no algorithm of ours": [{"kty": "RSA", "kid": "g", "alg": "HS256", "n": number(2**2047 + 1), "e": "AQAB"}],
    "ninety-eight more": [{"kty": "oct", "kid": str(place)} for place in range(98)],
}


@pytest.fixture
def house(clock: SettableClock) -> Iterator[OidcIssuer]:
    """A provider that signs with two algorithms."""
    with OidcIssuer(algorithms=["RS256", "ES256"], clock=clock) as issuer:
        yield issuer


@pytest.fixture(scope="module")
def keys() -> dict[str, SigningKey]:
    """Keys that all have one name, and one of another type."""
    made = {name: SigningKey.generate(kid="x") for name in ("one", "two")}
    return {**made, "curve": SigningKey.generate("ES256", kid="x")}


@pytest.mark.row("static-jwks")
@pytest.mark.parametrize("members", STRANGE.values(), ids=STRANGE)
def test_strange_members_disable_no_good_one(pool: RegionalIssuer, make: Making, members: Members) -> None:
    """Whatever stands before the good keys and behind them, they serve from the first request on."""
    validator, half = make(jwks_uris=pool.jwks_uris[:1]), (len(members) + 1) // 2
    content = {"keys": [*members[:half], *pool.jwks()["keys"], *members[half:]], "more": {"of": "this"}}
    with at(pool).let(body(content)):
        assert [outcome(validator, token) for token in (pool.access_token(), pool.id_token())] == ["ok", "ok"]
    assert pool.count() == 1


def weak_keys() -> dict[str, tuple[dict[str, object], Forger]]:
    """JWKs that nobody should publish, and who can sign for them."""
    strong = {name: Forger(name, rsa_key(2048)) for name in ("enc", "no verify", "symmetric", "unknown", "off curve")}
    short, low = Forger("1024", rsa_key(1024)), Forger("low", rsa_key(2048, 3))
    point = {"kty": "EC", "crv": "P-256", "x": b64url(b"\1" * 32), "y": b64url(b"\1" * 32)}
    return {
        "1024 bits": (short.jwk(), short),
        "exponent 3": (low.jwk(), low),
        "for encryption": (strong["enc"].jwk(use="enc"), strong["enc"]),
        "not for verifying": (strong["no verify"].jwk(key_ops=["encrypt"]), strong["no verify"]),
        "symmetric": ({"kid": "symmetric", "kty": "oct", "k": b64url(b"s" * 32)}, strong["symmetric"]),
        "unknown type": (strong["unknown"].jwk(kty="RSB"), strong["unknown"]),
        "off its curve": ({"kid": "off curve", **point}, strong["off curve"]),
    }


@pytest.mark.row("weak-keys")
def test_weak_keys_never_verify_and_are_told_of_once(
    house: OidcIssuer, clock: SettableClock, caplog: pytest.LogCaptureFixture
) -> None:
    """Beside good keys, which serve. One warning for each change of the set, however often it is fetched."""
    weak, recorder = weak_keys(), Recorder()
    last_jwk, last = weak.popitem()[1]
    with provider_validator(house, observers=[recorder]) as validator:
        assert outcome(validator, house.access_token()) == "ok"
        with at(house, part="keys").let(diverge(add=[jwk for jwk, _ in weak.values()])):
            for _ in range(3):
                pass_time(clock, validator, AFTER_REFRESH)
            assert {outcome(validator, house.access_token(key=forger)) for _, forger in weak.values()} == {
                "unknown_key"
            }
            assert {outcome(validator, house.access_token(alg=alg)) for alg in ("RS256", "ES256")} == {"ok"}
            assert len(warned(caplog, "unusable keys")) == 1
            with at(house, part="keys").let(diverge(add=[last_jwk])):
                pass_time(clock, validator, AFTER_REFRESH)
                curved = with_header(house.access_token(), alg="ES256", kid=last.kid, typ="at+jwt")
                assert outcome(validator, curved) == "unknown_key"
            assert len(warned(caplog, "unusable keys")) == 2
        told = [change for change in recorder.of(KeysChanged) if change.refused]
        assert [(change.added, change.removed, len(change.refused)) for change in told[:2]] == [(0, 0, 6), (0, 0, 7)]
        problems = validator.status().authorities[0].problems
        assert any("RSA modulus is out of bounds" in problem for problem in problems)


EMPTY = {
    "no keys": {"keys": []},
    "only symmetric ones": {"keys": [{"kty": "oct", "kid": "s", "k": "AAAA"}]},
    "only scraps": {"keys": [{}, None, 7]},
}


@pytest.mark.row("empty-set")
@pytest.mark.parametrize("content", EMPTY.values(), ids=EMPTY)
def test_an_empty_set_in_a_rotation_refuses_no_valid_token(
    pool: RegionalIssuer, make: Making, clock: SettableClock, caplog: pytest.LogCaptureFixture, content: object
) -> None:
    """Ten minutes of it are ten minutes of failed refreshes, which are told of. Then the new keys are found."""
    pool.max_age, recorder = 60, Recorder()
    validator = make(observers=[recorder])
    old = pool.access_token()
    assert outcome(validator, old) == "ok"
    with at(pool).let(body(content)) as empty:
        for _ in range(20):
            pass_time(clock, validator, 30)
            assert outcome(validator, old) == "ok"
    assert empty.times >= 3
    assert {fetch.outcome for fetch in recorder.of(FetchFinished)[1:]} == {"unusable"}
    assert any("no usable key" in problem for problem in validator.status().authorities[0].problems)
    assert warned(caplog, "degraded")
    pool.rotate()
    assert outcome(validator, old) == "ok"
    later(clock, COOLDOWN)  # the longest back-off
    assert outcome(validator, pool.access_token()) == outcome(validator, old) == "ok"


@pytest.mark.row("empty-set")
def test_an_empty_set_for_good_ends_the_keys_an_hour_after_the_last_good_one(
    pool: RegionalIssuer, make: Making, clock: SettableClock
) -> None:
    """Not earlier, and not later: so emptying the set revokes everything within ``max_stale``."""
    validator = make()
    assert outcome(validator, pool.access_token()) == "ok"
    with at(pool).let(body({"keys": []})):
        pass_time(clock, validator, MAX_STALE / 2)
        pass_time(clock, validator, MAX_STALE / 2 - MARGIN)
        assert outcome(validator, pool.access_token()) == "ok"
        later(clock, MARGIN)
        assert outcome(validator, pool.access_token()) == "keys_unavailable"


DOUBLES = {
    "the same key twice": (["one", "one"], {"one": "ok", "two": "invalid_signature"}),
    "two keys": (["one", "two"], {"one": "unknown_key", "two": "unknown_key"}),
    "two types": (["one", "curve"], {"one": "ok", "curve": "ok", "two": "invalid_signature"}),
    "three": (["one", "curve", "two"], {"one": "unknown_key", "curve": "ok", "two": "unknown_key"}),
    "one of them is for encryption": (["one", "enc"], {"one": "ok", "two": "invalid_signature"}),
}


@pytest.mark.row("dup-kid")
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(("listed", "outcomes"), DOUBLES.values(), ids=DOUBLES)
def test_one_kid_and_algorithm_names_one_usable_key_or_none(
    house: OidcIssuer, keys: dict[str, SigningKey], listed: list[str], outcomes: dict[str, str], turned: bool
) -> None:
    """In whatever order they stand; all other keys of the set go on serving."""
    jwks = [{**keys["two"].jwk, "use": "enc"} if name == "enc" else keys[name].jwk for name in listed]
    with provider_validator(house) as validator:
        assert outcome(validator, house.access_token()) == "ok"
        with at(house, part="keys").let(diverge(add=reversed(jwks) if turned else jwks)):
            assert {name: outcome(validator, house.access_token(key=keys[name])) for name in outcomes} == outcomes
        assert outcome(validator, house.access_token()) == outcome(validator, house.access_token(alg="ES256")) == "ok"


NO_KIDS = {
    "missing": ({}, ["None", "null", "undefined"]),
    "null": ({"kid": None}, ["None", "null"]),
    "number": ({"kid": 1}, ["1", "1.0"]),
    "bool": ({"kid": True}, ["True", "true", "1"]),
    "array": ({"kid": ["x"]}, ["['x']", '["x"]', "x"]),
    "object": ({"kid": {"x": 1}}, ["{'x': 1}", "x"]),
}


@pytest.mark.row("no-kid")
@pytest.mark.parametrize(("given", "kids"), NO_KIDS.values(), ids=NO_KIDS)
def test_a_key_without_a_name_is_nobodys(
    pool: RegionalIssuer, make: Making, given: dict[str, object], kids: list[str]
) -> None:
    """No token matches it: not under any text that its name might be turned into, not under the same, and not bare."""
    nameless = {name: value for name, value in pool.access_key.jwk.items() if name != "kid"} | given
    validator = make(jwks_uris=pool.jwks_uris[:1])
    with at(pool).let(diverge(drop=[pool.access_kid], add=[nameless])):
        assert outcome(validator, pool.id_token()) == "ok"
        named = [pool.access_token(header={"kid": kid}) for kid in kids]
        assert {outcome(validator, token) for token in named} == {"unknown_key"}
        alike = pool.access_token(header={"kid": given.get("kid", MISSING)})
        assert outcome(validator, alike) == "unsupported_token"


def many(count: int, bits: int = 2048) -> object:
    """So many different keys, of so many bits."""
    return {
        "keys": [
            {"kty": "RSA", "kid": f"key-{place}", "use": "sig", "alg": "RS256", "e": "AQAB",
             "n": number(2 ** (bits - 1) + 2 * place + 1)}
            for place in range(count)
        ]
    }  # fmt: skip


HOARDS = {
    "ten thousand keys": (lambda: many(10_000), "too_large"),
    "ten thousand scraps": (lambda: {"keys": [{}] * 10_000}, "unusable"),
    "a key too many": (lambda: many(101), "unusable"),
    "the most there may be": (lambda: many(100, 8192), "ok"),
}


@pytest.mark.row("10k-keys")
@pytest.mark.parametrize(("content", "found"), HOARDS.values(), ids=HOARDS)
def test_a_hoard_of_keys_does_not_stall_the_loop(
    pool: RegionalIssuer, make: Making, content: Callable[[], object], found: str
) -> None:
    """It is refused by its size or its number, and the longest that the loop stands still is 0.1 s."""
    recorder = Recorder()
    validator = make(jwks_uris=pool.jwks_uris[:1], observers=[recorder])
    assert outcome(validator, pool.access_token()) == "ok"
    stranger = with_header(pool.access_token(), kid="stranger")
    began = time.monotonic()
    with at(pool).let(body(content())):
        code, stall = asyncio.run(refused_and_stalled(validator, stranger))
    assert stall < 0.1
    assert time.monotonic() - began < 5
    assert recorder.wait_for(FetchFinished, 2)[1].outcome == found
    assert code == ("unknown_key" if found == "ok" else "keys_unavailable")
    assert outcome(validator, pool.access_token()) == "ok"


async def refused_and_stalled(validator: TokenValidator, token: str) -> tuple[str, float]:
    """The code of the refusal, and the most that this process computed between two turns of the loop, in seconds."""
    call, stall = asyncio.ensure_future(validator.validate_async(token)), 0.0
    while not call.done():
        watch = Stopwatch()
        await asyncio.sleep(0.001)
        stall = max(stall, watch.seconds)
    error = call.exception()
    assert isinstance(error, AuthError)
    return error.code, stall


MONSTERS = {
    "16384 bits": (16384, 2**16383 + 1, "unknown_key"),
    "an exponent of 16384 bits": (2048, 2**16383 + 1, "unknown_key"),
    "an exponent of 257 bits": (8192, 2**256 + 1, "unknown_key"),
    "8193 bits": (8193, 65537, "unknown_key"),
    "the worst that may be": (8192, 2**256 - 1, "invalid_signature"),
}


@pytest.mark.row("key-dos")
@pytest.mark.parametrize(("bits", "exponent", "code"), MONSTERS.values(), ids=MONSTERS)
def test_a_monstrous_key_costs_nothing(pool: RegionalIssuer, make: Making, bits: int, exponent: int, code: str) -> None:
    """Fetching it, and a token that names it, take less than 50 ms: nothing is raised to its exponent."""
    validator = make(jwks_uris=pool.jwks_uris[:1])
    assert outcome(validator, pool.access_token()) == "ok"
    monster = {"kty": "RSA", "kid": "monster", "alg": "RS256", "n": number(2 ** (bits - 1) + 1), "e": number(exponent)}
    head, payload, _ = with_header(pool.access_token(), kid="monster").split(".")
    token = f"{head}.{payload}.{b64url(bytes([1] * (bits // 8)))}"
    with at(pool).let(diverge(add=[monster])):
        watch = Stopwatch()
        assert outcome(validator, token) == code
        assert watch.seconds < 0.05
    assert outcome(validator, pool.access_token()) == "ok"
