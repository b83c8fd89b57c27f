"""``jwtmr decode``: what a token says of itself, which is nobody's word until somebody validates it."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final

from jwtmr._token.compact import UnverifiedToken, header_of, parse
from jwtmr.cli.command import Command, Example, Exit, World
from jwtmr.cli.output import Page
from jwtmr.cli.tokens import MAX_BYTES, add_token_options, read_token
from jwtmr.errors import MalformedToken

TIMES: Final = ("iat", "nbf", "exp", "auth_time")
"""Claims that are Unix seconds: RFC 7519 section 4.1, OpenID Connect Core section 2."""
_LAST_SECOND: Final = 253402300799
"""Of the year 9999, the last that a ``datetime`` knows."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """An unverified token, without its signature."""

    schema: ClassVar[str] = "jwtmr.decode/1"
    header: Mapping[str, Any]
    payload: Mapping[str, Any]
    now: float

    def document(self) -> Mapping[str, object]:
        """The two parts that can be read."""
        return {"verified": False, "header": self.header, "payload": self.payload}

    def write(self, page: Page) -> None:
        """Both parts, a member a line, and what the times mean."""
        page.line("UNVERIFIED: anybody can have written this. `jwtmr validate` checks it.", "doubtful")
        for name, part in (("header", self.header), ("payload", self.payload)):
            page.line()
            page.line(name, "strong")
            width = max(map(len, part), default=0)
            for member, value in part.items():
                said = json.dumps(value, ensure_ascii=False)
                page.item(member, said + _moment(member, value, self.now), width=min(width, 24), indent=2)
        page.line()
        page.line("The signature is not shown: whoever has it has the token.")


def _moment(member: str, value: object, now: float) -> str:
    """What a claim that is a time means."""
    if member not in TIMES or isinstance(value, bool) or not isinstance(value, (int, float)):
        return ""
    if not 0 <= value <= _LAST_SECOND:
        return "  (no time between 1970 and 9999)"
    moment = datetime.fromtimestamp(value, UTC)
    away = timedelta(seconds=round(abs(value - now)))
    return f"  ({moment:%Y-%m-%d %H:%M:%S} UTC, {f'in {away}' if value > now else f'{away} ago'})"


def _run(args: argparse.Namespace, world: World) -> Exit:
    try:
        token: UnverifiedToken = parse(read_token(args, world), MAX_BYTES)
        header = header_of(token)
    except MalformedToken as error:
        world.out.talk(f"jwtmr decode: this is no signed JWT: {error.detail}")
        return Exit.NO
    world.out.show(Decoded(header, token.payload, world.clock.wall()))
    return Exit.YES


COMMAND: Final = Command(
    name="decode",
    summary="show what a token says, unverified",
    description=(
        "Shows header and payload of a token. Nothing is checked, nobody is asked, and the signature is never shown, "
        "so the output can be pasted into a ticket as far as its claims can.\n\n"
        "Ends with 1 for what is no signed JWT."
    ),
    examples=(
        Example("jwtmr decode < token.txt", "what does this token say?"),
        Example("jwtmr decode --token-file token.txt --json", "the same for a program"),
        Example("jwtmr decode --token-file README.md", "what is no token", Exit.NO),
    ),
    add_arguments=add_token_options,
    run=_run,
)
