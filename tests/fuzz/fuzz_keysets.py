"""Key sets: bodies of any kind, and single members of any numbers. Exactly the keys serve that the oracle names."""

from __future__ import annotations

from typing import Any, Final

from cases_keys import MEMBER_CASES, SET_CASES, WORDS
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from fuzz_key_oracle import Material, Refused, serving, usable_of
from fuzz_keys import base64url
from fuzz_kit import Draw, Target, expect
from validation_oracle import Refused as NoJson
from validation_oracle import read_json

from jwtmr._keys.jwk import Key, RefusedKey, parse_jwk
from jwtmr._keys.keyset import KeySet, UnusableSet, parse_key_set
from jwtmr.issuers import ALGORITHMS

ALLOWED: Final = (
    frozenset({"RS256"}), frozenset({"RS256", "PS256", "ES256", "EdDSA"}), frozenset({"PS512", "ES384", "ES512"}),
    frozenset(ALGORITHMS),
)  # fmt: skip
SIGNATURES: Final = (b"", b"\0" * 64, b"\xff" * 64, b"\x01" * 256, b"\0" * 1024, b"\xff" * 132)
"""None of these is one."""


class SetQuestion:
    """Which keys are in this body?"""

    allowed = (UnusableSet,)

    def __init__(self, data: bytes) -> None:
        draw = Draw(data)
        self._algorithms = draw.one_of(ALLOWED)
        self._body = draw.rest

    def ask(self) -> object:
        """Parse."""
        return parse_key_set(self._body, self._algorithms)

    def judge(self, answer: object) -> str:
        """Compare with the oracle, both ways."""
        expected = self._expected()
        if isinstance(answer, UnusableSet):
            expect(not expected, f"no usable key, where there are {len(expected)}")
            check_reasons(str(answer), *answer.refused)
            return str(answer)
        assert isinstance(answer, KeySet)
        found = {(kid, alg): key for kid, by_alg in answer.keys.items() for alg, key in by_alg.items()}
        expect({at: material_of(key) for at, key in found.items()} == expected, "other keys than the oracle's")
        check_reasons(*answer.refused)
        for key in found.values():
            check_signatures(key)
        return f"{len(found)} keys"

    def _expected(self) -> dict[tuple[str, str], Material]:
        try:
            return serving(read_json(self._body), self._algorithms)
        except NoJson:
            return {}


class MemberQuestion:
    """What is this member good for, and can anybody trip over its numbers?"""

    allowed = (RefusedKey,)

    def __init__(self, data: bytes) -> None:
        draw = Draw(data)
        self._algorithms = draw.one_of(ALLOWED)
        self._member = member_of(draw)

    def ask(self) -> object:
        """Parse, and verify with each key."""
        keys = parse_jwk(self._member, self._algorithms)
        return keys, [key.verify(b"signed", signature) for key in keys for signature in SIGNATURES]

    def judge(self, answer: object) -> str:
        """Compare with the oracle, both ways."""
        try:
            usable = usable_of(self._member, self._algorithms)
        except Refused:
            usable = None
        if isinstance(answer, RefusedKey):
            expect(usable is None, "refused, where the oracle knows a use")
            check_reasons(str(answer))
            return str(answer)
        assert isinstance(answer, tuple)
        keys, verified = answer
        expect(not any(verified), "no signature, and it verifies")
        expect(usable is not None, "usable, where the oracle refuses")
        assert usable is not None
        told = {(key.kid, key.alg, material_of(key)) for key in keys}
        expect(
            told == {(usable.kid, alg, usable.material) for alg in usable.algorithms}, "another key than the oracle's"
        )
        return " ".join(key.alg for key in keys)


KINDS: Final = ("RSA", "EC", "OKP", "oct", 7)
CURVES: Final = ("P-256", "P-384", "P-521", "Ed25519", "Ed448", None)
MORE: Final[tuple[dict[str, Any], ...]] = (
    {}, *({"alg": alg} for alg in sorted(ALGORITHMS)), {"alg": 7}, {"alg": "HS256"}, {"use": "enc"}, {"use": None},
    {"key_ops": ["sign"]}, {"key_ops": ["verify"]}, {"key_ops": "verify"}, {"d": "AQAB"}, {"d": ""}, {"k": "AQAB"},
    {"kid": 7}, {"kid": ""}, {"kid": "k" * 256}, {"kid": "k" * 257}, {"x5c": ["!"]},
)  # fmt: skip


def member_of(draw: Draw) -> dict[str, Any]:
    """The member that an input describes: its kind, its curve, more members, how long its second number is, numbers."""
    kind, curve, more = draw.one_of(KINDS), draw.one_of(CURVES), draw.one_of(MORE)
    size = draw.one_of(range(256))
    first, second = base64url(draw.rest[size:]), base64url(draw.rest[:size])
    names = ("n", "e") if kind == "RSA" else ("x", "y")
    return {"kid": "a", "kty": kind, "crv": curve, **dict(zip(names, (first, second), strict=True)), **more}


def material_of(key: Key) -> Material:
    """What a key was built of."""
    if isinstance(key.public, RSAPublicKey):
        numbers = key.public.public_numbers()
        return ("RSA", numbers.n, numbers.e)
    if isinstance(key.public, EllipticCurvePublicKey):
        point = key.public.public_numbers()
        names = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
        return ("EC", names[point.curve.name], point.x, point.y)
    return ("OKP", key.public.public_bytes_raw())


def check_signatures(key: Key) -> None:
    """What is no signature does not verify, and raises nothing."""
    expect(not any(key.verify(b"signed", signature) for signature in SIGNATURES), "no signature, and it verifies")


def check_reasons(*reasons: str) -> None:
    """A reason is fixed words: it is logged."""
    expect(all(len(reason) < 80 and reason.isascii() and reason.isprintable() for reason in reasons), "no fixed words")


SETS: Final = Target(SetQuestion, longest=8192, words=WORDS, cases=SET_CASES)
MEMBERS: Final = Target(MemberQuestion, longest=1200, cases=MEMBER_CASES)
