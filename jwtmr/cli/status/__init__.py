"""``jwtmr status``: asks the health view of a running app, and says what its answer means."""

from __future__ import annotations

import argparse
from typing import Final

from jwtmr.cli.asking import add_asking_options, check_sources, is_address, read_all
from jwtmr.cli.command import Command, Example, Exit, UsageError, World
from jwtmr.cli.status.explained import Explained
from jwtmr.cli.status.view import BODIES, MAX_BYTES, read_view

ACCEPT: Final = "application/json"


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "source", metavar="URL", help="address of the view, such as https://host/readyz, or - for stdin"
    )
    parser.add_argument("--strict", action="store_true", help="end with 1 for all but ok, for alerts")
    add_asking_options(parser, plain_http=True)


def _run(args: argparse.Namespace, world: World) -> Exit:
    if args.source != "-" and not is_address(args.source):
        raise UsageError(f"{args.source}: is no address; give one such as https://host/readyz, or - and pipe it in")
    check_sources([args.source], plain_http=args.plain_http)
    (got,) = read_all([args.source], world, args, accept=ACCEPT, max_bytes=MAX_BYTES, bodies=BODIES)
    explained = Explained(args.source, got.status, read_view(got), args.strict)
    world.out.show(explained)
    return explained.exit


COMMAND: Final = Command(
    name="status",
    summary="ask a running app whether it can check tokens, and explain its answer",
    description=(
        "Asks the health view that an adapter serves (auth.add_health, health_router, health=) and says what it means: "
        "the state of the keys of each authority, for how long tokens can be checked if all key hosts stay silent, and "
        "what to do. A view with show_urls tells names, endpoints and problems too.\n\n"
        "Ends with 0 where the app is ready, also where it is degraded, which is said; with 1 where it is not, or "
        "under --strict for all but ok; with 3 where nothing answers, or something that is no such view."
    ),
    examples=(
        Example("jwtmr status - < health.json", "what does this answer of a health view mean?"),
        Example("jwtmr status --strict --json - < degraded.json", "is all well? for an alert", Exit.NO),
        Example("jwtmr status - < README.md", "something else", Exit.UNKNOWN),
    ),
    add_arguments=_add_arguments,
    run=_run,
)
