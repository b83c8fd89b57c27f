"""Discovery: what cannot be checked is 503. A review found three ways to a 401 for a key that nobody has denied."""

from __future__ import annotations

from typing import Final

import pytest
from furniture import document_url
from servers import Provider, Server
from world import World

OLD: Final = "https://keys.example/old"
NEW: Final = "https://keys.example/new"
DAY: Final = 24 * 3600
TWO: Final = (None, None)


@pytest.mark.parametrize(("down", "status"), [(True, 200), (False, 500), (False, 429)])
def test_a_place_that_never_worked_says_nothing_while_the_document_is_gone(*, down: bool, status: int) -> None:
    """Its 404 was an answer while the document named it; the keys may be elsewhere now, and nobody can tell."""
    house = Provider(places={})
    world = World(house, Server(("z",)), regions=TWO)
    world.get("z")
    world.run(60)
    assert world.get("b").outcome == "401", "the document is there, and names an empty place"
    house.jwks_uri, house.places = NEW, {NEW: Server(("b",))}
    house.down, house.status = down, status
    world.run(60)
    assert world.get("b").outcome == "503"
    assert house.requests[-1].url == document_url(0)
    house.recover()
    world.run(60)
    assert world.get("b").outcome == "key"


def test_a_refusal_is_forgotten_when_the_keys_move() -> None:
    """The place that did not list it is not where the keys are: until the new one has spoken nobody knows."""
    house = Provider(places={OLD: Server(("a",))})
    world = World(house, regions=(None,))
    world.get("a")
    world.run(100)
    assert world.get("b").outcome == "401"
    house.jwks_uri, house.places = NEW, {NEW: Server(("a", "b"), status=500)}
    world.run(5)
    assert world.get("c").outcome == "503", "this request finds out about the move"
    assert [world.get(kid).outcome for kid in "ab"] == ["503", "503"]


def test_a_place_that_is_not_asked_is_not_silent() -> None:
    """After the day the document is gone, and the host of the keys is well: its silence is of our making."""
    house = Provider(places={OLD: Server(("a",))})
    world = World(house, Server(("z",)), regions=TWO)
    world.keep_asking("a", DAY - 600, every=60)
    house.down = True
    outcomes: set[str | None] = set()
    for _ in range(300):
        outcomes.add(world.get("a").outcome)
        world.get("z")
        world.run(30)
    assert "401" not in outcomes
