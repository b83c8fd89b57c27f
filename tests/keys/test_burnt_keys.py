"""A key whose private half was published serves nothing any more, in this process, for good."""

from __future__ import annotations

import pytest
from furniture import COGNITO
from keymaterial import set_of, thumbprint_of
from leaks import PUBLISHED, outcomes, problems, refresh, started
from servers import Provider, Server, dead_server
from world import World

from jwtmr._keys.keyset import parse_key_set
from jwtmr._keys.reading import Reading
from jwtmr.events import FetchFinished, KeysDiverged

OLD, NEW = "https://keys.example/old", "https://keys.example/new"


@pytest.mark.parametrize("place", [0, 1])
def test_a_key_that_leaks_anywhere_serves_nowhere(place: int) -> None:
    """The other endpoint lists it as if nothing had happened: 401, as both have answered without it. Others serve."""
    world = started()
    world.servers[place].kids = ("a!", "b")
    refresh(world)
    assert outcomes(world, "ab") == ["401", "key"]
    assert world.said(KeysDiverged) == []


@pytest.mark.parametrize("place", [0, 1])
def test_it_serves_under_no_other_kid(place: int) -> None:
    """The material is what is burnt: ``z`` is the same key on the other endpoint, and ``y`` on this one."""
    servers = [Server(("a", "b", "z=a")), Server(("a", "b", "z=a"))]
    world = started(*servers)
    assert world.get("z").outcome == "key"
    world.servers[place].kids = ("a!", "b", "y=a")
    refresh(world)
    assert outcomes(world, "abzy") == ["401", "key", "401", "401"]


def test_the_same_kid_with_another_key_serves() -> None:
    """The issuer gives its kid to a new key, and the endpoint that gave the old one away lists that."""
    world = started()
    world.servers[0].kids = ("a!", "b")
    refresh(world)
    assert world.get("a").outcome == "401"
    world.servers[0].kids = world.servers[1].kids = ("a=new", "b")
    world.run(40)
    request = world.get("a")
    assert request.key is not None
    assert request.key.thumbprint == thumbprint_of("new")


@pytest.mark.parametrize(("kids", "outcome"), [(("a!", "b"), "503"), (("a!",), "key")])
def test_another_endpoint_has_another_key_under_that_kid(kids: tuple[str, ...], outcome: str) -> None:
    """That one has not leaked. But what the first endpoint leaves out is dropped, unless its answer is none."""
    world = started(Server(("a", "b")), Server(("a=other", "b")))
    world.servers[0].kids = kids
    refresh(world)
    assert outcomes(world, "ab") == [outcome, "key"]
    key = world.get("a").key
    assert key is None or key.thumbprint == thumbprint_of("other")


def test_the_key_is_gone_at_once() -> None:
    """From the answer on that gave it away; until then it serves."""
    world = started()
    world.servers[0].kids = ("a!", "b")
    world.servers[1].latency = 2.0
    world.request("b")
    world.run(0.0624)
    assert "a" in world.state.view.keys
    world.run(0.0002)
    assert "a" not in world.state.view.keys
    assert "b" in world.state.view.keys


def test_all_keys_leak() -> None:
    """The answer is no set of usable keys, which else leaves the held one in force: not these. A new key helps."""
    world = started()
    for server in world.servers:
        server.kids = ("a!", "b!")
    refresh(world)
    assert outcomes(world, "ab") == ["503", "503"]
    assert [status.state for status in world.report()] == ["down", "down"]
    assert (world.state.view.alive, world.state.report(world.now()).seconds_left) == (False, None)
    world.servers[1].kids = ("a!", "b!", "c")
    world.run(40)
    assert outcomes(world, "ca") == ["key", "503"]
    world.servers[0].kids = ("a", "b", "c")
    world.run(400)
    assert outcomes(world, "cba") == ["key", "401", "401"]


def test_all_keys_leak_at_one_endpoint() -> None:
    """The other one lists nothing else, so its answers are none either; and nobody is asked in a storm."""
    world = started()
    world.servers[0].kids = ("a!", "b!")
    refresh(world)
    start = world.t
    assert {request.outcome for request in world.keep_asking("a", 600)} == {"503"}
    assert {event.outcome for event in world.said(FetchFinished, start)} == {"unusable"}
    assert all(30 < len(world.asked(place, start)) < 50 for place in range(2))
    assert "no usable key" in problems(world, 1)


def test_one_endpoint_that_cannot_be_asked_makes_it_a_503() -> None:
    """The rules for a ``kid`` that nobody lists hold for that of a burnt key."""
    world = started()
    world.servers[0].kids = ("a!", "b")
    refresh(world)
    world.servers[1].down = True
    assert outcomes(world, "ab") == ["503", "key"]


def test_it_does_not_come_back_clean() -> None:
    """What was public once is no secret any more: not a day later either, nor from an endpoint that comes late."""
    world = started(Server(("a", "b")), Server(("a", "b")), dead_server(), regions=COGNITO)
    world.servers[0].kids = ("a!", "b")
    refresh(world)
    world.servers[0].kids = ("a", "b")
    world.servers[2].down = False
    world.servers[2].kids = ("a", "b")
    for _ in range(24):
        world.keep_asking("b", 3600, every=30)
        assert outcomes(world, "ab") == ["401", "key"]
    assert [problems(world, place) for place in range(3)] == [(PUBLISHED,)] * 3
    assert [status.keys for status in world.report()] == [1, 1, 1]


