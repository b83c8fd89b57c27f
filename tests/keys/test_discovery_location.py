"""Where the keys of a discovered endpoint are, for how long that is believed, and what becomes of the old place's."""

from __future__ import annotations

from typing import Final

import pytest
from keymaterial import set_of
from ledgers import Book, moment
from msgspec.structs import replace

from jwtmr._keys.decision import Ask
from jwtmr._keys.discovery import DOCUMENT_TIME, Location
from jwtmr._keys.keyset import parse_key_set
from jwtmr._keys.merge import Copy
from jwtmr._keys.reading import Reading
from jwtmr.events import FetchOutcome
from jwtmr.issuers import JwksEndpoint
from jwtmr.settings import Instant

ISSUER: Final = "https://house.example/pool"
KEYS: Final = "https://keys.example/jwks.json"
OLD: Final = "https://keys.example/old"
NEW: Final = "https://keys.example/new"
FAILURES: Final[tuple[FetchOutcome, ...]] = ("client_error", "network", "unusable")


def begins(location: Location, now: Instant) -> str | None:
    """Where an attempt begins; None for the document."""
    way = location.way(now)
    assert way.document_first or way.jwks_uri is not None
    return None if way.document_first else way.jwks_uri


class Place:
    """The location of one discovered endpoint, and attempts to reach it."""

    def __init__(self) -> None:
        self.endpoint: Final = JwksEndpoint.discovered(ISSUER)
        self.location: Final = Location(self.endpoint)
        self.sent = 0

    def attempt(self, t: float = 0.0) -> Ask:
        """Send an attempt."""
        self.sent += 1
        now = moment(t)
        return Ask(self.sent, 0, self.endpoint, "refresh", 1, now, None, None, *self.location.way(now))

    def ends(self, ask: Ask, said: str | None, *, good: bool = True) -> bool:
        """An attempt comes home; ``said`` is what the document said, if it was asked and answered."""
        return self.location.take_in(ask, Reading("ok" if good else "server_error", jwks_uri=said))

    def known_at(self, t: float) -> str | None:
        """Where an attempt at ``t`` begins; None for the document."""
        return begins(self.location, moment(t))


def test_a_fixed_endpoint_is_where_it_is() -> None:
    """Nothing that happens there, and no time, makes it ask for a document."""
    location = Location(JwksEndpoint(KEYS))
    ask = Ask(1, 0, JwksEndpoint(KEYS), "start", 1, moment(0), None, None, KEYS)
    for outcome in FAILURES:
        assert not location.take_in(ask, Reading(outcome))
        assert location.heard(ask, Reading(outcome))
    assert {begins(location, moment(t)) for t in (-1e6, 0, 1e9)} == {KEYS} == {location.known}


def test_a_place_is_learnt_and_no_move() -> None:
    """Before the first document nothing is known, and what it says voids nothing."""
    place = Place()
    assert place.known_at(0) is None
    assert not place.ends(place.attempt(), OLD)
    assert (place.known_at(0), place.location.known) == (OLD, OLD)


@pytest.mark.parametrize("clock", ["mono", "boot", "wall"])
def test_its_word_holds_for_a_day(clock: str) -> None:
    """By each of the three clocks, from the sending of the attempt."""
    place = Place()
    place.ends(place.attempt(100), OLD)
    then = moment(100)

    def after(seconds: float) -> Instant:
        return then._replace(**{clock: getattr(then, clock) + seconds})

    assert DOCUMENT_TIME == 24 * 3600
    assert begins(place.location, after(DOCUMENT_TIME - 0.5)) == OLD
    assert begins(place.location, after(DOCUMENT_TIME)) is None
    assert place.location.known == OLD, "it is still what was last said"


def test_a_wall_clock_set_back() -> None:
    """Nobody knows the age of the word then; one answer of the document stamps it anew."""
    place = Place()
    place.ends(place.attempt(100), OLD)
    back = Instant(moment(200).mono, moment(200).boot, moment(100).wall - 0.5)
    assert begins(place.location, back._replace(wall=moment(100).wall)) == OLD
    assert begins(place.location, back) is None
    place.location.take_in(
        Ask(9, 0, place.endpoint, "refresh", 1, back, None, None, None, True), Reading("ok", jwks_uri=OLD)
    )
    assert begins(place.location, back) == OLD


def test_the_document_said_it_again() -> None:
    """Then it holds for another day, and nothing has moved."""
    place = Place()
    place.ends(place.attempt(0), OLD)
    assert not place.ends(place.attempt(DOCUMENT_TIME), OLD)
    assert place.known_at(2 * DOCUMENT_TIME - 1) == OLD
    assert place.known_at(2 * DOCUMENT_TIME) is None


@pytest.mark.parametrize("good", [True, False])
def test_the_keys_have_moved(good: bool) -> None:
    """Whether or not there were any to be had at the new place."""
    place = Place()
    place.ends(place.attempt(), OLD)
    assert place.ends(place.attempt(5), NEW, good=good)
    assert (place.known_at(5), place.location.known) == (NEW, NEW)


