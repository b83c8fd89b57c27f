"""The key pairs of the world under fuzz. They are written down, so that an input means the same in every process.

They guard nothing else, and could not: the RSA keys share their primes.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

_P: Final = int(
    "c0fbf81aea2b6678015e1a144105b3eb6d317daf73ee75ffa23ca54a3cbc906d3a08443d996572f0eb4ff588f773346a"
    "b22fad1c85287d29e25bea71a973e4dce57a06af8459e9640ea2207cb7c4eb69072d90f75130eea3b1589a10244354113"
    "db612b9317e15953574308678c0f938c6e040c46c8d093150bb9267029f8081",
    16,
)
_Q: Final = int(
    "fd0395962a65e4918afbfd98dc380332546ab367e031d854fb2b8ebc3b06a93e6edcd31a8c71d5bdca54f64939eaf563"
    "726e2adf7c0d52b8c163e41772c02a010f326c30648d5acab7ea8bfe8fe8111be4986776936bfb4bb6402ffe1d44865bc"
    "436688b516f8405bbadb6eec1cff535072d595b7b2f64efab9410a1e8791f13",
    16,
)
_R: Final = int(
    "ebd983659152ed84804dc5e002e6bb36b8ecaa5949c69c899c0412ef56d388a4f9b456352a01ee972ed2be6ad9cc56d5"
    "c9a83872622a726bb1742630d6dfec86e506cbf39d31ce27a58ae716208c4446b96836daf2aabac000087ae4167cced2c"
    "8744c288ea4ca80076cdb2190504e8c5ead2cdc1e8e1f01ab94ba040d883695",
    16,
)
EXPONENT: Final = 65537
ED25519_ORDER: Final = 2**252 + 27742317777372353535851937790883648493

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


def _rsa(p: int, q: int) -> rsa.RSAPrivateKey:
    d = pow(EXPONENT, -1, (p - 1) * (q - 1))
    public = rsa.RSAPublicNumbers(EXPONENT, p * q)
    numbers = rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), public)
    return numbers.private_key(unsafe_skip_rsa_key_validation=True)


def _seed(name: str) -> bytes:
    return sha256(name.encode()).digest()


@dataclass(frozen=True)
class Signer:
    """A key pair, the one algorithm that it signs with, and the ``kid`` that it is published under."""

    kid: str
    alg: str
    private: PrivateKey

    def sign(self, data: bytes) -> bytes:
        """The signature of ``data`` as a token holds it (RFC 7518 sections 3.3 to 3.5, RFC 8037 section 3.1)."""
        if isinstance(self.private, ed25519.Ed25519PrivateKey):
            return self.private.sign(data)
        if isinstance(self.private, ec.EllipticCurvePrivateKey):
            r, s = decode_dss_signature(self.private.sign(data, ec.ECDSA(SHA256())))
            return r.to_bytes(32) + s.to_bytes(32)
        pss = padding.PSS(padding.MGF1(SHA256()), salt_length=32)
        return self.private.sign(data, pss if self.alg == "PS256" else padding.PKCS1v15(), SHA256())

    @property
    def jwk(self) -> dict[str, str]:
        """The public half."""
        named = {"kid": self.kid, "use": "sig", "alg": self.alg}
        if isinstance(self.private, ed25519.Ed25519PrivateKey):
            return {
                **named,
                "kty": "OKP",
                "crv": "Ed25519",
                "x": base64url(self.private.public_key().public_bytes_raw()),
            }
        if isinstance(self.private, ec.EllipticCurvePrivateKey):
            point = self.private.public_key().public_numbers()
            x, y = base64url(point.x.to_bytes(32)), base64url(point.y.to_bytes(32))
            return {**named, "kty": "EC", "crv": "P-256", "x": x, "y": y}
        numbers = self.private.public_key().public_numbers()
        return {**named, "kty": "RSA", "n": base64url(numbers.n.to_bytes(256)), "e": "AQAB"}


def base64url(data: bytes) -> str:
    """Base64url without padding (RFC 7515 section 2)."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


POOL_KEYS: Final = (Signer("pool-1", "RS256", _rsa(_P, _Q)), Signer("pool-2", "RS256", _rsa(_P, _R)))
PROVIDER_KEYS: Final = (
    Signer("ed", "EdDSA", ed25519.Ed25519PrivateKey.from_private_bytes(_seed("ed"))),
    Signer("ec", "ES256", ec.derive_private_key(int.from_bytes(_seed("ec")), ec.SECP256R1())),
    Signer("ps", "PS256", POOL_KEYS[0].private),
)
FORGERS: Final = (
    Signer("pool-1", "RS256", _rsa(_Q, _R)),
    Signer("ed", "EdDSA", ed25519.Ed25519PrivateKey.from_private_bytes(_seed("forged"))),
)
"""Nobody publishes these; their names are those of others."""
