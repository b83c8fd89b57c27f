"""What can be typed where, read off the parser itself: so a script can be old, but never wrong."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, cast

from jwtmr.cli.command import Command
from jwtmr.cli.parsing import Parser

FILES: Final = frozenset({"FILE", "SOURCE"})
"""Metavars of what may be a file."""
MAX_HELP: Final = 80
"""Characters of a hint beside a word."""


@dataclass(frozen=True, slots=True)
class Option:
    """An option, or what stands alone if it has no flags."""

    flags: tuple[str, ...]
    takes: bool
    """Whether a value follows."""
    words: tuple[str, ...]
    """The values that there are; empty where it may be anything."""
    files: bool
    """Whether the value may be the name of a file."""
    says: str


@dataclass(frozen=True, slots=True)
class Level:
    """A command, an action of one, or the whole with an empty path."""

    path: tuple[str, ...]
    says: str
    options: tuple[Option, ...]
    commands: Mapping[str, Level]
    """What may follow, by name; an alias stands for the same level."""

    @property
    def at(self) -> str:
        """Its name in a script."""
        return " ".join(self.path)

    @property
    def flags(self) -> list[str]:
        """All flags of its options."""
        return [flag for option in self.options for flag in option.flags]

    @property
    def words(self) -> list[str]:
        """What may stand alone: commands, and fixed words."""
        return [*self.commands, *(word for option in self.options if not option.flags for word in option.words)]

    @property
    def files(self) -> bool:
        """Whether the name of a file may stand alone."""
        return any(option.files for option in self.options if not option.flags)

    def valued(self) -> Iterator[tuple[str, Option]]:
        """Each flag that a value follows."""
        for option in self.options:
            if option.takes:
                yield from ((flag, option) for flag in option.flags)


def level_of(parser: Parser, path: tuple[str, ...] = ()) -> Level:
    """What ``parser`` understands, and whatever may follow."""
    options: list[Option] = []
    commands: dict[str, Level] = {}
    known: dict[int, Level] = {}
    for action in parser.actions:
        for name, inner in _parsers(action).items():
            commands[name] = known.setdefault(id(inner), level_of(inner, (*path, name)))
        if not commands or action.option_strings:
            options.append(_option(action))
    return Level(path, _says(parser), tuple(options), commands)


def levels(whole: Level) -> Iterator[Level]:
    """``whole``, and each level below it once."""
    yield whole
    below = {level.path: level for level in whole.commands.values()}
    for level in below.values():
        yield from levels(level)


def _parsers(action: argparse.Action) -> Mapping[str, Parser]:
    """The parsers that an action leads to; none for one that is an option."""
    choices = action.choices
    if not isinstance(choices, dict):
        return {}
    return {name: inner for name, inner in cast("dict[str, object]", choices).items() if isinstance(inner, Parser)}


def _option(action: argparse.Action) -> Option:
    text = (action.help or "").replace("%%", "%")
    metavar = action.metavar if isinstance(action.metavar, str) else ""
    words = () if action.choices is None else tuple(str(word) for word in action.choices)
    return Option(tuple(action.option_strings), action.nargs != 0, words, metavar in FILES, _short(text))


def _says(parser: Parser) -> str:
    command = parser.get_default("command")
    text = parser.description or ""
    return _short(command.summary if isinstance(command, Command) else text)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MAX_HELP else line[: MAX_HELP - 3].rstrip() + "..."
