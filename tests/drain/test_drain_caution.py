"""Ways to be wrong about the old issuer, most of all by saying that it can go: none of them is taken."""

from __future__ import annotations

import pytest
from drain_kit import DAY, FLOWS, HOUR, NEW, NOON, OLD, at, issuer, process, seen, state, verdict, watched

from jwtmr import DrainReport
from jwtmr.drain import Seen


@pytest.mark.parametrize("now", [0.0, NOON, NOON + 10 * DAY])
def test_nobody_has_reported(now: float) -> None:
    """No evidence is no evidence."""
    told = DrainReport(()).verdict(now)
    assert (told.state, told.safe_after, str(told)) == ("too_early", None, "too early: no process has reported")


def test_a_process_that_lost_its_memory() -> None:
    """It began five minutes ago, the only legacy token that it saw has expired, and others may come at any time."""
    old = seen(NOON - 290, latest_expiry=NOON - 200)
    new = seen(NOON - 1, first=NOON - 250)
    told = verdict(watched(old, new, since=NOON - 300))
    assert told.state == "waiting"
    assert told.safe_after == at(NOON - 250 + DAY)


def test_one_of_them_is_young() -> None:
    """What its predecessor knew is gone with it, so all must have watched for a day."""
    grown, young = watched(), process("2-b", issuer(OLD), issuer(NEW, FLOWS), since=NOON - DAY + 1)
    assert state(grown) == "safe"
    told = verdict(grown, young)
    assert (told.state, told.safe_after) == ("too_early", at(NOON + 1))


@pytest.mark.parametrize(
    ("taken", "says"),
    [
        (NOON, "safe"), (NOON - DAY + 1, "safe"), (NOON - DAY, "too_early"), (NOON - 9 * DAY, "too_early"),
        (NOON + HOUR, "safe"),
    ],
)  # fmt: skip
def test_an_old_report(taken: float, says: str) -> None:
    """It tells of the time until it was taken. After a day it watches nothing, though it was long and silent."""
    told = verdict(watched(since=NOON - 30 * DAY, taken_at=taken))
    assert told.state == says
    if says == "too_early":
        assert str(told) == f"too early: {OLD}: no process that accepts it has reported for a day"


def test_silence_ends_with_the_report() -> None:
    """A process has watched for an hour, and was then not asked for 23: that is an hour of silence, and not a day."""
    told = verdict(watched(since=NOON - DAY, taken_at=NOON - 23 * HOUR))
    assert told.state == "too_early"
    assert told.safe_after == at(NOON)


def test_the_oldest_of_the_reports_counts() -> None:
    """What a host does that has not been asked since nobody knows."""
    fresh, stale = (
        watched(),
        process("2-b", issuer(OLD), issuer(NEW), since=NOON - DAY - HOUR, taken_at=NOON - 2 * HOUR),
    )
    assert state(fresh, stale) == "too_early"
    assert state(fresh, process("2-b", issuer(OLD), since=NOON - DAY - HOUR, taken_at=NOON - HOUR)) == "safe"


def test_what_an_ended_process_has_seen_counts() -> None:
    """Its last report watches nothing, but the tokens that it accepted are still good."""
    ended = process(
        "0-z", issuer(OLD, seen(NOON - 2 * DAY, life=3 * DAY)), issuer(NEW, FLOWS), taken_at=NOON - DAY - HOUR
    )
    told = verdict(watched(since=NOON - 9 * DAY), ended)
    assert (told.state, told.safe_after) == ("waiting", at(NOON + DAY))


@pytest.mark.parametrize(
    ("current", "says"),
    [
        (None, "too_early"), (seen(NOON - 60), "too_early"), (seen(NOON - 60, first=NOON - DAY + 1), "too_early"),
        (seen(NOON - 60, first=NOON - DAY), "safe"),
    ],
)  # fmt: skip
def test_silence_where_nobody_speaks(current: Seen | None, says: str) -> None:
    """A stand-by region sees no legacy tokens, and no others. The first new one is the latest moment of the switch."""
    told = verdict(watched(None, current))
    assert told.state == says
    if current is None:
        assert told.safe_after is None
        assert "silence says nothing" in str(told)


def test_tokens_that_live_for_longer() -> None:
    """Where tokens of a month were seen, a day of silence is nothing."""
    month = 30 * DAY
    current = seen(NOON - 60, first=NOON - 40 * DAY, longest_life=month)
    old = seen(NOON - 5 * DAY, longest_life=month, latest_expiry=NOON - HOUR)
    assert verdict(watched(None, current, since=NOON - 29 * DAY)).safe_after == at(NOON + DAY)
    assert state(watched(None, current, since=NOON - 29 * DAY)) == "too_early"
    assert state(watched(None, current, since=NOON - 30 * DAY)) == "safe"
    assert state(watched(old, current, since=NOON - 30 * DAY)) == "waiting"


