"""How long an answer is good for, and how old it is (RFC 9111 sections 4.2 and 5, RFC 9110 section 10.2.3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

from jwtmr.settings import MAX_LIFETIME, Instant

MIN_LIFETIME: Final = 60.0
"""Seconds. ``max-age=0`` must not make every request a fetch."""
DEFAULT_LIFETIME: Final = 600.0
"""Seconds, where the answer says nothing."""
MAX_AGE: Final = 10**9
"""Seconds; an ``Age`` beyond thirty years is no number to reckon with."""

_SECONDS: Final = re.compile(r"[0-9]{1,10}", re.ASCII)
_MAX_AGE: Final = re.compile(r'(?:^|[,\s])max-age\s*=\s*"?([0-9]{1,10})"?(?=$|[,\s])', re.IGNORECASE | re.ASCII)


def lifetime(headers: Mapping[str, str], wall: float) -> float:
    """Seconds for which an answer that was asked for at ``wall`` is fresh, less its ``Age``, clamped."""
    stated = _stated(headers, wall)
    if stated is None:
        return DEFAULT_LIFETIME
    return min(max(stated - age_header(headers), MIN_LIFETIME), MAX_LIFETIME)


def _stated(headers: Mapping[str, str], wall: float) -> float | None:
    """``max-age`` (the smallest, where there are several), else ``Expires`` less ``Date``; None without both."""
    ages = _MAX_AGE.findall(headers.get("cache-control", "")[:4096])
    if ages:
        return float(min(map(int, ages)))
    if "expires" not in headers:
        return None
    expires = http_date(headers["expires"])
    if expires is None:
        return 0.0  # RFC 9111 section 5.3: an invalid date is one that has passed
    sent = http_date(headers.get("date", ""))
    return expires - (wall if sent is None else sent)


def age_header(headers: Mapping[str, str]) -> float:
    """``Age`` in seconds; 0 without one that can be read."""
    digits = headers.get("age", "").strip()
    return float(min(int(digits), MAX_AGE)) if _SECONDS.fullmatch(digits) else 0.0


def retry_after(headers: Mapping[str, str], wall: float) -> float | None:
    """``Retry-After`` in seconds from ``wall``, as a number or a date; None without one that can be read."""
    text = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    moment = http_date(text)
    return None if moment is None else max(moment - wall, 0.0)


def http_date(text: str) -> float | None:
    """A date of HTTP (RFC 9110 section 5.6.7) in Unix seconds; None for what is none."""
    try:
        moment = parsedate_to_datetime(text[:64])
        # The obsolete form of RFC 9110 section 5.6.7 names no zone, and means UTC.
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
        return None


def age(since: Instant, now: Instant) -> float:
    """Seconds from ``since`` to ``now``, by the largest of the three clocks.

    A suspended machine stops one, a set clock moves another; keys must grow old by all of them.
    """
    return max(now.mono - since.mono, now.boot - since.boot, now.wall - since.wall)


def elapsed(since: Instant, now: Instant) -> float:
    """Seconds from ``since`` to ``now`` for all but the age of a set: setting a wall clock makes nobody silent."""
    return max(now.mono - since.mono, now.boot - since.boot)


def rewound(since: Instant, now: Instant) -> bool:
    """Whether the wall clock stands before ``since``: then nobody knows the age, and one refresh stamps it anew."""
    return now.wall < since.wall
