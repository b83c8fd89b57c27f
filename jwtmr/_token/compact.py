"""Step 1: size and shape. From a string to two JSON objects and the bytes that were signed.

RFC 7515 section 3.1 and 7.1, RFC 4648 section 3.5 (canonical last bits) and section 5 (alphabet). Header and payload
are parsed once, from the very bytes that are verified.
"""

from __future__ import annotations

from binascii import a2b_base64
from typing import Any, Final, NamedTuple

from jwtmr._strictjson import object_of
from jwtmr.errors import MalformedToken

_ALPHABET: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_STANDARD: Final = bytes.maketrans(b"-_", b"+/")
_PADDING: Final = (b"", None, b"==", b"=")
_LAST: Final[tuple[frozenset[int], ...]] = tuple(map(frozenset, (_ALPHABET, b"", _ALPHABET[::16], _ALPHABET[::4])))
"""By length modulo 4: the last characters whose unused bits are zero. Others would spell the same bytes twice."""


class UnverifiedToken(NamedTuple):
    """A token taken apart. Anybody can have written it."""

    header: dict[str, Any]
    payload: dict[str, Any]
    payload_bytes: bytes
    signed: bytes
    """The bytes that the signature covers."""
    signature: bytes


def parse(token: object, max_bytes: int) -> UnverifiedToken:
    """Take ``token`` apart. Raises :class:`MalformedToken`, and nothing else, for whatever is no compact JWS."""
    if type(token) is not str and not isinstance(token, str):
        raise MalformedToken("not a str")
    if len(token) > max_bytes:
        raise MalformedToken("too large")
    if not token.isascii():
        raise MalformedToken("not ASCII")
    raw = token.encode("ascii")
    parts = raw.split(b".")
    if len(parts) != 3 or raw.translate(None, _ALPHABET) != b"..":
        raise MalformedToken("not three parts of base64url")
    header_bytes, payload_bytes, signature = map(_decoded, parts)
    header, payload = object_of(header_bytes), object_of(payload_bytes)
    if header is None or payload is None:
        raise MalformedToken("header or payload is no strict JSON object")
    return UnverifiedToken(header, payload, payload_bytes, raw[: raw.rindex(b".")], signature)


def _decoded(part: bytes) -> bytes:
    """Decode a non-empty part whose alphabet has been checked."""
    rest = len(part) % 4
    if not part or part[-1] not in _LAST[rest]:
        raise MalformedToken("a part is empty or its base64url is not canonical")
    return a2b_base64(part.translate(_STANDARD) + (_PADDING[rest] or b""))
