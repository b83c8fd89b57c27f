"""A provider moves its keys: how soon that is noticed, and that the old place's keys and late answers are void."""

from __future__ import annotations

from typing import Final

import pytest
from furniture import document_url
from servers import HANGS, Provider, Server
from world import World

from jwtmr.events import EndpointChanged, KeysChanged, KeysDiverged

DAY: Final = 24 * 3600
DOCUMENT: Final = document_url(0)
OLD: Final = "https://keys.example/old"
NEW: Final = "https://keys.example/new"
REGIONS: Final = ("us-east-1", "us-west-2")

FAILURES: Final = {
    "404": Server(status=404),
    "500": Server(status=500),
    "refuses": Server(down=True),
    "no keys": Server(body=b'{"keys": []}'),
    "redirects": Server(status=302, headers={"location": NEW}),
}
SILENT: Final = Server(latency=HANGS)


def house_of(*kids: str, etags: bool = False) -> Provider:
    """A provider that lists ``kids`` at its old place."""
    return Provider(places={OLD: Server(kids, etags=etags)}, etags=etags)


def move(house: Provider, new: Server, old: Server = FAILURES["404"]) -> None:
    """Have the document name the new place."""
    house.jwks_uri = NEW
    house.places = {OLD: old, NEW: new}


def outcomes(world: World, kid: str, seconds: float) -> set[str | None]:
    """What requests are told in that time."""
    return {request.outcome for request in world.keep_asking(kid, seconds)}


# -- the move is noticed


@pytest.mark.parametrize("old", FAILURES.values(), ids=FAILURES)
def test_the_first_request_after_a_move_has_its_key(old: Server) -> None:
    """Where the old place gives no keys, the attempt that finds that out asks the document and the new place too."""
    house = house_of("a")
    world = World(house)
    world.get("a")
    world.run(10)
    move(house, Server(("b",)), old)
    request = world.get("b")
    assert (request.outcome, request.waited) == ("key", pytest.approx(3 * 0.0625))
    assert [request.url for request in house.requests] == [DOCUMENT, OLD, OLD, DOCUMENT, NEW]
    assert [len(house.asked_for(DOCUMENT)), len(world.asks)] == [2, 2]
    assert world.get("a").outcome == "401"
    assert (world.report()[0].jwks_uri, world.report()[0].url) == (NEW, DOCUMENT)


def test_a_move_away_from_a_silent_place() -> None:
    """It uses the time of one attempt up; the next begins with the document, so the second request has its key."""
    house = house_of("a")
    world = World(house)
    world.get("a")
    world.run(10)
    move(house, Server(("b",)), SILENT)
    assert world.get("b").outcome == "503"
    assert world.get("a").outcome == "key", "meanwhile nothing says that it is withdrawn"
    world.run(3)
    assert world.get("b").outcome == "key"
    assert [request.url for request in house.requests[2:]] == [OLD, DOCUMENT, NEW]


def test_a_move_away_from_a_place_that_goes_on() -> None:
    """It is noticed after a day at the latest, and the new place's word is the only one from then on."""
    house = house_of("a", "b")
    world = World(house)
    world.get("a")
    move(house, Server(("b", "c")), Server(("a", "b")))
    assert outcomes(world, "b", DAY + 600) == {"key"}
    assert (world.get("c").outcome, world.get("a").outcome) == ("key", "401")
    assert OLD not in {request.url for request in house.requests if request.at > DAY + 600}


@pytest.mark.parametrize(("after", "outcome", "documents"), [(299, "401", 1), (301, "key", 2)])
def test_a_new_key_at_a_new_place_while_the_old_one_goes_on(after: float, outcome: str, documents: int) -> None:
    """A token that names a key which is not there has the document asked again, unless that was done lately."""
    house = house_of("a")
    world = World(house)
    world.get("a")
    move(house, Server(("a", "b")), Server(("a",)))
    world.run_until(after)
    assert world.get("b").outcome == outcome
    assert len(house.asked_for(DOCUMENT)) == documents