def test_two_pools_do_not_vouch_for_each_other() -> None:
    """The new tokens of a pool that has moved say nothing of one that has not."""
    other = "https://cognito-idp.eu-west-1.amazonaws.com/other"
    unmoved = issuer(other, seen(NOON - HOUR), kind="legacy", accept_until=NOON + DAY, authority="other")
    coming = issuer(other + "/new", None, authority="other")
    told = verdict(process("1-a", issuer(OLD), issuer(NEW, FLOWS), unmoved, coming))
    assert (told.state, told.issuer) == ("not_yet", other)


def test_who_does_not_know_the_issuer_watches_nothing() -> None:
    """A process with another pool is no witness, however long it has been silent, and spoils nothing by being young."""
    elsewhere = process("2-b", issuer(OLD + "2", FLOWS, kind="current", accept_until=None, authority="x"))
    told = verdict(watched(since=NOON - HOUR), elsewhere)
    assert told.state == "too_early"
    assert "accepted by this process since" in str(told)
    young = process("2-b", *elsewhere.issuers, since=NOON - 1)
    assert state(watched(), young) == "safe"


def test_windows_that_differ() -> None:
    """It is open until the last of them closes it, and who has closed it watches nothing any more."""
    closed = process("1-a", issuer(OLD, None, accept_until=NOON - HOUR), issuer(NEW, FLOWS), since=NOON - 9 * DAY)
    still = process("2-b", issuer(OLD, None, accept_until=NOON + HOUR), issuer(NEW, FLOWS), since=NOON - HOUR)
    assert state(closed) == "closed"
    told = verdict(closed, still)
    assert (told.state, told.safe_after) == ("too_early", at(NOON - HOUR + DAY))
    assert "accepted by this process since" in str(told)
    assert state(closed, still, now=NOON + HOUR) == "closed"


def test_legacy_here_and_current_there() -> None:
    """In the middle of a deployment some accept it without an end: they would not notice that the window closes."""
    unaware = process("2-b", issuer(OLD, None, kind="current", accept_until=None))
    for until in (NOON - DAY, NOON + DAY):
        told = verdict(watched(until=until), unaware)
        assert (told.state, told.safe_after) == ("not_yet", None)
        assert str(told) == f"not yet: {OLD}: 1 of these 2 processes take it for a current issuer"


def test_a_configuration_that_nobody_has_any_more() -> None:
    """The reports of the last deployment lie there still. They neither hold the window open nor open it again."""
    before = process("0-z", issuer(OLD, FLOWS, kind="current", accept_until=None), taken_at=NOON - DAY)
    assert state(watched(until=NOON - 1), before) == "closed"
    longer = process("0-z", issuer(OLD, None, accept_until=NOON + DAY), taken_at=NOON - DAY)
    assert state(watched(until=NOON - 1), longer) == "closed"
    newer = seen(NOON - 1, first=NOON - DAY)
    told = verdict(watched(None, newer, since=NOON - 9 * DAY), before)
    assert (told.state, told.safe_after) == ("waiting", at(NOON - 60 + DAY))


def test_tokens_that_are_not_legacy_everywhere_are_no_sign_of_the_new_issuer() -> None:
    """What one process takes for current, and another for legacy, is legacy."""
    before = process("0-z", issuer(OLD, FLOWS, kind="current", accept_until=None), taken_at=NOON - DAY)
    assert state(watched(None, None), before) == "not_yet"


@pytest.mark.parametrize("vouching", ["same authority", "another"])
def test_an_old_house_with_keys_of_its_own(vouching: str) -> None:
    """It has no current issuer: then those of others tell that people have moved."""
    mine = "house" if vouching == "another" else "pool"
    old = seen(NOON - 2 * DAY)
    assert state(process("1-a", issuer(OLD, old, authority=mine), issuer(NEW, FLOWS))) == "safe"
    assert state(process("1-a", issuer(OLD, old, authority=mine), issuer(NEW, None))) == "not_yet"
    assert state(process("1-a", issuer(OLD, None, authority=mine))) == "too_early"


@pytest.mark.parametrize("ahead", [-3600.0, 3600.0, 10 * DAY])
def test_the_clock_of_whoever_asks(ahead: float) -> None:
    """It cannot make a silence longer that the processes have seen."""
    told = verdict(watched(since=NOON - 23 * HOUR, taken_at=NOON, until=None), now=NOON + ahead)
    assert told.state == "too_early"


def test_a_clock_that_was_wrong_at_the_start() -> None:
    """A process that took itself to be in the future has not watched at all yet."""
    assert state(watched(since=NOON + DAY)) == "too_early"


def test_times_beyond_the_calendar() -> None:
    """``exp`` may be the last second of the year 9999, and a file may say anything: that is no crash, and not safe."""
    last = 253402300799.0
    for far in (last, 1e12):
        told = verdict(watched(seen(NOON - 2 * DAY, latest_expiry=far, longest_life=far - NOON), leeway=300.0))
        assert (told.state, told.safe_after) == ("waiting", at(last))
        assert state(watched(since=far)) == "too_early"
    assert state(watched(since=-1e12)) == "safe"
