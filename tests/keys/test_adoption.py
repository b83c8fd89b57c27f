"""What counts as an endpoint's word, and in which order (design section 5, "adoption", "place in time")."""

from __future__ import annotations

import pytest
from furniture import authority_of, middle
from keymaterial import set_of
from ledgers import Book, moment
from servers import Server
from world import World

from jwtmr._keys.endpoints import Endpoints
from jwtmr._keys.keyset import parse_key_set
from jwtmr._keys.reading import Reading
from jwtmr.events import Trigger
from jwtmr.settings import KeyPolicy


def endpoints(number: int = 1) -> Endpoints:
    """Endpoints of which nothing is known yet."""
    return Endpoints(authority_of([None] * number).endpoints, KeyPolicy(), middle)


def ok(*kids: str, etag: str | None = '"1"', age: float = 0) -> Reading:
    """A 200 with these keys."""
    return Reading("ok", parse_key_set(set_of(*kids), frozenset({"EdDSA"})), 600, age, etag)


def not_modified(etag: str | None = None, lifetime: float = 600) -> Reading:
    """A 304."""
    return Reading("not_modified", None, lifetime, 0, etag)


def known(table: Endpoints, t: float) -> set[str]:
    """The kids that serve at ``t``."""
    return set(table.ledger.resolve(moment(t)).keys)


def test_a_304_renews_the_set_that_is_held() -> None:
    """Its lifetime and its sending are the new ones."""
    table = endpoints()
    table.take_in(table.ask(0, "start", 1, moment(0)), ok("a"), moment(1))
    asked = table.ask(0, "refresh", 2, moment(500))
    assert asked.etag == '"1"'
    assert table.take_in(asked, not_modified('"2"', 300), moment(501))
    copy = table.ledger.copies[0]
    assert copy is not None
    assert (copy.sent, copy.lifetime, copy.refresh_age) == (moment(500), 300, 240)
    assert known(table, 4099) == {"a"}


def test_a_304_without_a_tag_leaves_the_tag() -> None:
    """The next request is conditional as well."""
    table = endpoints()
    table.take_in(table.ask(0, "start", 1, moment(0)), ok("a"), moment(1))
    table.take_in(table.ask(0, "refresh", 2, moment(500)), not_modified(), moment(501))
    assert table.ask(0, "refresh", 3, moment(900)).etag == '"1"'


def test_a_304_to_the_tag_of_a_set_that_is_no_longer_held_renews_nothing() -> None:
    """A later request has brought another set meanwhile; what this one confirms is gone."""
    table = endpoints()
    table.take_in(table.ask(0, "start", 1, moment(0)), ok("a"), moment(1))
    slow, quick = table.ask(0, "refresh", 2, moment(500)), table.ask(0, "refresh", 0, moment(501))
    table.take_in(quick, ok("b", etag='"2"'), moment(502))
    table.take_in(slow, not_modified(), moment(503))
    copy = table.ledger.copies[0]
    assert copy is not None
    assert (copy.sent, copy.etag) == (moment(501), '"2"')
    assert known(table, 504) == {"b"}


def test_a_304_does_not_renew_a_set_that_came_while_it_was_on_its_way() -> None:
    """The answer to an earlier request brought another set after this one had been sent with the old tag."""
    table = endpoints()
    table.take_in(table.ask(0, "start", 1, moment(0)), ok("a"), moment(1))
    earlier, later = table.ask(0, "refresh", 2, moment(500)), table.ask(0, "refresh", 0, moment(501))
    assert earlier.etag == later.etag == '"1"'
    table.take_in(earlier, ok("b", etag='"2"'), moment(502))
    table.take_in(later, not_modified('"1"'), moment(503))
    copy = table.ledger.copies[0]
    assert copy is not None
    assert (copy.sent, copy.etag) == (moment(500), '"2"')


@pytest.mark.parametrize("trigger", ["start", "unknown_kid", "recheck", "probe"])
def test_only_a_refresh_is_conditional(trigger: Trigger) -> None:
    """Any other question is put because something is missing: "as before" would be no answer."""
    table = endpoints()
    table.take_in(table.ask(0, "start", 1, moment(0)), ok("a"), moment(1))
    assert table.ask(0, trigger, 2, moment(500)).etag is None