def test_bogus_kids_ask_the_document_once_in_five_minutes() -> None:
    """A flood of them is none of questions to the issuer, and a rotation that is no move asks it nothing."""
    house = house_of("a")
    world = World(house)
    world.get("a")
    world.run_until(1000)
    for number in range(600):
        world.get(f"bogus{number}")
        world.run(1)
    assert len(house.asked_for(DOCUMENT)) in (3, 4)
    world.run(400)
    house.places[OLD] = Server(("a", "b"))
    before = len(house.asked_for(DOCUMENT))
    assert world.get("b").outcome == "key"
    assert len(house.asked_for(DOCUMENT)) == before


def test_a_move_there_and_back() -> None:
    """Each move voids what was had before; the last one gives the old place's keys a new life."""
    house = house_of("a")
    world = World(house)
    world.get("a")
    move(house, Server(("b",)))
    world.get("b")
    house.jwks_uri, house.places = OLD, {OLD: Server(("a",))}
    world.run(600)
    assert outcomes(world, "a", 60) == {"key"}
    assert world.get("b").outcome == "401"


# -- the old set is void


@pytest.mark.parametrize("new", [*FAILURES.values(), SILENT], ids=[*FAILURES, "is silent"])
def test_the_old_set_is_void_also_where_the_new_place_fails(new: Server) -> None:
    """Its keys serve no more once the document has named another place: it cannot be checked, and not for an hour."""
    house = house_of("a")
    world = World(house)
    world.get("a")
    move(house, new)
    assert outcomes(world, "a", 400) == {"key"}, "nobody has asked yet"
    world.run_until(500)
    world.get("a")
    world.run(10)
    assert DOCUMENT in [request.url for request in house.requests if request.at > 400]
    assert outcomes(world, "a", 100) == {"503"}
    assert (world.report()[0].state, world.report()[0].jwks_uri) == ("down", NEW)
    house.places[NEW] = Server(("a", "b"))
    world.run(40)
    assert (world.get("a").outcome, world.get("b").outcome) == ("key", "key")


def test_a_place_that_is_down_and_still_named() -> None:
    """The document was asked again and says the same: nothing is void, keys serve stale."""
    house = house_of("a")
    world = World(house)
    world.get("a")
    house.places[OLD].down = True
    assert outcomes(world, "a", 3500) == {"key"}
    assert len(house.asked_for(DOCUMENT)) > 10


def test_no_etag_goes_to_another_place() -> None:
    """What one place gave is shown to that place alone: not to the document, and not where the keys have moved to."""
    house = house_of("a", etags=True)
    world = World(house)
    world.keep_asking("a", 2000, every=10)
    house.jwks_uri, house.places = NEW, {OLD: Server(status=500), NEW: Server(("a",), etags=True)}
    assert outcomes(world, "a", 2000) == {"key"}
    house.jwks_uri, house.places[OLD] = OLD, Server(("a",), etags=True)
    world.keep_asking("a", DAY, every=20)
    last, conditional = "", set[str]()
    for request in house.requests:
        if "if-none-match" in request.headers:
            assert request.url == last, "which gave keys before"
            conditional.add(last)
        last = last if request.url == DOCUMENT else request.url
    assert conditional == {OLD, NEW}
    assert not any("if-none-match" in request.headers for request in house.asked_for(DOCUMENT))


def test_what_the_new_place_leaves_out_is_dropped() -> None:
    """A later endpoint that still lists it does not serve it."""
    house = house_of("a", "b")
    world = World(house, Server(("a", "b", "z")), regions=REGIONS)
    world.keep_asking("a", 600)
    assert world.get("z").outcome == "key"
    move(house, Server(("b",)))
    world.run(600)
    world.get("b")
    world.run(3)
    assert [world.get(kid).outcome for kid in "abz"] == ["503", "key", "key"]
    assert [event.kids for event in world.said(KeysDiverged)] == [("a",)]


# -- late answers


