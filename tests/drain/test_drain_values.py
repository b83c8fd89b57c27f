"""What was accepted can be added, in any order; and no process counts twice."""

from __future__ import annotations

from itertools import permutations

import msgspec
import pytest
from drain_kit import DAY, HOUR, NEW, NOON, OLD, issuer, process, report, seen
from hypothesis import given, settings
from hypothesis import strategies as st

from jwtmr import DrainReport
from jwtmr.drain import IssuerDrain, ProcessDrain, Seen

MOMENTS = st.integers(0, 4 * 10**9).map(float)
SEEN = st.builds(
    Seen,
    accepted=st.integers(1, 10**6),
    first_seen=MOMENTS,
    last_seen=MOMENTS,
    latest_expiry=MOMENTS,
    latest_issue=MOMENTS,
    longest_life=MOMENTS,
)
ISSUERS = st.builds(
    IssuerDrain,
    authority=st.sampled_from(["pool", "house"]),
    issuer=st.sampled_from([OLD, NEW]),
    kind=st.sampled_from(["current", "legacy"]),
    region=st.sampled_from([None, "us-east-1", "us-west-2"]),
    accept_until=st.none() | MOMENTS,
    clients=st.dictionaries(st.sampled_from("ab"), SEEN, max_size=2),
    others=st.none() | SEEN,
    would_have_refused=st.none() | st.integers(0, 1000),
)
PROCESSES = st.builds(
    ProcessDrain,
    process=st.sampled_from(["1-a", "2-b", "3-c"]),
    since=MOMENTS,
    taken_at=MOMENTS,
    leeway=st.sampled_from([0.0, 30.0]),
    issuers=st.lists(ISSUERS, max_size=2).map(tuple),
)
REPORTS = st.lists(PROCESSES, max_size=3).map(lambda processes: DrainReport(tuple(processes)))


def test_tokens_are_added() -> None:
    """Numbers are summed up; of times the first, the last, and the largest count."""
    one = Seen(2, 10.0, 20.0, 500.0, 15.0, 60.0)
    other = Seen(3, 5.0, 18.0, 600.0, 12.0, 90.0)
    assert one + other == other + one == Seen(5, 5.0, 20.0, 600.0, 15.0, 90.0)


def test_issuers_are_added() -> None:
    """Client by client, and what is not counted by name on its own."""
    one = issuer(OLD, clients={"a": seen(), "b": seen()}, others=seen(accepted=5), would_have_refused=7)
    other = issuer(OLD, clients={"b": seen(accepted=2), "c": seen()}, would_have_refused=3)
    both = one + other
    assert {client: tokens.accepted for client, tokens in both.clients.items()} == {"a": 1, "b": 3, "c": 1}
    assert both.others == seen(accepted=5)
    assert both.total is not None
    assert both.total.accepted == 10
    assert both.would_have_refused == 10
    assert (both + issuer(OLD)).would_have_refused == 10


def test_an_issuer_without_tokens() -> None:
    """It has no total; zero tokens have no times."""
    assert issuer(OLD).total is None
    assert (issuer(OLD) + issuer(OLD)).total is None


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        (NOON, NOON + DAY, NOON + DAY), (NOON + DAY, NOON, NOON + DAY), (NOON, None, None), (None, NOON, None),
        (None, None, None),
    ],
)  # fmt: skip
def test_the_window_ends_with_the_last_that_closes_it(
    one: float | None, other: float | None, together: float | None
) -> None:
    """Who says no end accepts the issuer for ever, whatever the others do."""
    assert (issuer(OLD, accept_until=one) + issuer(OLD, accept_until=other)).accept_until == together


def test_an_issuer_that_is_legacy_for_one_of_them() -> None:
    """Is legacy, whoever comes first, and has no end."""
    legacy, current = issuer(OLD), issuer(OLD, kind="current", accept_until=None)
    for both in (legacy + current, current + legacy):
        assert (both.kind, both.accept_until) == ("legacy", None)


@pytest.mark.parametrize(
    ("one", "other", "together"), [(None, "b", "b"), ("b", None, "b"), ("a", "b", "a"), ("b", "a", "a"), (None,) * 3]
)
def test_regions(one: str | None, other: str | None, together: str | None) -> None:
    """Where one of them knows the region, it is known; where they differ the order does not matter."""
    assert (issuer(OLD, region=one) + issuer(OLD, region=other)).region == together


