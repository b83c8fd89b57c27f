"""For how long the word of a discovery document holds, with and without an outage, in virtual time."""

from __future__ import annotations

import pytest
from discovered import DAY, DOCUMENT, PLACE, provider, status, urls
from servers import HANGS, Server
from world import World

from jwtmr.events import FetchFinished


def test_the_document_is_kept_for_a_day() -> None:
    """However often keys are fetched; after it the next refresh asks again, and once."""
    house = provider()
    world = World(house)
    world.keep_asking("a", DAY - 1, every=20)
    assert len(house.asked_for(DOCUMENT)) == 1
    assert len(house.asked_for(PLACE)) > 100
    world.keep_asking("a", 1000, every=20)
    (first, second) = house.asked_for(DOCUMENT)
    assert DAY <= second.at - first.at <= DAY + 600
    world.keep_asking("a", DAY - 2000, every=20)
    assert len(house.asked_for(DOCUMENT)) == 2


def test_a_wall_clock_set_back_asks_again() -> None:
    """And once: the answer stamps the document anew."""
    house = provider()
    world = World(house)
    world.keep_asking("a", 1000)
    world.wall_shift = -7200
    assert {request.outcome for request in world.keep_asking("a", 5000)} == {"key"}
    assert len(house.asked_for(DOCUMENT)) == 2


def test_a_sleep_of_a_day_asks_again() -> None:
    """The boot-time clock counts."""
    house = provider()
    world = World(house)
    world.get("a")
    world.suspend(DAY)
    world.run(60)
    assert world.get("a").outcome == "key"
    assert urls(house.requests) == [DOCUMENT, PLACE] * 2


def test_a_child_knows_where_the_keys_are() -> None:
    """After a fork it refreshes where the parent found them, and does not ask the document."""
    house = provider()
    world = World(house)
    world.get("a")
    world.become_child()
    assert {request.outcome for request in world.keep_asking("a", 2000)} == {"key"}
    assert len(house.asked_for(DOCUMENT)) == 1
    assert len(house.asked_for(PLACE)) > 3


# -- outages ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("outage", [Server(down=True), Server(status=500), Server(status=404), Server(latency=HANGS)])
def test_keys_do_not_need_the_document_within_the_day(outage: Server) -> None:
    """Its host may be gone for all of it: keys are refreshed, rotations are followed, nothing is stale."""
    house = provider("a", "b")
    world = World(house)
    world.get("a")
    house.down, house.status, house.latency = outage.down, outage.status, outage.latency
    world.keep_asking("a", DAY / 2, every=20)
    house.places[PLACE].kids = ("b", "c")
    assert world.get("c").outcome == "key"
    assert {request.outcome for request in world.keep_asking("b", DAY / 2 - 10, every=20)} == {"key"}
    assert len(house.asked_for(DOCUMENT)) == 1
    assert {event.outcome for event in world.said(FetchFinished)} == {"ok"}


def test_a_document_that_is_gone_after_the_day() -> None:
    """Its last word holds for another day, and it is asked first all the time; then stale keys, then 503."""
    house = provider()
    world = World(house)
    world.keep_asking("a", DAY - 1, every=20)
    house.down = True
    assert {request.outcome for request in world.keep_asking("a", DAY + 2800, every=20)} <= {"key", None}
    assert len(house.asked_for(DOCUMENT)) > 50
    world.keep_asking("a", 2000, every=20)
    assert max(request.at for request in house.asked_for(PLACE)) < 2 * DAY
    assert world.get("a").outcome == "503"
    assert status(world).jwks_uri == PLACE, "it is still what was last said"
    house.recover()
    world.run(60)
    assert world.get("a").outcome == "key"


@pytest.mark.parametrize("spoilt", [Server(status=404), Server(body=b"{}"), Server(status=302)], ids=repr)
def test_a_document_that_says_otherwise_after_the_day(spoilt: Server) -> None:
    """An answer that is none is no outage: nobody vouches for the place any more, and stale keys end after an hour."""
    house = provider()
    world = World(house)
    world.keep_asking("a", DAY - 1, every=20)
    house.status, house.body = spoilt.status, spoilt.body
    world.keep_asking("a", 6000, every=20)
    assert max(request.at for request in house.asked_for(PLACE)) < DAY
    assert world.get("a").outcome == "503"
