"""One answer's usable keys, immutable. One bad member never spoils the rest (RFC 7517 section 5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from hashlib import sha256
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeAlias, cast

import msgspec

from jwtmr._keys.jwk import Key, RefusedKey, parse_jwk
from jwtmr._strictjson import object_of
from jwtmr._token.header import MAX_KID_CHARACTERS

MAX_MEMBERS: Final = 100
"""Members of one set. Real sets have two to ten; parsing more costs whoever asked, and none of them is a key set."""

KeysByKid: TypeAlias = Mapping[str, Mapping[str, Key]]
"""``kid`` to ``alg`` to key. A ``kid`` in it has at least one usable key."""


class Refusal(NamedTuple):
    """A member that is never used. Two are equal where an operator need not be told of the second."""

    reason: str
    kid: str | None
    leaked: str | None = None
    """The thumbprint of the key whose private half was in it."""


class UnusableSet(Exception):
    """A body that is no set of usable keys. ``refused`` are the reasons of its members, ``leaked`` as in a set."""

    def __init__(self, reason: str, refusals: tuple[Refusal, ...] = ()) -> None:
        super().__init__(reason)
        self.refused: Final = tuple(refusal.reason for refusal in refusals)
        self.leaked: Final = _leaked(refusals)


class KeySet(msgspec.Struct, frozen=True):
    """The usable keys of one answer, and why its other members are none."""

    keys: KeysByKid
    refusals: tuple[Refusal, ...] = ()

    @property
    def refused(self) -> tuple[str, ...]:
        """The reasons of the members that are never used."""
        return tuple(refusal.reason for refusal in self.refusals)

    @property
    def leaked(self) -> frozenset[str]:
        """The thumbprints of keys whose private half stands in the answer."""
        return _leaked(self.refusals)

    @property
    def hash(self) -> str:
        """SHA-256, in hex, over the sorted thumbprints: what the set holds, whatever its order and names."""
        thumbprints = {key.thumbprint for by_alg in self.keys.values() for key in by_alg.values()}
        return sha256("\n".join(sorted(thumbprints)).encode()).hexdigest()

    def same_keys(self, other: KeySet) -> bool:
        """Whether both hold the same key material under the same names."""
        return _identity(self.keys) == _identity(other.keys)

    def same_refusals(self, other: KeySet) -> bool:
        """Whether the same members are refused in both, in whatever order."""
        return Counter(self.refusals) == Counter(other.refusals)

    def without(self, burnt: Container[str]) -> KeySet:
        """This set without the keys of these thumbprints: the set itself where it has none of them."""
        gone = [key for by_alg in self.keys.values() for key in by_alg.values() if key.thumbprint in burnt]
        if not gone:
            return self
        left = {
            kid: {alg: key for alg, key in by_alg.items() if key.thumbprint not in burnt}
            for kid, by_alg in self.keys.items()
        }
        reason = "its private members were published: this key is never used again"
        refusals = (Refusal(reason, kid) for kid in sorted({key.kid for key in gone}))
        return KeySet(_frozen(left), (*self.refusals, *refusals))


def _identity(keys: KeysByKid) -> dict[str, dict[str, str]]:
    return {kid: {alg: key.thumbprint for alg, key in by_alg.items()} for kid, by_alg in keys.items()}


def _leaked(refusals: Iterable[Refusal]) -> frozenset[str]:
    return frozenset(refusal.leaked for refusal in refusals if refusal.leaked is not None)


def _frozen(keys: Mapping[str, Mapping[str, Key]]) -> KeysByKid:
    return MappingProxyType({kid: MappingProxyType({**by_alg}) for kid, by_alg in keys.items() if by_alg})


def parse_key_set(body: bytes, allowed: frozenset[str]) -> KeySet:
    """Return the keys in ``body`` that may serve the ``allowed`` algorithms; :class:`UnusableSet` if there are none.

    Of two different keys that could serve the same ``kid`` and algorithm neither serves: which one was meant cannot be
    known. A key that stands there a second time with its private half does not serve.
    """
    found: dict[tuple[str, str], list[Key]] = {}
    refusals: list[Refusal] = []
    for member in _members(body):
        try:
            for key in parse_jwk(member, allowed):
                found.setdefault((key.kid, key.alg), []).append(key)
        except RefusedKey as error:
            refusals.append(Refusal(str(error), _kid_of(member), error.leaked))
    keys: dict[str, dict[str, Key]] = {}
    for (kid, alg), candidates in found.items():
        if len({key.thumbprint for key in candidates}) > 1:
            refusals.append(Refusal("two keys for one kid and algorithm", kid))
        else:
            keys.setdefault(kid, {})[alg] = candidates[0]
    usable = KeySet(_frozen(keys), tuple(refusals)).without(_leaked(refusals))
    if not usable.keys:
        raise UnusableSet("no usable key", usable.refusals)
    return usable


def _members(body: bytes) -> Iterator[object]:
    document = object_of(body)
    listed = None if document is None else document.get("keys")
    if type(listed) is not list:
        raise UnusableSet("no JWK Set")
    members = cast("list[object]", listed)
    if len(members) > MAX_MEMBERS:
        raise UnusableSet(f"more than {MAX_MEMBERS} keys")
    return iter(members)


def _kid_of(member: object) -> str | None:
    """What a refused member calls itself, where that is a name that could be told."""
    kid = cast("dict[str, Any]", member).get("kid") if type(member) is dict else None
    return kid if type(kid) is str and len(kid) <= MAX_KID_CHARACTERS else None
