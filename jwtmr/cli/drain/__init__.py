"""``jwtmr drain``: who still sends legacy tokens, and when their issuer can go. It asks, and changes nothing."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from jwtmr._evidence import ProcessDrain
from jwtmr.cli.asking import Got, add_asking_options, check_sources, is_address, read_all
from jwtmr.cli.command import Command, Example, Exit, UsageError, World
from jwtmr.cli.drain.drained import Drained, Source
from jwtmr.cli.drain.estimate import process_of
from jwtmr.cli.drain.exposition import MAX_BYTES, BadMetrics, read_metrics
from jwtmr.drain import MAX_JSON_CHARACTERS, DrainReport
from jwtmr.errors import ConfigurationError

ACCEPT: Final = "text/plain;version=0.0.4"
"""The text format, whatever else the server could speak."""
SIZED: Final = ("content-length", "transfer-encoding")
"""Headers by which a body that was cut short is noticed (RFC 9112 section 6.3); the text has no mark of its end."""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "source", nargs="*", metavar="SOURCE", help="a drain report, a directory with *.json of them, or - for stdin"
    )
    parser.add_argument(
        "--metrics",
        action="append",
        metavar="URL",
        help="instead of reports, what /metrics says at URL, or - for stdin; repeatable",
    )
    parser.add_argument(
        "--switched-at",
        metavar="MOMENT",
        type=_moment,
        help="with --metrics: when the pool was switched, as in 2026-11-29T20:00:00+00:00; metrics do not tell it",
    )
    add_asking_options(parser, plain_http=True)


def _moment(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise argparse.ArgumentTypeError("must be a date and a time with a time zone, as in 2026-11-29T20:00:00+00:00")
    return moment.timestamp()


def _run(args: argparse.Namespace, world: World) -> Exit:
    if args.source and args.metrics:
        raise UsageError("give reports or --metrics, not both: reports say more")
    if not args.source and not args.metrics:
        raise UsageError("name drain reports, or --metrics with an address; `jwtmr drain --help` has examples")
    if args.source and args.switched_at is not None:
        raise UsageError("--switched-at goes with --metrics: reports tell it")
    drained = _from_metrics(args, world) if args.metrics else _from_reports(args, world)
    world.out.show(drained)
    return drained.exit


def _from_reports(args: argparse.Namespace, world: World) -> Drained:
    addresses = [one for one in args.source if is_address(one)]
    if addresses:
        raise UsageError(f"{addresses[0]}: reports are files; --metrics asks an address")
    check_sources(args.source)
    files, sources = _files(args.source)
    reports: list[DrainReport] = []
    for got in read_all(files, world, args, accept=ACCEPT, max_bytes=MAX_JSON_CHARACTERS):
        try:
            reports.append(_report(got))
            sources.append(Source(got.source, len(reports[-1].processes)))
        except ConfigurationError as error:
            sources.append(Source(got.source, 0, str(error)))
    return Drained("reports", sources, DrainReport.merge(reports), world.clock.wall())


def _files(given: Sequence[str]) -> tuple[list[str], list[Source]]:
    """The files that are meant, each once, and the directories that hold none."""
    files: list[str] = []
    empty: list[Source] = []
    for one in given:
        if one != "-" and os.path.isdir(one):  # noqa: PTH112  # of a name that is too long Path.is_dir() raises
            listed = sorted(str(file) for file in Path(one).glob("*.json"))
            files += listed
            empty += [] if listed else [Source(one, 0, "this directory holds no *.json")]
        else:
            files.append(one)
    return list(dict.fromkeys(files)), empty


def _report(got: Got) -> DrainReport:
    if got.trouble is not None:
        raise ConfigurationError("report", got.problem)
    return DrainReport.from_json(got.body)


def _from_metrics(args: argparse.Namespace, world: World) -> Drained:
    files = [one for one in args.metrics if one != "-" and not is_address(one)]
    if files:
        raise UsageError(f"{files[0]}: metrics are of now: give an address, or - to pipe in what it said just now")
    check_sources(args.metrics, plain_http=args.plain_http)
    sources: list[Source] = []
    processes: list[ProcessDrain] = []
    answers = read_all(args.metrics, world, args, accept=ACCEPT, max_bytes=MAX_BYTES)
    now = world.clock.wall()
    for got in answers:
        try:
            processes.append(process_of(got.source, read_metrics(_body(got)), now, args.switched_at))
            sources.append(Source(got.source, 1))
        except BadMetrics as error:
            sources.append(Source(got.source, 0, str(error)))
    return Drained("metrics", sources, DrainReport(tuple(processes)), now)


def _body(got: Got) -> bytes:
    if got.trouble is not None:
        raise BadMetrics(got.problem)
    if got.status not in (None, 200):
        raise BadMetrics(f"answered with status {got.status}; redirects are not followed, and no password is sent")
    if got.status is not None and got.headers.keys().isdisjoint(SIZED):
        raise BadMetrics("does not say where it ends, so it may have been cut short between two lines")
    return got.body


COMMAND: Final = Command(
    name="drain",
    summary="tell who still sends legacy tokens, and when their issuer can go",
    description=(
        "Merges drain reports (TokenValidator.drain_report().to_json() of each process) into one, or reads /metrics of "
        "several workers or hosts: which clients still send tokens of the legacy issuer, and whether it can go: not "
        "yet, safe after a moment, or safe. What nobody has reported is in nobody's count.\n\n"
        "Ends with 0 where it is safe now, with 1 where it is not yet, and with 3 where that could not be told: it is "
        "too early, nothing was seen, or a source could not be read. Metrics say less than reports; what they leave "
        "open is taken at its worst."
    ),
    examples=(
        Example("jwtmr drain reports/", "who still sends legacy tokens, by all reports in a directory?", Exit.NO),
        Example("jwtmr drain safe.json --json", "the same of one file, for a program"),
        Example("jwtmr drain --metrics - < metrics.txt", "the same of what /metrics said just now", Exit.NO),
    ),
    add_arguments=_add_arguments,
    run=_run,
)
