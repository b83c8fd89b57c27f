"""JSON that means the same to everybody: what is refused, and the nearest text that is not."""

from __future__ import annotations

import time

import pytest

from jwtmr._strictjson import MAX_MARKS, object_of

MAX_DEPTH = 64
DEEP = MAX_DEPTH - 1


def wide(text: bytes) -> bytes:
    """The object in ``text`` with so many more brackets that the exact parser has to read it."""
    return text.replace(b"{", b'{"w":[' + b",".join([b"[]"] * 70) + b"],", 1)


def nested(opening: bytes, closing: bytes, times: int) -> bytes:
    """An object whose member ``a`` nests ``times`` deep; the object around it is one more."""
    return b'{"a":' + opening * times + b"1" + closing * times + b"}"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"{}", {}),
        (b' {"a" : 1 }\r\n\t', {"a": 1}),
        (b'{"a":{"b":1},"c":{"b":1}}', {"a": {"b": 1}, "c": {"b": 1}}),
        (b'[[{"b":1}]]'.join((b'{"a":', b"}")), {"a": [[{"b": 1}]]}),
        (b'{"a":1,"A":2}', {"a": 1, "A": 2}),
        ('{"a":"é","b":"😀"}'.encode(), {"a": "é", "b": "😀"}),
        (b'{"a":"\\u00e9\\ud83d\\ude00\\n\\/"}', {"a": "é😀\n/"}),
        (b'{"\\u0061":1}', {"a": 1}),
        (b'{"a":"\\\\ud800"}', {"a": "\\ud800"}),
        (b'{"a":"NaN","b":"[[[","c":"\\""}', {"a": "NaN", "b": "[[[", "c": '"'}),
        (b'{"a":1.5,"b":1e2,"c":-1E-2}', {"a": 1.5, "b": 100.0, "c": -0.01}),
        (b'{"a":1e308}', {"a": 1e308}),
        (b'{"a":18446744073709551616}', {"a": 2**64}),
        (b'{"a":' + b"1" * 4300 + b"}", {"a": int("1" * 4300)}),
        (b'{"a":true,"b":null,"":0}', {"a": True, "b": None, "": 0}),
        (b'{"a":"\\u0000"}', {"a": "\0"}),
    ],
    ids=repr,
)
def test_takes_what_everybody_reads_alike(text: bytes, value: dict[str, object]) -> None:
    """Blanks, escapes, number forms and names that differ by case are no reason to refuse."""
    assert repr(object_of(text)) == repr(value)
    if value:
        assert repr(object_of(wide(text))) == repr({"w": [[]] * 70, **value})


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b" ",
        b"null",
        b"1",
        b'"a"',
        b"[]",
        b'[{"a":1}]',
        b"{",
        b"{}}",
        b"{}{}",
        b"{},",
        b'{"a":1,}',
        b"{'a':1}",
        b"{a:1}",
        b'{"a":01}',
        b'{"a":.5}',
        b'{"a":+1}',
        b'{"a":0x1}',
        b'{"a":1_0}',
        b'{"a":1}//',
        b'{"a":"\n"}',
        b'{"a":"\x00"}',
        b'{"a":1}\x00',
        b"\xc2\xa0{}",
    ],
    ids=repr,
)
def test_refuses_what_is_no_json_object(text: bytes) -> None:
    """Other values and what lenient parsers forgive are refused."""
    assert object_of(text) is None


@pytest.mark.parametrize(
    "text",
    [
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":-Infinity}',
        b'{"a":1e999}',
        b'{"a":-1e999}',
        b'{"a":[{"b": NaN}]}',
        b'{"a":' + b"1" * 4301 + b"}",
        b'{"a":-' + b"1" * 100_000 + b"}",
        b'{"a":' + b"1" * 400 + b".0}",
    ],
    ids=lambda text: repr(text[:24]),
)
def test_refuses_numbers_that_are_none(text: bytes) -> None:
    """What is not a finite number, or too long to be read in reasonable time, is refused."""
    assert object_of(text) is None
    assert object_of(wide(text)) is None


@pytest.mark.parametrize(
    "text",
    [
        b'{"a":1,"a":1}',
        b'{"a":1,"a":2}',
        b'{"a":1, "a":2}',
        b'{"a":1,"b":2,"a":1}',
        b'{"a":1,"\\u0061":1}',
        b'{"\\u0061":1,"a":1}',
        b'{"\\u0061":1,"\\u0061":2}',
        b'{"/":1,"\\/":1}',
        b'{"b":{"a":1,"a":1}}',
        b'{"b":[1,[{"a":1,"\\u0061":2}]]}',
        b'{"":1,"":1}',
        '{"é":1,"\\u00e9":1}'.encode(),
        '{"😀":1,"\\ud83d\\ude00":1}'.encode(),
    ],
    ids=repr,
)
def test_refuses_duplicate_names(text: bytes) -> None:
    """A name twice in one object is refused, however deep it is and however it is spelt."""
    assert object_of(text) is None
    assert object_of(wide(text)) is None


