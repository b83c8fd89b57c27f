"""Whether the old issuer can go: five answers, each to the second."""

from __future__ import annotations

import pytest
from drain_kit import DAY, FLOWS, HOUR, NEW, NOON, OLD, at, issuer, process, report, seen, state, verdict, watched

from jwtmr import DrainReport
from jwtmr.drain import IssuerDrain, Seen


@pytest.mark.parametrize(
    ("until", "says"),
    [
        (NOON - 1, "closed"),
        (NOON, "closed"),
        (NOON + 0.001, "safe"),
        (NOON + 1, "safe"),
        (None, "safe"),
        (0.0, "closed"),
    ],
)
def test_closed(until: float | None, says: str) -> None:
    """From the very second at which the window ends. One that never opened is closed; one without an end never is."""
    told = verdict(watched(until=until))
    assert told.state == says
    if says == "closed":
        assert (told.safe_after, told.issuer) == (None, None)


def test_closed_where_there_is_nothing_to_close() -> None:
    """A pool that has not begun to move has no legacy issuer."""
    told = verdict(process("1-a", issuer(OLD, FLOWS, kind="current", accept_until=None)))
    assert (told.state, str(told)) == ("closed", "closed: no legacy issuer is accepted, there is none")


@pytest.mark.parametrize(("ago", "says"), [(DAY - 1, "too_early"), (DAY, "safe"), (DAY + 1, "safe")])
def test_a_whole_day_without_any(ago: float, says: str) -> None:
    """A token may live for a day, so who has watched for less cannot tell."""
    told = verdict(watched(since=NOON - ago))
    assert told.state == says
    assert told.safe_after == at(NOON - ago + DAY)


@pytest.mark.parametrize(("ago", "says"), [(DAY + 29, "too_early"), (DAY + 30, "safe")])
def test_the_leeway_makes_days_longer(ago: float, says: str) -> None:
    """A token is accepted for that long after its end."""
    assert state(watched(since=NOON - ago, leeway=30.0)) == says


@pytest.mark.parametrize(
    ("last", "life", "says"),
    [
        (NOON - 60, HOUR, "waiting"), (NOON - DAY + 1, HOUR, "waiting"), (NOON - DAY, HOUR, "safe"),
        (NOON - DAY - 1, HOUR, "safe"), (NOON - DAY, DAY, "safe"), (NOON - DAY - HOUR, DAY + HOUR, "safe"),
        (NOON - DAY - HOUR, DAY + HOUR + 1, "waiting"),
    ],
)  # fmt: skip
def test_after_the_last_one(last: float, life: float, says: str) -> None:
    """Its own end is waited for, and a day in which somebody else could have come with another one."""
    old = seen(last, life=life)
    told = verdict(watched(old, seen(NOON - 1, first=NOON - 10 * DAY), since=NOON - 9 * DAY))
    assert told.state == says
    assert told.safe_after == at(last + max(DAY, life))


@pytest.mark.parametrize(
    ("legacy", "current", "says"),
    [(100, 99, "not_yet"), (100, 100, "not_yet"), (100, 101, "waiting"), (100, None, "not_yet")],
)
def test_whether_they_are_still_issued(legacy: float, current: float | None, says: str) -> None:
    """A pool moves as a whole: what is left of the old kind is older than the newest of the new kind."""
    old = seen(NOON - 60, latest_issue=NOON - HOUR + legacy)
    new = None if current is None else seen(NOON - 60, first=NOON - DAY, latest_issue=NOON - HOUR + current)
    told = verdict(watched(old, new))
    assert told.state == says
    assert told.safe_after == at(NOON - 60 + DAY)


@pytest.mark.parametrize(("ago", "says"), [(DAY - 1, "waiting"), (DAY, "too_early"), (DAY + 1, "too_early")])
def test_what_it_waits_for(ago: float, says: str) -> None:
    """When nothing is left of the last token that was seen, the time of watching may still be too short."""
    assert state(watched(seen(NOON - ago, latest_issue=0.0), seen(NOON, first=NOON - DAY + 60))) == says


def test_issued_again() -> None:
    """A pool that was switched back is not safe for having been silent for long."""
    old = seen(NOON - 2 * DAY, latest_issue=NOON - 2 * DAY)
    assert state(watched(old, seen(NOON - 3 * DAY))) == "not_yet"
    assert state(watched(old, FLOWS)) == "safe"


