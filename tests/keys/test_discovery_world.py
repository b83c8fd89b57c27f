"""Discovery in virtual time: how an attempt begins, for how long the document holds, and outages of either host."""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict

import pytest
from discovered import DAY, DOCUMENT, ISSUER, OTHER, PLACE, provider, status, urls
from servers import HANGS, Provider, Requested, Server
from world import World

from jwtmr._keys.walk import ATTEMPT_TIME
from jwtmr.events import EndpointChanged, FetchFinished, FetchOutcome, KeysChanged
from jwtmr.http import MAX_JWKS_BYTES

# -- one attempt ------------------------------------------------------------------------------------------------------


def test_a_cold_start() -> None:
    """The document, then the place that it names: one attempt, and the first request has its key."""
    house = provider()
    world = World(house)
    assert status(world).jwks_uri is None
    request = world.get("a")
    assert (request.outcome, request.waited) == ("key", pytest.approx(0.125))
    assert urls(house.requests) == [DOCUMENT, PLACE]
    assert (len(world.asks), status(world).state, status(world).jwks_uri) == (1, "ok", PLACE)


def wrong(issuer: object, uri: object) -> bytes:
    """A document that names a place with good keys, and must not be followed."""
    return json.dumps({"issuer": issuer, "jwks_uri": uri}).encode()


NAMES = [ISSUER + "/", ISSUER.upper(), "https://issuer0.example/p%6Fol", "https://issuer0.example:443/pool"]
PLACES = ["http://keys.example/old", "file:///old", "https://u@keys.example/old", "http://127.0.0.1/", PLACE + "#"]


@pytest.mark.parametrize(
    ("spoilt", "outcome"),
    [
        *((Server(body=wrong(name, PLACE)), "unusable") for name in NAMES),
        *((Server(body=wrong(ISSUER, place)), "unusable") for place in PLACES),
        (Server(body=b"[]"), "unusable"),
        (Server(body=wrong(ISSUER, PLACE)[:-1] + b',"jwks_uri":"https://keys.example/old"}'), "unusable"),
        (Server(body=wrong(ISSUER, PLACE) + b" " * MAX_JWKS_BYTES), "too_large"),
        (Server(status=302, headers={"location": PLACE}), "redirect"),
        (Server(status=404), "client_error"),
        (Server(status=500), "server_error"),
        (Server(down=True), "network"),
        (Server(latency=HANGS), "timeout"),
        (Server(latency=None), "timeout"),
    ],
)
def test_a_document_that_is_none(spoilt: Server, outcome: FetchOutcome) -> None:
    """Nobody is asked for keys on its word, ever; requests are told that it cannot be checked, and operators why."""
    house = provider()
    house.body, house.status, house.headers = spoilt.body, spoilt.status, spoilt.headers
    house.down, house.latency = spoilt.down, spoilt.latency
    house.places |= {str(place): Server() for place in PLACES}
    world = World(house)
    requests = world.keep_asking("a", 120)
    world.run(2)
    assert {request.outcome for request in requests} == {"503"}
    assert set(urls(house.requests)) == {DOCUMENT}
    assert len(house.requests) > 3 or spoilt.latency is None or spoilt.status == 404
    assert {ask.outcome for ask in world.asks if ask.at < 110} <= {outcome, None}
    assert (status(world).last_outcome, status(world).jwks_uri) == (outcome, None)
    assert len(status(world).reasons) == (outcome not in ("timeout", "network", "too_large"))
    house.recover()
    house.headers = {}
    world.keep_asking("a", 60)
    assert (world.get("a").outcome, status(world).reasons) == ("key", ())


@pytest.mark.parametrize(
    ("document", "keys", "requests", "outcome"),
    [
        (1.0, 1.5, 2, "ok"),
        (1.0, 1.53125, 2, "timeout"),
        (2.4375, 0.0625, 2, "ok"),
        (2.46875, 0.0625, 2, "timeout"),
        (2.5, 0.0, 1, "timeout"),
        (2.53125, 0.0, 1, "timeout"),
    ],
)
def test_both_requests_share_the_time(document: float, keys: float, requests: int, outcome: FetchOutcome) -> None:
    """The second gets what the first has left of 2.5 s, and is not made where that is nothing."""
    house = provider()
    house.latency, house.places[PLACE].latency = document, keys
    world = World(house)
    world.warm()
    world.run(3)
    assert [request.timeout for request in house.requests] == [2.5, 2.5 - document][:requests]
    (told,) = world.said(FetchFinished)
    # At the very end of its time an attempt is given up before anybody looks whether it came home.
    assert told.outcome == (outcome if document + keys < ATTEMPT_TIME else "timeout")
    assert told.duration <= ATTEMPT_TIME


