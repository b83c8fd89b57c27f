"""What a source says of keys, member by member, by the rules that the library itself goes by.

A set that tells private members is shown without them, and called what it is.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias, cast

from jwtmr._keys.jwk import MAX_RSA_BITS, Key, RefusedKey, parse_jwk
from jwtmr._keys.keyset import MAX_MEMBERS, KeySet
from jwtmr._keys.reading import Reading, read_answer
from jwtmr._strictjson import object_of
from jwtmr.cli.asking import Got

Outcome: TypeAlias = Literal["usable", "unusable", "silent"]
"""``usable``: a set with at least one usable key. ``unusable``: an answer that is none. ``silent``: no answer, or one
that says "later"."""

SECRETS: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
"""Members that only the owner of a key may know: RFC 7518 sections 6.2.2, 6.3.2 and 6.4.1, RFC 8037 section 2."""
PUBLIC: Final = ("kty", "n", "e", "crv", "x", "y")
"""What a thumbprint is made of: RFC 7638 section 3.2, RFC 8037 section 2."""
ONE_FOR_EACH: Final = frozenset({"RS256", "ES256", "ES384", "ES512", "EdDSA"})
"""An algorithm for every kind of key, so that none is refused for want of one."""
MAX_SHOWN: Final = 300
"""Characters that are shown of what a member says of itself."""
NO_ALG: Final = "no alg, and both RS and PS would fit"
"""A refusal that an operator can lift by saying which algorithm is meant."""
_MEANS: Final = {
    "no JWK Set": "this is no JWK Set, which is a JSON object with a list under keys (RFC 7517 section 5)",
    "no usable key": "a JWK Set without a single key that a validator would use",
}


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a set. What it says of itself is None where that is no text."""

    kid: str | None
    kty: str | None
    crv: str | None
    bits: int | None
    """Of an RSA modulus."""
    alg: str | None
    use: str | None
    thumbprint: str | None
    """RFC 7638; None where its public half is none that could ever verify anything."""
    refused: str | None
    """Why it is never used; None where it is."""
    secret: bool
    """Whether it tells what only its owner may know."""

    @property
    def document(self) -> Mapping[str, object]:
        """As JSON."""
        names = ("kid", "kty", "crv", "bits", "alg", "use", "thumbprint", "refused")
        return {**{name: getattr(self, name) for name in names}, "usable": self.refused is None, "secret": self.secret}

    @property
    def kind(self) -> str:
        """In words: type, size or curve, algorithm, use."""
        size = f"{self.bits} bits" if self.bits is not None else self.crv
        parts = [" ".join(filter(None, [self.kty or "no kty", size])), self.alg or "no alg"]
        return ", ".join([*parts, f"use {self.use}" if self.use else "no use"])


@dataclass(frozen=True, slots=True)
class Found:
    """What one source said."""

    source: str
    outcome: Outcome
    problem: str
    """Why it is not usable; empty where it is."""
    body: bytes = b""
    members: tuple[Member, ...] = ()
    keys: KeySet | None = None
    secrets: int = 0
    """Objects, anywhere in the answer, that tell what only the owner of a key may know."""
    authority: str | None = None
    region: str | None = None

    @property
    def hash(self) -> str | None:
        """That of ``EndpointStatus.key_set_hash``."""
        return None if self.keys is None else self.keys.hash

    @property
    def count(self) -> int:
        """How many usable keys there are."""
        used = {key.thumbprint for by_alg in self.keys.keys.values() for key in by_alg.values()} if self.keys else ()
        return len(used)


def found_in(got: Got, allowed: frozenset[str], wall: float) -> Found:
    """Read what a source said, as the answer to a request that was sent at the Unix time ``wall``."""
    if got.trouble is not None:
        return Found(got.source, "silent" if got.trouble == "silent" else "unusable", got.problem)
    status = 200 if got.status is None else got.status
    reading = read_answer(status, got.headers, got.body, allowed=allowed, etag=None, wall=wall)
    outcome, problem = _outcome(reading, status)
    document = object_of(got.body) if status == 200 else None
    listed: object = None if document is None else document.get("keys")
    members = cast("list[object]", listed)[:MAX_MEMBERS] if type(listed) is list else []
    shown = tuple(_member(member, _refused(member, reading.keys, allowed)) for member in members)
    return Found(got.source, outcome, problem, got.body, shown, reading.keys, _secrets(document))


def _outcome(reading: Reading, status: int) -> tuple[Outcome, str]:
    if reading.keys is not None:
        return "usable", ""
    if reading.outcome == "redirect":
        return "unusable", f"answered with a redirect (status {status}), and those are never followed"
    if reading.outcome == "client_error":
        return "unusable", f"answered with status {status}: there is no key set at this address"
    if reading.outcome == "unusable":
        return "unusable", _MEANS.get(reading.refused[0], reading.refused[0])
    return "silent", f"answered with status {status}: it cannot say now"


def _member(member: object, refused: str | None) -> Member:
    fields = cast("dict[str, Any]", member) if type(member) is dict else {}
    texts = {name: _text(fields.get(name)) for name in ("kid", "kty", "crv", "alg", "use")}
    return Member(
        **texts,
        bits=_bits(fields) if fields.get("kty") == "RSA" else None,
        thumbprint=thumbprint_of(fields),
        refused=refused,
        secret=not SECRETS.isdisjoint(fields),
    )


def _refused(member: object, usable: KeySet | None, allowed: frozenset[str]) -> str | None:
    """Why the member is not used: for its own sake, or for that of another one in the set."""
    try:
        keys = parse_jwk(member, allowed)
    except RefusedKey as error:
        return str(error)
    served: Mapping[str, Key] = {} if usable is None else usable.keys.get(keys[0].kid, {})
    if any(key.alg in served and served[key.alg].thumbprint == key.thumbprint for key in keys):
        return None
    return "another member spoils it: the same key with its private half, or another key for its kid and algorithm"


def thumbprint_of(fields: Mapping[str, Any]) -> str | None:
    """The RFC 7638 thumbprint of a member's public half, whatever else the member says; None for what is no key."""
    public = {name: fields[name] for name in PUBLIC if name in fields}
    try:
        return parse_jwk({**public, "kid": "-"}, ONE_FOR_EACH)[0].thumbprint
    except RefusedKey:
        return None


def _bits(fields: Mapping[str, Any]) -> int | None:
    """How long the modulus is; of one that is too short or too long too, within reason."""
    text = fields.get("n")
    if type(text) is not str or len(text) > MAX_RSA_BITS or not text.isascii():
        return None
    try:
        return int.from_bytes(urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))).bit_length()
    except ValueError:
        return None


def _text(value: object) -> str | None:
    return None if type(value) is not str else value if len(value) <= MAX_SHOWN else value[:MAX_SHOWN] + "..."


def _secrets(document: object) -> int:
    """How many keys with a private half there are, in the set or beside it."""
    found, left = 0, [document]
    while left:
        one = left.pop()
        if type(one) is dict:
            members = cast("dict[str, object]", one)
            found += "kty" in members and not SECRETS.isdisjoint(members)
            left.extend(members.values())
        elif type(one) is list:
            left.extend(cast("list[object]", one))
    return found
