"""From the words of a command line to its exit code."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import IO, Final

from jwtmr.cli import completion, decode, doctor, drain, jwks, status, validate
from jwtmr.cli.command import CannotTell, Command, Exit, UsageError, World
from jwtmr.cli.output import Output, Unwritten, give_up
from jwtmr.cli.parsing import parser_of
from jwtmr.cli.simulate.command import COMMAND as SIMULATE
from jwtmr.errors import ConfigurationError
from jwtmr.settings import Clock, SystemClock

COMMANDS: Final[tuple[Command, ...]] = (
    doctor.COMMAND,
    validate.COMMAND,
    decode.COMMAND,
    jwks.COMMAND,
    drain.COMMAND,
    status.COMMAND,
    SIMULATE,
    completion.COMMAND,
)
"""In the order of ``--help``."""

SYSTEM_CLOCK: Final = SystemClock()
INTERRUPTED: Final = 130
BROKEN_PIPE: Final = 141
"""What a shell says of a program that ended by SIGINT, or by SIGPIPE."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line ``argv``, by default that of this process, and return its exit code.

    Raises ``SystemExit`` as argparse does: after ``--help``, and with 2 for words that it does not know.
    """
    _open_closed()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that is no UTF-8 is no reason to stop
    return run(sys.argv[1:] if argv is None else argv, os.environ, sys.stdin.buffer, sys.stdout, sys.stderr)


def _open_closed() -> None:
    """Have all three streams, as whoever starts a daemon may have closed them.

    Each takes the lowest free number, which is its own: else a socket took it, and whatever is printed went there.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - until we end


def run(
    argv: Sequence[str],
    environ: Mapping[str, str],
    stdin: IO[bytes],
    stdout: IO[str],
    stderr: IO[str],
    *,
    clock: Clock = SYSTEM_CLOCK,
) -> int:
    """:func:`main` in a world of its own."""
    args = parser_of(COMMANDS).parse_args(argv)
    out = Output(stdout, stderr, environ, as_json=args.as_json)
    command: Command = args.command
    try:
        return command.run(args, World(environ, stdin, out, clock))
    except (UsageError, ConfigurationError) as error:
        out.talk(f"jwtmr {command.name}: {error}")
        return Exit.USAGE
    except CannotTell as error:
        out.talk(f"jwtmr {command.name}: could not tell: {error}")
        return Exit.UNKNOWN
    except KeyboardInterrupt:
        out.end_progress()
        return INTERRUPTED
    except BrokenPipeError:
        give_up(stdout)
        return BROKEN_PIPE
    except Unwritten as error:
        give_up(stdout)
        out.talk(f"jwtmr {command.name}: could not tell: the answer cannot be written: {error}")
        return Exit.UNKNOWN
    except Exception as error:  # noqa: BLE001  # a bug of ours; Python's own exit code for it, 1, would say "no"
        out.talk(f"jwtmr {command.name}: this is a bug in jwtmr, please report it", *_places(error))
        return Exit.UNKNOWN


def _places(error: Exception) -> Iterator[str]:
    """Where ``error`` was raised, and its type. Its text could be a token, or the value of a variable."""
    for place in traceback.format_tb(error.__traceback__):
        yield from place.splitlines()
    yield f"{type(error).__name__}, whose text is left out, as it may tell a secret"