def test_nothing_of_the_document_is_in_an_event() -> None:
    """One event for each attempt, under the configured URL; nothing that a document says is a label."""
    house = provider()
    world = World(house)
    world.keep_asking("a", 2000, every=10)
    house.body = wrong("https://evil.example/", PLACE)
    house.places[PLACE].down = True
    world.keep_asking("a", 8000, every=10)
    world.run(3)
    told = world.said(FetchFinished)
    assert len(told) == len(world.asks) > 10
    assert {(event.endpoint, event.authority) for event in told} == {(DOCUMENT, "pool")}
    assert {event.outcome for event in told} == {"ok", "network", "unusable"}
    kinds = (FetchFinished, KeysChanged, EndpointChanged)
    assert all(world.said(kind) for kind in kinds)
    assert not any(word in repr(world.events) for word in ("evil", "keys.example"))
    assert status(world).reasons in ((), ("the discovery document names another issuer: 'https://evil.example/'",))


# -- outages ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["down", "silent", "error"])
def test_both_hosts_are_gone(how: str) -> None:
    """Keys serve until an hour after their last success and then no more; nothing has to be restarted."""
    house = provider()
    world = World(house)
    world.get("a")
    for host in (house, house.places[PLACE]):
        host.down, host.status = how == "down", 503 if how == "error" else 200
        host.latency = HANGS if how == "silent" else 0.0625
    assert {request.outcome for request in world.keep_asking("a", 3590)} == {"key"}
    world.run_until(3601)
    assert {request.outcome for request in world.keep_asking("a", 120)} == {"503"}
    assert {DOCUMENT, PLACE} == set(urls([request for request in house.requests if request.at > 600]))
    house.recover()
    house.places[PLACE].recover()
    world.run(40)
    assert world.get("a").outcome == "key"
    assert status(world).state == "ok"


def test_bogus_kids_cost_what_they_cost_elsewhere() -> None:
    """Two walks and one more each 30 s, each of one request to the keys; the document is asked by none of them."""
    house = provider()
    world = World(house)
    world.get("a")
    for second in range(300):
        world.run_until(1 + second)
        world.request(f"bogus{second}")
    world.run(3)
    walks = world.walks_for("unknown_kid")
    assert 10 <= len(walks) <= 12
    assert len(house.asked_for(DOCUMENT)) == 1
    assert len(house.asked_for(PLACE)) == len(world.asks) <= 1 + len(walks)
    assert all(request.headers["cache-control"] == "no-cache" for request in house.requests[2:])


def play_havoc(house: Provider, dice: random.Random) -> None:
    """Change one thing for better or worse."""
    host: Server = dice.choice([house, house.places[PLACE], house.places[OTHER]])
    host.recover()
    what = dice.randrange(8)
    if what == 0:
        house.jwks_uri = dice.choice([PLACE, OTHER, "http://keys.example/", None])
    elif what < 5:
        host.down, host.status = what == 1, {2: 404, 3: 503}.get(what, 200)
        host.latency = dice.choice([HANGS, 1.0, 1.5]) if what == 4 else 0.0625


@pytest.mark.parametrize("seed", range(12))
def test_whatever_its_hosts_do(seed: int) -> None:
    """An attempt asks the document once and makes three requests in 2.5 s; the keys recover when the hosts do."""
    dice = random.Random(seed)
    house = Provider(places={PLACE: Server(("a", "b")), OTHER: Server(("a", "c"), etags=True)}, etags=True)
    world = World(house)
    for _ in range(150):
        play_havoc(house, dice)
        world.keep_asking("a", dice.choice([5, 60, 400]), every=5)
        for kid, place in (("b", PLACE), ("c", OTHER)):
            assert world.get(kid).outcome != "key" or status(world).jwks_uri == place
    attempts: defaultdict[int, list[Requested]] = defaultdict(list)
    for request in house.requests:
        attempts[request.number].append(request)
    for requests in attempts.values():
        assert Counter(urls(requests))[DOCUMENT] <= 1
        assert len(requests) == len(set(urls(requests))) <= 3
        assert all(request.at - requests[0].at + request.timeout <= 2.5 + 1e-6 for request in requests)
    house.jwks_uri = OTHER
    for host in (house, *house.places.values()):
        host.recover()
    world.keep_asking("a", DAY + 1000, every=20)
    assert (world.get("c").outcome, world.get("b").outcome) == ("key", "401")