def test_a_report_has_each_issuer_once() -> None:
    """Whoever tells of it; two authorities with one issuer are two lines, as two deployments may have them."""
    mine = report(
        process("1-a", issuer(OLD, seen()), issuer(NEW, seen())),
        process("2-b", issuer(OLD, seen(accepted=4)), issuer(OLD, seen(), authority="house")),
    )
    told = [(one.authority, one.issuer, one.total.accepted) for one in mine.issuers if one.total]
    assert told == [("house", OLD, 1), ("pool", OLD, 5), ("pool", NEW, 1)]


def test_a_report_names_a_hundred_clients() -> None:
    """Over all processes: those with the most tokens, and the rest is one; no token is lost."""
    many = [
        process(f"{number}-x", issuer(OLD, clients={f"{number}-{n:02}": seen(accepted=1 + n) for n in range(90)}))
        for number in range(3)
    ]
    (one,) = report(*many).issuers
    assert len(one.clients) == 100
    assert min(tokens.accepted for tokens in one.clients.values()) == 57
    assert one.total is not None
    assert one.total.accepted == 3 * sum(range(1, 91))


def test_of_equal_clients_the_first_are_named() -> None:
    """By their names, so that every merge of the same reports names the same."""
    halves = [{f"{n:03}": seen(NOON - n) for n in range(start, 101, 2)} for start in (0, 1)]
    for order in (halves, halves[::-1]):
        (one,) = report(*(process(f"{n}-x", issuer(OLD, clients=half)) for n, half in enumerate(order))).issuers
        assert sorted(one.clients) == [f"{n:03}" for n in range(100)]
        assert one.others == seen(NOON - 100)


def test_of_one_process_the_last_report_counts() -> None:
    """However often and in whatever order its reports come."""
    reports = [
        report(process("1-a", issuer(OLD, seen(NOON + at, accepted=at)), taken_at=NOON + at)) for at in (1, 2, 3)
    ]
    for order in permutations(reports):
        (one,) = DrainReport.merge([*order, *order]).issuers
        assert one.total == seen(NOON + 3, accepted=3)


def test_a_clock_that_is_set_back_hides_nothing() -> None:
    """Of two reports that with more tokens is the later one: counts never fall."""
    before = report(process("1-a", issuer(OLD, seen()), taken_at=NOON))
    after = report(process("1-a", issuer(OLD, seen(accepted=2)), taken_at=NOON - HOUR))
    for both in ([before, after], [after, before]):
        (one,) = DrainReport.merge(both).issuers
        assert one.total == seen(accepted=2)


def test_a_process_that_is_given_twice_counts_once() -> None:
    """Also where somebody has put two reports together by hand."""
    mine = process("1-a", issuer(OLD, seen()))
    assert report(mine, mine).processes == (mine,)
    text = report(mine).to_json()
    doubled = text.replace('"processes":[', '"processes":[' + msgspec.json.encode(mine).decode() + ",")
    assert DrainReport.from_json(doubled) == report(mine)


def test_of_nothing_comes_nothing() -> None:
    """Merging no reports is a report of no process."""
    assert DrainReport.merge([]) == DrainReport(()) == DrainReport.merge([DrainReport(())])
    assert DrainReport(()).issuers == ()


@given(SEEN, SEEN, SEEN)
def test_adding_tokens_has_no_order(one: Seen, other: Seen, third: Seen) -> None:
    """It is commutative and associative."""
    assert one + other == other + one
    assert (one + other) + third == one + (other + third)


@settings(max_examples=30)
@given(st.lists(REPORTS, max_size=3), st.randoms(use_true_random=False), st.integers(0, 3))
def test_merging_has_no_order_and_no_grouping(reports: list[DrainReport], random: object, cut: int) -> None:
    """It is commutative, associative and idempotent, to the byte, and so is what follows from it."""
    merged = DrainReport.merge(reports)
    shuffled = [*reports, *reports]
    random.shuffle(shuffled)
    grouped = [DrainReport.merge(reports[:cut]), DrainReport.merge(reports[cut:])]
    for other in (DrainReport.merge(shuffled), DrainReport.merge(grouped), DrainReport.merge([merged, merged])):
        assert other == merged
        assert other.to_json() == merged.to_json()
        assert other.verdict(NOON) == merged.verdict(NOON)
    assert len({process.process for process in merged.processes}) == len(merged.processes)


@settings(max_examples=30)
@given(REPORTS)
def test_json_brings_everything_back(mine: DrainReport) -> None:
    """Whatever a report holds."""
    again = DrainReport.from_json(mine.to_json())
    assert again == mine
    assert again.to_json() == mine.to_json()
