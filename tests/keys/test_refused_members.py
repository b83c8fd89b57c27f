"""Members that can never be used, in a set of which others serve: told once for each change of them, and shown."""

from __future__ import annotations

import logging

import pytest
from furniture import authority_of
from keymaterial import b64url, body_of, ed_jwk, odd_of, rsa_jwk
from logged import write
from servers import Provider, Server
from world import World

from jwtmr._keys.jwk import FOR_OTHERS
from jwtmr._keys.keyset import parse_key_set
from jwtmr._status import status_of
from jwtmr.events import KeysChanged

GOOD = [ed_jwk("a"), ed_jwk("b")]
WEAK = rsa_jwk("w", n=odd_of(1024))
SECRET = {"kty": "oct", "kid": "s", "k": b64url(b"s" * 32)}
OUT_OF_BOUNDS = "RSA modulus is out of bounds"
SYMMETRIC = "private or symmetric key material"
TOLD = (OUT_OF_BOUNDS,)


def listing(*more: object, etags: bool = False) -> World:
    """A world whose one endpoint has been listing the good keys and ``more`` of them for a while."""
    world = World(Server(body=body_of([*GOOD, *more]), etags=etags))
    world.keep_asking("a", 1000, every=10)
    return world


def told(world: World, *more: object, seconds: float = 1000) -> list[tuple[int, int, tuple[str, ...]]]:
    """What is told in that time, in which the endpoint lists the good keys and ``more``."""
    since, fetches = world.t, len(world.asks)
    world.servers[0].body = body_of([*GOOD, *more])
    assert {request.outcome for request in world.keep_asking("a", seconds, every=10)} == {"key"}
    assert len(world.asks) > fetches
    return [(event.added, event.removed, event.refused) for event in world.said(KeysChanged, since)]


def reasons(world: World) -> tuple[str, ...]:
    """What an operator is shown."""
    return world.report()[0].reasons


@pytest.mark.parametrize("etags", [False, True])
def test_a_refused_member_is_told_when_it_comes_and_when_it_goes(etags: bool) -> None:
    """Once each, though the keys that serve are the same; also where answers in between are 304."""
    world = listing(etags=etags)
    assert reasons(world) == ()
    assert told(world, WEAK, seconds=4000) == [(0, 0, TOLD)]
    assert reasons(world) == TOLD
    assert told(world, seconds=4000) == [(0, 0, ())]
    assert reasons(world) == ()
    assert ({ask.outcome for ask in world.asks} == {"ok", "not_modified"}) is etags


def test_all_reasons_are_told_with_each_change() -> None:
    """Of the members that were there before, too."""
    world = listing(WEAK)
    assert told(world, WEAK, SECRET) == [(0, 0, (OUT_OF_BOUNDS, SYMMETRIC))]
    assert told(world, SECRET) == [(0, 0, (SYMMETRIC,))]


def test_one_for_another_is_a_change() -> None:
    """Though both are refused for the same reason."""
    world = listing(WEAK)
    assert told(world, rsa_jwk("v", n=odd_of(1024))) == [(0, 0, TOLD)]


@pytest.mark.parametrize("kid", [None, 7, "k" * 257, ["k"], {"k": 1}])
def test_a_second_one_is_a_change(kid: object) -> None:
    """Also of members that have no proper name."""
    nameless = rsa_jwk(n=odd_of(1024)) | {"kid": kid}
    world = listing(nameless, 7)
    assert told(world, nameless, nameless, 7) != []
    assert told(world, nameless, nameless, 7) == []


def test_order_and_details_are_no_change() -> None:
    """A host that lists them in another order each time, or shows other values, is not told of at each refresh."""
    world = listing(WEAK, SECRET)
    assert told(world, SECRET, WEAK) == []
    assert told(world, SECRET | {"k": b64url(b"t" * 32)}, WEAK | {"n": odd_of(1023)}) == []


def test_a_change_of_keys_tells_of_the_refused_ones_as_well() -> None:
    """In one event."""
    world = listing(WEAK)
    assert told(world, WEAK, ed_jwk("c")) == [(1, 0, TOLD)]
    assert told(world, ed_jwk("c"), ed_jwk("d")) == [(1, 0, ())]


def test_two_keys_under_one_kid_are_told() -> None:
    """Neither serves; that the other two go on serving is nothing new. Two under another kid are another pair."""
    world, reason = listing(), ("two keys for one kid and algorithm",)
    assert told(world, ed_jwk("c"), ed_jwk("c", "other")) == [(0, 0, reason)]
    assert told(world, ed_jwk("d"), ed_jwk("d", "other")) == [(0, 0, reason)]
    assert told(world, ed_jwk("d", "other"), ed_jwk("d")) == []


def test_names_are_kept_as_far_as_they_could_be_names() -> None:
    """A longer one than any token may have is none, and takes no memory."""
    members = [{"kid": "k" * 256}, {"kid": "k" * 257}, {"kid": 7}, {}, "k"]
    refusals = parse_key_set(body_of([*members, *GOOD]), frozenset({"EdDSA"})).refusals
    assert [refusal.kid for refusal in refusals] == ["k" * 256, None, None, None, None]


