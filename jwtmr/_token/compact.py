"""Step 1: size and shape. From a string to a payload, a header still to be read, and the bytes that were signed.

RFC 7515 section 3.1 and 7.1, RFC 4648 section 3.5 (canonical last bits) and section 5 (alphabet). Header and payload
are parsed once, from the very bytes that are verified.
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from jwtmr._strictjson import object_of
from jwtmr.errors import MalformedToken

_STANDARD: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_TO_STANDARD: Final = bytes.maketrans(b"-_", b"+/")
_SHAPE: Final = re.compile(rb"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_LAST: Final[tuple[frozenset[int], ...]] = tuple(map(frozenset, (_STANDARD, b"", _STANDARD[::16], _STANDARD[::4])))
"""By length modulo 4: the last characters whose unused bits are zero. Others would spell the same bytes twice."""
_CLOSING: Final = (b'"', b"", b'=="', b'="')
_base64: Final = msgspec.json.Decoder(bytes).decode
"""Decodes a JSON string of base64: the fastest well-kept decoder at hand."""


class UnverifiedToken(msgspec.Struct, frozen=True, gc=False):
    """A token taken apart. Anybody can have written it."""

    header_part: bytes
    """The header as base64; :func:`header_of` reads it."""
    payload: dict[str, Any]
    payload_bytes: bytes
    signed: bytes
    """The bytes that the signature covers."""
    signature: bytes


def parse(token: object, max_bytes: int) -> UnverifiedToken:
    """Take ``token`` apart. Raises :class:`MalformedToken`, and nothing else, for whatever is no compact JWS."""
    if not isinstance(token, str):
        raise MalformedToken("not a str")
    # The methods of str itself: a subclass may bring others.
    if str.__len__(token) > max_bytes:
        raise MalformedToken("too large")
    if not str.isascii(token):
        raise MalformedToken("not ASCII")
    raw = str.encode(token, "ascii")
    if not _SHAPE.fullmatch(raw):
        raise MalformedToken("not three parts of base64url")
    first, second, third = raw.translate(_TO_STANDARD).split(b".")
    payload_bytes, signature = _decoded(second), _decoded(third)
    payload = object_of(payload_bytes)
    if payload is None:
        raise MalformedToken("the payload is no strict JSON object")
    return UnverifiedToken(first, payload, payload_bytes, raw[: raw.rindex(b".")], signature)


def header_of(token: UnverifiedToken) -> dict[str, Any]:
    """Read the header. Raises :class:`MalformedToken`."""
    header = object_of(_decoded(token.header_part))
    if header is None:
        raise MalformedToken("the header is no strict JSON object")
    return header


def _decoded(part: bytes) -> bytes:
    """Decode a part that is not empty and whose alphabet has been checked."""
    rest = len(part) % 4
    if part[-1] not in _LAST[rest]:
        raise MalformedToken("a part is no canonical base64url")
    return _base64(b'"' + part + _CLOSING[rest])