def test_a_host_that_stumbles_over_the_question_gets_a_plain_one() -> None:
    """Until it has answered that."""
    table = endpoints()
    table.take_in(table.ask(0, "start", 1, moment(0)), ok("a"), moment(1))
    table.take_in(table.ask(0, "refresh", 2, moment(500)), Reading("redirect"), moment(501))
    plain = table.ask(0, "refresh", 3, moment(510))
    assert plain.etag is None
    table.take_in(plain, ok("a"), moment(511))
    assert table.ask(0, "refresh", 4, moment(900)).etag == '"1"'


@pytest.mark.parametrize(("t", "etag"), [(3599, '"1"'), (3600, None)])
def test_a_set_that_has_ended_is_not_asked_about(t: float, etag: str | None) -> None:
    """A 304 to it would bring back what nobody may use any more."""
    table = endpoints()
    table.take_in(table.ask(0, "start", 1, moment(0)), ok("a"), moment(1))
    assert table.ask(0, "refresh", 2, moment(t)).etag == etag


def test_a_set_without_a_tag_is_asked_for_unconditionally() -> None:
    """And so is one that has never been there."""
    table = endpoints()
    assert table.ask(0, "start", 1, moment(0)).etag is None
    table.take_in(table.ask(0, "start", 1, moment(0)), ok("a", etag=None), moment(1))
    asked = table.ask(0, "refresh", 2, moment(500))
    assert asked.etag is None


def test_a_success_replaces_the_whole_set() -> None:
    """What it does not list is gone, with that endpoint."""
    table = endpoints()
    table.take_in(table.ask(0, "start", 1, moment(0)), ok("a", "b"), moment(1))
    table.take_in(table.ask(0, "refresh", 2, moment(500)), ok("b", "c"), moment(501))
    assert known(table, 502) == {"b", "c"}


@pytest.mark.parametrize("outcome", ["client_error", "server_error", "redirect", "timeout", "network", "unusable"])
def test_a_failure_changes_no_set(outcome: str) -> None:
    """Nothing but a success ever does."""
    table = endpoints()
    table.take_in(table.ask(0, "start", 1, moment(0)), ok("a"), moment(1))
    before = table.ledger.copies[0]
    assert not table.take_in(table.ask(0, "refresh", 2, moment(500)), Reading(outcome), moment(501))  # type: ignore[arg-type]
    assert table.ledger.copies[0] is before
    assert table.health[0].failures == 1


def test_overlapping_answers_are_ordered_by_their_requests() -> None:
    """The answer to the later request came first; the earlier one's changes nothing, and drops nothing."""
    table = endpoints()
    slow, quick = table.ask(0, "start", 1, moment(0)), table.ask(0, "unknown_kid", 2, moment(1))
    table.take_in(quick, ok("a", "b"), moment(1.1))
    table.take_in(slow, ok("a"), moment(2))
    assert known(table, 3) == {"a", "b"}
    copy = table.ledger.copies[0]
    assert copy is not None
    assert copy.number == quick.number


def test_an_overtaken_answer_is_no_reason_to_distrust_a_cache() -> None:
    """Only an older copy from a cache is; then the endpoint is left alone for a minute."""
    table = endpoints()
    slow, quick = table.ask(0, "start", 1, moment(0)), table.ask(0, "unknown_kid", 2, moment(1))
    table.take_in(quick, ok("a", "b"), moment(1.1))
    table.take_in(slow, ok("a"), moment(2))
    assert table.health[0].retry_at < 0
    table.take_in(table.ask(0, "refresh", 3, moment(500)), ok("a", age=5000), moment(501))
    assert table.health[0].retry_at == moment(561).mono


@pytest.mark.parametrize(
    ("age", "adopted"), [(97, True), (98, True), (99, True), (102, True), (103, False), (5000, False)]
)
def test_an_older_copy_from_a_cache_replaces_nothing(age: float, adopted: bool) -> None:
    """Sent at 100, but from a cache: it stands before the set of 0, give or take two seconds of rounding."""
    book = Book(1)
    book.says(0, 0, "a", "new")
    assert book.says(0, 100, "a", age=age) is adopted
    assert book.serves("new", 101) is not adopted


