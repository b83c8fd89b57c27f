"""JWKs for tests: real key pairs of every kind, and cheap Ed25519 keys that follow from a name."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

HASHES: Final[Mapping[str, hashes.HashAlgorithm]] = {
    "256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()
}  # fmt: skip
CURVES: Final[Mapping[str, tuple[str, ec.EllipticCurve, int]]] = {
    "ES256": ("P-256", ec.SECP256R1(), 32),
    "ES384": ("P-384", ec.SECP384R1(), 48),
    "ES512": ("P-521", ec.SECP521R1(), 66),
}

PRIVATE_HALF: Final = "cHJpdmF0ZS1oYWxmLW9mLWEta2V5"
"""What stands in for private members. It must not be found anywhere but in the answer of a host."""


def b64url(octets: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def number(value: int) -> str:
    """A number as RFC 7518 writes it: Base64urlUInt."""
    return b64url(value.to_bytes(max(1, (value.bit_length() + 7) // 8)))


def odd_of(bits: int) -> str:
    """An odd modulus of exactly ``bits`` bits. Nobody can sign with it, but its size can be judged."""
    return number((1 << (bits - 1)) + 1)


@lru_cache
def rsa_key() -> rsa.RSAPrivateKey:
    """One RSA-2048 key pair for the whole run."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@lru_cache
def ec_key(alg: str) -> ec.EllipticCurvePrivateKey:
    """One key pair for each of the three curves."""
    return ec.generate_private_key(CURVES[alg][1])


@lru_cache
def ed_key(name: str) -> ed25519.Ed25519PrivateKey:
    """The Ed25519 key pair that belongs to a name."""
    return ed25519.Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())


def rsa_jwk(kid: str = "r", /, **more: object) -> dict[str, object]:
    """The public half of :func:`rsa_key`, without ``alg``."""
    public = rsa_key().public_key().public_numbers()
    return {"kty": "RSA", "kid": kid, "n": number(public.n), "e": number(public.e), **more}


def ec_jwk(fits: str = "ES256", kid: str = "e", /, **more: object) -> dict[str, object]:
    """The public half of the curve's key pair, without ``alg``."""
    curve, _, size = CURVES[fits]
    public = ec_key(fits).public_key().public_numbers()
    point = {"x": b64url(public.x.to_bytes(size)), "y": b64url(public.y.to_bytes(size))}
    return {"kty": "EC", "kid": kid, "crv": curve, **point, **more}


def ed_jwk(kid: str = "o", material: str | None = None, /, **more: object) -> dict[str, object]:
    """An Ed25519 key; its material follows from ``material``, or from ``kid``."""
    x = ed_key(kid if material is None else material).public_key().public_bytes_raw()
    return {"kty": "OKP", "kid": kid, "crv": "Ed25519", "x": b64url(x), **more}


def jwk_for(fits: str, kid: str = "k", /, **more: object) -> dict[str, object]:
    """A JWK that fits the algorithm ``fits``; the member ``alg`` is among ``more`` or missing."""
    if fits in CURVES:
        return ec_jwk(fits, kid, **more)
    return ed_jwk(kid, **more) if fits == "EdDSA" else rsa_jwk(kid, **more)


def sign(alg: str, data: bytes, kid: str = "k") -> bytes:
    """A signature as RFC 7518 and RFC 8037 want it, made by ``cryptography`` with the key of :func:`jwk_for`."""
    if alg == "EdDSA":
        return ed_key(kid).sign(data)
    digest = HASHES[alg[2:]]
    if alg in CURVES:
        r, s = decode_dss_signature(ec_key(alg).sign(data, ec.ECDSA(digest)))
        return r.to_bytes(CURVES[alg][2]) + s.to_bytes(CURVES[alg][2])
    if alg.startswith("PS"):
        return rsa_key().sign(data, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
    return rsa_key().sign(data, padding.PKCS1v15(), digest)


def body_of(members: Iterable[object]) -> bytes:
    """A JWK Set."""
    return json.dumps({"keys": list(members)}).encode()


@lru_cache(maxsize=4096)
def set_of(*names: str) -> bytes:
    """A JWK Set of named keys; ``"a=b"`` is the kid ``a`` with the key of ``b``, ``"a!"`` one with its private half."""
    return body_of(_named(name) for name in names)


def _named(name: str) -> dict[str, object]:
    member = ed_jwk(*name.removesuffix("!").split("=", 1))
    return member | {"d": PRIVATE_HALF} if name.endswith("!") else member


def thumbprint_of(name: str) -> str:
    """The RFC 7638 thumbprint of the Ed25519 key that belongs to a name (RFC 8037 section 2)."""
    canonical = f'{{"crv":"Ed25519","kty":"OKP","x":"{ed_jwk(name)["x"]}"}}'
    return b64url(hashlib.sha256(canonical.encode()).digest())
