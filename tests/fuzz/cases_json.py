"""JSON texts to begin with."""

from __future__ import annotations

from typing import Final

KIB: Final = 1024
LARGEST: Final = 512 * KIB
"""Bytes of the largest answer that is read."""


def filled(head: bytes, piece: bytes, tail: bytes) -> bytes:
    """As many pieces as the largest answer takes."""
    return head + piece * ((LARGEST - len(head) - len(tail)) // len(piece)) + tail


def listed(piece: bytes) -> bytes:
    """The largest list of this."""
    return filled(b'{ "a":[', piece + b",", b"0]}")


def wide(member: bytes) -> bytes:
    """An object with this member, and more brackets than the fast parser is trusted with."""
    return b'{"wide":[' + b"[]," * 64 + b"[]]," + member + b"}"


CASES: Final[dict[str, tuple[bytes, str]]] = {
    "a plain object": (b'{"a":1,"b":[true,false,null],"c":"\xc3\xa9"}', "object"),
    "blanks and escapes": (b' {\t"\\u0061" : [ 1.50 , -0 , 1E2 ] }\r\n', "object"),
    "nothing": (b"", "refused"),
    "blanks": (b" \n", "refused"),
    "a list": (b"[]", "refused"),
    "two objects": (b"{}{}", "refused"),
    "a byte order mark": (b"\xef\xbb\xbf{}", "refused"),
    "UTF-16": ("{}".encode("utf-16"), "refused"),
    "UTF-32 without a mark": ("{}".encode("utf-32-be"), "refused"),
    "a NUL behind it": (b"{}\0", "refused"),
    "another blank": (b"\xc2\xa0{}", "refused"),
    "a form feed": (b"\x0c{}", "refused"),
    "names that differ": (b'{"a":1,"\\u0041":2}', "object"),
    "one name twice": (b'{"a":1,"a":1}', "refused"),
    "one name twice, once escaped": (b'{"a":1,"\\u0061":1}', "refused"),
    "one name twice, deep down": (b'{"b":[[{"a":{},"a":0}]]}', "refused"),
    "the empty name twice": (b'{"":1,"":1}', "refused"),
    "names that only look alike": (b'{"\xc3\xa9":1,"e\xcc\x81":1}', "object"),
    "NaN": (b'{"a":NaN}', "refused"),
    "Infinity": (b'{"a":Infinity}', "refused"),
    "minus Infinity": (b'{"a":-Infinity}', "refused"),
    "1e400": (b'{"a":1e400}', "refused"),
    "1e400 beside a blank": (b'{"a": -1e400}', "refused"),
    "1e-400": (b'{"a":1e-400}', "object"),
    "the largest float": (b'{"a":1.7976931348623157e308}', "object"),
    "a little more": (b'{"a":1.7976931348623159e308}', "refused"),
    "zero, negated": (b'{"a":-0,"b":-0.0}', "object"),
    "a number past 64 bits": (b'{"a":18446744073709551616,"b":-9223372036854775809}', "object"),
    "4300 digits": (b'{"a":' + b"9" * 4300 + b"}", "object"),
    "4301 digits": (b'{"a":' + b"9" * 4301 + b"}", "refused"),
    "5000 digits": (b'{"a":1' + b"0" * 5000 + b"}", "refused"),
    "5000 digits after the point": (b'{"a":0.' + b"3" * 5000 + b"}", "object"),
    "a zero in front": (b'{"a":01}', "refused"),
    "a plus": (b'{"a":+1}', "refused"),
    "no digit behind the point": (b'{"a":1.}', "refused"),
    "no digit before it": (b'{"a":.1}', "refused"),
    "a digit of another script": ('{"a":\u0661}'.encode(), "refused"),
    "half a surrogate pair": (b'{"a":"\\ud800"}', "refused"),
    "the other half": (b'{"\\udfff":0}', "refused"),
    "both the wrong way round": (b'{"a":"\\ude00\\ud83d"}', "refused"),
    "both": (b'{"a":"\\ud83d\\ude00"}', "object"),
    "half a pair as UTF-8 has none": (b'{"a":"\xed\xa0\x80"}', "refused"),
    "an overlong form": (b'{"a":"\xc0\x80"}', "refused"),
    "past the last character": (b'{"a":"\xf4\x90\x80\x80"}', "refused"),
    "a lone continuation": (b'{"a":"\x80"}', "refused"),
    "a lone escape": (b'{"a":"\\', "refused"),
    "an escape that is none": (b'{"a":"\\x41"}', "refused"),
    "half an escape": (b'{"a":"\\u00"}', "refused"),
    "an escape with an underscore": (b'{"a":"\\u1_23"}', "refused"),
    "a newline in a string": (b'{"a":"\n"}', "refused"),
    "an escaped quote": (b'{"a":"\\"}"}', "object"),
    "brackets in a string": (b'{ "a":"' + b"[" * 100 + b'"}', "object"),
    "brackets behind an escaped quote": (b'{ "a":"\\"' + b"[" * 100 + b'"}', "object"),
    "brackets behind a backslash": (b'{ "a":"\\\\","b":' + b"[" * 63 + b"]" * 63 + b"}", "object"),
    "64 levels": (b'{"a":' + b"[" * 63 + b"]" * 63 + b"}", "object"),
    "65 levels": (b'{"a":' + b"[" * 64 + b"]" * 64 + b"}", "refused"),
    "64 levels of objects, beside a blank": (b'{"a": ' + b'{"a":' * 62 + b"{}" + b"}" * 63, "object"),
    "brackets that do not fit": (b'{ "a":' + b"[}" * 100, "refused"),
    "a comma too many": (b'{"a":[1,]}', "refused"),
    "a comment": (b'{"a":1}//', "refused"),
    "quotes of another kind": (b"{'a':1}", "refused"),
    "many lists": (wide(b'"a":1'), "object"),
    "many lists and NaN": (wide(b'"a":NaN'), "refused"),
    "many lists and Infinity": (wide(b'"a":[-Infinity]'), "refused"),
    "many lists and 1e400": (wide(b'"a":-1e400'), "refused"),
    "many lists and one name twice": (wide(b'"a":{"b":1,"\\u0062":2}'), "refused"),
    "many lists and half a surrogate pair": (wide(b'"a":"\\udbff"'), "refused"),
    "many lists and a pair": (wide(b'"a":"\\udbff\\udfff"'), "object"),
    "many lists and 4301 digits": (wide(b'"a":' + b"9" * 4301), "refused"),
    "many lists and no UTF-8": (wide(b'"a":"\xff"'), "refused"),
    "many lists and no end": (wide(b'"a":"')[:-1], "refused"),
    "as many marks as are read": (b'{"a": [' + b"0," * 16381 + b"0]}", "object"),
    "one more": (b'{"a": [' + b"0," * 16382 + b"0]}", "refused"),
    "half a megabyte of opening brackets": (filled(b"", b"[", b""), "refused"),
    "half a megabyte of opening braces": (filled(b"", b'{"a":', b""), "refused"),
    "half a megabyte of quotes": (filled(b"", b'"', b""), "refused"),
    "half a megabyte of empty objects": (listed(b"{}"), "refused"),
    "half a megabyte of empty lists": (listed(b"[]"), "refused"),
    "half a megabyte of objects": (listed(b'{"a":0}'), "refused"),
    "half a megabyte of 64 levels": (listed(b"[" * 62 + b"]" * 62), "refused"),
    "half a megabyte of empty strings": (listed(b'""'), "refused"),
    "half a megabyte of brackets in strings": (listed(b'"["'), "refused"),
    "half a megabyte of floats": (listed(b"1e9"), "refused"),
    "half a megabyte of long floats": (listed(b"0.30000000000000004"), "refused"),
    "half a megabyte of numbers of 4300 digits": (listed(b"7" * 4300), "object"),
    "half a megabyte of one number": (filled(b'{"a":', b"7", b"}"), "refused"),
    "half a megabyte behind the point": (filled(b'{"a":0.', b"7", b"}"), "object"),
    "half a megabyte of escapes": (filled(b'{"a":"', b"\\u0061", b'"}'), "object"),
    "half a megabyte of surrogate pairs": (filled(b'{"a":"', b"\\ud83d\\ude00", b'"}'), "object"),
    "half a megabyte of escaped quotes": (filled(b'{"a":"', b'\\"', b'"}'), "object"),
    "half a megabyte of closing brackets and quotes": (filled(b'{ "a":"', b']\\"', b'"}'), "object"),
    "half a megabyte of blanks": (filled(b"{", b" ", b"}"), "object"),
    "half a megabyte of characters of four bytes": (filled(b'{ "a":"', b"\xf0\x9f\x98\x80", b'"}'), "object"),
}

WORDS: Final = (
    b"true", b"false", b"null", b"NaN", b"Infinity", b"1e400", b"-0", b"18446744073709551616", b'"a":', b"\\u0061",
    b"\\ud83d\\ude00", b"\\ud800", b"\\udc00", b"\\\\", b'\\"', b"\\/", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xc3\xa9",
    b"\xf0\x9f\x98\x80", b"[[[[[[[[", b"]]]]]]]]", b'{"":', b",", b"1.5e-7", b"9007199254740993", b"\xff\xfe",
)  # fmt: skip
