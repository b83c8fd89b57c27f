"""How long an answer is good for, and how old it is (design section 5, "lifetime" and "clocks"; RFC 9111)."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jwtmr._keys.freshness import DEFAULT_LIFETIME, MIN_LIFETIME, age, age_header, lifetime, retry_after, rewound
from jwtmr.settings import MAX_LIFETIME, Instant

WALL = 784111777.0
"""Sun, 06 Nov 1994 08:49:37 GMT, the date that RFC 9110 section 5.6.7 writes in three ways."""
DATE = "Sun, 06 Nov 1994 08:49:37 GMT"
FIVE_MINUTES_ON = "Sun, 06 Nov 1994 08:54:37 GMT"
EARLIER = "Sun, 06 Nov 1994 08:49:36 GMT"


@pytest.fixture(params=["UTC", "America/New_York", "Asia/Kolkata"])
def time_zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The machine stands somewhere in the world."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", request.param)
        time.tzset()
        yield request.param
    time.tzset()


def test_the_limits() -> None:
    """60 s to 15 min, and 10 min where nothing is said."""
    assert (MIN_LIFETIME, DEFAULT_LIFETIME, MAX_LIFETIME) == (60, 600, 900)


@pytest.mark.parametrize(
    ("control", "seconds"),
    [
        ("max-age=300", 300),
        ("public, max-age=300, must-revalidate", 300),
        ("public,max-age=300", 300),
        ("MAX-AGE=300", 300),
        ('max-age="300"', 300),
        ("max-age = 300", 300),
        ("max-age=300 ", 300),
        ("s-maxage=100, max-age=300", 300),
        ("max-age=300, max-age=200", 200),
        ("max-age=61", 61),
        ("max-age=60", 60),
        ("max-age=59", 60),
        ("max-age=0", 60),
        ("no-store, max-age=0", 60),
        ("max-age=899", 899),
        ("max-age=900", 900),
        ("max-age=901", 900),
        ("max-age=9999999999", 900),
        ("", 600),
        ("no-cache", 600),
        ("s-maxage=100", 600),
        ("x-max-age=100", 600),
        ("max-age", 600),
        ("max-age=", 600),
        ("max-age=-1", 600),
        ("max-age=1.5", 600),
        ("max-age=12x", 600),
        ("max-age=\u0661\u0662\u0663", 600),
        ("max-age=" + "9" * 5000, 600),
        ("," * 500_000, 600),
    ],
    ids=lambda value: str(value)[:40],
)
def test_cache_control(control: str, seconds: float) -> None:
    """``max-age`` in every spelling that occurs, clamped; anything else counts as nothing said."""
    assert lifetime({"cache-control": control}, WALL) == seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 600),
        ({"expires": FIVE_MINUTES_ON}, 300),
        ({"expires": FIVE_MINUTES_ON, "date": DATE}, 300),
        ({"expires": FIVE_MINUTES_ON, "date": "Sun, 06 Nov 1994 08:51:37 GMT"}, 180),
        ({"expires": FIVE_MINUTES_ON, "date": "yesterday"}, 300),
        ({"expires": "Sunday, 06-Nov-94 08:54:37 GMT"}, 300),
        ({"expires": "Sun Nov  6 08:54:37 1994"}, 300),
        ({"expires": "Sun, 06 Nov 1994 09:54:37 +0100"}, 300),
        ({"expires": DATE}, 60),
        ({"expires": EARLIER}, 60),
        ({"expires": "0"}, 60),
        ({"expires": "-1"}, 60),
        ({"expires": ""}, 60),
        ({"expires": "never"}, 60),
        ({"expires": "Fri, 31 Dec 9999 23:59:59 GMT"}, 900),
        ({"date": DATE}, 600),
        ({"expires": FIVE_MINUTES_ON, "cache-control": "max-age=400"}, 400),
        ({"expires": FIVE_MINUTES_ON, "cache-control": "no-cache"}, 300),
    ],
    ids=str,
)
def test_expires(headers: dict[str, str], seconds: float, time_zone: str) -> None:
    """``Expires`` less ``Date`` where there is no ``max-age``; an invalid date is one that has passed. In any zone."""
    assert lifetime(headers, WALL) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0), ("1", 1), (" 30 ", 30), ("86400", 86400), ("9999999999", 10**9), (None, 0), ("", 0), ("-1", 0),
        ("1.5", 0), ("1e3", 0), ("1, 2", 0), ("99999999999", 0), ("\u0661", 0), ("x", 0), ("9" * 10_000, 0),
    ],
)  # fmt: skip
def test_age_header(text: str | None, seconds: float) -> None:
    """``Age`` in whole seconds; 0 without one that can be read."""
    assert age_header({} if text is None else {"age": text}) == seconds


@pytest.mark.parametrize(
    ("control", "spent", "left"),
    [
        *(("max-age=600", 0, 600), ("max-age=600", 200, 400), ("max-age=600", 539, 61), ("max-age=600", 541, 60)),
        *(("max-age=600", 7200, 60), ("max-age=3600", 2000, 900), ("max-age=3600", 3000, 600), ("no-cache", 500, 600)),
    ],
)
def test_age_is_taken_off_the_lifetime(control: str, spent: int, left: float) -> None:
    """And off the lifetime that was stated, before it is clamped."""
    assert lifetime({"cache-control": control, "age": str(spent)}, WALL) == left


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120),
        (" 120 ", 120),
        ("0", 0),
        ("9999999999", 9999999999),
        (FIVE_MINUTES_ON, 300),
        ("Sunday, 06-Nov-94 08:54:37 GMT", 300),
        ("Sun Nov  6 08:54:37 1994", 300),
        (DATE, 0),
        (EARLIER, 0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("99999999999", None),
        ("Sun, 99 Nov 1994 08:49:37 GMT", None),
        ("\u0661", None),
        ("x" * 100_000, None),
        ("(" * 100_000, None),
    ],
    ids=lambda value: str(value)[:40],
)
def test_retry_after(text: str, seconds: float | None, time_zone: str) -> None:
    """``Retry-After`` as a number or in any form of date, read the same in every time zone; None if it is neither."""
    assert retry_after({"retry-after": text}, WALL) == seconds


def test_no_retry_after() -> None:
    """It is usually missing."""
    assert retry_after({}, WALL) is None


HEADER = st.text(max_size=80) | st.from_regex(
    r"[A-Z][a-z]{2}, [0-9]{1,4} [A-Z][a-z]{2} -?[0-9]{1,6} [0-9:]{1,9} [+-]?[A-Z0-9]*"
)


@pytest.mark.slow
@given(st.dictionaries(st.sampled_from(["cache-control", "expires", "date", "age", "retry-after"]), HEADER))
def test_hostile_headers_are_read(headers: dict[str, str]) -> None:
    """Whatever a host sends, the lifetime is within its bounds and nothing is raised."""
    assert MIN_LIFETIME <= lifetime(headers, WALL) <= MAX_LIFETIME
    assert 0 <= age_header(headers) <= 10**9
    pause = retry_after(headers, WALL)
    assert pause is None or (pause >= 0 and math.isfinite(pause))


THEN = Instant(100.0, 200.0, 300.0)


@pytest.mark.parametrize(
    ("now", "seconds", "back"),
    [
        ((100, 200, 300), 0, False),
        ((107, 207, 307), 7, False),
        ((107, 200, 300), 7, False),
        ((100, 207, 300), 7, False),
        ((100, 200, 307), 7, False),
        ((107, 207, 300), 7, False),
        ((107, 207, 299), 7, True),
        ((100, 200, -1000), 0, True),
    ],
)
def test_age_is_the_largest_of_three_clocks(now: tuple[float, float, float], seconds: float, back: bool) -> None:
    """Keys grow old by each of them; a wall clock that stands before the sending makes the age unknown."""
    assert age(THEN, Instant(*now)) == seconds
    assert rewound(THEN, Instant(*now)) is back
