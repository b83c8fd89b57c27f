"""What one attempt brought home: an HTTP answer, or its absence, read once and outside of any lock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from jwtmr._keys.freshness import age_header, lifetime, retry_after
from jwtmr._keys.keyset import KeySet, UnusableSet, parse_key_set
from jwtmr.events import FetchOutcome

TEMPORARY_4XX: Final = frozenset({408, 425, 429})
"""Client errors that say "later" and not "no": Request Timeout, Too Early, Too Many Requests."""


class Reading(msgspec.Struct, frozen=True):
    """One attempt, read."""

    outcome: FetchOutcome
    keys: KeySet | None = None
    """The usable keys; None where there are none, and for ``not_modified``."""
    lifetime: float = 0.0
    """Seconds from the sending of the request for which the answer is fresh."""
    age: float = 0.0
    """Seconds that the answer had spent in caches before."""
    etag: str | None = None
    retry_after: float | None = None
    refused: tuple[str, ...] = ()
    """Why members of the set are no usable keys, or why the set, or the discovery document, is none."""
    jwks_uri: str | None = None
    """What the discovery document said, where it was asked in this attempt."""
    leaked: frozenset[str] = frozenset()
    """The thumbprints of keys whose private half stood in the answer, whatever became of it."""

    @property
    def good(self) -> bool:
        """Whether it says which keys there are."""
        return self.outcome in ("ok", "not_modified")


def read_answer(
    status: int, headers: Mapping[str, str], body: bytes, *, allowed: frozenset[str], etag: str | None, wall: float
) -> Reading:
    """Read an HTTP answer to a request sent at ``wall``. Cache headers count on 200 and 304 only.

    A 304 counts only as an answer to ``etag``, what ``If-None-Match`` said, and where it names no other one (RFC 9110
    section 15.4.5); any other status than 200 is no key set, whatever its body.
    """
    if status == 200:
        try:
            keys = parse_key_set(body, allowed)
        except UnusableSet as error:
            return Reading("unusable", refused=(str(error), *error.refused), leaked=error.leaked)
        fresh, age = lifetime(headers, wall), age_header(headers)
        return Reading("ok", keys, fresh, age, headers.get("etag"), refused=keys.refused, leaked=keys.leaked)
    if status == 304 and etag is not None and _opaque(headers.get("etag", etag)) == _opaque(etag):
        return Reading("not_modified", None, lifetime(headers, wall), age_header(headers), etag)
    return no_answer(status, headers, wall)


def no_answer(status: int, headers: Mapping[str, str], wall: float) -> Reading:
    """Read the failure in a status that is no success."""
    if 300 <= status < 400:
        return Reading("redirect")
    if 400 <= status < 500 and status not in TEMPORARY_4XX:
        return Reading("client_error")
    return Reading("server_error", retry_after=retry_after(headers, wall))


def _opaque(etag: str) -> str:
    """The part of an ``ETag`` that a weak comparison looks at (RFC 9110 section 8.8.3.2)."""
    return etag.strip().removeprefix("W/")
