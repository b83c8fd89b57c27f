"""Runs commands in this process: a line of words in, what came out and the exit code back."""

from __future__ import annotations

import io
import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from jwtmr.cli.app import run
from jwtmr.settings import Clock, SystemClock

SYSTEM_CLOCK: Final = SystemClock()


@dataclass(frozen=True)
class Ran:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """What it said on stdout, which is JSON."""
        document: dict[str, Any] = json.loads(self.out)
        return document


class _Terminal(io.StringIO):
    """A stream that takes itself for a terminal."""

    def isatty(self) -> bool:
        return True


def jwtmr(
    line: str,
    *,
    stdin: str | bytes = b"",
    environ: Mapping[str, str] | None = None,
    terminal: bool = False,
    clock: Clock = SYSTEM_CLOCK,
) -> Ran:
    """Run ``jwtmr {line}``. ``terminal``: stdout and stderr are one."""
    out, err = (_Terminal(), _Terminal()) if terminal else (io.StringIO(), io.StringIO())
    given = io.BytesIO(stdin.encode() if isinstance(stdin, str) else stdin)
    try:
        code = run(shlex.split(line), environ or {}, given, out, err, clock=clock)
    except SystemExit as error:  # argparse, which prints to the real streams
        code = error.code if isinstance(error.code, int) else 1
    return Ran(int(code), out.getvalue(), err.getvalue())