class Overlap:
    """Two endpoints, the first one discovered, and two attempts to reach it at the same time.

    The earlier one asks the old place, which is slow; the later one finds the document changed.
    """

    def __init__(self, new: Server, *, etags: bool = False) -> None:
        self.house: Final = house_of("a", etags=etags)
        self.world: Final = World(self.house, Server(("z",)), regions=REGIONS)
        world, house = self.world, self.house
        world.keep_asking("a", 400)
        house.places[OLD].latency = 2.25
        world.run_until(600)
        world.request("a")  # a refresh, which asks both
        world.run(0.5)
        self.slow: Final = house.requests[-1]
        move(house, new)
        world.request("bogus")
        world.run(1)
        assert (self.slow.url, self.slow.at >= 600) == (OLD, True)
        assert house.requests[-1].url == NEW
        assert house.requests[-1].number > self.slow.number

    def late(self) -> None:
        """Let the earlier attempt come home."""
        self.world.run(2)
        (home,) = [ask for ask in self.world.asked(0, since=600) if ask.at == self.slow.at]
        assert home.outcome in ("ok", "not_modified")


@pytest.mark.parametrize("etags", [False, True])
@pytest.mark.parametrize("new", [FAILURES["500"], FAILURES["refuses"], Server(("b",))], ids=["500", "down", "up"])
def test_a_late_answer_of_the_old_place_revives_nothing(new: Server, etags: bool) -> None:
    """Whether it is a set or a 304; while the new place fails, and after it has answered."""
    overlap = Overlap(new, etags=etags)
    world = overlap.world
    assert ("if-none-match" in overlap.slow.headers) is etags
    assert "a" not in world.state.view.keys
    overlap.late()
    assert "a" not in world.state.view.keys
    assert "key" not in outcomes(world, "a", 200)
    assert world.report()[0].jwks_uri == NEW
    assert world.get("z").outcome == "key"


@pytest.mark.parametrize("forked", [False, True], ids=["parent", "child"])
def test_a_void_copy_is_due_at_once(forked: bool) -> None:
    """However young it is, traffic for other keys brings those of the new place in seconds; in a child as well."""
    house = house_of("a")
    world = World(house, Server(("z",)), regions=REGIONS)
    world.get("a")
    world.run(10)
    move(house, Server(status=500))
    world.get("bogus")
    assert (world.report()[0].state, world.get("z").outcome) == ("down", "key")
    house.places[NEW] = Server(("b",))
    if forked:
        world.become_child()
    world.keep_asking("z", 20)
    assert "b" in world.state.view.keys


def test_a_late_answer_does_not_make_the_new_place_look_well() -> None:
    """It is no sign of life of the place that is asked now: that is tried again as soon as without it."""
    overlap = Overlap(Server(status=500))
    world = overlap.world
    assert world.asked(0)[-1].outcome == "server_error"
    overlap.house.places[NEW] = Server(("b",))
    overlap.late()
    world.keep_asking("z", 20)
    assert "b" in world.state.view.keys


def test_a_late_document_is_heard_where_a_later_attempt_learnt_nothing() -> None:
    """A good answer on its way is not thrown away because a later question had none."""
    house = house_of("a")
    house.latency = 2.25
    world = World(house, Server(("z",)), regions=REGIONS)
    assert world.get("z").outcome == "key"
    house.down, house.latency = True, 0.0625
    world.request("bogus")
    world.run(4)
    assert [ask.outcome for ask in world.asked(0)] == ["ok", "network"]
    assert "a" in world.state.view.keys
    assert world.report()[0].jwks_uri == OLD


def test_the_same_keys_at_the_new_place_change_nothing() -> None:
    """No event tells of changed keys or of an endpoint that was down, and no request notices."""
    house = house_of("a")
    world = World(house)
    world.get("a")
    world.run(10)
    since = world.t
    move(house, Server(("a",)))
    assert outcomes(world, "a", 2000) == {"key"}
    assert world.report()[0].jwks_uri == NEW
    assert world.said(KeysChanged, since) == []
    assert world.said(EndpointChanged, since) == []
