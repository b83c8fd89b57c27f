"""Kids that one endpoint listed and left out later (design section 5, "several endpoints": "dropped")."""

from __future__ import annotations

import pytest
from ledgers import Book
from servers import Server
from world import World

from jwtmr._keys.merge import MAX_DROPS
from jwtmr.events import KeysDiverged


def dropped_by(dropper: int, *, others_listed_at: float = 0) -> Book:
    """All three list ``k``; then, at 100, ``dropper`` leaves it out."""
    book = Book()
    for place in range(3):
        book.says(place, 0 if place == dropper else others_listed_at, "a", "k")
    book.says(dropper, 100, "a")
    return book


@pytest.mark.parametrize("dropper", [0, 1, 2])
def test_a_dropped_kid_does_not_serve(dropper: int) -> None:
    """Neither from copies that earlier endpoints sent before, nor from any copy of later ones."""
    book = dropped_by(dropper)
    assert book.fate("k", 100) == "disputed"
    assert book.serves("a", 100)


@pytest.mark.parametrize("dropper", [0, 1, 2])
@pytest.mark.parametrize("other", [0, 1, 2])
@pytest.mark.parametrize("t", [99, 100, 101])
def test_a_later_answer_revives_it_only_from_an_earlier_endpoint(dropper: int, other: int, t: float) -> None:
    """And only if its request was sent after that of the dropping answer; the dropper itself may always relist."""
    book = dropped_by(dropper)
    book.says(other, t if other != dropper else max(t, 101), "a", "k")
    revived = other == dropper or (other < dropper and t > 100)
    assert book.serves("k", 102) is revived


def test_an_earlier_endpoint_that_lists_it_again_revives_it_everywhere() -> None:
    """The drop is over; it stays so when that endpoint drops out of sight."""
    book = dropped_by(2)
    book.says(0, 200, "a", "k")
    assert book.fate("k", 200) == "serves"
    book.says(0, 300, "a")
    assert book.fate("k", 300) == "disputed"


@pytest.mark.parametrize("arrival", ["as sent", "overtaken"])
def test_the_order_is_that_of_sending(arrival: str) -> None:
    """An earlier endpoint that was asked after the dropper has listed it again, whichever of the two answers first."""
    book = Book(4)
    for place in range(4):
        book.says(place, 0, "a", "k")
    answers = [(2, 100, ("a",)), (1, 101, ("a", "k"))]
    for place, t, kids in answers if arrival == "as sent" else reversed(answers):
        book.says(place, t, *kids)
    book.says(2, 3700, "a")
    book.says(3, 3700, "a", "k")
    assert book.fate("k", 3710) == "serves"


def test_the_dropper_that_lists_it_again_revives_all_copies() -> None:
    """Those of later endpoints, too, however old they are."""
    book = dropped_by(0)
    book.says(0, 200, "a", "k")
    book.says(0, 300, "a", "k")
    assert book.fate("k", 300) == "serves"
    assert all(book.ledger.copies)


def test_a_later_endpoints_word_never_counts_against_the_drop() -> None:
    """A lagging replica may confirm it for as long as it likes."""
    book = dropped_by(1)
    for t in range(200, 3000, 200):
        book.says(2, t, "a", "k")
        book.says(1, t + 1, "a")
        assert book.fate("k", t + 2) == "disputed"


def test_an_endpoint_that_never_listed_it_drops_nothing() -> None:
    """A region that is only late does not take a key away."""
    book = Book()
    book.says(1, 0, "a", "k")
    book.says(0, 100, "a")
    book.says(2, 100, "a")
    book.says(0, 700, "a", "b")
    book.says(0, 800, "a")
    assert book.fate("k", 800) == "serves"
    assert book.fate("b", 800) == "unlisted"


