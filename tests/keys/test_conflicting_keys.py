"""The same kid with another key at another endpoint (design section 5, "several endpoints")."""

from __future__ import annotations

import pytest
from keymaterial import body_of, ed_jwk, rsa_jwk
from ledgers import Book
from servers import Server
from world import World

from jwtmr._keys.jwk import Key, parse_jwk
from jwtmr._keys.keyset import parse_key_set
from jwtmr._keys.merge import Copy
from jwtmr.events import KeysDiverged


def material(name: str) -> str:
    """The thumbprint of the key that belongs to a name."""
    (key,) = parse_jwk(ed_jwk("k", name), frozenset({"EdDSA"}))
    return key.thumbprint


def used(book: Book, t: float, kid: str = "k") -> Key:
    """The key that serves ``kid``."""
    return book.view(t).keys[kid]["EdDSA"]


@pytest.mark.parametrize(
    ("listed_at", "t", "winner"),
    [
        ((0, 0), 1, "first"),
        ((0, 500), 599, "first"),
        ((0, 500), 601, "second"),
        ((500, 0), 601, "first"),
        ((0, 0), 601, "first"),
        ((0, 2000), 3599, "first"),
        ((0, 2000), 3601, "second"),
    ],
)
def test_the_earlier_endpoint_among_the_fresh_wins(listed_at: tuple[float, float], t: float, winner: str) -> None:
    """Where none is within its lifetime, the earlier of those that still serve."""
    book = Book(2)
    book.says(0, listed_at[0], "k=first")
    book.says(1, listed_at[1], "k=second")
    assert used(book, t).thumbprint == material(winner)


def test_conflicts_are_told() -> None:
    """Only where two endpoints list different keys under one name."""
    book = Book(3)
    book.says(0, 0, "k=first", "a")
    book.says(1, 0, "a", "b")
    assert book.view(1).conflicts == frozenset()
    book.says(2, 0, "k=second", "a")
    assert book.view(1).conflicts == {"k"}


def test_a_member_more_is_no_other_key() -> None:
    """One host names the algorithm and the other does not: the key is the same, and nobody contradicts anybody."""
    book = Book(2)
    for place, members in enumerate([[rsa_jwk("k", alg="RS256")], [rsa_jwk("k")]]):
        keys = parse_key_set(body_of(members), frozenset({"RS256", "RS512"}))
        book.says(place, 0, "a")
        held = book.ledger.copies[place]
        assert held is not None
        book.ledger.adopt(place, Copy(keys, held.sent, held.place_in_time, 600, 480, None, 99))
    assert book.view(1).conflicts == frozenset()


def test_a_conflict_is_told_once_while_it_lasts() -> None:
    """However many answers repeat it; and again when it comes back."""
    world = World(Server(("a", "k=first")), Server(("a", "k=second")), regions=["us-east-1", "us-west-2"])
    world.keep_asking("k", 3000)
    (event,) = world.said(KeysDiverged)
    assert (event.reason, event.kids) == ("conflict", ("k",))
    world.servers[1].kids = ("a", "k=first")
    world.keep_asking("k", 500)
    world.servers[1].kids = ("a", "k=second")
    world.keep_asking("k", 500)
    assert len(world.said(KeysDiverged)) == 2


def test_a_conflict_serves_all_the_same() -> None:
    """The first endpoint's key, every time."""
    world = World(Server(("a", "k=first")), Server(("a", "k=second")), regions=["us-east-1", "us-west-2"])
    answers = world.keep_asking("k", 1000)
    assert {answer.key.thumbprint for answer in answers if answer.key} == {material("first")}


def test_another_key_under_the_same_kid_replaces_the_old_one() -> None:
    """An endpoint that re-keys a kid has dropped nothing."""
    book = Book(2)
    book.says(0, 0, "k=first")
    book.says(0, 100, "k=second")
    assert used(book, 100).thumbprint == material("second")
    assert not book.view(100).disputed
