"""The fast parser and the exact one are one parser: what the first accepts, the second reads alike."""

from __future__ import annotations

import json
import math
from typing import Any, Never

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jwtmr._strictjson import object_of

MAX_DEPTH = 64
FRAGMENTS = (
    b"{", b"}", b"[", b"]", b":", b",", b'"a"', b'"\\u0061"', b'"b"', b'"', b"\\", b"1", b"-0", b"0", b"1.0", b"1e5",
    b"1E999", b"NaN", b"-Infinity", b"true", b"null", b" ", b"\n", b'"\\ud800"', b'"\\ud83d\\ude00"', b"\xed\xa0\x80",
    b"\xc3\xa9", b"\xef\xbb\xbf", b"\xff", b"\x00", b'{"a":', b'"a":1,', b"9007199254740993", b"18446744073709551616",
    b"0.1000000000000000055511151231257827", b'"\\/"', b'"\\u00e9"', b'{"a":1,"a":1}', b"[" * 40, b"]" * 40,
)  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)
WRITTEN = st.builds(
    lambda members, blank, ascii_only: json.dumps(
        members, ensure_ascii=ascii_only, separators=(f",{blank}", f":{blank}")
    ).encode("utf-8", "surrogatepass"),
    st.dictionaries(st.text(max_size=4), VALUES, max_size=5),
    st.sampled_from(["", " "]),
    st.booleans(),
)
SOUP = st.lists(st.sampled_from(FRAGMENTS), max_size=12).map(b"".join)
SPLICED = st.builds(
    lambda text, at, with_: text[: at % (len(text) + 1)] + with_ + text[at % (len(text) + 1) :],
    WRITTEN,
    st.integers(0, 1000),
    SOUP,
)


def refuse(_: object) -> Never:
    """Stand in for what JSON does not have."""
    raise ValueError("no JSON")


def distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object of distinct names."""
    return dict(pairs) if len({name for name, _ in pairs}) == len(pairs) else refuse(pairs)


def sound(value: object, depth: int = 1) -> bool:
    """Whether ``value`` is not too deep, has only real characters and only finite numbers."""
    if isinstance(value, str):
        return not any("\ud800" <= character <= "\udfff" for character in value)
    if isinstance(value, float):
        return math.isfinite(value)
    if not isinstance(value, (dict, list)):
        return True
    inside = [*value, *value.values()] if isinstance(value, dict) else value
    return depth <= MAX_DEPTH and all(sound(item, depth + 1) for item in inside)


def exact(text: bytes) -> dict[str, Any] | None:
    """What the standard library reads, with every rule written out anew."""
    try:
        value = json.loads(text.decode("utf-8"), object_pairs_hook=distinct, parse_constant=refuse)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and sound(value) else None


def by_msgspec_alone(text: bytes) -> object:
    """What the fast path accepts: a text that msgspec reads and would write again byte for byte."""
    try:
        value = msgspec.json.decode(text)
        return value if msgspec.json.encode(value) == text else None
    except (msgspec.MsgspecError, ValueError, RecursionError, OverflowError):
        return None


@settings(max_examples=400)
@given(st.one_of(st.binary(max_size=40), WRITTEN, SOUP, SPLICED))
@example(b'{"a":1,"\\u0061":1}')
@example(b'{"a":' + b"[" * 63 + b"]" * 63 + b"}")
@example(b'{"a":' + b"[" * 64 + b"]" * 64 + b"}")
@example(b'{"a":5e-324,"b":1.7976931348623157e308}')
@example(b'{"a":1e-999}')
def test_both_parsers_agree(text: bytes) -> None:
    """Whatever the bytes, nothing is raised, and the answer is that of the exact parser, types and order included."""
    expected = exact(text)
    assert repr(object_of(text)) == repr(expected)
    fast = by_msgspec_alone(text)
    if isinstance(fast, dict) and sound(fast):
        assert repr(fast) == repr(expected)


def test_the_fast_path_is_used() -> None:
    """What issuers write is read by the fast path, so that the property above speaks of it."""
    text = '{"sub":"é","exp":1800000000,"cognito:groups":["a"],"f":1.5,"n":null}'.encode()
    assert by_msgspec_alone(text) == exact(text) == object_of(text)
