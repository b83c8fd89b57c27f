"""``jwtmr completion``: a script that teaches a shell the words of this command line, made from its parser."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from jwtmr.cli.command import Command, Example, Exit, World
from jwtmr.cli.completion.bash import bash
from jwtmr.cli.completion.fish import fish
from jwtmr.cli.completion.words import level_of
from jwtmr.cli.completion.zsh import zsh
from jwtmr.cli.output import Page

SHELLS: Final = {"bash": bash, "zsh": zsh, "fish": fish}


@dataclass(frozen=True, slots=True)
class Script:
    """The script for one shell."""

    schema: ClassVar[str] = "jwtmr.completion/1"
    shell: str
    text: str

    def document(self) -> Mapping[str, object]:
        """The shell and its script."""
        return {"shell": self.shell, "script": self.text}

    def write(self, page: Page) -> None:
        """Line by line, none of them wrapped."""
        page.lines.extend(self.text.splitlines())


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=sorted(SHELLS), help="bash, fish or zsh")


def _run(args: argparse.Namespace, world: World) -> Exit:
    world.out.show(Script(args.shell, SHELLS[args.shell](level_of(args.parser))))
    return Exit.YES


COMMAND: Final = Command(
    name="completion",
    summary="print a script that completes jwtmr's words in a shell",
    description=(
        "Prints a script with which bash, zsh or fish complete commands, options, their values and names of files. It "
        "is made of the options of this version; after an update make it anew, or let the shell ask for it at its "
        "start.\n\n"
        'bash: add  eval "$(jwtmr completion bash)"  to ~/.bashrc.\n\n'
        'zsh: add  eval "$(jwtmr completion zsh)"  to ~/.zshrc, after compinit.\n\n'
        "fish: jwtmr completion fish > ~/.config/fish/completions/jwtmr.fish"
    ),
    examples=(
        Example("jwtmr completion bash", "the script for bash"),
        Example("jwtmr completion zsh", "the one for zsh"),
        Example("jwtmr completion fish", "the one for fish"),
    ),
    add_arguments=_add_arguments,
    run=_run,
)