def test_a_place_that_fails_is_doubted_for_one_attempt() -> None:
    """The next attempt begins with the document; if that cannot be had, the one after with the place again."""
    place = Place()
    place.ends(place.attempt(), OLD)
    place.ends(place.attempt(1), None, good=False)
    assert place.known_at(1) is None
    place.ends(place.attempt(2), None, good=False)
    assert place.known_at(2) == OLD
    place.ends(place.attempt(3), None, good=False)
    assert place.known_at(3) is None


@pytest.mark.parametrize(("said", "good"), [(None, True), (OLD, False), (OLD, True)])
def test_a_place_is_not_doubted(said: str | None, good: bool) -> None:
    """Where it gave keys, and where the document has just confirmed it."""
    place = Place()
    place.ends(place.attempt(), OLD)
    place.ends(place.attempt(1), said, good=good)
    assert place.known_at(1) == OLD


def test_an_overtaken_attempt_moves_nothing() -> None:
    """What the document said to an earlier request, heard after what it said to a later one, is old news."""
    place = Place()
    place.ends(place.attempt(), OLD)
    early, late = place.attempt(1), place.attempt(2)
    assert place.ends(late, NEW)
    assert not place.ends(early, OLD)
    assert (place.location.known, place.known_at(3)) == (NEW, NEW)


def test_a_failure_does_not_overtake_the_document() -> None:
    """A later attempt that heard nothing said nothing: what an earlier one was told still counts."""
    place = Place()
    early, late = place.attempt(1), place.attempt(2)
    place.ends(late, None, good=False)
    assert not place.ends(early, OLD)
    assert place.location.known == OLD
    assert place.location.heard(early, Reading("ok", jwks_uri=OLD))


@pytest.mark.parametrize(
    ("asked", "said", "heard"),
    [(NEW, None, True), (OLD, None, False), (OLD, NEW, True), (None, NEW, True), (None, OLD, False), (NEW, OLD, False)],
)
def test_whose_answer_is_heard(asked: str | None, said: str | None, heard: bool) -> None:
    """The answer of the place where the keys are now, by whichever way it was reached."""
    place = Place()
    place.ends(place.attempt(), NEW)
    ask = Ask(9, 0, place.endpoint, "refresh", 1, moment(1), None, None, asked)
    assert place.location.heard(ask, Reading("ok", jwks_uri=said)) is heard


# -- what becomes of the old set --------------------------------------------------------------------------------------


def test_a_discarded_copy_serves_no_more() -> None:
    """At once, and the others go on; it is due, and its ``ETag`` is forgotten."""
    book = Book(2)
    book.says(0, 0, "a", "b")
    book.says(1, 0, "b", "c")
    first = book.ledger.copies[0]
    assert first is not None
    book.ledger.copies[0] = replace(first, etag='"x"')
    book.ledger.discard(0)
    assert [book.fate(kid, 1) for kid in "abc"] == ["unlisted", "serves", "serves"]
    copy = book.ledger.copies[0]
    assert copy is not None
    assert (copy.void, copy.refresh_age, copy.etag) == (True, 0.0, None)
    assert not book.ledger.serves(copy, moment(0))


def test_the_last_discarded_copy_leaves_nothing_alive() -> None:
    """Then there are no keys at all, which is not the same as keys that nobody lists."""
    book = Book(1)
    book.says(0, 0, "a")
    assert book.view(1).alive
    book.ledger.discard(0)
    book.ledger.discard(0)
    assert not book.view(1).alive


def test_nothing_to_discard() -> None:
    """An endpoint that has not answered yet has nothing to lose."""
    book = Book(1)
    book.ledger.discard(0)
    assert book.ledger.copies == [None]


def test_what_the_new_place_leaves_out_is_dropped() -> None:
    """As if one and the same place had left it out: the copies of later endpoints do not serve it."""
    book = Book(2)
    book.says(0, 0, "a", "b")
    book.says(1, 0, "a", "b")
    book.ledger.discard(0)
    assert book.fate("a", 1) == "serves", "nobody has left it out so far"
    book.says(0, 10, "b")
    assert [book.fate(kid, 11) for kid in "ab"] == ["disputed", "serves"]


@pytest.mark.parametrize("kids", [("a", "b"), ("b",)])
def test_the_new_place_serves(kids: tuple[str, ...]) -> None:
    """Also where it lists the very same keys, and however old its answer says that it is."""
    for old in (0, 7200):
        book = Book(1)
        book.says(0, 0, "a", "b")
        book.ledger.discard(0)
        assert book.says(0, 10, *kids, age=old)
        assert {kid for kid in "ab" if book.serves(kid, 11)} == set(kids)


def test_a_late_copy_does_not_replace_the_discarded_one() -> None:
    """An answer that an earlier request got is overtaken by the discarded one as by any other."""
    book = Book(1)
    book.says(0, 0, "a", number=5)
    book.ledger.discard(0)
    keys = parse_key_set(set_of("a"), frozenset({"EdDSA"}))
    book.ledger.adopt(0, Copy(keys, moment(1), moment(1).mono, 600, 480, None, 4))
    assert not book.view(2).alive
