"""The words of the command line: one parser, made from the table of commands."""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any, Final, NoReturn

from jwtmr import __version__
from jwtmr.cli.command import EXIT_CODES, Command, Example
from jwtmr.cli.options import SettingAction
from jwtmr.cli.output import TOKEN, folded, told

_CHOICE: Final = re.compile(r"argument ([^:]+): invalid choice: '?([^']*?)'? \(choose from (.*)\)")
"""How argparse says that a word is none of those that it knows."""


class Parser(argparse.ArgumentParser):
    """Says what is wrong where it is wrong, and tells nobody the token that was given as an argument by mistake."""

    _given: Sequence[str] = ()

    def parse_known_args(  # pyright: ignore[reportIncompatibleMethodOverride] - of its three overloads
        self,
        args: Any = None,  # noqa: ANN401
        namespace: Any = None,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        """As usual, but nothing may be left over: argparse would let the parser of all commands complain of it."""
        self._given = sys.argv[1:] if args is None else list(args)
        for word in self._given:
            if re.fullmatch(r"--[a-z-]+=--", word):  # argparse takes the second -- for an end, and the value for none
                self.error(f"{word}: -- is no value")
        namespace, extra = super().parse_known_args(args, namespace)
        if extra:
            self.error(f"unrecognized arguments: {' '.join(extra)}{self._nearest_option(extra)}")
        return namespace, extra

    def error(self, message: str) -> NoReturn:
        """Print usage, ``message`` and where there is more, and exit with 2."""
        if TOKEN.search(message):
            message = "a token is no argument, as those show in the list of processes: use stdin, or --token-file"
        elif choice := _CHOICE.search(message):
            message += self._nearest_choice(*choice.groups())
        self.print_usage(sys.stderr)
        said = folded(f"{self.prog}: error: {told(message)}", sys.stderr)
        self.exit(2, f"{said}\n`{self.prog} --help` says more\n")

    def _nearest_option(self, extra: Sequence[str]) -> str:
        """What may have been meant by the first option of ``extra``; before a command there are hardly any."""
        if self._subparsers is not None:
            return f"; {extra[0]} comes after the command"
        wrong = next((word.partition("=")[0] for word in extra if word.startswith("--")), None)
        known = [name for action in self._actions for name in action.option_strings if name.startswith("--")]
        near = get_close_matches(wrong, known, n=1) if wrong else []
        return f"; the nearest is {near[0]}" if near else ""

    def _nearest_choice(self, what: str, wrong: str, choices: str) -> str:
        """What may have been meant by ``wrong``; or that an option stands where a command should."""
        first = self._given[0] if self._given else ""
        if first.startswith("-") and first.partition("=")[0] not in self._option_string_actions:
            return f"; {first} comes after the {what.lower()}"
        near = get_close_matches(wrong, re.findall(r"[\w-]+", choices), n=1)
        return f"; the nearest is {near[0]}" if near else ""

    @property
    def actions(self) -> Sequence[argparse.Action]:
        """All options, and what else may be given: argparse has no public name for it."""
        return tuple(self._actions)


class Formatter(argparse.RawDescriptionHelpFormatter):
    """Help as wide as the terminal, within reason; what is written in lines stays in lines."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=28, width=_width())

    def add_usage(
        self,
        usage: str | None,
        actions: Iterable[argparse.Action],
        groups: Iterable[Any],
        prefix: str | None = None,
    ) -> None:
        """As usual, but all the settings as one: they are three dozen, and the same everywhere."""
        listed = list(actions)
        shown = [action for action in listed if not isinstance(action, SettingAction)]
        if len(shown) < len(listed):
            shown.append(SettingAction([], "settings", metavar="[settings]"))
        super().add_usage(usage, shown, groups, prefix)

    def _split_lines(self, text: str, width: int) -> list[str]:
        """Without breaks at hyphens: a region or a pool id stays in one piece."""
        return textwrap.wrap(" ".join(text.split()), width, break_on_hyphens=False)


def _width() -> int:
    return max(min(shutil.get_terminal_size((100, 24)).columns - 2, 100), 40)


def parser_of(commands: Sequence[Command]) -> Parser:
    """The parser of the whole command line.

    ``args.command`` is the :class:`Command` that was chosen, and ``args.parser`` the parser itself.
    """
    parser = Parser(
        prog="jwtmr",
        description=_filled(
            "Validates JWTs of an issuer that moves house, and tells whoever moves it what is ready and who is late. "
            "`jwtmr COMMAND --help` says more, with examples."
        ),
        epilog=f"{EXIT_CODES}\n",
        formatter_class=Formatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"jwtmr {__version__}")
    parser.set_defaults(parser=parser)
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=Parser)
    for command in commands:
        added = subparsers.add_parser(
            command.name,
            aliases=command.aliases,
            help=command.summary,
            description=_filled(command.description),
            epilog=epilog(command.examples),
            formatter_class=Formatter,
            allow_abbrev=False,
        )
        added.set_defaults(command=command)
        command.add_arguments(added)
        added.add_argument("--json", action="store_true", dest="as_json", help="print one JSON document, for programs")
    return parser


def _filled(text: str) -> str:
    return "\n\n".join(textwrap.fill(paragraph, _width()) for paragraph in text.split("\n\n"))


def epilog(examples: Sequence[Example]) -> str:
    """What stands below the options of a command: its examples, and what its exit codes mean."""
    listed = "\n".join(f"  # {example.says}{_end(example)}\n  {example.line}\n" for example in examples)
    return f"examples:\n{listed}\n{EXIT_CODES}\n"


def _end(example: Example) -> str:
    return f" (ends with {example.ends:d})" if example.ends else ""
