"""One answer, read: every status, and which headers count (design section 5, "lifetime", "adoption", "not_enabled")."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from keymaterial import set_of

from jwtmr._keys.reading import Reading, read_answer
from jwtmr.events import FetchOutcome

HEADERS = {"cache-control": "max-age=200", "age": "20", "etag": '"x"', "retry-after": "44"}


def reading(
    status: int, body: bytes = b"", *, asked: str | None = None, headers: Mapping[str, str] = HEADERS
) -> Reading:
    """Read an answer with that status; ``asked`` is what ``If-None-Match`` said."""
    return read_answer(status, headers, body, allowed=frozenset({"EdDSA"}), etag=asked, wall=1e9)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        *[(status, "server_error") for status in (100, 101, 201, 203, 204, 206, 299)],
        *[(status, "redirect") for status in (300, 301, 302, 303, 304, 307, 308, 399)],
        *[(status, "client_error") for status in (400, 401, 403, 404, 407, 409, 410, 424, 426, 428, 430, 451, 499)],
        *[(status, "server_error") for status in (408, 425, 429, 500, 502, 503, 504, 599, 600, 999)],
    ],
)
@pytest.mark.parametrize("body", [b"", set_of("a")], ids=["empty", "a valid set"])
def test_any_other_status_than_200_is_no_key_set(status: int, outcome: FetchOutcome, body: bytes) -> None:
    """Whatever its body holds, and whatever its cache headers say."""
    read = reading(status, body)
    assert (read.outcome, read.good, read.keys) == (outcome, False, None)
    assert (read.lifetime, read.age, read.etag) == (0, 0, None)


def test_200_with_a_usable_key_is_good() -> None:
    """It brings keys, lifetime, age and tag."""
    read = reading(200, set_of("a"))
    assert (read.outcome, read.good, read.lifetime, read.age, read.etag) == ("ok", True, 180, 20, '"x"')
    assert read.keys is not None
    assert list(read.keys.keys) == ["a"]
    assert read.retry_after is None


def test_200_tells_why_members_were_refused() -> None:
    """The reasons go with the keys that are left."""
    assert reading(200, set_of("a", "b", "b=c")).refused == ("two keys for one kid and algorithm",)


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"keys": []}', set_of("a", "a=b"), b"[1]"])
def test_200_without_a_usable_key_is_a_failure(body: bytes) -> None:
    """An empty or broken set withdraws nothing."""
    read = reading(200, body)
    assert (read.outcome, read.good, read.keys, read.lifetime, read.etag) == ("unusable", False, None, 0, None)
    assert read.retry_after is None


def test_200_of_bad_members_tells_why() -> None:
    """An operator wants to know what is wrong with a set of which nothing is left."""
    assert reading(200, set_of("a", "a=b")).refused == ("no usable key", "two keys for one kid and algorithm")
    assert reading(200, b"<!doctype html>").refused == ("no JWK Set",)


def test_304_counts_only_when_it_was_asked_for() -> None:
    """A host that answers 304 to an unconditional request has confirmed nothing."""
    asked, unasked = reading(304, asked='"x"'), reading(304)
    assert (asked.outcome, asked.good, asked.keys) == ("not_modified", True, None)
    assert (asked.lifetime, asked.age) == (180, 20)
    assert (unasked.outcome, unasked.good) == ("redirect", False)


@pytest.mark.parametrize(
    ("asked", "named", "good"),
    [
        ('"x"', '"x"', True),
        ('"x"', 'W/"x"', True),
        ('W/"x"', '"x"', True),
        ('W/"x"', ' W/"x" ', True),
        ('"x"', None, True),
        ('"x"', '"y"', False),
        ('"x"', "", False),
        ('W/"x"', 'W/"y"', False),
        ('"x"', '"X"', False),
    ],
)
def test_304_counts_only_for_the_tag_that_was_asked_about(asked: str, named: str | None, good: bool) -> None:
    """One that names another set confirms that one (RFC 9110 section 15.4.5); weak and strong are compared alike."""
    headers = {} if named is None else {"etag": named}
    assert reading(304, asked=asked, headers=headers).good is good


def test_a_304_without_headers_lasts_ten_minutes() -> None:
    """As any other answer that says nothing."""
    read = reading(304, asked='"x"', headers={})
    assert (read.lifetime, read.age) == (600, 0)


@pytest.mark.parametrize(("status", "told"), [(503, 44), (429, 44), (408, 44), (500, 44), (403, None), (404, None)])
def test_retry_after_is_read_from_what_is_temporary(status: int, told: float | None) -> None:
    """What says "no" is not asked to say when."""
    assert reading(status).retry_after == told


def test_retry_after_as_a_date_counts_from_the_request() -> None:
    """1e9 is Sun, 09 Sep 2001 01:46:40 GMT."""
    assert reading(503, headers={"retry-after": "Sun, 09 Sep 2001 01:47:40 GMT"}).retry_after == 60
