"""The figures of a fleet as Markdown tables, as ``docs/fleet.md`` shows them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

from fleet_bounds import BOUNDS, Bound
from fleet_figures import rate, until_fresh, until_learnt
from fleet_scenarios import Scenario, Span
from fleet_simulation import NAMES, Record

Told: TypeAlias = tuple[Scenario, Record]

ENOUGH: Final = 100
"""Requests that must have been simulated in the worst second to speak of it: fewer are mostly chance."""
HOSTS_HEAD: Final = ("requests a second: mean / worst 10 s / worst second", "", *(f"`{host}`" for host in NAMES))
USERS_HEAD: Final = (
    "valid requests", "simulated", "200", "401", "503", "waited", "longest wait", "50 % / 99 % / all have the keys",
)  # fmt: skip


def for_hosts(told: Sequence[Told]) -> str:
    """What it is for the key hosts."""
    rows = [
        (
            _title(scenario) if span is scenario.spans[0] else "",
            span.name,
            *(_rate(record, host, span) for host in NAMES),
        )
        for scenario, record in told
        for span in scenario.spans
    ]
    return _table(HOSTS_HEAD, rows)


def for_users(told: Sequence[Told]) -> str:
    """What it is for those who send tokens."""
    return _table(USERS_HEAD, [_user_row(scenario, record) for scenario, record in told])


def for_each(told: Sequence[Told]) -> str:
    """What it is for each process, and what ``test_fleet.py`` holds it to."""
    records = {record.name: record for _, record in told}
    found = [(bound, records[bound.scenario]) for bound in BOUNDS if bound.scenario in records]
    rows = [
        (
            f"`{bound.scenario}`",
            bound.what,
            f"{bound.figure(record):.3g}",
            limits(bound),
            _verdict(bound, record),
        )
        for bound, record in found
    ]
    return _table(("of each process", "", "found", "bound", ""), rows)


def limits(bound: Bound) -> str:
    """The bound in words."""
    return f"{bound.least:g} to {bound.most:g}" if bound.least else f"at most {bound.most:g}"


def _verdict(bound: Bound, record: Record) -> str:
    return "holds" if bound.holds(record) else "does not hold"


def _title(scenario: Scenario) -> str:
    return f"`{scenario.name}`: {scenario.title}"


def _rate(record: Record, host: str, span: Span) -> str:
    found = rate(record, host, span)
    enough = found.peak * record.simulated >= ENOUGH * record.processes or record.simulated == record.processes
    return f"{_mean(found.mean)} / {_whole(found.peak_of_ten)} / {_whole(found.peak) if enough else '-'}"


def _user_row(scenario: Scenario, record: Record) -> tuple[str, ...]:
    told = (_whole(record.told.get(outcome, 0)) for outcome in ("key", "401", "503"))
    wait = f"{record.longest_wait:.2f} s" if record.waited else "-"
    return (f"`{record.name}`", _whole(record.simulated), *told, _whole(record.waited), wait, _last(scenario, record))


def _last(scenario: Scenario, record: Record) -> str:
    """How long it takes until processes have what there is to be had."""
    shares = (0.5, 0.99, 1.0)
    if record.learnt:
        found = [until_learnt(record, share) for share in shares]
    elif scenario.back is not None:
        found = [until_fresh(record, scenario.back, share) for share in shares]
    else:
        return "-"
    return " / ".join("never" if seconds is None else f"{seconds:.3g}" for seconds in found) + " s"


def _mean(number: float) -> str:
    return _whole(number) if number >= 100 else f"{number:.3g}"


def _whole(number: float) -> str:
    return f"{number:,.0f}".replace(",", " ")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
