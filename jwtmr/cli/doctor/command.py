"""``jwtmr doctor``: is everything ready for the switch, and if not, why?"""

from __future__ import annotations

import argparse
from typing import Final

from jwtmr.cli.command import Command, Example, Exit, UsageError, World
from jwtmr.cli.doctor.asking import TIME_LIMIT
from jwtmr.cli.doctor.examine import Wanted, examine
from jwtmr.cli.doctor.findings import QUESTIONS
from jwtmr.cli.doctor.mcp import resource_of
from jwtmr.cli.doctor.probe import Tools
from jwtmr.cli.doctor.sample import Sample, try_token
from jwtmr.cli.options import add_settings_options, settings_from
from jwtmr.cli.tokens import add_token_options, read_token, token_is_given
from jwtmr.cli.trust import add_trust_option, trusting
from jwtmr.config import Settings
from jwtmr.http import httpx_get

PROXIES: Final = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")
"""Variables that name a proxy for https, to whoever obeys them."""
LONGEST: Final = 600.0
"""Seconds that ``--time-limit`` may be."""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--for", dest="question", choices=QUESTIONS, help="the question to answer; by default all, and now for the exit"
    )
    parser.add_argument("--mcp", metavar="URL", help="also check what MCP clients need of the server at URL")
    add_trust_option(parser)
    parser.add_argument(
        "--time-limit", metavar="SECONDS", type=float, default=TIME_LIMIT,
        help=f"for all hosts together (default: {TIME_LIMIT:g})",
    )  # fmt: skip
    add_token_options(parser)
    add_settings_options(parser)


def _run(args: argparse.Namespace, world: World) -> Exit:
    if not 0 < args.time_limit <= LONGEST:
        raise UsageError(f"--time-limit: must be more than 0 and at most {LONGEST:g}")
    settings = settings_from(args, world.environ)
    token = read_token(args, world) if token_is_given(args) else None
    context = trusting(args.ca_file)
    tools = Tools(httpx_get(ssl_context=context), context, world.clock)
    wanted = Wanted(
        authorities=settings.authorities, leeway=settings.leeway, question=args.question,
        mcp=None if args.mcp is None else resource_of(args.mcp), limit=args.time_limit,
        proxy=next((name for name in PROXIES if world.environ.get(name)), None),
    )  # fmt: skip
    diagnosis = examine(
        wanted, tools, world.out.progress, None if token is None else lambda: _try(token, settings, tools)
    )
    world.out.show(diagnosis)
    return diagnosis.exit


def _try(token: str, settings: Settings, tools: Tools) -> Sample:
    validator = settings.validator(http_get=tools.http_get, clock=tools.clock)
    try:
        return try_token(token, validator)
    finally:
        validator.close()


COMMAND: Final = Command(
    name="doctor",
    aliases=("preflight",),
    summary="ask every host that keys come from, and say what is ready and what is not",
    description=(
        "Asks every host that these settings take keys from, as the validator would: name, connection, certificate, "
        "answer, keys. Says what is wrong, why it matters and what to do, and whether the issuer can be switched, or "
        "tokens of the old one be refused. A sample token, if one is given, is validated too.\n\n"
        "Run it where the service runs, before the switch, afterwards, and when something is odd. It changes nothing. "
        "docs/doctor.md explains every finding.\n\n"
        "Ends with 0 if what --for asks is so (without it: if the settings work now), with 1 if not, and with 3 if it "
        "could not be told, as when no host can be reached."
    ),
    examples=(
        Example("jwtmr doctor --config jwtmr.toml", "does this configuration work, and what comes next?"),
        Example("jwtmr doctor --config jwtmr.toml --token-file token.txt", "the same, with a token to try"),
        Example("jwtmr preflight --config jwtmr.toml --for switch", "may the pool be switched?"),
        Example(
            "jwtmr doctor --config jwtmr.toml --for refuse-legacy --token-file token.txt --json",
            "may old tokens go? for a program",
        ),
    ),
    add_arguments=_add_arguments,
    run=_run,
)
