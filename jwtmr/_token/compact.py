"""Step 1: size and shape. From a string to a payload, a header still to be read, and the bytes that were signed.

RFC 7515 section 3.1 and 7.1, RFC 4648 section 3.5 (canonical last bits) and section 5 (alphabet). Header and payload
are parsed once, from the very bytes that are verified.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from jwtmr._strictjson import object_of
from jwtmr.errors import MalformedToken

_STANDARD: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_TO_STANDARD: Final = bytes(
    byte if byte in _STANDARD[:-2] + b"." else {ord("-"): ord("+"), ord("_"): ord("/")}.get(byte, ord("!"))
    for byte in range(256)
)
"""From base64url to the alphabet of the decoder. Whatever is in neither, ``+``, ``/`` and ``=`` too, becomes ``!``."""
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
    parts = raw.translate(_TO_STANDARD).split(b".", 3)
    if len(parts) != 3:
        raise MalformedToken("not three parts")
    header_part, payload_part, signature_part = parts
    payload_bytes = _decoded(payload_part)
    signature = _decoded(signature_part)
    payload = object_of(payload_bytes)
    if payload is None:
        raise MalformedToken("the payload is no strict JSON object")
    return UnverifiedToken(header_part, payload, payload_bytes, raw[: ~len(signature_part)], signature)


def header_of(token: UnverifiedToken) -> dict[str, Any]:
    """Read the header. Raises :class:`MalformedToken`."""
    header = object_of(_decoded(token.header_part))
    if header is None:
        raise MalformedToken("the header is no strict JSON object")
    return header


def _decoded(part: bytes) -> bytes:
    """Decode a part. The decoder refuses what is not in its alphabet, the last character is looked at here."""
    rest = len(part) & 3
    if part and part[-1] in _LAST[rest]:
        try:
            return _base64(b'"' + part + _CLOSING[rest])
        except msgspec.MsgspecError:
            pass  # raised below, so that the error carries nothing of the token
    raise MalformedToken("a part is empty or no canonical base64url")
