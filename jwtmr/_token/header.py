"""Step 2: the header. Which algorithm, which key, which kind of token (RFC 7515 section 4, RFC 8725 section 3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from jwtmr.errors import UnsupportedToken
from jwtmr.issuers import media_type
from jwtmr.settings import Unchecked

MAX_KID_CHARACTERS: Final = 256
"""Characters of a ``kid``. Real ones have 20 to 90; it is looked up and waited for, so it must have an end."""

_REFUSED: Final = ("crit", "b64", "zip")
"""Members that change what the rest means: RFC 7515 section 4.1.11, RFC 7797, RFC 7516 section 4.1.3."""


class HeaderRules(NamedTuple):
    """What a header may say. ``types`` are lower-case, without ``application/``; None stands for an absent ``typ``."""

    algorithms: frozenset[str]
    types: frozenset[str | None]

    @classmethod
    def of(cls, algorithms: tuple[str, ...], token_type: str | Unchecked, *, only_id_tokens: bool) -> HeaderRules:
        """The rules of one authority."""
        if isinstance(token_type, str):
            return cls(frozenset(algorithms), frozenset({media_type(token_type)}))
        # RFC 9068 section 2.1: at+jwt says that this is an access token
        types: set[str | None] = {None, "jwt"} if only_id_tokens else {None, "jwt", "at+jwt"}
        return cls(frozenset(algorithms), frozenset(types))

    @classmethod
    def any_of(cls, rules: Iterable[HeaderRules]) -> HeaderRules:
        """What some authority allows: for a token whose issuer is unknown, and which is refused for that next."""
        every = list(rules)
        return cls(
            frozenset().union(*(one.algorithms for one in every)), frozenset().union(*(one.types for one in every))
        )


class KnownHeaders(dict[bytes, tuple[str, str]]):
    """``kid`` and ``alg`` of headers that passed, by their base64: an issuer sends the same few all the time.

    Learned only from tokens whose signature was good, so that nobody else can fill it, and gone with the keys that were
    known then. What a header says does not change, so nothing in it could grow old meanwhile.
    """

    LIMIT: Final = 64
    """Headers remembered. An issuer signs with two or three keys; rotations add to that, until it starts anew."""

    def __init__(self) -> None:
        super().__init__()
        self._keys: object = None

    def learn(self, part: bytes, kid: str, alg: str, keys: object) -> None:
        """Remember a header of a token that was verified with one of ``keys``, a snapshot."""
        if len(self) >= self.LIMIT or keys is not self._keys:
            self.clear()
            self._keys = keys
        self[part] = (kid, alg)


def check_header(header: Mapping[str, Any], rules: HeaderRules) -> tuple[str, str]:
    """Return ``kid`` and ``alg``. Raises :class:`UnsupportedToken`.

    ``jwk``, ``jku``, ``x5u`` and ``x5c`` are not looked at: they are the sender's (RFC 8725 section 3.10).
    """
    alg = header.get("alg")
    if type(alg) is not str or alg not in rules.algorithms:
        raise UnsupportedToken("alg is not among the allowed algorithms")
    kid = header.get("kid")
    if type(kid) is not str or not 0 < len(kid) <= MAX_KID_CHARACTERS:
        raise UnsupportedToken(f"kid is not a string of 1 to {MAX_KID_CHARACTERS} characters")
    for name in _REFUSED:
        if name in header:
            raise UnsupportedToken(f"{name} in the header")
    if (media_type(header["typ"]) if "typ" in header else None) not in rules.types:
        raise UnsupportedToken("typ is not the expected one")
    return kid, alg
