"""Answers out of caches, and answers that confirm what was not asked: what a review of the adoption rules found."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from keymaterial import body_of, ec_jwk, ed_jwk
from servers import Server
from world import World

from jwtmr._keys import jwk
from jwtmr._keys.decision import Ask
from jwtmr._keys.keyset import parse_key_set
from jwtmr._keys.reading import Reading
from jwtmr.settings import KeyPolicy

REGIONS = ("us-east-1", "us-west-2")


@dataclass(slots=True)
class Picky(Server):
    """Answers plain requests with its keys and the tag ``"x"``, and conditional ones as it is told."""

    conditional: int = 304
    named: str | None = '"x"'

    def answer(self, ask: Ask, allowed: frozenset[str]) -> tuple[float | None, Reading]:
        """What comes back for one attempt, and after how many seconds."""
        self.status, tag = (200, '"x"') if ask.etag is None else (self.conditional, self.named)
        self.headers = {} if tag is None else {"etag": tag}
        return Server.answer(self, ask, allowed)


def dropped(hosts: int, max_stale: float) -> World:
    """The first of so many hosts has left ``k`` out; the others still list it."""
    world = World(*[Server(("a", "k")) for _ in range(hosts)], regions=REGIONS, policy=KeyPolicy(max_stale=max_stale))
    world.keep_asking("k", 490)
    world.servers[0].kids = ("a",)
    world.keep_asking("a", 490)
    return world


def hand_out_the_past(world: World, seconds: float, *kids: str, made: float) -> set[str | None]:
    """The first host's cache has an object made at ``made``; what becomes of requests for the last kid."""
    outcomes: set[str | None] = set()
    world.servers[0].kids, end = kids, world.t + seconds
    while world.t < end:
        world.servers[0].age = int(world.t - made)
        outcomes |= {request.outcome for request in world.keep_asking(kids[-1], 20, every=5)}
    world.run(2)
    return outcomes


@pytest.mark.parametrize("max_stale", [0, 3600])
@pytest.mark.parametrize("hosts", [1, 2])
def test_an_older_cached_answer_of_the_dropper_brings_nothing_back(hosts: int, max_stale: float) -> None:
    """Neither while its newer set is held nor hours after that one's end; an answer of today does."""
    world = dropped(hosts, max_stale)
    assert "key" not in hand_out_the_past(world, 9000, "a", "k", made=world.t - 700)
    assert world.get("a").outcome == "key"
    world.servers[0].age = None
    world.keep_asking("a", 610)
    assert world.get("k").outcome == "key"


@pytest.mark.parametrize(("after", "outcome"), [(-1, "503"), (1, "key")])
def test_the_age_decides_whether_the_dropper_lists_it_again(after: float, outcome: str) -> None:
    """A second before the drop it is the past, a second after it a change of mind."""
    world = dropped(2, 3600)
    drop = world.asked(0)[-1].at
    world.keep_asking("a", drop + 100 - world.t)
    world.servers[0].kids, world.servers[0].age = ("a", "k"), 100
    world.run_until(drop + 100 + after)
    assert world.get("k").outcome == outcome


def test_a_valid_key_is_never_refused_because_of_an_older_set() -> None:
    """The host is healthy and its cache is not: what is held serves for an hour, and of other kids nothing is said."""
    world = World(Server(("a", "new"), max_age=900))
    world.get("new")
    server, outcomes = world.servers[0], set[str | None]()
    server.kids = ("a",)
    while world.t < 3580:
        server.age = int(world.t) + 1000
        outcomes |= {request.outcome for request in world.keep_asking("new", 10)}
    assert outcomes == {"key"}
    assert world.get("x").outcome == "503"
    server.age = None
    assert world.get("y").outcome == "401"


@pytest.mark.parametrize(
    ("named", "confirmed"),
    [('"x"', True), ('W/"x"', True), (None, True), ('"y"', False), ('W/"y"', False), ("", False)],
)
def test_a_304_confirms_only_the_set_that_was_asked_about(named: str | None, confirmed: bool) -> None:
    """One that names another set is a failure, and the next question of that host is a plain one, at once."""
    world = World(Picky(named=named))
    world.keep_asking("a", 500)
    first, second, *more = world.asks
    assert (first.etag, second.etag) == (None, '"x"')
    assert second.outcome == ("not_modified" if confirmed else "redirect")
    if confirmed:
        assert more == []
    else:
        (plain,) = more
        assert (plain.etag, plain.outcome, plain.at - second.at < 3) == (None, "ok", True)


def test_a_304_that_names_another_set_does_not_hide_a_rotation() -> None:
    """The keys have changed, the stubborn cache confirms something else: within a refresh the old key is gone."""
    world = World(Picky(("a", "bad"), named='"y"'))
    world.get("bad")
    world.servers[0].kids = ("a",)
    world.keep_asking("a", 500)
    assert world.get("bad").outcome == "401"


def test_only_routine_refreshes_are_conditional() -> None:
    """Who looks for something new, or tries whether somebody is back, wants the whole set."""
    world = World(*[Server(("a", "k"), etags=True) for _ in REGIONS], regions=REGIONS)
    world.keep_asking("k", 490)
    world.servers[0].kids = ("a",)
    world.keep_asking("a", 490)
    world.get("x")
    world.get("k")
    world.servers[1].down = True
    world.keep_asking("a", 700)
    world.servers[1].down = False
    world.keep_asking("a", 400)
    plain = {ask.trigger for ask in world.asks if ask.etag is None}
    conditional = {ask.trigger for ask in world.asks if ask.etag is not None}
    assert {"start", "unknown_kid", "recheck", "probe"} <= plain
    assert conditional == {"refresh"}


@pytest.mark.parametrize("hosts", [1, 2])
@pytest.mark.parametrize("status", [400, 403, 404, 412])
def test_a_host_that_refuses_conditions_is_never_lost(status: int, hosts: int) -> None:
    """It is asked plainly within seconds, its set never passes its lifetime, and it learns of nothing too late."""
    world = World(*[Picky(("a",), conditional=status) for _ in range(hosts)], regions=REGIONS)
    world.get("a")
    answers = world.keep_asking("a", 4 * 3600, every=5)
    assert {(answer.outcome, answer.waited) for answer in answers} == {("key", 0)}
    assert {ask.outcome for ask in world.asks} == {"ok", "client_error"}
    for place in range(hosts):
        good = [ask.at for ask in world.asked(place) if ask.outcome == "ok"]
        assert len(good) > 4 * 3600 / 600
        assert max(later - earlier for earlier, later in pairwise(good)) < 600
    for server in world.servers:
        server.kids = ("b",)
    assert world.get("b").outcome == "key"


def test_a_curve_that_is_switched_off_costs_its_key_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """``UnsupportedAlgorithm`` is what comes of it: that member is refused, and the rest of the set serves."""

    class SwitchedOff:
        """ES512 of a build without P-521."""

        def from_jwk(self, _: object) -> object:
            """Have no such curve."""
            raise UnsupportedAlgorithm("not supported by this build")

    members, allowed = [ec_jwk("ES512", "gone"), ed_jwk("a")], frozenset({"ES512", "EdDSA"})
    assert sorted(parse_key_set(body_of(members), allowed).keys) == ["a", "gone"]
    monkeypatch.setitem(jwk._ALGORITHMS, "ES512", SwitchedOff())  # noqa: SLF001  # no build here lacks a curve
    left = parse_key_set(body_of(members), allowed)
    assert list(left.keys) == ["a"]
    assert left.refused == ("no such public key",)
