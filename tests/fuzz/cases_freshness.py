"""Answers to begin with: the status as a digit, then headers between bytes ``ff``, each the digit of its name and text.

The verdict: what became of the answer, its lifetime, its age, its pause.
"""

from __future__ import annotations

from typing import Final


def answer(status: int, *headers: str) -> bytes:
    """An input."""
    return b"\xff".join([str(status).encode() + (headers or ("",))[0].encode(), *map(str.encode, headers[1:])])


CONTROL, AGE, EXPIRES, DATE, RETRY, ETAG = "012345"
OK, NOT_MODIFIED, UNAVAILABLE = 0, 1, 2
LATER: Final = "Fri, 15 Jan 2027 08:05:00 GMT"

CASES: Final[dict[str, tuple[bytes, str]]] = {
    "nothing said": (answer(OK), "ok 600 0 -"),
    "max-age": (answer(OK, CONTROL + "public, max-age=300"), "ok 300 0 -"),
    "max-age and age": (answer(OK, CONTROL + "max-age=300", AGE + "100"), "ok 200 100 -"),
    "max-age of 20 digits": (answer(OK, CONTROL + "max-age=99999999999999999999"), "ok 600 0 -"),
    "max-age of 10 digits": (answer(OK, CONTROL + "max-age=9999999999"), "ok 900 0 -"),
    "max-age below zero": (answer(OK, CONTROL + "max-age=-1"), "ok 600 0 -"),
    "max-age in quotes": (answer(OK, CONTROL + 'max-age="120"'), "ok 120 0 -"),
    "max-age twice": (answer(OK, CONTROL + "max-age=700, max-age=100"), "ok 100 0 -"),
    "max-age in digits of another script": (answer(OK, CONTROL + "max-age=\u0661\u0662\u0663"), "ok 600 0 -"),
    "max-age behind an ideographic space": (answer(OK, CONTROL + "max-age=\u3000123"), "ok 600 0 -"),
    "s-maxage only": (answer(OK, CONTROL + "s-maxage=100"), "ok 600 0 -"),
    "16 kB of commas": (answer(OK, CONTROL + "," * 16384), "ok 600 0 -"),
    "16 kB of blanks": (answer(OK, CONTROL + "max-age" + " " * 16384 + "=1"), "ok 600 0 -"),
    "many of max-age": (answer(OK, CONTROL + "max-age=" * 2000), "ok 600 0 -"),
    "a NUL": (answer(OK, CONTROL + "max-age=100\0"), "ok 600 0 -"),
    "an age below zero": (answer(OK, CONTROL + "max-age=300", AGE + "-5"), "ok 300 0 -"),
    "an age of 20 digits": (answer(OK, AGE + "99999999999999999999"), "ok 600 0 -"),
    "an age of 10 digits": (answer(OK, CONTROL + "max-age=300", AGE + "9999999999"), "ok 60 1e+09 -"),
    "an age with an underscore": (answer(OK, AGE + "1_0"), "ok 600 0 -"),
    "an age in digits of another script": (answer(OK, AGE + "\u0661"), "ok 600 0 -"),
    "an age of two": (answer(OK, AGE + "1, 2"), "ok 600 0 -"),
    "expires": (answer(OK, EXPIRES + LATER), "ok 300 0 -"),
    "expires and date": (answer(OK, EXPIRES + LATER, DATE + "Fri, 15 Jan 2027 08:03:00 GMT"), "ok 120 0 -"),
    "expires 0": (answer(OK, EXPIRES + "0"), "ok 60 0 -"),
    "expires in the year 99999": (answer(OK, EXPIRES + "Fri, 15 Jan 99999 08:05:00 GMT"), "ok 60 0 -"),
    "expires in the year 0": (answer(OK, EXPIRES + "Fri, 15 Jan 0000 08:05:00 GMT"), "ok 60 0 -"),
    "expires in the year 9999": (answer(OK, EXPIRES + "Fri, 31 Dec 9999 23:59:59 GMT"), "ok 900 0 -"),
    "expires in the year 9999, west": (answer(OK, EXPIRES + "Fri, 31 Dec 9999 23:59:59 -1200"), "ok 900 0 -"),
    "expires in the year 1, east": (answer(OK, EXPIRES + "Mon, 01 Jan 0001 00:00:00 +1200"), "ok 60 0 -"),
    "expires in a zone of 99 hours": (answer(OK, EXPIRES + "Fri, 15 Jan 2027 08:05:00 +9999"), "ok 60 0 -"),
    "expires in a zone of many digits": (answer(OK, EXPIRES + "Fri, 15 Jan 2027 08:05:00 +" + "9" * 30), "ok 60 0 -"),
    "expires on day 0": (answer(OK, EXPIRES + "Fri, 00 Jan 2027 08:05:00 GMT"), "ok 60 0 -"),
    "expires at 25 o'clock": (answer(OK, EXPIRES + "Fri, 15 Jan 2027 25:05:00 GMT"), "ok 60 0 -"),
    "expires in the obsolete form": (answer(OK, EXPIRES + "Fri Jan 15 08:05:00 2027"), "ok 300 0 -"),
    "expires in RFC 850's form": (answer(OK, EXPIRES + "Friday, 15-Jan-27 08:05:00 GMT"), "ok 300 0 -"),
    "expires of commas": (answer(OK, EXPIRES + "," * 60), "ok 60 0 -"),
    "expires of colons": (answer(OK, EXPIRES + "1 Jan 2027 :::::"), "ok 60 0 -"),
    "expires of nothing": (answer(OK, EXPIRES), "ok 60 0 -"),
    "expires of blanks": (answer(OK, EXPIRES + "   \t "), "ok 60 0 -"),
    "a date that is none": (answer(OK, EXPIRES + LATER, DATE + "yesterday"), "ok 300 0 -"),
    "retry-after": (answer(UNAVAILABLE, RETRY + "120"), "server_error 600 0 120"),
    "retry-after as a date": (answer(UNAVAILABLE, RETRY + LATER), "server_error 600 0 300"),
    "retry-after in the past": (answer(UNAVAILABLE, RETRY + "Thu, 01 Jan 1970 00:00:00 GMT"), "server_error 600 0 0"),
    "retry-after below zero": (answer(UNAVAILABLE, RETRY + "-1"), "server_error 600 0 -"),
    "retry-after of 20 digits": (answer(UNAVAILABLE, RETRY + "9" * 20), "server_error 600 0 -"),
    "retry-after of infinity": (answer(UNAVAILABLE, RETRY + "inf"), "server_error 600 0 -"),
    "retry-after 1e3": (answer(UNAVAILABLE, RETRY + "1e3"), "server_error 600 0 -"),
    "not modified": (answer(NOT_MODIFIED, ETAG + '"1"', CONTROL + "max-age=90"), "not_modified 90 0 -"),
    "not modified, another": (answer(NOT_MODIFIED, ETAG + '"2"'), "redirect 600 0 -"),
}

WORDS: Final = (
    b"max-age=", b"max-age", b"no-store", b"no-cache", b"s-maxage=", b"stale-while-revalidate=", b"9999999999", b"-1",
    b"Fri, ", b"Jan", b"2027", b"9999", b"GMT", b"+9999", b"-0000", b"08:05:00", b"UTC", b"EST", b"Friday", b"am",
    b"\xd9\xa1", b"\xe3\x80\x80", b"\xff0", b"\xff1", b"\xff2", b"\xff3", b"\xff4", b"\xff5", b'W/"', b'"',
)  # fmt: skip
