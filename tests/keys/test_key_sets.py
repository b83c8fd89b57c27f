"""Whole answers: what is a set of usable keys, and what is none (design section 5, "adoption" and "look-up")."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from keymaterial import body_of, ec_jwk, ed_jwk, rsa_jwk, set_of

from jwtmr._keys.keyset import MAX_MEMBERS, KeySet, UnusableSet, parse_key_set

ALLOWED = frozenset({"RS256", "ES256", "ES384", "EdDSA"})
GOOD = body_of([rsa_jwk("r"), ed_jwk("o")])

NO_SETS: dict[str, bytes] = {
    "nothing": b"",
    "blanks": b"  \n",
    "HTML": b"<!doctype html><title>Sign in</title>",
    "a truncated set": GOOD[:-1],
    "a set and more": GOOD + b"{}",
    "an array": b"[" + GOOD + b"]",
    "null": b"null",
    "a string": json.dumps(GOOD.decode()).encode(),
    "no keys member": b'{"Keys": []}',
    "keys is null": b'{"keys": null}',
    "keys is an object": b'{"keys": {"0": ' + json.dumps(rsa_jwk()).encode() + b"}}",
    "keys is a string": b'{"keys": "abc"}',
    "no keys": b'{"keys": []}',
    "only bad keys": body_of([{"kty": "oct", "kid": "k", "k": "AQ"}, None]),
    "NaN": GOOD[:-1] + b', "x": NaN}',
    "Infinity": GOOD[:-1] + b', "x": -Infinity}',
    "a duplicate member": GOOD[:-1] + b', "keys": []}',
    "a duplicate member in a key": b'{"keys": [' + json.dumps(ed_jwk()).encode()[:-1] + b', "kid": "z"}]}',
    "a byte order mark": b"\xef\xbb\xbf" + GOOD,
    "UTF-16": GOOD.decode().encode("utf-16"),
    "UTF-16 without a mark": GOOD.decode().encode("utf-16-le"),
    "Latin-1": GOOD[:-1] + b', "x": "\xe9"}',
    "half a surrogate pair": GOOD[:-1] + b', "x": "\\ud800"}',
    "101 members": body_of([ed_jwk("o")] * (MAX_MEMBERS + 1)),
    "101 members, 100 of them nothing": body_of([ed_jwk("o"), *[None] * MAX_MEMBERS]),
    "nesting of 65": GOOD[:-1] + b', "x": ' + b"[" * 64 + b"]" * 64 + b"}",
}
HOSTILE: dict[str, bytes] = {
    "nesting of 100 000 arrays": b"[" * 100_000 + b"]" * 100_000,
    "nesting of 100 000 objects": b'{"keys":' * 100_000 + b"1" + b"}" * 100_000,
    "nesting inside keys": b'{"keys": [' + b'{"a": [' * 50_000 + b"]}" * 50_000 + b"]}",
    "100 000 open brackets": b"{" * 100_000,
    "a number of 100 000 digits": b'{"keys": [' + b"1" * 100_000 + b"]}",
    "one long string": b'{"keys": "' + b"a" * 500_000 + b'"}',
    "100 000 members": body_of([0] * 100_000),
    "escaped quotes without an end": b"{" * 65 + b'"' + b'\\"' * 8_000,
}


@pytest.mark.parametrize("body", NO_SETS.values(), ids=NO_SETS.keys())
def test_what_is_no_set_of_usable_keys(body: bytes) -> None:
    """It is refused as a whole, so the set that is held stays."""
    with pytest.raises(UnusableSet):
        parse_key_set(body, ALLOWED)


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_body_costs_little(body: bytes) -> None:
    """Parsing takes time in proportion to the size: where 16 kB take seconds, the largest answer takes an hour."""
    began = time.process_time()
    with pytest.raises(UnusableSet):
        parse_key_set(body, ALLOWED)
    assert time.process_time() - began < 1


def test_the_good_body_of_these_tables_is_good() -> None:
    """So each row above is refused for what it spoils."""
    assert sorted(parse_key_set(GOOD, ALLOWED).keys) == ["o", "r"]
    deep = GOOD[:-1] + b', "x": ' + b"[" * 62 + b"]" * 62 + b"}"
    assert sorted(parse_key_set(deep, ALLOWED).keys) == ["o", "r"]


def test_a_hundred_members_are_a_set() -> None:
    """The limit is inside."""
    assert len(parse_key_set(set_of(*map(str, range(MAX_MEMBERS))), ALLOWED).keys) == MAX_MEMBERS


@pytest.mark.parametrize(
    "bad",
    [None, 7, {}, {"kty": "oct", "kid": "o", "k": "AQ"}, rsa_jwk("b", d="AQ"), ed_jwk("b", use="enc"), [[]]],
)
@pytest.mark.parametrize("first", [True, False], ids=["before", "after"])
def test_one_bad_member_never_spoils_the_rest(bad: object, first: bool) -> None:
    """The good key serves, and the reason for the other is told."""
    keys = parse_key_set(body_of([bad, ed_jwk("o")] if first else [ed_jwk("o"), bad]), ALLOWED)
    assert list(keys.keys) == ["o"]
    assert len(keys.refused) == 1


def test_same_kid_with_two_keys_serves_neither() -> None:
    """Which one was meant cannot be known; the other kids serve."""
    keys = parse_key_set(set_of("a", "b", "a=other"), ALLOWED)
    assert list(keys.keys) == ["b"]
    assert keys.refused == ("two keys for one kid and algorithm",)


def test_three_keys_of_one_kid_serve_nothing() -> None:
    """A third member that repeats the first does not tip the scales."""
    with pytest.raises(UnusableSet) as error:
        parse_key_set(set_of("a", "a=other", "a"), ALLOWED)
    assert error.value.refused == ("two keys for one kid and algorithm",)


def test_same_kid_with_the_same_key_twice_serves() -> None:
    """A member that is merely repeated, in whatever spelling, names one key."""
    repeated = ed_jwk("a") | {"use": "sig", "x": str(ed_jwk("a")["x"]) + "="}
    keys = parse_key_set(body_of([ed_jwk("a"), repeated]), ALLOWED)
    assert list(keys.keys) == ["a"]
    assert not keys.refused


def test_same_kid_for_two_algorithms_serves_both() -> None:
    """They cannot be mixed up: the token's algorithm tells which is meant."""
    keys = parse_key_set(body_of([rsa_jwk("a"), ec_jwk("ES256", "a"), ec_jwk("ES384", "a")]), ALLOWED)
    assert sorted(keys.keys["a"]) == ["ES256", "ES384", "RS256"]