COMMON: list[tuple[dict[str, object], str]] = [
    (ed_jwk("e", use="enc"), "use is not sig"),
    (ed_jwk("e", key_ops=["sign"]), "key_ops without verify"),
    (ed_jwk("e", kty="AKP"), "unsupported kty"),
    (ed_jwk("e", crv="X25519"), "unknown curve"),
    (ed_jwk("e", alg="ES256"), "alg is not allowed or does not fit the key"),
    (rsa_jwk("e"), "no allowed algorithm fits the key"),
]


def test_the_common_reasons_are_these() -> None:
    """No word of them is left behind when a reason changes."""
    assert {reason for _, reason in COMMON} == FOR_OTHERS


@pytest.mark.parametrize(("member", "reason"), [*COMMON, (WEAK, OUT_OF_BOUNDS), (SECRET, SYMMETRIC)])
def test_what_is_a_problem(member: dict[str, object], reason: str) -> None:
    """Many providers list keys for others: that is shown, but no problem, while the rest of the set serves."""
    world = listing(member)
    assert reasons(world) == (reason,)
    endpoint = f"https://keys0.example/: {reason}"
    assert problems(world) == (() if reason in FOR_OTHERS else (endpoint,))
    world.servers[0].down = True
    world.keep_asking("a", 1000, every=10)
    assert world.report()[0].state == "degraded"
    assert problems(world) == (() if reason in FOR_OTHERS else (endpoint,))
    alone = World(Server(body=body_of([member])))
    alone.get("a")
    assert problems(alone) == tuple(sorted((endpoint, "https://keys0.example/: no usable key")))


def problems(world: World) -> tuple[str, ...]:
    """What is wrong, in the words of the status."""
    return status_of(authority_of([None]), *world.state.report(world.now()), world.now().wall).problems


@pytest.mark.parametrize("how", ["down", "status", "silent"])
def test_a_failure_hides_no_reason(how: str) -> None:
    """The set that is held is the same, and why members of it are refused; a failure tells nothing of them."""
    world = listing(WEAK)
    since = world.t
    world.servers[0].down, world.servers[0].status = how == "down", 500 if how == "status" else 200
    if how == "silent":
        world.servers[0].silent()
    world.keep_asking("a", 1500, every=10)
    assert world.report()[0].failures > 0
    assert (reasons(world), world.said(KeysChanged, since)) == (TOLD, [])


def test_a_useless_answer_adds_its_reasons() -> None:
    """Those of the set that is held stand beside them, until the next good one."""
    world = listing(WEAK)
    world.servers[0].body = b"<html>"
    world.keep_asking("a", 600)
    assert reasons(world) == ("no JWK Set", *TOLD)
    assert told(world) == [(0, 0, ())]
    assert reasons(world) == ()


def test_what_was_refused_at_a_place_that_was_left_is_shown_no_more() -> None:
    """Nobody keeps keys there; and where they are now no answer has come from yet."""
    old, new = "https://keys.example/old", "https://keys.example/new"
    house = Provider(places={old: Server(body=body_of([*GOOD, WEAK]))})
    world = World(house)
    world.get("a")
    assert reasons(world) == TOLD
    world.run(1)
    since = world.t
    house.jwks_uri, house.places = new, {new: Server(status=500)}
    world.keep_asking("a", 600)
    assert (world.report()[0].jwks_uri, reasons(world)) == (new, ())
    assert [(event.removed, event.refused) for event in world.said(KeysChanged, since)] == [(2, ())]
    house.places = {new: Server(body=body_of([*GOOD, WEAK]))}
    world.keep_asking("a", 60)
    assert reasons(world) == TOLD


def test_an_older_copy_out_of_a_cache_tells_nothing() -> None:
    """It replaces nothing, so nothing has changed."""
    world = listing()
    world.servers[0].age = 5000
    assert told(world, WEAK, ed_jwk("old")) == []
    assert reasons(world) == ()


def test_refused_members_refuse_no_kid_anew() -> None:
    """A ``kid`` that a walk did not find stays refused: no key has come that could be it."""
    world = listing()
    world.run(10)
    assert world.get("x").outcome == "401"
    walks = len(world.walks)
    world.servers[0].body = body_of([*GOOD, WEAK])
    assert world.get("y").outcome == "401"
    assert (world.get("x").outcome, len(world.walks)) == ("401", walks + 1)
    assert world.said(KeysChanged)[-1].refused == TOLD


def test_the_lines_of_a_week(caplog: pytest.LogCaptureFixture) -> None:
    """What an operator reads: one warning when the member comes, and one line when it goes."""
    caplog.set_level(logging.DEBUG, "jwtmr")
    world = listing()
    since = world.t
    told(world, WEAK, seconds=4 * 86400)
    told(world, seconds=3 * 86400)
    write((t, event) for t, event in world.events if t >= since)
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("INFO", "pool: https://keys0.example/ lists other keys"),
        ("WARNING", f"pool: unusable keys at https://keys0.example/: {OUT_OF_BOUNDS}"),
        ("INFO", "pool: https://keys0.example/ lists other keys"),
    ]