@pytest.mark.parametrize(
    "text",
    [
        b'{"a":"\xff"}',
        b'{"a":"\xc3"}',
        b'{"\xe9":1}',
        b'{"a":"\xc0\xaf"}',
        b'{"a":"\xe0\x80\xaf"}',
        b'{"a":"\xf4\x90\x80\x80"}',
        b'{"a":"\xed\xa0\x80"}',
        b'{"\xed\xb0\x80":1}',
        b'{"a":"\xed\xa0\xbd\xed\xb8\x80"}',
        b'{"a":"\\ud800"}',
        b'{"a":"\\uDC00"}',
        b'{"\\udfff":1}',
        b'{"a":"\\ude00\\ud83d"}',
        b'{"a":["\\ud83dx\\ude00"]}',
        b"\xef\xbb\xbf{}",
        "{}".encode("utf-16"),
        "{}".encode("utf-16-le"),
        "{}".encode("utf-16-be"),
        "{}".encode("utf-32"),
    ],
    ids=repr,
)
def test_refuses_other_encodings(text: bytes) -> None:
    """Invalid and overlong UTF-8, halves of surrogate pairs, byte order marks and wider encodings are refused."""
    assert object_of(text) is None
    assert object_of(wide(text)) is None


@pytest.mark.parametrize(
    ("opening", "closing", "each"),
    [(b"[", b"]", 1), (b'{"a":', b"}", 1), (b'[{"a":', b"}]", 2), (b"[ ", b" ]", 1)],
    ids=["arrays", "objects", "mixed", "blanks"],
)
def test_depth_has_an_end(opening: bytes, closing: bytes, each: int) -> None:
    """64 levels are read and 65 are refused, whichever brackets make them."""
    odd = b"[" * (DEEP % each), b"]" * (DEEP % each)
    allowed = nested(opening, closing, DEEP // each).replace(b"1", odd[0] + b"1" + odd[1])
    assert object_of(allowed) is not None
    assert object_of(allowed.replace(b"1", b"[1]")) is None


def test_breadth_and_text_are_no_depth() -> None:
    """Brackets beside each other or inside a string do not count, also after an escaped quote or backslash."""
    beside = b'{"a":[' + b",".join([b"[]"] * 500) + b"]}"
    assert object_of(beside) == {"a": [[]] * 500}
    for text in (b"[" * 500, b'\\"' + b"{" * 500, b"[" * 500 + b"\\\\"):
        value = object_of(b'{"a":"' + text + b'","b":[1]}')
        assert value is not None
        assert value["b"] == [1]
    hidden = b'{"b":"\\\\","a":' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}"
    assert object_of(hidden) is None


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"a":', b"{"], ids=repr)
@pytest.mark.parametrize("closed", [True, False])
def test_a_very_deep_text_is_just_refused(opening: bytes, *, closed: bool) -> None:
    """A hundred thousand levels raise nothing and overflow no stack."""
    closing = {b"[": b"]", b'{"a":': b"}", b'[{"a":': b"}]", b"{": b"}"}[opening]
    assert object_of(b'{"a":' + opening * 100_000 + b"1" + (closing * 100_000 + b"}" if closed else b"")) is None


@pytest.mark.parametrize(
    "text",
    [
        b"[" * 65 + b'"' + b'\\"' * 8_000,
        b'{"a" : "' + b'\\"' * 8_000,
        b"{" * 65 + b'"' * 16_001,
        b"[" * 65 + b"\\" * 16_000,
        b"[" * 65 + b'"\\' * 8_000,
        b'{"a":"' + b"\\ud83d\\ude00" * 1_200 + b'","b":' + b"[" * 8_000,
    ],
    ids=["escaped quotes", "slow path", "quotes", "backslashes", "quotes and backslashes", "pairs"],
)
def test_refusing_costs_time_in_proportion_to_the_length(text: bytes) -> None:
    """A hostile text of a token's size costs milliseconds of CPU: nobody can hold a thread with one token."""
    before = time.thread_time()
    assert object_of(text) is None
    assert time.thread_time() - before < 0.25


@pytest.mark.parametrize(("piece", "marks"), [(b"0,", 1), (b"[],", 2), (b'{"":0},', 3), (b'[",:[{"],', 6)], ids=repr)
def test_what_is_read_has_an_end(piece: bytes, marks: int) -> None:
    """A text with as many commas, colons and opening brackets as are allowed is read, and with one more is refused."""
    pieces, odd = divmod(MAX_MARKS - 3, marks)
    full = b'{ "a":[' + piece * pieces + b"0," * odd + b"0]}"
    assert object_of(full) is not None
    assert object_of(full.replace(b"0]}", b"0,0]}")) is None


def test_the_largest_answer_may_be_one_string() -> None:
    """Length alone is no reason to refuse: what costs time is how many names and values there are."""
    text = b"a" * (512 * 1024)
    assert object_of(b'{"a":"' + text + b'"}') == {"a": text.decode()}