def test_a_collision_in_one_algorithm_leaves_the_other() -> None:
    """Only what is ambiguous is silent."""
    keys = parse_key_set(body_of([ed_jwk("a"), ec_jwk("ES256", "a"), ed_jwk("a", "other")]), ALLOWED)
    assert list(keys.keys["a"]) == ["ES256"]


def test_the_set_cannot_be_changed() -> None:
    """Readers hold it without a lock."""
    keys = parse_key_set(GOOD, ALLOWED).keys
    for mapping in (keys, keys["r"]):
        with pytest.raises(TypeError):
            mapping["x"] = None  # type: ignore[index]


def parsed(*names: str) -> KeySet:
    """The set of these keys."""
    return parse_key_set(set_of(*names), ALLOWED)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("a", "b"), ("b", "a"), True),
        (("a",), ("a", "a"), True),
        (("a",), ("a", "b"), False),
        (("a",), ("b",), False),
        (("a",), ("a=b",), False),
        (("a=x", "b=y"), ("a=y", "b=x"), False),
    ],
    ids=str,
)
def test_same_keys_are_the_same_material_under_the_same_names(
    one: tuple[str, ...], other: tuple[str, ...], same: bool
) -> None:
    """Order and repetition do not matter; a name or a key does."""
    assert parsed(*one).same_keys(parsed(*other)) is same


def test_reasons_tell_no_values() -> None:
    """What is refused may be a private key published by mistake."""
    secret = "c2VjcmV0LXNlY3JldC1zZWNyZXQ"
    members = [{"kty": secret, "kid": secret}, rsa_jwk(secret, d=secret), {"kid": [secret]}, ed_jwk(secret, crv=secret)]
    with pytest.raises(UnusableSet) as error:
        parse_key_set(body_of(members), ALLOWED)
    assert len(error.value.refused) == 4
    assert secret not in repr((error.value, error.value.refused))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(sorted(rsa_jwk())), inner, max_size=6),
    max_leaves=12,
)


@given(st.sampled_from([rsa_jwk(), ec_jwk(), ed_jwk()]), st.dictionaries(st.text(max_size=7), JSON, max_size=3), JSON)
def test_whatever_a_set_holds_it_is_parsed_or_refused(
    key: dict[str, object], more: dict[str, object], alone: object
) -> None:
    """Nothing but UnusableSet is ever raised, and a key that comes of it has a proper kid and an allowed algorithm."""
    spoiled = key | dict(zip(sorted(key), more.values(), strict=False)) | more
    try:
        keys = parse_key_set(body_of([spoiled, alone]), ALLOWED).keys
    except UnusableSet:
        return
    assert all(type(kid) is str and kid and set(by_alg) <= ALLOWED for kid, by_alg in keys.items())
    assert all(by_alg for by_alg in keys.values())


@given(st.binary(max_size=64) | st.text(max_size=64).map(str.encode))
def test_no_octets_raise_anything_else(body: bytes) -> None:
    """Whatever a host sends."""
    with pytest.raises(UnusableSet):
        parse_key_set(body, ALLOWED)