def test_the_words() -> None:
    """They name the issuer, who watched, since when, and when the last one ends."""
    many = [process(name, issuer(OLD), issuer(NEW, FLOWS)) for name in ("2-b", "3-c")]
    told = verdict(watched(seen(NOON - 26 * HOUR), leeway=0.0), *many)
    assert (
        str(told)
        == told.text
        == (
            f"safe: {OLD}: no legacy token accepted by these 3 processes since 2026-11-02 10:00:00+00:00; "
            "the last one expires at 2026-11-02 11:00:00+00:00; watched until 2026-11-03 12:00:00+00:00"
        )
    )
    assert str(verdict(watched(seen(NOON - 2 * HOUR)))) == (
        f"waiting: {OLD}: no legacy token accepted by this process since 2026-11-03 10:00:00+00:00; "
        "the last one expires at 2026-11-03 11:00:00+00:00; not before 2026-11-04 10:00:00+00:00"
    )
    assert str(verdict(watched(since=NOON - HOUR))) == (
        f"too early: {OLD}: no legacy token accepted by this process since 2026-11-03 11:00:00+00:00; "
        "not before 2026-11-04 11:00:00+00:00"
    )
    assert str(verdict(watched(seen(NOON), None))) == (
        f"not yet: {OLD}: a legacy token was issued at 2026-11-03 12:00:00+00:00, and no current one later; "
        "the last one expires at 2026-11-03 13:00:00+00:00"
    )
    later = str(verdict(watched(seen(NOON - HOUR), leeway=30.0)))
    assert "; the last one expires at 2026-11-03 12:00:30+00:00" in later
    assert "accepted by this process since 1970-01-01 00:00:00+00:00" in str(verdict(watched(since=-1e12)))
    assert str(verdict(watched(until=NOON))) == "closed: no legacy issuer is accepted, every window has closed"


WEST = OLD.replace("us-east-1", "us-west-2")
STATES: list[tuple[str, Seen | None, float]] = [
    ("safe", None, NOON - 3 * DAY),
    ("waiting", seen(NOON - 2 * HOUR), NOON - 3 * DAY),
    ("too_early", None, NOON - HOUR),
    ("not_yet", seen(NOON), NOON - 3 * DAY),
]


def endless(url: str, tokens: Seen | None) -> IssuerDrain:
    """A legacy issuer whose window does not end."""
    return issuer(url, tokens, kind="legacy", accept_until=None)


@pytest.mark.parametrize("order", [1, -1])
def test_of_several_issuers_the_last_to_go_is_told_of(order: int) -> None:
    """The worst answer, whichever issuer it is about; and an issuer that is closed is passed over."""
    for place, (mine, tokens, since) in enumerate(STATES):
        for says, others, young in STATES[place + 1 :]:
            better, worse = [OLD, WEST][::order]
            several = [
                process("1-a", endless(better, tokens), issuer(NEW, FLOWS), since=since),
                process("2-b", endless(worse, others), issuer(NEW, FLOWS), since=young),
            ]
            told = verdict(*several)
            assert (told.state, told.issuer) == (says, worse), mine
    closed = issuer(WEST, seen(NOON), kind="legacy", accept_until=NOON)
    told = verdict(process("1-a", *[issuer(OLD), closed][::order], issuer(NEW, FLOWS)))
    assert (told.state, told.issuer) == ("safe", OLD)


@pytest.mark.parametrize("order", [1, -1])
def test_of_equal_answers_the_later_one_is_told(order: int) -> None:
    """And where no date can be given, that one."""
    both = [endless(OLD, seen(NOON - 5 * HOUR)), endless(WEST, seen(NOON - 2 * HOUR))]
    assert verdict(process("1-a", *both[::order], issuer(NEW, FLOWS))).issuer == WEST
    unaware = process("2-b", issuer(OLD, None, kind="current", accept_until=None))
    told = verdict(process("1-a", both[0], endless(WEST, seen(NOON)), issuer(NEW, FLOWS)), unaware)
    assert (told.state, told.issuer, told.safe_after) == ("not_yet", OLD, None)


def test_the_longest_leeway_counts() -> None:
    """Of all processes that know the issuer, the last to refuse a token is waited for."""
    several = [
        process(name, issuer(OLD), issuer(NEW, FLOWS), since=NOON - DAY - 20, leeway=leeway)
        for name, leeway in (("1-a", 10.0), ("2-b", 30.0), ("3-c", 0.0))
    ]
    told = verdict(*several)
    assert (told.state, told.safe_after) == ("too_early", at(NOON + 10))


def test_a_verdict_is_the_same_from_json() -> None:
    """Files say what the processes say."""
    mine = report(watched(seen(NOON - 2 * HOUR)), process("2-b", issuer(OLD), issuer(NEW, FLOWS)))
    assert DrainReport.from_json(mine.to_json()).verdict(NOON) == mine.verdict(NOON)
