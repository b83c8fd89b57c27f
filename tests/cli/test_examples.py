"""Every example of every ``--help`` is run as it stands."""

from __future__ import annotations

import shlex
from typing import Final

import pytest
from cli_world import Ran, jwtmr
from place import Place

from jwtmr.cli.app import COMMANDS
from jwtmr.cli.command import Command, Example
from jwtmr.cli.parsing import parser_of

EXAMPLES: Final = [(command, example) for command in COMMANDS for example in command.examples]


def shell(line: str, place: Place) -> Ran:
    """Run ``jwtmr … | jwtmr … < file`` as a shell would, in this process. Fails for what it does not know."""
    ran = Ran(0, "", "")
    for piece in line.split(" | "):
        command, _, source = piece.partition(" < ")
        words = shlex.split(command)
        assert words[0] == "jwtmr", line
        assert not set("&;$`>") & set(line), line
        stdin = (place.directory / source).read_text() if source else ran.out
        ran = jwtmr(shlex.join(words[1:]), stdin=stdin, clock=place.clock)
    return ran


@pytest.mark.parametrize(("command", "example"), EXAMPLES, ids=lambda one: getattr(one, "line", None) or one.name)
def test_an_example_does_what_it_says(place: Place, simulator_file: str, command: Command, example: Example) -> None:
    """It ends as it is said to, and says something."""
    place.write("simulator.json", simulator_file)
    ran = shell(example.line, place)
    assert ran.code == example.ends, ran.out + ran.err
    assert ran.out + ran.err
    assert example.line.split()[1] in (command.name, *command.aliases)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_help_shows_the_examples(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    """``--help`` has a description, each example, and the exit codes; a command has one at least."""
    with pytest.raises(SystemExit) as ended:
        parser_of(COMMANDS).parse_args([command.name, "--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert command.examples
    assert all(f"  {example.line}\n" in said for example in command.examples)
    assert "exit codes: 0 yes, 1 no, 2 usage, 3 could not tell" in said
