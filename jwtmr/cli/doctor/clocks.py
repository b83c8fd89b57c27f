"""Findings about the clock of this machine, beside the ``Date`` of those who answered. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from jwtmr._keys.freshness import age_header, http_date
from jwtmr.cli.doctor.findings import EVERYTHING, NOTHING, Finding, Severity, host_of
from jwtmr.cli.doctor.probe import Probe

LEAST: Final = 5.0
"""Seconds. ``Date`` has whole seconds, and an answer takes some: less than this tells nothing."""


def offset_of(probe: Probe) -> float | None:
    """Seconds that this machine is ahead of the host; None where it does not say. What could be the way counts as 0.

    ``Date`` is when the answer was made (RFC 9110 section 6.6.1), ``Age`` how long it lay in caches since. It was made
    at some moment between request and answer, in whole seconds.
    """
    answer = probe.answer
    made = None if answer is None else http_date(answer.headers.get("date", ""))
    if answer is None or made is None:
        return None
    there = made + age_header(answer.headers)
    if there > probe.received_at:
        return min(probe.received_at - there, 0.0)
    return max(probe.sent_at - (there + 1), 0.0)


def clock_findings(probes: Iterable[Probe], leeway: float) -> list[Finding]:
    """Whether this machine's clock is right, if the hosts agree; else which host's is not."""
    offsets = [(probe, offset) for probe in probes if (offset := offset_of(probe)) is not None]
    if not offsets:
        return []
    usual = _usual([offset for _, offset in offsets])
    found = [_here(usual, leeway)] if abs(usual) > max(leeway / 2, LEAST) else []
    return found + _there(offsets, usual, leeway)


def _usual(offsets: Sequence[float]) -> float:
    """The one in the middle; of two, the one that speaks for this machine."""
    middle = sorted(offsets)[(len(offsets) - 1) // 2 : len(offsets) // 2 + 1]
    return min(middle, key=abs)


def _here(offset: float, leeway: float) -> Finding:
    over = abs(offset) > max(leeway, LEAST)
    severity: Severity = "problem" if over else "warning"
    harm = "fresh tokens look as if they came from the future" if offset < 0 else "tokens look expired before they are"
    return Finding(
        severity=severity, code="clock_skew", blocks=EVERYTHING if over else NOTHING,
        what=f"the clock of this machine is {abs(offset):.0f} s {'slow' if offset < 0 else 'fast'}, if the hosts that "
        "answered are right",
        why=f"With a clock like that {harm}. {'More' if over else 'Up to'} than the leeway of {leeway:g} s "
        f"{'is not forgiven: good tokens are refused' if over else 'is forgiven, and half of it is used up'}.",
        do="Let the machine keep its time (NTP, chrony); on a virtual machine look at the host.",
    )  # fmt: skip


def _there(offsets: Sequence[tuple[Probe, float]], usual: float, leeway: float) -> list[Finding]:
    return [
        Finding(
            severity="warning", code="host_clock_skew", url=probe.url,
            what=f"the clock of {host_of(probe.url)} is {abs(offset - usual):.0f} s "
            f"{'behind' if offset > usual else 'ahead of'} those of the other hosts",
            why="If it mints tokens by that clock, they may be refused as not valid yet, or too early as expired.",
            do="Tell whoever runs the host. An answer out of a cache that does not say so looks the same.",
        )
        for probe, offset in offsets
        if len(offsets) > 1 and abs(offset - usual) > max(leeway, LEAST)
    ]  # fmt: skip
