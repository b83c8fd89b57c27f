"""Key sets and members to begin with.

Of a set the input is a digit (the allowed algorithms) and the body. Of a member it is a digit for each of: allowed
algorithms, kind, curve, further members; the length of the second number, counted from ``"0"``; that number, the first.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec
from fuzz_key_oracle import CURVES, P
from fuzz_keys import POOL_KEYS, PROVIDER_KEYS, base64url
from fuzz_world import as_json

RSA, OTHER = POOL_KEYS[0].jwk, POOL_KEYS[1].jwk
ED, EC, PS = (key.jwk for key in PROVIDER_KEYS)


def body(*members: object, digit: bytes = b"1") -> bytes:
    """An input: a set of these."""
    return digit + as_json({"keys": members})


def odd(bits: int) -> str:
    """A modulus of so many bits, which may have any factors."""
    return base64url(((1 << bits) - 1).to_bytes((bits + 7) // 8))


def unnamed(jwk: dict[str, str], **changes: Any) -> dict[str, Any]:  # noqa: ANN401  # members of any kind
    """A member without its ``alg``, with these laid over."""
    return {name: value for name, value in jwk.items() if name != "alg"} | changes


NONE, NO_SET = "no usable key", "no JWK Set"

SET_CASES: Final[dict[str, tuple[bytes, str]]] = {
    "a pool's": (body(RSA, OTHER, digit=b"0"), "2 keys"),
    "a provider's": (body(ED, EC, PS), "3 keys"),
    "PS256 where it is not allowed": (body(RSA, PS, digit=b"0"), "1 keys"),
    "one that serves three algorithms": (body(unnamed(RSA), unnamed(EC), digit=b"3"), "1 keys"),
    "the same key twice": (body(RSA, RSA), "1 keys"),
    "two keys of one name": (body(RSA, {**OTHER, "kid": RSA["kid"]}, ED), "1 keys"),
    "a key and its private half": (body(RSA, {**unnamed(RSA), "kid": "b", "d": "AQAB"}, ED), "1 keys"),
    "a private half alone": (body({**RSA, "d": "AQAB"}), NONE),
    "a private half that is empty": (body(RSA, {**RSA, "d": ""}), "1 keys"),
    "strange members": (body(None, 1, "a", [], {}, {"kty": []}, {"kid": {}}, ED), "1 keys"),
    "members that are lists": (body(ED, *({**ED, "kid": "b", name: []} for name in ED)), "1 keys"),
    "members that are objects": (body(ED, *({**ED, "kid": "b", name: {}} for name in ED)), "1 keys"),
    "key_ops without verify": (body(ED, {**EC, "key_ops": ["sign"]}, {**RSA, "key_ops": "verify"}), "1 keys"),
    "a private half of no key": (body(ED, {**RSA, "n": "AQAB", "d": "AQAB"}), "1 keys"),
    "an algorithm that nobody allows": (body(unnamed(EC), digit=b"0"), NONE),
    "RS and PS": (body(unnamed(RSA)), NONE),
    "a short Ed25519 key": (body({**ED, "x": "AQAB"}), NONE),
    "for encryption": (body({**RSA, "use": "enc"}), NONE),
    "a symmetric one": (body({"kty": "oct", "kid": "a", "k": "AAAA"}), NONE),
    "RSA of 2047 bits": (body({**RSA, "n": odd(2047)}), NONE),
    "RSA of 8192 bits": (body({**RSA, "n": odd(8192)}), "1 keys"),
    "RSA of 16384 bits": (body({**RSA, "n": odd(16384)}), NONE),
    "an even modulus": (body({**RSA, "n": base64url(bytes([255]) * 255 + b"\0")}), NONE),
    "an exponent of 1": (body({**RSA, "e": "AQ"}), NONE),
    "an exponent of 3": (body({**RSA, "e": "Aw"}), NONE),
    "an exponent of 256 bits": (body({**RSA, "e": odd(256)}), "1 keys"),
    "an exponent of 257 bits": (body({**RSA, "e": odd(257)}), NONE),
    "zeros in front": (body({**RSA, "n": base64url(bytes(9) + urlsafe_b64decode(RSA["n"] + "=="))}), "1 keys"),
    "padding": (body({**RSA, "n": RSA["n"] + "=="}), "1 keys"),
    "standard base64": (body({**RSA, "n": "+/" + RSA["n"][2:]}), NONE),
    "no digits at all": (body({**RSA, "n": ""}), NONE),
    "a point off the curve": (body({**EC, "y": EC["x"]}), NONE),
    "a point at zero": (body({**EC, "x": base64url(bytes(32)), "y": base64url(bytes(32))}), NONE),
    "a short coordinate": (body({**EC, "x": EC["x"][:-2]}), NONE),
    "a curve that is a list": (body({**EC, "crv": ["P-256"]}), NONE),
    "an Ed25519 point of low order": (body({**ED, "x": base64url(b"\1" + bytes(31))}), NONE),
    "nothing": (b"1", NO_SET),
    "a list": (b"1[]", NO_SET),
    "keys that are an object": (b'1{"keys":{}}', NO_SET),
    "no keys": (body(), NONE),
    "keys twice": (b'1{"keys":[],"keys":[]}', NO_SET),
    "101 members": (body(*[ED] * 101), "more than 100 keys"),
    "100 of 2048 bits": (body(*(unnamed(RSA, kid=str(n)) for n in range(100)), digit=b"0"), "100 keys"),
    "100 of 8192 bits": (body(*(unnamed(RSA, kid=str(n), n=odd(8192)) for n in range(100)), digit=b"0"), "100 keys"),
    "a modulus of half a megabyte": (
        b'1{"keys":[{"kty":"RSA","kid":"a","e":"AQAB","n":"' + b"_" * 520_000 + b'"}]}',
        NONE,
    ),
    "NaN beside a key": (as_json({"keys": [ED]}).replace(b"{", b'1{"x":NaN,', 1), NO_SET),
}


def member(digits: bytes, first: int | bytes, second: int | bytes) -> bytes:
    """An input: a member of these numbers."""
    pieces = [n if isinstance(n, bytes) else n.to_bytes((n.bit_length() + 7) // 8) for n in (first, second)]
    return digits + bytes([(ord("0") + len(pieces[1])) % 256]) + pieces[1] + pieces[0]


def point(curve: str) -> tuple[bytes, bytes]:
    """A point of a curve."""
    kind = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}[curve]
    numbers = ec.derive_private_key(7, kind).public_key().public_numbers()
    size = (CURVES[curve][1].bit_length() + 7) // 8
    return numbers.x.to_bytes(size), numbers.y.to_bytes(size)


N: Final = POOL_KEYS[0].private.public_key().public_numbers().n
X256, Y256 = point("P-256")
OFF, BOUNDS = "no such public key", "RSA modulus is out of bounds"
LOW: Final = "a point of low order"

MEMBER_CASES: Final[dict[str, tuple[bytes, str]]] = {
    "RSA": (member(b"0000", N, 65537), "RS256"),
    "RSA of all ones": (member(b"0000", 2**2048 - 1, 65537), "RS256"),
    "RSA of 2047 bits": (member(b"0000", 2**2047 - 1, 65537), BOUNDS),
    "RSA of 8192 bits and the longest exponent": (member(b"0000", 2**8192 - 1, 2**256 - 1), "RS256"),
    "RSA of 8193 bits": (member(b"0000", 2**8193 - 1, 65537), BOUNDS),
    "a modulus that is a square": (member(b"0000", (2**1024 - 1) ** 2 | 1 << 2047, 65537), "RS256"),
    "an exponent of 65535": (member(b"0000", N, 65535), "RSA exponent is out of bounds"),
    "an even exponent": (member(b"0000", N, 65538), "RSA exponent is out of bounds"),
    "no exponent": (member(b"0000", N, b""), "e is no base64url"),
    "P-256": (member(b"3100", X256, Y256), "ES256"),
    "P-384": (member(b"3110", *point("P-384")), "ES384"),
    "P-521": (member(b"3120", *point("P-521")), "ES512"),
    "off the curve": (member(b"3100", Y256, X256), OFF),
    "a coordinate beyond the prime": (member(b"3100", b"\xff" * 32, b"\xff" * 32), OFF),
    "the point at zero": (member(b"3100", bytes(32), bytes(32)), OFF),
    "Ed25519": (member(b"3230", bytes([9]) * 32, b""), "EdDSA"),
    "the neutral point": (member(b"3230", b"\1" + bytes(31), b""), LOW),
    "the neutral point, signed": (member(b"3230", b"\1" + bytes(30) + b"\x80", b""), LOW),
    "order 2": (member(b"3230", (P - 1).to_bytes(32, "little"), b""), LOW),
    "order 4": (member(b"3230", bytes(32), b""), LOW),
    "order 4, beyond the prime": (member(b"3230", P.to_bytes(32, "little"), b""), LOW),
    "order 1, beyond the prime": (member(b"3230", (P + 1).to_bytes(32, "little"), b""), LOW),
    "order 8": (
        member(b"3230", bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"), b""), LOW
    ),
    "no point at all": (member(b"3230", b"\2" + bytes(31), b""), "EdDSA"),
    "Ed448": (member(b"3240", bytes(57), b""), "unknown curve"),
    "a kind that is a number": (member(b"3400", N, 65537), "unsupported kty"),
}  # fmt: skip

WORDS: Final = (
    *(f'"{name}":'.encode() for name in {**RSA, **EC}), b'"key_ops":', b'"d":', b'"k":', b'"keys":', b'"RSA"', b'"EC"',
    b'"OKP"', b'"oct"', b'"P-384"', b'"P-521"', b'"Ed25519"', b'"RS256"', b'"PS256"', b'"ES256"', b'"EdDSA"', b'"sig"',
    b'"enc"', b'["verify"]', b"AQAB", b"null", b"[]", b"{}", b"==",
)  # fmt: skip