@pytest.mark.parametrize(
    ("t", "fate"), [(3699, "disputed"), (3701, "withdrawn"), (3799, "withdrawn"), (3801, "serves")]
)
def test_a_dropper_that_has_been_silent_for_max_stale_has_no_say(t: float, fate: str) -> None:
    """Asked in vain since 200; the endpoint that lists it has been answering all the while."""
    book = dropped_by(0)
    book.fails(0, 200)
    book.says(1, 3600, "a", "k")
    assert book.fate("k", t) == fate


def test_every_answer_keeps_the_droppers_say() -> None:
    """The drop is an hour old, its author is not silent: by now the kid counts as withdrawn."""
    book = dropped_by(0)
    book.fails(0, 150)
    book.says(0, 2000, "a")
    book.fails(0, 2500)
    book.says(1, 3690, "a", "k")
    assert book.fate("k", 3699) == "disputed"
    assert book.fate("k", 3701) == "withdrawn"
    assert book.fate("k", 6099) == "withdrawn"
    assert book.fate("k", 6101) == "serves"


def test_a_dropper_that_nobody_has_asked_is_not_silent() -> None:
    """An idle process cannot know: its first requests do not revive a key."""
    book = dropped_by(0)
    book.says(1, 9000, "a", "k")
    assert book.fate("k", 9001) == "withdrawn"


def test_a_dropper_that_speaks_again_has_its_say_again() -> None:
    """An hour of silence forgets nothing."""
    book = dropped_by(0)
    book.fails(0, 200)
    book.says(1, 3600, "a", "k")
    assert book.fate("k", 3900) == "serves"
    book.says(0, 4000, "a")
    assert book.fate("k", 4000) == "withdrawn"


def test_it_is_disputed_only_while_somebody_lists_it() -> None:
    """When the last endpoint has followed it is unknown like any other: 401 after a walk."""
    book = dropped_by(0)
    book.says(1, 200, "a")
    assert book.fate("k", 200) == "disputed"
    book.says(2, 200, "a")
    assert book.fate("k", 200) == "unlisted"
    assert not book.view(200).disputed


def test_a_copy_that_has_ended_is_no_longer_part_of_the_dispute() -> None:
    """The listing endpoint has been silent for ``max_stale``."""
    book = dropped_by(0)
    book.says(0, 2000, "a")
    book.says(2, 20, "a", "k")
    assert book.fate("k", 3619) == "disputed"
    assert book.fate("k", 3621) == "unlisted"


@pytest.mark.parametrize(("dropper", "settle"), [(0, (0,)), (1, (0, 1)), (2, (0, 1, 2))])
def test_who_can_settle_it(dropper: int, settle: tuple[int, ...]) -> None:
    """The dropper, and earlier endpoints whose listing copy is older than the drop."""
    assert dropped_by(dropper).view(100).disputed == {"k": settle}


def test_an_old_cached_copy_of_the_dropper_does_not_revive_it() -> None:
    """It lists the kid, but it is from before."""
    book = Book(2)
    for place in range(2):
        book.says(place, 0, "a", "k")
    book.says(0, 100, "a")
    book.says(1, 3600, "a", "k")
    book.says(0, 3750, "a", "k", age=5000)
    assert book.fate("k", 3751) == "withdrawn"
    book.says(0, 3800, "a", "k")
    assert book.fate("k", 3801) == "serves"


def test_two_droppers_both_have_to_relist() -> None:
    """The word of one does not undo that of an earlier one."""
    book = dropped_by(0)
    book.says(1, 200, "a")
    book.says(1, 300, "a", "k")
    assert book.fate("k", 300) == "disputed"
    book.says(0, 400, "a", "k")
    assert book.fate("k", 400) == "serves"


def test_drops_are_bounded() -> None:
    """An endpoint that invents kids for ever does not fill the memory; the oldest drops go first."""
    book = Book(2)
    book.says(1, 0, "a", "first")
    book.says(0, 0, "a", "first")
    for n in range(1, 15):
        book.says(0, n, "a", *[f"k{n}-{m}" for m in range(90)])
        assert book.fate("first", n) == ("serves" if 1 + (n - 1) * 90 > MAX_DROPS else "disputed")


