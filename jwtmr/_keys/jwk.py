"""One member of a JWK Set: a key that may verify, or the reason why it never will.

RFC 7517 section 4, RFC 7518 section 6, RFC 8037 section 2. The refusals are this file's job; building keys and
verifying with them is PyJWT's. Only public members are handed on, and a reason names a member, never its value.

Of a member that holds the private half of its key it is told which key that is, by its public half: whoever can fetch
the set can sign with it.
"""

from __future__ import annotations

import hashlib
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any, Final, NamedTuple, TypeAlias, cast

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from jwt.algorithms import get_default_algorithms
from jwt.exceptions import PyJWTError

from jwtmr._token.header import MAX_KID_CHARACTERS

MIN_RSA_BITS: Final = 2048
"""RFC 7518 section 3.3."""
MAX_RSA_BITS: Final = 8192
"""A longer modulus only costs time; every verification would pay it."""
MAX_RSA_EXPONENT: Final = 2**256
"""FIPS 186-5 section 5.1. OpenSSL takes far longer ones, and each bit is paid at every verification."""

FOR_OTHERS: Final = frozenset(
    {
        "use is not sig", "key_ops without verify", "unsupported kty", "unknown curve",
        "alg is not allowed or does not fit the key", "no allowed algorithm fits the key",
    }
)  # fmt: skip
"""Reasons that are nobody's mistake: many providers list keys for encryption, or for algorithms of other clients."""

_ALGORITHMS: Final = get_default_algorithms()
_PADDING: Final = PKCS1v15()
_PKCS1: Final = {"RS256": SHA256(), "RS384": SHA384(), "RS512": SHA512()}
_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth"})
_SECRET: Final = _PRIVATE | {"k"}
_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]+")
_EC: Final = {"P-256": ("ES256", 32), "P-384": ("ES384", 48), "P-521": ("ES512", 66)}
_RSA: Final = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})

_P: Final = 2**255 - 19
_ORDER_8_Y: Final = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
_LOW_ORDER_Y: Final = frozenset({0, 1, _P - 1, _ORDER_8_Y, _P - _ORDER_8_Y})
"""y of the eight points of small order (RFC 7748 section 7): with one of them as a key, signatures can be made up."""


AllowedPublicKeys: TypeAlias = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey


class RefusedKey(Exception):
    """This member can never be used; ``str()`` says why in fixed words."""

    def __init__(self, reason: str, leaked: str | None = None) -> None:
        super().__init__(reason)
        self.leaked: Final = leaked
        """The thumbprint of the key whose private half is in the member; None without a public half that could ever
        verify anything."""


class Key(NamedTuple):
    """A public key that may verify one algorithm for one ``kid``."""

    kid: str
    alg: str
    thumbprint: str
    """RFC 7638, base64url of SHA-256: equal for the same key material however it was written."""
    public: Any
    """A public key of ``cryptography``, of the type that ``alg`` needs: ``_built`` saw to that."""

    def verify(self, signed: bytes, signature: bytes) -> bool:
        """Whether ``signature`` over ``signed`` is this key's. Raises nothing."""
        digest = _PKCS1.get(self.alg)
        if digest is None:
            return bool(_ALGORITHMS[self.alg].verify(signed, self.public, signature))
        try:  # without the detour: every token of Cognito comes this way
            self.public.verify(signature, signed, _PADDING, digest)
        except InvalidSignature:
            return False
        return True


def parse_jwk(member: object, allowed: frozenset[str]) -> list[Key]:
    """Return the member's usable keys, one per algorithm that it may serve. Raises :class:`RefusedKey`."""
    if type(member) is not dict:
        raise RefusedKey("member is no object")
    return _parse(cast("dict[str, Any]", member), allowed)


def _parse(member: Mapping[str, Any], allowed: frozenset[str]) -> list[Key]:
    if not _SECRET.isdisjoint(member):
        raise _secret(member)
    kid = member.get("kid")
    if type(kid) is not str or not 0 < len(kid) <= MAX_KID_CHARACTERS:
        raise RefusedKey("kid missing or no string")
    if member.get("use", "sig") != "sig":
        raise RefusedKey("use is not sig")
    operations = member.get("key_ops", ["verify"])
    if type(operations) is not list or "verify" not in operations:
        raise RefusedKey("key_ops without verify")
    public, possible = _public(member)
    algorithms = sorted(_served(member, possible & allowed))
    thumbprint = _thumbprint(public)
    return [Key(kid, alg, thumbprint, _built(alg, public)) for alg in algorithms]


