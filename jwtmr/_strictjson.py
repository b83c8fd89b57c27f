"""JSON that means the same to everybody: strict UTF-8, no duplicate names, no NaN or Infinity, at most 64 deep.

RFC 7515 section 4 and RFC 7519 section 4 let a parser refuse duplicate names or take the last; two parsers that differ
there disagree about who signed in. ``msgspec`` parses, and a text that it would write again byte for byte has no
duplicates. Where that differs (blanks, escapes, number forms, duplicates) the exact, slower parser decides.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, Final, Never, TypeAlias, cast

import msgspec

MAX_DEPTH: Final = 64
"""Nested arrays and objects. Tokens and key sets nest three deep; a parser's stack must not be the sender's to
spend."""

_Scalar: TypeAlias = str | int | float | bool | None
_decode_flat: Final = msgspec.json.Decoder(dict[str, _Scalar | list[_Scalar] | dict[str, _Scalar]]).decode
"""Decodes objects that nest no deeper than tokens do, which costs no more than to decode anything, and no counting."""
_decode: Final = msgspec.json.Decoder(dict[str, Any]).decode
_encode: Final = msgspec.json.Encoder().encode
_NO_JSON: Final = (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError, OverflowError)
_MARK: Final = re.compile(rb'\\.|["\[\]{}]', re.DOTALL)
_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")


def object_of(text: bytes) -> dict[str, Any] | None:
    """Return the JSON object that ``text`` is, or None where it is none by the rules above. Raises nothing."""
    try:
        value: dict[str, Any] = _decode_flat(text)
        return value if _encode(value) == text else _exactly(text)
    except msgspec.ValidationError:  # some other kind of JSON
        return _deeper(text)
    except _NO_JSON:
        return None


def _deeper(text: bytes) -> dict[str, Any] | None:
    """The same for what nests deeper."""
    try:
        if text.count(b"{") + text.count(b"[") <= MAX_DEPTH:  # cannot nest deeper than it opens
            value = _decode(text)
            if _encode(value) == text:
                return value
    except _NO_JSON:
        return None
    return _exactly(text)


def _exactly(text: bytes) -> dict[str, Any] | None:
    """Parse slowly, seeing every name and number as it was written."""
    try:
        if _nests_too_deep(text):
            return None
        characters = text.decode("utf-8")
        value = json.loads(characters, object_pairs_hook=_distinct, parse_constant=_no_constant, parse_float=_finite)
        if _SURROGATE.search(characters):
            json.dumps(value, ensure_ascii=False).encode("utf-8")  # half a surrogate pair is no character
    except (ValueError, RecursionError):
        return None
    return cast("dict[str, Any]", value) if type(value) is dict else None


def _nests_too_deep(text: bytes) -> bool:
    """Whether the brackets outside of strings nest deeper than allowed: one pass, without recursion."""
    depth, in_string = 0, False
    for mark in _MARK.findall(text):
        if mark == b'"':
            in_string = not in_string
        elif in_string or len(mark) == 2:
            continue
        elif mark in b"]}":
            depth -= 1
        elif depth == MAX_DEPTH:
            return True
        else:
            depth += 1
    return False


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("duplicate name")
    return members


def _no_constant(_: str) -> Never:
    raise ValueError("NaN or Infinity")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("number out of range")
    return number
