"""Members that hold the private half of their key: which key that is, and that nothing else is taken for one."""

from __future__ import annotations

import pytest
from keymaterial import PRIVATE_HALF, b64url, body_of, ec_jwk, ed_jwk, number, odd_of, rsa_jwk, set_of, thumbprint_of

from jwtmr._keys.jwk import RefusedKey, parse_jwk
from jwtmr._keys.keyset import KeySet, UnusableSet, parse_key_set
from jwtmr._keys.reading import Reading, read_answer
from jwtmr.issuers import ALGORITHMS

ALLOWED = frozenset({"RS256", "ES256", "ES384", "ES512", "EdDSA"})
PRESENT = "private members present: this key is never used again"
PUBLISHED = "its private members were published: this key is never used again"
OTHERWISE = "private or symmetric key material"
NAMES = ("d", "p", "q", "dp", "dq", "qi", "oth")
KEYS: dict[str, dict[str, object]] = {
    "RSA": rsa_jwk(),
    **{curve: ec_jwk(alg) for curve, alg in (("P-256", "ES256"), ("P-384", "ES384"), ("P-521", "ES512"))},
    "Ed25519": ed_jwk(),
}


def refused(member: dict[str, object]) -> tuple[str, str | None]:
    """Why a member is refused, and which key it gives away."""
    with pytest.raises(RefusedKey) as caught:
        parse_jwk(member, ALGORITHMS)
    return str(caught.value), caught.value.leaked


def thumbprint(member: dict[str, object]) -> str:
    """The thumbprint of a member that serves."""
    (only,) = {key.thumbprint for key in parse_jwk(member, ALLOWED)}
    return only


def test_the_thumbprint_of_these_tests_is_the_one_of_the_rfc() -> None:
    """RFC 8037 appendix A.3 gives one for an Ed25519 key; the helper and the parser agree with each other on all."""
    example = {"kty": "OKP", "crv": "Ed25519", "kid": "k", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    assert thumbprint(example) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    assert thumbprint(ed_jwk("a")) == thumbprint_of("a")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_one_private_member_gives_the_key_away(key: dict[str, object], name: str) -> None:
    """Whichever of them it is, and whatever the type of the key."""
    value: object = [{"r": PRIVATE_HALF}] if name == "oth" else PRIVATE_HALF
    assert refused(key | {name: value}) == (PRESENT, thumbprint(key))


@pytest.mark.parametrize("value", [1, True, 0.5, {"": ""}, [None], " "])
def test_a_private_member_of_any_shape_gives_the_key_away(value: object) -> None:
    """It is not read, so nobody knows what it is worth."""
    assert refused(rsa_jwk(d=value)) == (PRESENT, thumbprint(rsa_jwk()))


@pytest.mark.parametrize("value", [None, "", [], {}, 0, False])
@pytest.mark.parametrize("name", NAMES)
def test_what_is_null_or_empty_gives_nothing_away(name: str, value: object) -> None:
    """Some libraries write members that they do not have. The member is refused as ever, the key is not burnt."""
    assert refused(rsa_jwk(**{name: value})) == (OTHERWISE, None)


@pytest.mark.parametrize(
    "more",
    [{"kid": None}, {"kid": 7}, {"kid": "k" * 257}, {"use": "enc"}, {"key_ops": ["sign"]}, {"alg": "RSA-OAEP"}, {}],
    ids=str,
)
@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_what_else_is_wrong_with_the_member_does_not_matter(key: dict[str, object], more: dict[str, object]) -> None:
    """The same key may stand elsewhere without that fault."""
    assert refused(key | more | {"d": PRIVATE_HALF}) == (PRESENT, thumbprint(key))


def test_the_way_it_is_written_does_not_matter() -> None:
    """Padding and leading zeros are no part of a key."""
    plain = rsa_jwk()
    modulus = parse_jwk(plain, frozenset({"RS256"}))[0].public.public_numbers().n
    spelt = rsa_jwk(n=b64url(b"\0" + modulus.to_bytes(256)), e="AQAB==", d=PRIVATE_HALF)
    assert refused(spelt) == (PRESENT, thumbprint(plain))


@pytest.mark.parametrize(
    "member",
    [
        rsa_jwk(n=odd_of(1024)), rsa_jwk(e=number(3)), rsa_jwk(n=None), rsa_jwk(e=None), ec_jwk(crv="secp256k1"),
        ec_jwk(y=None), ed_jwk(x=b64url(bytes(32))), ed_jwk(crv="X25519"), {"kty": "oct", "kid": "s", "k": "AQ"},
        {"kty": ["RSA"], "kid": "s"}, {},
    ],
)  # fmt: skip
def test_a_key_that_could_never_serve_is_not_burnt(member: dict[str, object]) -> None:
    """There is nothing to take out of service, but the alarm is the same."""
    assert refused(member | {"d": PRIVATE_HALF}) == (PRESENT, None)


@pytest.mark.parametrize(
    "member", [{"kty": "oct", "kid": "s", "k": PRIVATE_HALF}, rsa_jwk(k=PRIVATE_HALF), rsa_jwk(use="enc"), {}]
)
def test_what_else_is_refused_gives_nothing_away(member: dict[str, object]) -> None:
    """A symmetric key has no public half, and ``k`` is no part of any other."""
    reason, leaked = refused(member)
    assert (reason == PRESENT, leaked) == (False, None)


# -- whole sets -------------------------------------------------------------------------------------------------------


def test_a_set_tells_what_leaked() -> None:
    """Every one of them, and nothing of its good keys."""
    keys = parse_key_set(set_of("a!", "b", "c!"), ALLOWED)
    assert list(keys.keys) == ["b"]
    assert keys.leaked == {thumbprint_of("a"), thumbprint_of("c")}
    assert keys.refused == (PRESENT, PRESENT)
    assert parse_key_set(set_of("a", "b"), ALLOWED).leaked == frozenset()


def test_a_set_of_which_every_key_leaks_tells_it_too() -> None:
    """It is unusable, but what it gave away it gave away."""
    with pytest.raises(UnusableSet) as caught:
        parse_key_set(set_of("a!", "b!"), ALLOWED)
    assert (caught.value.leaked, caught.value.refused) == ({thumbprint_of("a"), thumbprint_of("b")}, (PRESENT, PRESENT))


@pytest.mark.parametrize("names", [("a!", "a", "b"), ("a", "b", "a!"), ("z=a!", "a", "b"), ("b", "z=a", "a!")])
def test_a_second_member_with_the_same_key_does_not_serve(names: tuple[str, ...]) -> None:
    """Under its own name or another, before or after."""
    keys = parse_key_set(set_of(*names), ALLOWED)
    assert list(keys.keys) == ["b"]
    assert sorted(keys.refused) == sorted([PRESENT, PUBLISHED])


def test_a_set_of_nothing_but_a_leaked_key_is_unusable() -> None:
    """The clean copy of it is none."""
    with pytest.raises(UnusableSet, match="no usable key") as caught:
        parse_key_set(set_of("a", "a!"), ALLOWED)
    assert caught.value.refused == (PRESENT, PUBLISHED)


def test_two_keys_under_a_kid_are_not_told_apart_by_a_leak() -> None:
    """Which of the two was meant is as unknown as before."""
    keys = parse_key_set(set_of("a", "a=other", "z=a!", "b"), ALLOWED)
    assert list(keys.keys) == ["b"]


def test_a_leaking_member_leaves_the_other_key_of_its_kid() -> None:
    """What is refused is no candidate: as with any bad member."""
    keys = parse_key_set(set_of("a=old!", "a=new"), ALLOWED)
    assert keys.keys["a"]["EdDSA"].thumbprint == thumbprint_of("new")


def test_a_key_is_gone_under_every_algorithm() -> None:
    """An RSA key without ``alg`` serves several, and all of them go; the other key of its kid stays."""
    allowed = frozenset({"RS256", "RS384", "ES256"})
    keys = parse_key_set(body_of([rsa_jwk("a"), ec_jwk("ES256", "a"), rsa_jwk("z", d=PRIVATE_HALF)]), allowed)
    assert list(keys.keys["a"]) == ["ES256"]
    assert keys.refused == (PRESENT, PUBLISHED)


def parsed(*names: str) -> KeySet:
    """The set of these keys."""
    return parse_key_set(set_of(*names), ALLOWED)


def test_a_set_without_some_keys() -> None:
    """The set itself where nothing goes; else what is left, immutable, with a reason for each kid that went."""
    keys = parsed("a", "b", "z=a", "x!")
    assert keys.without(frozenset({thumbprint_of("c")})) is keys
    left = keys.without({thumbprint_of("a")})
    assert (list(left.keys), left.refused, left.leaked) == (["b"], (PRESENT, PUBLISHED, PUBLISHED), keys.leaked)
    assert not left.without({thumbprint_of("b")}).keys
    with pytest.raises(TypeError):
        left.keys["b"] = {}  # type: ignore[index]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("a",), ("b",), True),
        (("a", "b!", "c!"), ("a", "c!", "b!"), True),
        (("a", "b!"), ("a",), False),
        (("a", "b!"), ("a", "c!"), False),
        (("a", "b!"), ("a", "b=c!"), False),
        (("a", "b!"), ("a", "b!", "b!"), False),
        (("a", "b!"), ("a", "b", "b=c"), False),
    ],
    ids=str,
)
def test_same_refusals_are_the_same_members(one: tuple[str, ...], other: tuple[str, ...], same: bool) -> None:
    """Order does not matter; a name, a reason, a leaked key or a number does."""
    assert parsed(*one).same_refusals(parsed(*other)) is same