def _secret(member: Mapping[str, Any]) -> RefusedKey:
    """Why a member with members that nobody should publish is refused. Members that are null or empty tell nothing."""
    if not any(member.get(name) for name in _PRIVATE):
        return RefusedKey("private or symmetric key material")
    try:
        leaked = _thumbprint(_public(member)[0])
    except RefusedKey:
        leaked = None
    return RefusedKey("private members present: this key is never used again", leaked)


def _public(member: Mapping[str, Any]) -> tuple[dict[str, str], frozenset[str]]:
    """The public half as RFC 7638 section 3.2 wants it, and the algorithms that fit its type and curve."""
    kind = member.get("kty")
    if kind == "RSA":
        return _rsa(member), _RSA
    if kind == "EC":
        return _ec(member)
    if kind == "OKP":
        return _okp(member), frozenset({"EdDSA"})
    raise RefusedKey("unsupported kty")


def _served(member: Mapping[str, Any], possible: frozenset[str]) -> frozenset[str]:
    """The algorithms that a key serves: its ``alg`` alone; without one, all that fit, unless RS and PS both would."""
    if "alg" in member:
        alg = member["alg"]
        if type(alg) is not str or alg not in possible:
            raise RefusedKey("alg is not allowed or does not fit the key")
        return frozenset({alg})
    if not possible:
        raise RefusedKey("no allowed algorithm fits the key")
    if len({alg[:2] for alg in possible}) > 1:  # RFC 8017 section 6.1: one key for one scheme
        raise RefusedKey("no alg, and both RS and PS would fit")
    return possible


def _rsa(member: Mapping[str, Any]) -> dict[str, str]:
    modulus, exponent = _number(member, "n"), _number(member, "e")
    if not MIN_RSA_BITS <= modulus.bit_length() <= MAX_RSA_BITS or modulus % 2 == 0:
        raise RefusedKey("RSA modulus is out of bounds")
    if not 65537 <= exponent <= MAX_RSA_EXPONENT or exponent % 2 == 0:
        raise RefusedKey("RSA exponent is out of bounds")
    return {"kty": "RSA", "n": _text(modulus), "e": _text(exponent)}


def _ec(member: Mapping[str, Any]) -> tuple[dict[str, str], frozenset[str]]:
    curve = member.get("crv")
    if type(curve) is not str or curve not in _EC:
        raise RefusedKey("unknown curve")
    alg, size = _EC[curve]
    x, y = _octets(member, "x"), _octets(member, "y")
    if len(x) != size or len(y) != size:
        raise RefusedKey("a coordinate has the wrong length")
    return {"kty": "EC", "crv": curve, "x": _base64url(x), "y": _base64url(y)}, frozenset({alg})


def _okp(member: Mapping[str, Any]) -> dict[str, str]:
    if member.get("crv") != "Ed25519":
        raise RefusedKey("unknown curve")
    x = _octets(member, "x")
    if len(x) != 32:
        raise RefusedKey("a coordinate has the wrong length")
    if (int.from_bytes(x, "little") & (2**255 - 1)) % _P in _LOW_ORDER_Y:
        raise RefusedKey("a point of low order")
    return {"kty": "OKP", "crv": "Ed25519", "x": _base64url(x)}


def _built(alg: str, public: Mapping[str, str]) -> AllowedPublicKeys:
    try:
        return cast("AllowedPublicKeys", _ALGORITHMS[alg].from_jwk(dict(public)))
    except (PyJWTError, ValueError, UnsupportedAlgorithm):
        raise RefusedKey("no such public key") from None  # a point off the curve, or a curve that is switched off here


def _thumbprint(public: Mapping[str, str]) -> str:
    canonical = json.dumps(public, sort_keys=True, separators=(",", ":"))
    return _base64url(hashlib.sha256(canonical.encode()).digest())


def _octets(member: Mapping[str, Any], name: str) -> bytes:
    """The base64url member ``name``.

    Padding, which RFC 7515 section 2 forbids, is forgiven: the host is trusted, and means the key.
    """
    text = member.get(name)
    if type(text) is not str or not _BASE64URL.fullmatch(text := text.rstrip("=")) or len(text) % 4 == 1:
        raise RefusedKey(f"{name} is no base64url")
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _number(member: Mapping[str, Any], name: str) -> int:
    return int.from_bytes(_octets(member, name))


def _text(number: int) -> str:
    return _base64url(number.to_bytes((number.bit_length() + 7) // 8))


def _base64url(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")
