"""JSON that means the same to everybody: strict UTF-8, no duplicate names, no NaN or Infinity, at most 64 deep.

RFC 7515 section 4 and RFC 7519 section 4 let a parser refuse duplicate names or take the last; two parsers that differ
there disagree about who signed in. ``msgspec`` parses, and a text that it would write again byte for byte has no
duplicates. Where that differs (blanks, escapes, forms of numbers, duplicates) the names are counted: a parser that
takes the last of two writes fewer of them than it read.
"""

from __future__ import annotations

from itertools import accumulate
from typing import Any, Final, TypeAlias, cast

import msgspec

MAX_DEPTH: Final = 64
"""Nested arrays and objects. Tokens and key sets nest three deep; a parser's stack must not be the sender's to
spend."""

MAX_MARKS: Final = 16384
"""Commas, colons and opening brackets, which is what names and values come with. A token within the usual limit is
shorter than that, and a set of a hundred keys has some thousands. Half a megabyte of ``[],`` would stop the whole
process for longer than anybody should."""

_Scalar: TypeAlias = str | int | float | bool | None
_decode_flat: Final = msgspec.json.Decoder(dict[str, _Scalar | list[_Scalar] | dict[str, _Scalar]]).decode
"""Decodes objects that nest no deeper than tokens do, which costs no more than to decode anything, and no counting."""
_decode: Final = msgspec.json.Decoder(dict[str, Any]).decode
_encode: Final = msgspec.json.Encoder().encode
_NO_JSON: Final = (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError, OverflowError)
_STEPS: Final = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
"""From brackets to steps, down into them and up again, as signed bytes."""
_NO_BRACKET: Final = bytes(byte for byte in range(256) if byte not in b"[]{}")


def object_of(text: bytes) -> dict[str, Any] | None:
    """Return the JSON object that ``text`` is, or None where it is none by the rules above. Raises nothing."""
    if len(text) > MAX_MARKS:
        return None if sum(map(text.count, (b",", b":", b"[", b"{"))) > MAX_MARKS else _deeper(text)
    try:
        value = _decode_flat(text)
        written = _encode(value)
    except msgspec.ValidationError:  # it nests deeper, or is another kind of JSON
        return _deeper(text)
    except _NO_JSON:
        return None
    return value if written == text or _names(written) == _names(text) else None


def _deeper(text: bytes) -> dict[str, Any] | None:
    """The same for what nests deeper, and for what is longer than tokens are.

    It is not written again: half a megabyte of numbers of 4300 digits takes twice as long to write as to read.
    """
    try:
        value = _decode(text)
    except _NO_JSON:
        return None
    return value if _depth(text) <= MAX_DEPTH and _kept(value) == _names(text) else None


def _kept(value: object) -> int:
    """How many names there are in all objects of what was read."""
    kept, left = 0, [value]
    while left:
        one = left.pop()
        if type(one) is dict:
            members = cast("dict[str, object]", one)
            kept += len(members)
            left.extend(members.values())
        elif type(one) is list:
            left.extend(cast("list[object]", one))
    return kept


def _names(text: bytes) -> int:
    """How many names there are in all objects of a sound JSON text: a colon outside of strings follows each."""
    return _outside(text).count(b":")


def _depth(text: bytes) -> int:
    """How deep a sound JSON text nests, as far as that matters."""
    opened = text.count(b"{") + text.count(b"[")
    if opened <= MAX_DEPTH:  # cannot nest deeper than it opens
        return opened
    steps = _outside(text).translate(_STEPS, _NO_BRACKET)
    return max(accumulate(memoryview(steps).cast("b")))


def _outside(text: bytes) -> bytes:
    """What of a sound JSON text stands outside of its strings. Linear, whatever the text."""
    plain = text.replace(rb"\\", b"").replace(rb"\"", b"") if b"\\" in text else text
    return b"".join(plain.split(b'"')[::2])
