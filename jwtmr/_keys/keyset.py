"""One answer's usable keys, immutable. One bad member never spoils the rest (RFC 7517 section 5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeAlias, cast

from jwtmr._keys.jwk import Key, RefusedKey, parse_jwk
from jwtmr._strictjson import object_of

MAX_MEMBERS: Final = 100
"""Members of one set. Real sets have two to ten; parsing more costs whoever asked, and none of them is a key set."""

KeysByKid: TypeAlias = Mapping[str, Mapping[str, Key]]
"""``kid`` to ``alg`` to key. A ``kid`` in it has at least one usable key."""


class UnusableSet(Exception):
    """A body that is no set of usable keys. ``refused`` are the reasons of its members."""

    def __init__(self, reason: str, refused: tuple[str, ...] = ()) -> None:
        super().__init__(reason)
        self.refused: Final = refused


@dataclass(frozen=True, slots=True)
class KeySet:
    """The usable keys of one answer, and why its other members are none."""

    keys: KeysByKid
    refused: tuple[str, ...] = ()

    def same_keys(self, other: KeySet) -> bool:
        """Whether both hold the same key material under the same names."""
        return _identity(self.keys) == _identity(other.keys)


def _identity(keys: KeysByKid) -> dict[str, dict[str, str]]:
    return {kid: {alg: key.thumbprint for alg, key in by_alg.items()} for kid, by_alg in keys.items()}


def parse_key_set(body: bytes, allowed: frozenset[str]) -> KeySet:
    """Return the keys in ``body`` that may serve the ``allowed`` algorithms; :class:`UnusableSet` if there are none.

    Of two different keys that could serve the same ``kid`` and algorithm neither serves: which one was meant cannot be
    known.
    """
    document = object_of(body)
    listed = None if document is None else document.get("keys")
    if type(listed) is not list:
        raise UnusableSet("no JWK Set")
    members = cast("list[object]", listed)
    if len(members) > MAX_MEMBERS:
        raise UnusableSet(f"more than {MAX_MEMBERS} keys")
    found: dict[tuple[str, str], list[Key]] = {}
    refused: list[str] = []
    for member in members:
        try:
            for key in parse_jwk(member, allowed):
                found.setdefault((key.kid, key.alg), []).append(key)
        except RefusedKey as error:
            refused.append(str(error))
    keys: dict[str, dict[str, Key]] = {}
    for (kid, alg), candidates in found.items():
        if len({key.thumbprint for key in candidates}) > 1:
            refused.append("two keys for one kid and algorithm")
        else:
            keys.setdefault(kid, {})[alg] = candidates[0]
    if not keys:
        raise UnusableSet("no usable key", tuple(refused))
    return KeySet(MappingProxyType({kid: MappingProxyType(by_alg) for kid, by_alg in keys.items()}), tuple(refused))
