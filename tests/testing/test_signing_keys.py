"""Key pairs for every algorithm, checked with ``cryptography`` alone: what is published, and what is signed."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512

from jwtmr import ConfigurationError
from jwtmr.issuers import ALGORITHMS
from jwtmr.testing import SigningKey
from jwtmr.testing.material import Loans

HASHES: dict[str, Any] = {"256": SHA256(), "384": SHA384(), "512": SHA512()}

CURVES: dict[str, tuple[str, Any, int]] = {
    "ES256": ("P-256", ec.SECP256R1(), 32),
    "ES384": ("P-384", ec.SECP384R1(), 48),
    "ES512": ("P-521", ec.SECP521R1(), 66),
}
"""By algorithm: the name of its curve, the curve, and the octets of a coordinate and of each half of a signature."""

PUBLIC_MEMBERS = {
    "RSA": {"kty", "kid", "use", "alg", "n", "e"},
    "EC": {"kty", "kid", "use", "alg", "crv", "x", "y"},
    "OKP": {"kty", "kid", "use", "alg", "crv", "x"},
}

EVERY = sorted(ALGORITHMS)

DATA = b"header.payload"


def octets(text: str) -> bytes:
    """Decode base64url, which must have no padding."""
    assert "=" not in text
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def number(text: str) -> int:
    """Decode a Base64urlUInt."""
    return int.from_bytes(octets(text), "big")


def public_of(jwk: dict[str, str]) -> Any:  # noqa: ANN401  # each kind has a verify of its own
    """Build the public key that ``jwk`` describes (RFC 7518 section 6, RFC 8037 section 2)."""
    if jwk["kty"] == "RSA":
        return rsa.RSAPublicNumbers(number(jwk["e"]), number(jwk["n"])).public_key()
    if jwk["kty"] == "OKP":
        assert jwk["crv"] == "Ed25519"
        return Ed25519PublicKey.from_public_bytes(octets(jwk["x"]))
    name, curve, size = next(row for row in CURVES.values() if row[0] == jwk["crv"])
    assert (name, len(octets(jwk["x"])), len(octets(jwk["y"]))) == (jwk["crv"], size, size)
    return ec.EllipticCurvePublicNumbers(number(jwk["x"]), number(jwk["y"]), curve).public_key()


def verify(alg: str, public: Any, signature: bytes) -> None:  # noqa: ANN401
    """Raise unless ``signature`` is one over ``DATA`` as RFC 7518 section 3 or RFC 8037 section 3.1 has it."""
    if alg == "EdDSA":
        public.verify(signature, DATA)
        return
    digest = HASHES[alg[2:]]
    if alg in CURVES:
        size = CURVES[alg][2]
        assert len(signature) == 2 * size
        halves = (int.from_bytes(half, "big") for half in (signature[:size], signature[size:]))
        public.verify(encode_dss_signature(*halves), DATA, ec.ECDSA(digest))
    elif alg.startswith("PS"):
        public.verify(signature, DATA, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
    else:
        public.verify(signature, DATA, padding.PKCS1v15(), digest)


@pytest.mark.parametrize("alg", EVERY)
def test_every_algorithm_signs_as_its_rfc_says(alg: str) -> None:
    """The published half verifies the signature, of the data and of nothing else."""
    key = SigningKey.generate(alg)
    assert key.alg == alg
    public, signature = public_of(key.jwk), key.sign(DATA)
    verify(alg, public, signature)
    with pytest.raises(InvalidSignature):
        verify(alg, public, key.sign(DATA + b"!"))


@pytest.mark.parametrize("alg", EVERY)
def test_a_jwk_holds_the_public_half_alone(alg: str) -> None:
    """It names ``kid``, ``use``, ``alg`` and the members of its kind, and nothing private."""
    key = SigningKey.generate(alg, kid="k1")
    jwk = key.jwk
    assert jwk.keys() == PUBLIC_MEMBERS[jwk["kty"]]
    assert (jwk["kid"], jwk["use"], jwk["alg"]) == ("k1", "sig", alg)
    if alg in CURVES:
        assert jwk["crv"] == CURVES[alg][0]
    if jwk["kty"] == "RSA":
        assert number(jwk["n"]).bit_length() == 2048
    jwk.clear()
    assert key.jwk["kid"] == "k1"


@pytest.mark.parametrize("alg", ["RS256", "PS512", "ES384", "EdDSA"])
def test_a_jwk_need_not_name_its_algorithm(alg: str) -> None:
    """With ``named=False`` the same key is published without ``alg``, and signs as before."""
    key = SigningKey.generate(alg, named=False)
    assert key.jwk == {name: value for name, value in replace(key, named=True).jwk.items() if name != "alg"}
    verify(alg, public_of(key.jwk), key.sign(DATA))


def test_drawn_keys_and_names_are_ones_own() -> None:
    """Two keys that nobody named have different names and material; RS256 unless told otherwise."""
    first, second = SigningKey.generate(), SigningKey.generate()
    assert first.kid != second.kid
    assert first.jwk["n"] != second.jwk["n"]
    assert (first.alg, first.jwk["alg"], first.named) == ("RS256", "RS256", True)


FITTING = {
    "RS256": {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"},
    "ES256": {"ES256"},
    "ES384": {"ES384"},
    "ES512": {"ES512"},
    "EdDSA": {"EdDSA"},
}
"""By the algorithm that a key was made for: those that it can sign with."""


@pytest.mark.parametrize("made_for", FITTING)
def test_a_key_signs_only_what_it_fits(made_for: str) -> None:
    """The same material can serve all algorithms of its kind and curve; any other is refused where it is said."""
    key = SigningKey.generate(made_for)
    for alg in EVERY:
        if alg in FITTING[made_for]:
            other = replace(key, alg=alg)
            verify(alg, public_of(other.jwk), other.sign(DATA))
        else:
            with pytest.raises(ConfigurationError, match=f"^private_key: must be one that {alg} signs with"):
                replace(key, alg=alg)


@pytest.mark.parametrize("alg", ["HS256", "none", "ES256K", "EdDsa", ""])
def test_unknown_algorithms_are_refused(alg: str) -> None:
    """An algorithm that jwtmr does not validate is refused when a key is made, and when one is relabelled."""
    with pytest.raises(ConfigurationError, match=r"^alg: "):
        SigningKey.generate(alg)
    with pytest.raises(ConfigurationError, match=r"^alg: "):
        replace(SigningKey.generate("EdDSA"), alg=alg)


def test_material_is_lent_to_one_holder_at_a_time() -> None:
    """RSA keys go back on closing, once, and to the next holder; no other kind is ever handed on."""
    first = Loans()
    rsa_keys = [first.borrow("RS256"), first.borrow("PS384")]
    others = [first.borrow(alg) for alg in ("ES256", "ES512", "EdDSA")]
    assert len(set(map(id, rsa_keys))) == 2
    first.close()
    first.close()
    second = Loans()
    again = [second.borrow(alg) for alg in ("PS256", "RS512", "ES256", "ES512", "EdDSA")]
    assert set(map(id, again[:2])) == set(map(id, rsa_keys))
    assert set(map(id, again[2:])).isdisjoint(map(id, others))
    third = Loans()
    assert all(third.borrow("RS256") is not key for key in rsa_keys)
    second.close()
    third.close()