@pytest.mark.parametrize("latency", [2.4375, 2.625, 25.0])
@pytest.mark.parametrize("kids", [("a!", "b"), ("a!",)])
def test_an_answer_that_comes_too_late_is_believed_in_this(latency: float, kids: tuple[str, ...]) -> None:
    """It counts for nothing else after its 2.5 s; but the key is public, whoever waits."""
    world = started()
    world.servers[0].kids, world.servers[0].latency = kids, latency
    world.request("b")
    world.run(latency - 0.01)
    assert "a" in world.state.view.keys
    world.run(0.02)
    assert set(world.state.view.keys) == {"b"}
    assert world.get("b").outcome == "key"


def test_an_older_copy_out_of_a_cache_is_believed_in_this() -> None:
    """It replaces nothing, but it shows the key to everybody."""
    world = started()
    world.servers[0].kids, world.servers[0].age = ("a!", "old"), 5000
    refresh(world)
    assert set(world.state.view.keys) == {"b"}


def test_a_copy_that_is_confirmed_by_304_stays_without_it() -> None:
    """The other host says that nothing has changed, and its copy has the key no more all the same."""
    world = started(Server(("a", "b")), Server(("a", "b"), etags=True))
    world.servers[0].kids = ("a!", "b")
    refresh(world)
    world.keep_asking("b", 2000)
    assert [ask.outcome for ask in world.asked(1)][1:] == ["not_modified"] * (len(world.asked(1)) - 1)
    assert (outcomes(world, "ab"), problems(world, 1)) == (["401", "key"], (PUBLISHED,))


def test_a_304_to_a_set_of_which_nothing_is_left_is_no_answer() -> None:
    """It was asked for before the only key in it was given away elsewhere, and comes home after that."""
    world = started(Server(("a", "b")), Server(("a",), etags=True))
    world.servers[0].kids = ("a!", "b")
    world.servers[0].latency = world.servers[1].latency = 1.0
    refresh(world)
    assert world.asked(1)[-1].etag is not None
    assert [event.outcome for event in world.said(FetchFinished)][-2:] == ["ok", "unusable"]
    assert (world.report()[1].state, outcomes(world, "b")) == ("down", ["key"])
    world.keep_asking("b", 1200)
    assert world.asked(1)[-1].etag is None
    assert world.report()[1].last_outcome == "unusable"


def test_a_set_of_nothing_but_a_burnt_key_is_no_answer() -> None:
    """An endpoint that lists no other key has not denied a ``kid`` either; when it lists another, all is well."""
    world = started(Server(("a", "b")), Server(("a",)))
    world.servers[0].kids = ("a!", "b")
    refresh(world)
    assert outcomes(world, "bx") == ["key", "503"]
    world.servers[1].kids = ("a", "c")
    world.keep_asking("b", 400)
    assert outcomes(world, "bcx") == ["key", "key", "401"]


def test_a_child_knows_what_is_burnt() -> None:
    """What the parent saw the child has seen; and what the child sees is its own."""
    world = started()
    world.servers[0].kids = ("a!", "b")
    refresh(world)
    world.servers[0].kids = ("a", "b")
    world.become_child()
    assert "a" not in world.state.view.keys
    world.keep_asking("b", 2000)
    assert outcomes(world, "ab") == ["401", "key"]


@pytest.mark.parametrize("kids", [("a!",), ("a!", "z")])
def test_a_key_that_leaks_at_a_place_which_was_left(kids: tuple[str, ...]) -> None:
    """One attempt asks there, finds no keys or not the one that is sought, and goes where the document says."""
    house = Provider(places={OLD: Server(("a", "b"))})
    world = World(house)
    world.get("a")
    world.run(400)
    house.jwks_uri, house.places = NEW, {OLD: Server(kids), NEW: Server(("a", "b", "c"))}
    assert world.get("c").outcome == "key"
    assert [request.url for request in house.requests[-3:]][::2] == [OLD, NEW]
    assert outcomes(world, "ab") == ["401", "key"]


@pytest.mark.parametrize("moves", [False, True])
def test_a_key_that_leaks_where_the_document_leads(moves: bool) -> None:
    """At the place that it names, be that another one or the first. The other endpoint lists it by another name."""
    house, other = Provider(places={OLD: Server(("a", "b"))}), Server(("b", "z=a"))
    world = started(house, other)
    assert world.get("z").outcome == "key"
    house.jwks_uri = NEW if moves else OLD
    house.places = {house.jwks_uri: Server(("a!", "c"))}
    assert world.get("c").outcome == "key"
    assert not {"a", "z"} & world.state.view.keys.keys()


def test_a_key_that_leaks_where_its_issuer_has_no_keys_any_more() -> None:
    """A late answer from the old place is not heard, but for this."""
    house = Provider(places={OLD: Server(("a", "b"))})
    world = World(house)
    world.get("a")
    ask = world.state._endpoints.ask(0, "refresh", 0, world.now())  # noqa: SLF001
    house.jwks_uri, house.places = NEW, {NEW: Server(("a", "b", "c"))}
    world.run(400)
    assert world.get("c").outcome == "key"
    keys = parse_key_set(set_of("a!", "b"), frozenset({"EdDSA"}))
    world.state.answered(ask, Reading("ok", keys, 600, leaked=keys.leaked), world.now())
    assert set(world.state.view.keys) == {"b", "c"}