# -- the same, seen by requests ---------------------------------------------------------------------------------------


def lagging() -> World:
    """Two regions list ``k``, and the first withdraws it; the refresh at 480 finds out. The replica lags."""
    world = World(Server(("a", "k")), Server(("a", "k")), regions=["us-east-1", "us-west-2"])
    world.keep_asking("k", 490)
    world.servers[0].kids = ("a",)
    world.keep_asking("a", 490)
    return world


def test_a_withdrawn_key_is_refused_at_the_next_refresh() -> None:
    """With 503 while the replica still lists it, not with its key."""
    world = lagging()
    assert world.get("k").outcome == "503"
    assert world.get("a").outcome == "key"
    (event,) = world.said(KeysDiverged)
    assert (event.reason, event.kids) == ("dropped", ("k",))


def test_the_dispute_is_over_when_the_replica_has_followed() -> None:
    """401 from then on."""
    world = lagging()
    world.servers[1].kids = ("a",)
    world.keep_asking("a", 500)
    assert world.get("k").outcome == "401"


def test_the_dispute_is_over_when_the_first_region_lists_it_again() -> None:
    """It had lagged, or had been rolled back: the recheck finds out within thirty seconds."""
    world = lagging()
    world.get("k")
    world.servers[0].kids = ("a", "k")
    world.keep_asking("k", 31)
    assert world.get("k").outcome == "key"


def test_the_dropper_is_asked_again_every_thirty_seconds_outside_the_bucket() -> None:
    """As long as somebody asks for the kid; two walks for unknown kids are still there afterwards."""
    world = lagging()
    start = world.t
    outcomes = {request.outcome for request in world.keep_asking("k", 200, every=0.5)}
    assert outcomes == {"503"}
    rechecks = world.asked(trigger="recheck")
    assert [ask.at - start for ask in rechecks] == pytest.approx([0, 30, 60, 90, 120, 150, 180], abs=0.6)
    assert {ask.place for ask in rechecks} == {0}
    assert world.walks_for("unknown_kid") == []
    world.get("x")
    world.get("y")
    assert len(world.walks_for("unknown_kid")) == 2


def test_a_recheck_between_times_is_a_503_at_once() -> None:
    """Nobody waits for an answer that is not being asked for."""
    world = lagging()
    first, second = world.get("k"), world.get("k")
    assert (first.outcome, first.waited) == ("503", 0.0625)
    assert (second.outcome, second.waited, second.retry_after) == ("503", 0, 30)


def test_a_dispute_that_cannot_be_settled_now_is_a_503() -> None:
    """The dropper is dead, as everybody is: the back-off holds for rechecks too."""
    world = lagging()
    for server in world.servers:
        server.down = True
    world.keep_asking("a", 490)
    refused = world.get("k")
    assert (refused.outcome, refused.waited) == ("503", 0)
    rechecks = len(world.asked(trigger="recheck"))
    world.keep_asking("k", 100, every=0.5)
    asked = [ask.at for ask in world.asked(trigger="recheck")][rechecks:]
    assert len(asked) <= 4


def test_a_dispute_ends_as_a_401_after_max_stale() -> None:
    """The replica never follows: two hosts that publish different sets for good."""
    world = lagging()
    dropped = next(t for t, event in world.events if isinstance(event, KeysDiverged))
    world.keep_asking("a", dropped + 3590 - world.t, every=5)
    assert world.get("k").outcome == "503"
    world.keep_asking("a", 20)
    assert world.get("k").outcome == "401"
    assert len(world.said(KeysDiverged)) == 1
    world.keep_asking("a", 7200, every=5)
    assert world.get("k").outcome == "401"


def test_an_old_dispute_gives_no_life_to_a_bogus_recheck() -> None:
    """A kid that counts as withdrawn is refused at once, and nobody is asked about it."""
    world = lagging()
    world.keep_asking("a", 3700, every=5)
    asked = len(world.asks)
    assert (world.get("k").waited, len(world.asks)) == (0, asked)
