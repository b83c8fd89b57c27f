"""What the design says of a token, written down a second time: slowly, in its order, and without the library.

``step_that_refuses`` names the step of the design's section 4 at which a token is refused, or says that none does. It
shares no code with the validator: the standard library reads the JSON, ``cryptography`` verifies.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Never

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")
LAST_SECOND = 253402300799

STEPS: dict[str, frozenset[int]] = {
    "malformed_token": frozenset({1}),
    "unsupported_token": frozenset({2}),
    "untrusted_issuer": frozenset({3}),
    "legacy_issuer_retired": frozenset({3}),
    "issued_after_cutover": frozenset({3}),
    "expired": frozenset({4}),
    "not_yet_valid": frozenset({4}),
    "invalid_claim": frozenset({3, 4}),
    "wrong_token_use": frozenset({4, 7}),
    "wrong_client": frozenset({4}),
    "wrong_audience": frozenset({4}),
    "bound_token": frozenset({4}),
    "unknown_key": frozenset({5}),
    "keys_unavailable": frozenset({5}),
    "invalid_signature": frozenset({6}),
    "revoked": frozenset({7}),
    "insufficient_scope": frozenset({7}),
    "insufficient_groups": frozenset({7}),
}
"""The steps of the checks at which a code may be the answer."""


@dataclass(frozen=True)
class World:
    """What is configured, and what time it is."""

    now: float
    leeway: float
    clients: frozenset[str]
    current: str
    legacy: str
    accept_until: float
    issued_before: float
    keys: Mapping[str, RSAPublicKey]
    max_bytes: int = 16384


@dataclass
class Case:
    """A token and what the call asks for."""

    token: object
    scopes: list[str] = field(default_factory=list)
    any_group: list[str] | None = None
    token_use: str | None = None


class Refused(Exception):
    """Some check did not pass."""


def holds(condition: object) -> None:
    """Refuse unless ``condition``."""
    if not condition:
        raise Refused


def no(_: object) -> Never:
    """Refuse."""
    raise Refused


def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of distinct names."""
    holds(len({name for name, _ in pairs}) == len(pairs))
    return dict(pairs)


def check_value(value: object, depth: int) -> None:
    """At most 64 deep, real characters, finite numbers."""
    if isinstance(value, str):
        holds(not any("\ud800" <= character <= "\udfff" for character in value))
    elif isinstance(value, float):
        holds(math.isfinite(value))
    elif isinstance(value, (list, dict)):
        holds(depth <= 64)
        for item in [*value, *value.values()] if isinstance(value, dict) else value:
            check_value(item, depth + 1)


def read(part: str) -> dict[str, Any]:
    """The strict JSON object in one part."""
    return read_json(base64.urlsafe_b64decode(part + "==="))


def read_json(data: bytes) -> dict[str, Any]:
    """The strict JSON object that ``data`` is."""
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=members, parse_constant=no)
    except (ValueError, RecursionError):
        raise Refused from None
    holds(isinstance(value, dict))
    check_value(value, 1)
    return value


def is_text(value: object) -> bool:
    """Whether ``value`` is a string."""
    return isinstance(value, str)


def is_texts(value: object) -> bool:
    """Whether ``value`` is a list of strings."""
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def is_time(value: object) -> bool:
    """Whether ``value`` is a number of seconds that a calendar knows."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= LAST_SECOND


class Oracle:
    """The steps, each of which refuses or goes on."""

    def __init__(self, world: World, case: Case) -> None:
        self.world, self.case = world, case
        self.header: dict[str, Any] = {}
        self.claims: dict[str, Any] = {}
        self.steps: list[Callable[[], None]] = [
            self.shape, self.head, self.issuer, self.content, self.key, self.signature, self.wanted,
        ]  # fmt: skip

    def shape(self) -> None:
        """Step 1."""
        token = self.case.token
        holds(isinstance(token, str) and len(token) <= self.world.max_bytes)
        found = COMPACT.fullmatch(str(token))
        holds(found)
        assert found
        for part in found.groups():
            holds(len(part) % 4 != 1)
            holds(base64.urlsafe_b64encode(base64.urlsafe_b64decode(part + "===")).decode().rstrip("=") == part)
        self.parts = found.groups()
        self.header, self.claims = read(self.parts[0]), read(self.parts[1])

    def head(self) -> None:
        """Step 2."""
        kid, typ = self.header.get("kid"), self.header.get("typ", "jwt")
        holds(self.header.get("alg") == "RS256")
        holds(isinstance(kid, str) and 1 <= len(kid) <= 256)
        holds(not {"crit", "b64", "zip"} & set(self.header))
        holds(is_text(typ) and typ.lower() in ("jwt", "at+jwt", "application/jwt", "application/at+jwt"))

    def issuer(self) -> None:
        """Step 3."""
        iss, iat = self.claims.get("iss"), self.claims.get("iat")
        holds(is_text(iss) and iss in (self.world.current, self.world.legacy))
        if iss == self.world.legacy:
            holds(self.world.now < self.world.accept_until)
            holds(is_time(iat) and iat < self.world.issued_before)

    def content(self) -> None:
        """Step 4."""
        claims, now, leeway = self.claims, self.world.now, self.world.leeway
        holds(is_text(claims.get("sub")) and claims["sub"])
        holds(is_time(claims.get("exp")) and now - leeway < claims["exp"])
        for name in ("nbf", "iat"):
            holds(name not in claims or (is_time(claims[name]) and claims[name] <= now + leeway))
        holds(is_texts(claims.get("cognito:groups", [])))
        use = claims.get("token_use")
        texts = {"access": ("jti", "scope", "username"), "id": ("jti", "cognito:username")}
        holds(is_text(use) and use in texts)
        holds(all(is_text(claims.get(name, "")) for name in texts[use]))
        client = claims.get("client_id" if use == "access" else "aud")
        holds(is_text(client) and client in self.world.clients)
        holds(use == "id" or "aud" not in claims)
        holds("cnf" not in claims)

    def key(self) -> None:
        """Step 5."""
        holds(self.header["kid"] in self.world.keys)

    def signature(self) -> None:
        """Step 6."""
        signed, signature = ".".join(self.parts[:2]).encode(), base64.urlsafe_b64decode(self.parts[2] + "===")
        try:
            self.world.keys[self.header["kid"]].verify(signature, signed, PKCS1v15(), SHA256())
        except InvalidSignature:
            raise Refused from None

    def wanted(self) -> None:
        """Step 7."""
        claims, case = self.claims, self.case
        granted = claims.get("scope", "").split(" ") if claims["token_use"] == "access" else []
        holds(set(case.scopes) <= set(granted))
        holds(case.any_group is None or set(case.any_group) & set(claims.get("cognito:groups", [])))
        holds(case.token_use in (None, claims["token_use"]))


def step_that_refuses(world: World, case: Case, oracle: type[Oracle] = Oracle) -> int | None:
    """The number of the step that refuses, or None for a token that must be accepted."""
    for number, step in enumerate(oracle(world, case).steps, 1):
        try:
            step()
        except Refused:
            return number
    return None