def test_an_older_copy_drops_nothing() -> None:
    """Neither while it is passed over, nor when it is taken after the end of the held copy."""
    book = Book(2)
    book.says(0, 0, "a", "new")
    book.says(1, 0, "a", "new")
    book.says(0, 100, "a", age=5000)
    assert book.fate("new", 101) == "serves"
    book.says(1, 3000, "a", "new")
    assert book.says(0, 3601, "a", age=5000)
    assert book.fate("new", 3602) == "serves"
    assert not book.view(3602).disputed


@pytest.mark.parametrize(("t", "adopted"), [(599, False), (601, False), (3599, False), (3600, True), (3601, True)])
def test_an_older_copy_replaces_what_may_no_longer_serve(t: float, adopted: bool) -> None:
    """Not before: what is known to be newer is not given up for it."""
    book = Book(1)
    book.says(0, 0, "a", "new")
    assert book.says(0, t, "a", age=5000) is adopted
    assert book.serves("new", t) is not adopted


def test_the_same_keys_from_a_cache_renew_the_set() -> None:
    """And it keeps the later of the two places in time."""
    book = Book(1)
    book.says(0, 0, "a")
    assert book.says(0, 500, "a", age=5000)
    copy = book.ledger.copies[0]
    assert copy is not None
    assert (copy.sent, copy.place_in_time) == (moment(500), moment(0).mono)
    assert book.serves("a", 4099)


def test_an_older_copy_shows_that_the_host_is_alive() -> None:
    """It has said nothing new, but it has answered: it is neither failing nor silent."""
    table = endpoints()
    table.take_in(table.ask(0, "start", 1, moment(0)), ok("a", "b"), moment(1))
    table.take_in(table.ask(0, "refresh", 2, moment(500)), Reading("timeout"), moment(503))
    assert table.silent(0, moment(4101))
    table.take_in(table.ask(0, "refresh", 3, moment(900)), ok("a", age=5000), moment(901))
    assert not table.silent(0, moment(4101))
    assert table.health[0].failures == 0
    assert known(table, 902) == {"a", "b"}


@pytest.mark.parametrize(("t", "silent"), [(4099, False), (4100, True)])
def test_silence_begins_with_the_first_question_in_vain(t: float, silent: bool) -> None:
    """Later ones do not begin it anew, and an answer ends it, be it that there is nothing here."""
    table = endpoints()
    assert not table.silent(0, moment(10**6))
    for asked in (500, 1000, 3000):
        table.take_in(table.ask(0, "refresh", 2, moment(asked)), Reading("timeout"), moment(asked + 3))
    assert table.silent(0, moment(t)) is silent
    table.take_in(table.ask(0, "refresh", 2, moment(4000)), Reading("client_error"), moment(4001))
    assert not table.silent(0, moment(t))


def test_staleness_counts_from_the_sending_and_not_from_the_age() -> None:
    """A host behind a cache that answers ``Age: 7200`` is alive."""
    world = World(Server(age=7200))
    assert world.get("a").outcome == "key"
    assert {request.outcome for request in world.keep_asking("a", 7200, every=10)} == {"key"}


def test_a_drop_stands_where_its_answer_stands() -> None:
    """Its place in time is the sending less the age: an earlier endpoint's copy from in between counts as later."""
    book = Book(2)
    book.says(0, 0, "a", "k")
    book.says(1, 0, "a", "k")
    book.says(0, 80, "a", "k")
    book.says(1, 100, "a", age=50)
    assert book.fate("k", 101) == "serves"


def test_the_preferred_endpoint_comes_back_with_an_old_cached_set() -> None:
    """What it learnt a minute ago is not unlearnt; the key that only it has serves on."""
    world = World(Server(("a", "new"), max_age=900), Server(), regions=["us-east-1", "us-west-2"])
    world.get("new")
    world.servers[0].kids, world.servers[0].age = ("a",), 4000
    world.keep_asking("new", 880)
    assert world.get("new").outcome == "key"
    assert world.asked(0)[-1].outcome == "ok"
    pauses = [b.at - a.at for a, b in zip(world.asked(0)[1:], world.asked(0)[2:], strict=False)]
    assert pauses
    assert min(pauses) >= 60
