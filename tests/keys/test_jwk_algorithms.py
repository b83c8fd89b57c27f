"""Which algorithms a key serves, and that it verifies them (design section 5, "look-up")."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from keymaterial import CURVES, HASHES, ec_jwk, ec_key, ed_jwk, jwk_for, rsa_jwk, sign

from jwtmr._keys.jwk import RefusedKey, parse_jwk
from jwtmr.issuers import ALGORITHMS

RS = frozenset({"RS256", "RS384", "RS512"})
PS = frozenset({"PS256", "PS384", "PS512"})
TEN = sorted(ALGORITHMS)
TEXT = b"eyJhbGciOiJ4In0.eyJzdWIiOiJ5In0"


def algorithms_of(member: dict[str, object], allowed: frozenset[str]) -> list[str]:
    """What the member may serve."""
    return [key.alg for key in parse_jwk(member, allowed)]


def test_there_are_ten() -> None:
    """The tables below leave none out."""
    assert len(TEN) == 10


@pytest.mark.parametrize("named", [True, False], ids=["with alg", "without"])
@pytest.mark.parametrize("alg", TEN)
def test_a_signature_verifies(alg: str, named: bool) -> None:
    """What ``cryptography`` signed in the form of RFC 7518 verifies with the key that was parsed."""
    (key,) = parse_jwk(jwk_for(alg, **({"alg": alg} if named else {})), frozenset({alg}))
    assert (key.kid, key.alg) == ("k", alg)
    assert key.verify(TEXT, sign(alg, TEXT))


@pytest.mark.parametrize("alg", TEN)
def test_a_flipped_bit_does_not_verify(alg: str) -> None:
    """One bit of the text or of the signature, at either end or in the middle, and it is no signature."""
    (key,) = parse_jwk(jwk_for(alg), frozenset({alg}))
    signature = sign(alg, TEXT)
    for place in (0, len(signature) // 2, len(signature) - 1):
        assert not key.verify(TEXT, _flipped(signature, place))
    for place in (0, len(TEXT) - 1):
        assert not key.verify(_flipped(TEXT, place), signature)


@pytest.mark.parametrize("alg", TEN)
def test_a_signature_of_the_wrong_size_does_not_verify(alg: str) -> None:
    """Verification says no and raises nothing, whatever is handed to it."""
    (key,) = parse_jwk(jwk_for(alg), frozenset({alg}))
    signature = sign(alg, TEXT)
    for wrong in (b"", b"\0", signature[:-1], signature + b"\0", b"\0" * len(signature), b"\xff" * len(signature)):
        assert key.verify(TEXT, wrong) is False


@pytest.mark.parametrize("alg", sorted(RS | PS))
@pytest.mark.parametrize("other", sorted(RS | PS))
def test_rsa_algorithms_are_not_taken_for_each_other(alg: str, other: str) -> None:
    """A signature verifies under its own algorithm and under no other."""
    (key,) = parse_jwk(rsa_jwk(alg=alg), frozenset({alg}))
    assert key.verify(TEXT, sign(other, TEXT)) == (alg == other)


@pytest.mark.parametrize("alg", sorted(CURVES))
def test_a_der_signature_does_not_verify(alg: str) -> None:
    """JWS takes the raw form alone; the same numbers in DER are another text that would count as another token."""
    (key,) = parse_jwk(ec_jwk(alg), frozenset({alg}))
    assert not key.verify(TEXT, ec_key(alg).sign(TEXT, ec.ECDSA(HASHES[alg[2:]])))


@pytest.mark.parametrize(
    ("allowed", "served"),
    [
        (RS, sorted(RS)),
        (PS, sorted(PS)),
        ({"RS256"}, ["RS256"]),
        ({"PS512"}, ["PS512"]),
        ({"RS256", "ES256", "EdDSA"}, ["RS256"]),
        ({"RS256", "PS256"}, None),
        ({"RS512", "PS256"}, None),
        (ALGORITHMS, None),
        ({"ES256", "EdDSA"}, None),
        (set(), None),
    ],
)
def test_rsa_without_alg_serves_one_scheme(allowed: set[str], served: list[str] | None) -> None:
    """All RS or all PS that are allowed; nothing where it could be either, and nothing where none is allowed."""
    if served is None:
        with pytest.raises(RefusedKey):
            parse_jwk(rsa_jwk(), frozenset(allowed))
    else:
        assert algorithms_of(rsa_jwk(), frozenset(allowed)) == served


@pytest.mark.parametrize("alg", sorted(CURVES))
def test_a_curve_serves_its_own_algorithm(alg: str) -> None:
    """P-256 is for ES256, P-384 for ES384, P-521 for ES512, whatever else is allowed."""
    assert algorithms_of(ec_jwk(alg), ALGORITHMS) == [alg]
    with pytest.raises(RefusedKey):
        parse_jwk(ec_jwk(alg), ALGORITHMS - {alg})


def test_ed25519_serves_eddsa() -> None:
    """And nothing else."""
    assert algorithms_of(ed_jwk(), ALGORITHMS) == ["EdDSA"]
    with pytest.raises(RefusedKey):
        parse_jwk(ed_jwk(), ALGORITHMS - {"EdDSA"})


@pytest.mark.parametrize("alg", TEN)
def test_a_key_with_alg_serves_that_alone(alg: str) -> None:
    """``alg`` decides where both schemes would fit, too."""
    assert algorithms_of(jwk_for(alg, alg=alg), ALGORITHMS) == [alg]


@pytest.mark.parametrize("fits", ["RS256", "ES256", "ES384", "ES512", "EdDSA"])
@pytest.mark.parametrize("alg", [*TEN, "HS256", "none", "ES256K", "RSA-OAEP", "rs256", "", None, 1, ["RS256"], True])
def test_an_alg_that_does_not_fit_is_refused(fits: str, alg: object) -> None:
    """The key type bounds what ``alg`` may say, so no key is used in another scheme than its own."""
    member = jwk_for(fits, alg=alg)
    fitting = alg == fits or (fits == "RS256" and alg in sorted(RS | PS))
    if fitting:
        assert algorithms_of(member, ALGORITHMS) == [alg]
    else:
        with pytest.raises(RefusedKey):
            parse_jwk(member, ALGORITHMS)


@pytest.mark.parametrize("alg", TEN)
def test_an_alg_that_is_not_allowed_is_refused(alg: str) -> None:
    """A key for an algorithm that the authority does not allow is no key, even if another would fit it."""
    with pytest.raises(RefusedKey):
        parse_jwk(jwk_for(alg, alg=alg), ALGORITHMS - {alg})


def test_the_thumbprint_is_that_of_rfc_7638() -> None:
    """The example of RFC 7638 section 3.1, and of RFC 8037 appendix A.3, come out as printed there."""
    n = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3"
        "oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdA"
        "ZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-"
        "kEgU8awapJzKnqDKgw"
    )
    (rsa,) = parse_jwk({"kty": "RSA", "kid": "1", "n": n, "e": "AQAB", "alg": "RS256"}, RS)
    assert rsa.thumbprint == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    (ed,) = parse_jwk({"kty": "OKP", "kid": "1", "crv": "Ed25519", "x": x}, ALGORITHMS)
    assert ed.thumbprint == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def _flipped(octets: bytes, place: int) -> bytes:
    changed = bytearray(octets)
    changed[place] ^= 1
    return bytes(changed)
