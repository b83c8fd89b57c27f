"""Members of a JWK Set that are never used, whatever the rest of the set says (design section 5, "refused keys")."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from keymaterial import b64url, ec_jwk, ed_jwk, jwk_for, number, odd_of, rsa_jwk

from jwtmr._keys.jwk import MAX_RSA_EXPONENT, RefusedKey, parse_jwk
from jwtmr.issuers import ALGORITHMS

RS256 = frozenset({"RS256"})
P = 2**255 - 19
ORDER_8 = int.from_bytes(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little")
"""y of two points of order 8; the other two have p - y. (Checked below: eight times the point is the neutral one.)"""
MISSING = object()

SPOILED: list[tuple[str, dict[str, object]]] = [
    *[(f"RSA with private member {name}", rsa_jwk(**{name: "AQ"})) for name in ("d", "p", "q", "dp", "dq", "qi")],
    ("RSA with other primes", rsa_jwk(oth=[])),
    ("RSA with a null private member", rsa_jwk(d=None)),
    ("EC with a private member", ec_jwk(d="AQ")),
    ("Ed25519 with a private member", ed_jwk(d="AQ")),
    ("RSA with symmetric material", rsa_jwk(k="AQ")),
    ("oct", {"kty": "oct", "kid": "s", "k": b64url(b"s" * 32), "alg": "HS256"}),
    ("oct without its key", {"kty": "oct", "kid": "s"}),
    *[(f"kty {kty!r}", rsa_jwk(kty=kty)) for kty in ("rsa", "", None, 1, ["RSA"], {"RSA": 1}, "oct", "AKP")],
    *[(f"use {use!r}", rsa_jwk(use=use)) for use in ("enc", "", "SIG", None, ["sig"], 1)],
    *[
        (f"key_ops {ops!r}", rsa_jwk(key_ops=ops))
        for ops in ([], ["sign"], ["encrypt", "Verify"], "verify", None, {"verify": 1}, [["verify"]], 7)
    ],
    *[(f"RSA of {bits} bits", rsa_jwk(n=odd_of(bits))) for bits in (512, 1024, 2047, 8193, 16384)],
    ("RSA with an even modulus", rsa_jwk(n=number(1 << 2047))),
    *[(f"RSA with e={e}", rsa_jwk(e=number(e))) for e in (0, 1, 2, 3, 17, 65535, 65536, 65538)],
    ("RSA with e over 2^256", rsa_jwk(e=number(2**256 + 1))),
    ("RSA with e of 2^256", rsa_jwk(e=number(2**256))),
    *[
        (f"RSA with n {n!r}", rsa_jwk(n=n))
        for n in (None, 65537, "", "=", "A", "AAAAA", "A+/A", "AQ AB", "é", ["AQAB"])
    ],
    *[(f"RSA with e {e!r}", rsa_jwk(e=e)) for e in (None, 65537, "", "A", "AQAB\n")],
    *[(f"EC on {crv!r}", ec_jwk(crv=crv)) for crv in ("secp256k1", "P-192", "p-256", None, 256, ["P-256"], "Ed25519")],
    ("EC on another curve than its point", ec_jwk("ES384", crv="P-521")),
    ("EC with a short x", ec_jwk(x=b64url(b"\1" * 31))),
    ("EC with a long x", ec_jwk(x=b64url(b"\0" + b"\1" * 32))),
    ("EC with a short y", ec_jwk(y=b64url(b"\1" * 31))),
    ("EC with a long y", ec_jwk(y=b64url(b"\0" + b"\1" * 32))),
    ("EC without y", ec_jwk(y=None)),
    ("EC off the curve", ec_jwk(y=b64url(b"\1" * 32))),
    ("EC at zero", ec_jwk(x=b64url(bytes(32)), y=b64url(bytes(32)))),
    *[(f"OKP on {crv!r}", ed_jwk(crv=crv)) for crv in ("Ed448", "X25519", "ed25519", None, ["Ed25519"])],
    ("Ed25519 of 31 octets", ed_jwk(x=b64url(b"\7" * 31))),
    ("Ed25519 of 33 octets", ed_jwk(x=b64url(b"\7" * 33))),
    ("Ed25519 without x", ed_jwk(x=None)),
]

REASONS = {
    *("kid missing or no string", "private or symmetric key material", "use is not sig", "key_ops without verify"),
    "private members present: this key is never used again",
    *("unsupported kty", "RSA modulus is out of bounds", "RSA exponent is out of bounds", "unknown curve"),
    *(
        "a coordinate has the wrong length",
        "a point of low order",
        "no such public key",
        "no alg, and both RS and PS would fit",
    ),
    *(f"{name} is no base64url" for name in "nexy"),
}
KIDS = [MISSING, 1, 1.5, True, False, None, [], ["k"], {}, "", "k" * 257]


@pytest.mark.parametrize("member", [member for _, member in SPOILED], ids=[name for name, _ in SPOILED])
def test_a_spoiled_key_is_refused(member: dict[str, object]) -> None:
    """One wrong member makes the key useless for every algorithm, and nothing but a RefusedKey comes of it."""
    for alg in sorted(ALGORITHMS):
        with pytest.raises(RefusedKey):
            parse_jwk(member, frozenset({alg}))


@pytest.mark.parametrize("kid", KIDS)
@pytest.mark.parametrize("alg", ["RS256", "ES256", "EdDSA"])
def test_a_kid_is_a_string_of_1_to_256_characters(alg: str, kid: object) -> None:
    """A key without a proper kid could never be chosen, or could be chosen by mistake."""
    member = jwk_for(alg)
    del member["kid"]
    if kid is not MISSING:
        member["kid"] = kid
    with pytest.raises(RefusedKey):
        parse_jwk(member, frozenset({alg}))


@pytest.mark.parametrize("kid", ["k", "k" * 256, "a/b+c=", "é", " "])
def test_a_kid_is_opaque(kid: str) -> None:
    """Any string up to 256 characters names a key, exactly as it is written."""
    assert [key.kid for key in parse_jwk(rsa_jwk(kid), RS256)] == [kid]


@pytest.mark.parametrize("member", [None, 1, True, "key", [], [rsa_jwk()]])
def test_a_member_that_is_no_object_is_refused(member: object) -> None:
    """A set may hold anything, and what is no object is no key."""
    with pytest.raises(RefusedKey):
        parse_jwk(member, ALGORITHMS)


@pytest.mark.parametrize("bits", [2048, 2049, 4096, 8191, 8192])
def test_rsa_from_2048_to_8192_bits_is_used(bits: int) -> None:
    """Both ends of the range are inside it."""
    assert len(parse_jwk(rsa_jwk(n=odd_of(bits)), RS256)) == 1


@pytest.mark.parametrize("e", [65537, 65539, 2**32 + 1, MAX_RSA_EXPONENT - 1])
def test_rsa_exponents_from_65537_are_used(e: int) -> None:
    """An odd exponent from 65537 to 2^256 is as good as any."""
    assert len(parse_jwk(rsa_jwk(e=number(e)), RS256)) == 1


@pytest.mark.parametrize(
    "member", [{"use": "sig"}, {"key_ops": ["verify"]}, {"key_ops": ["sign", "verify"]}, {"x5c": 1}]
)
def test_a_key_for_signatures_is_used(member: dict[str, object]) -> None:
    """What says that the key verifies, and what nobody here looks at, changes nothing."""
    assert len(parse_jwk(rsa_jwk(**member), RS256)) == 1


def test_base64url_may_be_padded() -> None:
    """RFC 7518 forbids the padding, but the key that is meant is plain."""
    plain, padded = parse_jwk(rsa_jwk(e="AQAB"), RS256), parse_jwk(rsa_jwk(e="AQAB=="), RS256)
    assert plain[0].thumbprint == padded[0].thumbprint


@pytest.mark.parametrize("sign", [0, 1])
@pytest.mark.parametrize(
    "y", [0, 1, P - 1, ORDER_8, P - ORDER_8, P, P + 1], ids=["0", "1", "-1", "o8", "-o8", "p", "p+1"]
)
def test_ed25519_points_of_low_order_are_refused(y: int, sign: int) -> None:
    """All encodings of the eight points of small order, the non-canonical ones too: signatures could be made up."""
    x = (y | sign << 255).to_bytes(32, "little")
    with pytest.raises(RefusedKey, match="low order"):
        parse_jwk(ed_jwk(x=b64url(x)), frozenset({"EdDSA"}))


@pytest.mark.parametrize("y", [3, P - 3, 4 * pow(5, -1, P) % P], ids=["3", "-3", "base-point"])
def test_ed25519_points_of_full_order_are_used(y: int) -> None:
    """Small numbers and the base point itself are not what is refused."""
    assert len(parse_jwk(ed_jwk(x=b64url(y.to_bytes(32, "little"))), frozenset({"EdDSA"}))) == 1


def test_the_listed_point_has_order_8() -> None:
    """The table's one odd number is right: doubled three times the point is (0, 1)."""
    y = ORDER_8
    d = -121665 * pow(121666, -1, P) % P
    x2 = (y * y - 1) * pow(d * y * y + 1, -1, P) % P
    x = pow(x2, (P + 3) // 8, P)
    x = x if x * x % P == x2 else x * pow(2, (P - 1) // 4, P) % P
    assert x * x % P == x2
    for _ in range(3):
        assert (x, y) != (0, 1)
        product = d * x * x * y * y
        x, y = 2 * x * y * pow(1 + product, -1, P) % P, (y * y + x * x) * pow(1 - product, -1, P) % P
    assert (x, y) == (0, 1)


@pytest.mark.parametrize("member", [member for _, member in SPOILED], ids=[name for name, _ in SPOILED])
def test_a_reason_tells_no_value(member: dict[str, object]) -> None:
    """Reasons go into events and logs; they are of a closed list of words."""
    secret = {name: f"hidden-{value}" if isinstance(value, str) else value for name, value in member.items()}
    for spoiled in (member, secret):
        with pytest.raises(RefusedKey) as refused:
            parse_jwk(spoiled, ALGORITHMS)
        assert str(refused.value) in REASONS


def test_a_real_private_key_is_refused() -> None:
    """A whole private JWK, as someone might publish by mistake, is not used even as a public one."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_numbers()
    public = private.public_numbers
    member = rsa_jwk(n=number(public.n), e=number(public.e), d=number(private.d), p=number(private.p))
    with pytest.raises(RefusedKey, match="private"):
        parse_jwk(member, RS256)
