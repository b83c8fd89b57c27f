"""What a command is: its words, its options, its examples, and what it does."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import IO, Final, TypeAlias

from jwtmr.cli.output import Output
from jwtmr.settings import Clock


class Exit(IntEnum):
    """How a command ends."""

    YES = 0
    """What was asked is so: the token is valid, the pool is ready, the files agree."""
    NO = 1
    """It is not."""
    USAGE = 2
    """The command cannot be run as it was given."""
    UNKNOWN = 3
    """It could not be told: a host is silent, an answer cannot be read."""


class UsageError(Exception):
    """The command cannot be run as it was given; its text says what would be right. Exit code 2."""


class CannotTell(Exception):
    """What was asked could not be found out; its text says why. Exit code 3."""


@dataclass(frozen=True, slots=True)
class World:
    """What surrounds one run: for tests, and so that no command reads a global."""

    environ: Mapping[str, str]
    stdin: IO[bytes]
    """Bytes, as nobody knows yet what they are."""
    out: Output
    clock: Clock


@dataclass(frozen=True, slots=True)
class Example:
    """One line of ``--help`` that can be run as it stands, in a directory with the files that it names."""

    line: str
    says: str
    """What it does, in a few words."""
    ends: Exit = Exit.YES
    """How it ends there."""


Run: TypeAlias = Callable[[argparse.Namespace, World], Exit]
AddArguments: TypeAlias = Callable[[argparse.ArgumentParser], None]


@dataclass(frozen=True, slots=True)
class Command:
    """One command of ``jwtmr``."""

    name: str
    summary: str
    """One line, without a full stop: what it does."""
    description: str
    """A few sentences: what it does, what it never does, and what its exit codes mean."""
    examples: tuple[Example, ...]
    add_arguments: AddArguments
    run: Run
    """Does it. Raises :class:`UsageError`, :class:`CannotTell` or ``ConfigurationError``, and nothing else."""
    aliases: tuple[str, ...] = ()


EXIT_CODES: Final = "exit codes: 0 yes, 1 no, 2 usage, 3 could not tell"
