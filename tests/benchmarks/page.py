"""The measured part of ``docs/performance.md``: everything between two marks is written from the record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from report import rows_of, verification_of
from rows import Row

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "performance.md"
BEGIN: Final = "<!-- measured: written by make bench-record -->"
END: Final = "<!-- end of what was measured -->"
VALIDATION: Final = ("validation", "async")
LIBRARIES: Final = ("libraries", "libraries under Node.js")
REQUESTS: Final = ("FastAPI, per request", "Flask, per request")


def write(held: Mapping[str, Any], page: Path = PAGE) -> None:
    """Put a document in the place of the last one."""
    before, _, rest = page.read_text("utf-8").partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise ValueError(f"{page.name} has lost its marks")
    page.write_text(f"{before}{BEGIN}\n{measured(held)}\n{END}{after}", "utf-8")


def measured(held: Mapping[str, Any]) -> str:
    """The text between the marks."""
    rows = rows_of(held)
    versions = ", ".join(f"{name} {number}" for name, number in held["versions"].items())
    yardstick = f"{verification_of(rows) * 1e6:.1f} µs"
    lines = [
        "",
        f"Measured on {held['date']}: {held['machine']}; {versions}.",
        f"One run of {held['seconds']} seconds, medians of {held['pairs']} pairs.",
        f"One bare verification of an RS256 token by cryptography took {yardstick}.",
        *_by_python([row for row in rows if row.group in VALIDATION]),
        *_wanted([row for row in rows if row.group not in (*VALIDATION, *LIBRARIES, *REQUESTS)]),
        *_libraries([row for row in rows if row.group in LIBRARIES]),
        *_requests([row for row in rows if row.group in REQUESTS], verification_of(rows)),
        *_let_in(rows),
        *_left_out(held["left_out"]),
    ]
    return "\n".join(lines) + "\n"


def winners(rows: Sequence[Row]) -> list[Row]:
    """Peers that cost less than jwtmr, each counted in bare verifications of its own runtime."""
    ours = [row.value for row in rows if row.group == "libraries" and row.name == "jwtmr"]
    return [row for row in rows if row.group in LIBRARIES and ours and row.value < ours[0]]


def _by_python(rows: Sequence[Row]) -> Iterator[str]:
    """One line for each name, one column for each Python."""
    if not rows:
        return
    runtimes = list(dict.fromkeys(row.runtime for row in rows))
    yield from ("", "### Validation: times the bare verification, and what awaiting adds", "")
    yield f"| | {' | '.join(runtimes)} | wanted |"
    yield "|---|" + "---:|" * (len(runtimes) + 1)
    for name in dict.fromkeys(row.name for row in rows):
        found = {row.runtime: row for row in rows if row.name == name}
        one = next(iter(found.values()))
        cells = [_cell(found[runtime]) if runtime in found else "" for runtime in runtimes]
        yield f"| {name} | {' | '.join(cells)} | {_bound(one)} |"
    yield from ("", "In parentheses the quartiles; bold is what is not as wanted.")


def _wanted(rows: Sequence[Row]) -> Iterator[str]:
    if not rows:
        return
    yield from ("", "### What else is wanted", "")
    yield from ("| | | measured | wanted |", "|---|---|---:|---:|")
    for row in rows:
        yield f"| {row.group} | {row.name} | {_cell(row)} | {_bound(row) if row.limit is not None else ''} |"


def _cell(row: Row) -> str:
    """The number with its unit and quartiles; bold where it is not as wanted."""
    scale, unit = (1e-3, "ms") if row.unit == "us" and row.value >= 10_000 else (1, row.unit.replace("us", "µs"))
    value = f"{_number(row.value * scale)} {unit}"
    spread = f"({_number(row.low * scale)}-{_number(row.high * scale)})"
    return f"**{value}** {spread}" if row.met is False else f"{value} {spread}"


def _bound(row: Row) -> str:
    limit, unit = row.limit or 0.0, row.unit.replace("us", "µs")
    if row.unit == "us" and limit >= 10_000:
        limit, unit = limit / 1000, "ms"
    goal = "" if row.goal is None else f", better {row.goal:g}"
    return f"at {'least' if row.kind == 'kept' else 'most'} {limit:g} {unit}{goal}"


def _libraries(rows: Sequence[Row]) -> Iterator[str]:
    if not rows:
        return
    yield from ("", "### Libraries: times the bare verification of the same token, in the same runtime", "")
    yield from ("| | | µs | bare µs | times bare | 25-75 % |", "|---|---|---:|---:|---:|---:|")
    for row in rows:
        yield (
            f"| {row.title} | {row.runtime} | {row.full * 1e6:.1f} | {row.bare * 1e6:.1f} "
            f"| {_number(row.value)} | {_number(row.low)}-{_number(row.high)} |"
        )
    better = [f"{row.name} with {_number(row.value)}" for row in winners(rows)]
    yield from ("", f"Cheaper than jwtmr by this measure: {'; '.join(better) or 'none of them'}.")


def _requests(rows: Sequence[Row], verification: float) -> Iterator[str]:
    if not rows:
        return
    yield from ("", "### Frameworks: what protecting a route adds to a request", "")
    yield from ("| | | added µs | 25-75 % | in bare verifications |", "|---|---|---:|---:|---:|")
    for row in rows:
        framework = row.group.partition(",")[0]
        yield (
            f"| {framework} | {row.title} | {row.value:.0f} | {row.low:.0f}-{row.high:.0f} "
            f"| {row.value / verification / 1e6:.1f} |"
        )


def _let_in(rows: Sequence[Row]) -> Iterator[str]:
    """By peer, which tokens it takes that jwtmr refuses, and what else is to be known of it."""
    judged = {row.title.partition(",")[0]: row for row in rows if row.accepts is not None}
    if not judged:
        return
    yield from ("", "### Which spoilt tokens each lets in", "")
    yield from ("| | lets in | |", "|---|---|---|")
    for name, row in judged.items():
        yield f"| {name} | {', '.join(row.accepts or ()) or 'none'} | {row.remark or ''} |"


def _left_out(left_out: Mapping[str, str]) -> Iterator[str]:
    if left_out:
        yield from ("", "Left out: " + "; ".join(f"{name} ({reason})" for name, reason in left_out.items()) + ".")


def _number(value: float) -> str:
    """Three digits, as more are noise."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
