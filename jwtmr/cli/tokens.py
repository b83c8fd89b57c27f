"""Where a command gets its token: stdin, a file or an environment variable, never an argument."""

from __future__ import annotations

import argparse
import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from pathlib import Path
from typing import IO, Final

from jwtmr.cli.command import UsageError, World

MAX_BYTES: Final = 1024 * 1024
"""Of a file that is said to hold a token. The largest that a validator can be told to take."""

_CREDENTIALS: Final = re.compile(r"(?:authorization:\s*)?(?:bearer(?:\s+|$))?", re.IGNORECASE)
"""As it is copied from a request (RFC 6750 section 2.1)."""

_HEADER: Final = "ey"
"""How the header of a JWS begins, unless somebody broke its first line: a brace and what follows, in base64url."""


def add_token_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--token-file`` and ``--token-env``."""
    group = parser.add_argument_group("token").add_mutually_exclusive_group()
    group.add_argument(
        "--token-file", metavar="FILE", help="read the token from FILE; by default from stdin, which is -"
    )
    group.add_argument("--token-env", metavar="NAME", help="read it from the environment variable NAME")


def token_is_given(args: argparse.Namespace) -> bool:
    """Whether the options name a place; a token on stdin is only read where one is needed."""
    return args.token_file is not None or args.token_env is not None


def read_token(args: argparse.Namespace, world: World) -> str:
    """The token, without white space around it and without ``Authorization: Bearer`` or a part of that before it.

    Raises :class:`UsageError` where there is none, or more than one, or where it stands in quotes, which no service
    takes. What is no text comes back as text that is no token.
    """
    if args.token_env is not None:
        given = world.environ.get(args.token_env)
        if given is None:
            raise UsageError(f"--token-env: there is no variable {args.token_env}")
    elif args.token_file not in (None, "-"):
        given = _read_file(args.token_file)
    elif world.stdin.isatty():
        raise UsageError("no token: pipe one in, or give --token-file or --token-env")
    else:
        given = _piped(world.stdin)
    token = _CREDENTIALS.sub("", given.strip(), count=1)
    if not token:
        raise UsageError("no token: what was given is empty")
    if token[0] in "\"'" and token[-1] == token[0]:
        raise UsageError("the token stands in quotes: leave them out")
    words = token.split(maxsplit=2)
    if len(words) > 1 and all(word.startswith(_HEADER) and word.count(".") == 2 for word in words[:2]):
        raise UsageError("more than one token: give one")
    return token


def _read_file(path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            return _text(file)
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        raise UsageError(f"--token-file: {path}: {getattr(error, 'strerror', None) or 'cannot be read'}") from None


def _piped(stream: IO[bytes]) -> str:
    try:
        return _text(stream)
    except OSError as error:
        raise UsageError(f"no token: stdin: {error.strerror or 'cannot be read'}") from None


def _text(stream: IO[bytes]) -> str:
    content = stream.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise UsageError(f"no token: more than {MAX_BYTES} bytes")
    marked = content.startswith((BOM_UTF16_LE, BOM_UTF16_BE))  # as PowerShell writes what is sent to a file
    return content.decode("utf-16" if marked else "utf-8-sig", "replace")
