"""What the design says of published keys, written down a second time: from a JSON document to the keys that serve.

The curves are arithmetic here (SEC 1 section 2.2.1, RFC 8032 section 5.1.4), not somebody's library.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

SECRETS = {"d", "p", "q", "dp", "dq", "qi", "oth"}
CURVES = {
    "P-256": (
        "ES256",
        2**256 - 2**224 + 2**192 + 2**96 - 1,
        0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
    ),
    "P-384": (
        "ES384",
        2**384 - 2**128 - 2**96 + 2**32 - 1,
        0xB3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF,
    ),
    "P-521": (
        "ES512",
        2**521 - 1,
        0x51953EB9618E1C9A1F929A21A0B68540EEA2DA725B99B315F3B8B489918EF109E156193951EC7E937B1652C0BD3BB1BF073573DF883D2C34F1EF451FD46B503F00,
    ),
}
"""By curve: its algorithm, its prime, and b of y^2 = x^3 - 3x + b."""
P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P

Material = tuple[object, ...]


class Usable(NamedTuple):
    """A member that may serve."""

    kid: str
    algorithms: frozenset[str]
    material: Material


class Refused(Exception):
    """It may not."""


def holds(condition: object) -> None:
    """Refuse unless ``condition``."""
    if not condition:
        raise Refused


def serving(document: dict[str, Any], allowed: frozenset[str]) -> dict[tuple[str, str], Material]:
    """The key for each ``kid`` and algorithm; none where the document is no set, or too large a one."""
    listed = document.get("keys")
    if not isinstance(listed, list) or len(listed) > 100:
        return {}
    found: dict[tuple[str, str], set[Material]] = {}
    for usable in _usable(listed, allowed):
        for alg in usable.algorithms:
            found.setdefault((usable.kid, alg), set()).add(usable.material)
    burnt = set(_burnt(listed))
    alone = {at: next(iter(materials)) for at, materials in found.items() if len(materials) == 1}
    return {at: material for at, material in alone.items() if material not in burnt}


def _usable(listed: list[Any], allowed: frozenset[str]) -> Iterator[Usable]:
    for member in listed:
        try:
            yield usable_of(member, allowed)
        except Refused:
            continue


def _burnt(listed: list[Any]) -> Iterator[Material]:
    """The keys whose private half is there too."""
    for member in listed:
        if isinstance(member, dict) and any(member.get(name) for name in SECRETS):
            try:
                yield _material(member)[0]
            except Refused:
                continue


def usable_of(member: object, allowed: frozenset[str]) -> Usable:
    """What a member serves. Raises :class:`Refused`."""
    holds(isinstance(member, dict))
    assert isinstance(member, dict)
    kid, operations = member.get("kid"), member.get("key_ops", ["verify"])
    holds(not (SECRETS | {"k"}) & set(member))
    holds(isinstance(kid, str) and 1 <= len(kid) <= 256)
    holds(member.get("use", "sig") == "sig")
    holds(isinstance(operations, list) and "verify" in operations)
    material, fitting = _material(member)
    algorithms = fitting & allowed
    if "alg" in member:
        algorithms &= {member["alg"]} if isinstance(member["alg"], str) else set()
    holds(algorithms)
    holds(len({alg[:2] for alg in algorithms}) == 1)
    if material[0] == "EC":
        holds(_on_curve(*material[1:]))
    return Usable(kid, frozenset(algorithms), material)


def _material(member: dict[str, Any]) -> tuple[Material, frozenset[str]]:
    """The public half, and what it could sign."""
    kind, curve = member.get("kty"), member.get("crv")
    if kind == "RSA":
        n, e = int.from_bytes(_octets(member, "n")), int.from_bytes(_octets(member, "e"))
        holds(2**2047 <= n < 2**8192 and n & 1)
        holds(65537 <= e <= 2**256 and e & 1)
        return ("RSA", n, e), frozenset(scheme + size for scheme in ("RS", "PS") for size in ("256", "384", "512"))
    if kind == "EC":
        holds(isinstance(curve, str) and curve in CURVES)
        alg, prime, _ = CURVES[str(curve)]
        x, y = _octets(member, "x"), _octets(member, "y")
        holds(len(x) == len(y) == (prime.bit_length() + 7) // 8)
        return ("EC", curve, int.from_bytes(x), int.from_bytes(y)), frozenset({alg})
    holds(kind == "OKP" and curve == "Ed25519")
    encoded = _octets(member, "x")
    holds(len(encoded) == 32)
    holds(not small_order(encoded))
    return ("OKP", encoded), frozenset({"EdDSA"})


def _octets(member: dict[str, Any], name: str) -> bytes:
    text = member.get(name)
    holds(isinstance(text, str))
    found = re.fullmatch(r"([A-Za-z0-9_-]+)=*", str(text))
    holds(found and len(found[1]) % 4 != 1)
    assert found
    return base64.urlsafe_b64decode(found[1] + "===")


def _on_curve(curve: object, x: object, y: object) -> bool:
    assert isinstance(x, int)
    assert isinstance(y, int)
    _, p, b = CURVES[str(curve)]
    return x < p and y < p and (y * y - (x * x * x - 3 * x + b)) % p == 0


def small_order(encoded: bytes) -> bool:
    """Whether this point of edwards25519, times eight, is the neutral one."""
    y = (int.from_bytes(encoded, "little") & (2**255 - 1)) % P
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    if x * x % P != square:
        return False  # no point at all: nothing verifies with it
    point = (x, y)
    for _ in range(3):
        point = _doubled(*point)
    return point == (0, 1)


def _doubled(x: int, y: int) -> tuple[int, int]:
    product = D * x * x * y * y
    return 2 * x * y * pow(1 + product, -1, P) % P, (y * y + x * x) * pow(1 - product, -1, P) % P