# -- answers ----------------------------------------------------------------------------------------------------------


def read(status: int, body: bytes) -> Reading:
    """One answer."""
    return read_answer(status, {}, body, allowed=ALLOWED, etag=None, wall=0.0)


@pytest.mark.parametrize(
    ("names", "outcome", "leaked"),
    [(("a!", "b"), "ok", ["a"]), (("a!",), "unusable", ["a"]), (("a",), "ok", []), ((), "unusable", [])],
)
def test_an_answer_tells_what_leaked(names: tuple[str, ...], outcome: str, leaked: list[str]) -> None:
    """Whether it is good for anything or not."""
    reading = read(200, set_of(*names))
    assert (reading.outcome, reading.leaked) == (outcome, {thumbprint_of(name) for name in leaked})


@pytest.mark.parametrize("status", [203, 304, 404, 500])
def test_the_body_of_another_status_is_not_read(status: int) -> None:
    """It is no word of the endpoint about its keys."""
    assert read(status, set_of("a!", "b")).leaked == frozenset()


def test_nothing_of_a_private_half_is_kept() -> None:
    """Neither in what is read nor in what is raised."""
    assert PRIVATE_HALF not in repr(read(200, set_of("a!", "b"))) + repr(read(200, set_of("a!")))
    for member in (rsa_jwk(d=PRIVATE_HALF), ed_jwk(k=PRIVATE_HALF), rsa_jwk(d=[PRIVATE_HALF], n=PRIVATE_HALF)):
        with pytest.raises(RefusedKey) as caught:
            parse_jwk(member, ALGORITHMS)
        assert PRIVATE_HALF not in repr((caught.value, caught.value.leaked, caught.value.__context__))
