"""``jwtmr completion``: what a real shell makes of the scripts, and that no word is missing in them."""

from __future__ import annotations

import argparse
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest
from cli_world import jwtmr

from jwtmr.cli.app import COMMANDS
from jwtmr.cli.command import Command, Exit
from jwtmr.cli.completion import SHELLS
from jwtmr.cli.completion.bash import quoted
from jwtmr.cli.completion.words import Level, level_of, levels
from jwtmr.cli.parsing import parser_of
from jwtmr.issuers import ALGORITHMS

WHOLE: Final = level_of(parser_of(COMMANDS))
FILES: Final = ("my file.json", "other.json", "*.txt", "$(touch hacked)")

DRIVER: Final = """
source ./jwtmr.bash
complete -p jwtmr >&2
ask() {
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
    _jwtmr
    printf '%s\\t' "${COMPREPLY[@]}"
    printf '\\n'
}
"""


def typed(lines: list[list[str]], place: Path) -> list[set[str]]:
    """What bash offers for the last word of each line, in a directory with some files."""
    for name in FILES:
        (place / name).touch()
    (place / "jwtmr.bash").write_text(jwtmr("completion bash").out)
    script = DRIVER + "".join(f"ask {' '.join(map(shlex.quote, ['jwtmr', *line]))}\n" for line in lines)
    ran = subprocess.run(
        ["bash", "--norc", "--noprofile"],
        input=script,
        cwd=place,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert ran.stderr.strip() == "complete -F _jwtmr jwtmr"
    offered = [{word for word in line.split("\t") if word} for line in ran.stdout.splitlines()]
    assert len(offered) == len(lines)
    return offered


OFFERS: Final[list[tuple[list[str], set[str]]]] = [
    (["dec"], {"decode"}),
    (["jwks", ""], {"show", "save", "compare"}),
    (["jwks", "--json", "s"], {"show", "save"}),
    (["jwks", "save", "--fo"], {"--force"}),
    (["completion", ""], {"bash", "fish", "zsh"}),
    (["completion", "b"], {"bash"}),
    (["jwks", "show", "--alg", "Ed"], {"EdDSA"}),
    (["jwks", "show", "--alg", "=", "Ed"], {"EdDSA"}),
    (["jwks", "show", "--alg", "="], set(ALGORITHMS)),
    (["jwks", "show", "--alg=Ed"], {"--alg=EdDSA"}),
    (["jwks", "show", "--timeout", "5", "oth"], {"other.json"}),
    (["jwks", "show", "--timeout", "=", "5", "oth"], {"other.json"}),
    (["jwks", "show", "--timeout", "o"], set()),
    (["jwks", "show", "--ca-file", "my"], {"my file.json"}),
    (["jwks", "show", "--ca-file=oth"], {"--ca-file=other.json"}),
    (["jwks", "show", "--config", "-"], set()),
    (["jwks", "show", "my"], {"my file.json"}),
    (["jwks", "show", ""], {*FILES, "jwtmr.bash"}),
    (["decode", "--token-file", "jwks", "--j"], {"--json"}),
    (["decode", "--token-env", "oth"], set()),
    (["decode", "--token-file", "oth"], {"other.json"}),
    (["decode", ""], {"--help", "-h", "--json", "--token-env", "--token-file"}),
    (["status", "--timeout", "decode", "--str"], {"--strict"}),
    (["nonsense", "--v"], {"--version"}),
    (["$(touch hacked)", ""], set(WHOLE.commands)),
    (["jwks", "show", "$(touch hacked"], {"$(touch hacked)"}),
    (["jwks", "show", "`touch hacked`"], set()),
]  # fmt: skip


@pytest.fixture(scope="module")
def offered(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """What bash offers for all lines of these tests: one bash for all."""
    place = tmp_path_factory.mktemp("place")
    lines = [line for line, _ in OFFERS] + [[*level.path, "--"] for level in levels(WHOLE)]
    lines += [[*level.path, flag, ""] for level in levels(WHOLE) for flag, option in level.valued() if option.words]
    found = typed(lines, place)
    assert not (place / "hacked").exists()
    return {shlex.join(line): words for line, words in zip(lines, found, strict=True)}


@pytest.mark.parametrize(("line", "words"), OFFERS, ids=[shlex.join(line) or "nothing" for line, _ in OFFERS])
def test_bash_offers_what_can_be_typed(offered: dict[str, set[str]], line: list[str], words: set[str]) -> None:
    """Commands, options, values and files, and no file is run for its name."""
    assert offered[shlex.join(line)] == words


def helped(level: Level) -> list[str]:
    """The options that ``--help`` shows, which is another way to know them."""
    text = _help_of(level.path)
    options = text[text.index("\noptions:") :].split("\nexamples:")[0]
    return re.findall(r"(?:^  |, )(--?[a-z][a-z-]*)", options, re.MULTILINE)


def _help_of(path: tuple[str, ...]) -> str:
    parser: argparse.ArgumentParser = parser_of(COMMANDS)
    for word in path:
        (choices,) = [one.choices for one in parser.actions if isinstance(one.choices, dict)]  # type: ignore[attr-defined]
        parser = choices[word]
    return parser.format_help()


@pytest.mark.parametrize("level", list(levels(WHOLE)), ids=lambda level: level.at or "jwtmr")
def test_every_option_of_every_command_is_offered(offered: dict[str, set[str]], level: Level) -> None:
    """Whatever ``--help`` shows, and nothing besides; and each value of those that have a choice."""
    words = offered[shlex.join([*level.path, "--"])]
    shown = set(helped(level))
    assert words == {flag for flag in shown if flag.startswith("--")} != set()
    assert set(level.flags) == shown
    for flag, option in level.valued():
        if option.words:
            assert offered[shlex.join([*level.path, flag, ""])] == set(option.words)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_word_is_in_every_script(shell: str) -> None:
    """Made of the parser that runs, so nothing can be forgotten."""
    ran = jwtmr(f"completion {shell} --json")
    assert (ran.code, ran.document["schema"], ran.document["shell"]) == (0, "jwtmr.completion/1", shell)
    script = ran.document["script"]
    assert script.rstrip("\n") == jwtmr(f"completion {shell}").out.rstrip("\n")
    for level in levels(WHOLE):
        for word in [*level.commands, *level.flags, *level.words]:
            wanted = f"-l {word[2:]} " if shell == "fish" and word.startswith("--") else word
            assert wanted in script
    executable = shutil.which(shell)
    if executable is not None:  # to read it at least
        subprocess.run([executable, "-n"], input=script, text=True, check=True, timeout=60)


def test_what_a_help_text_says_cannot_break_out() -> None:
    """Quotes, colons and backslashes are text in each of the shells; an alias stands for its command."""
    says = 'it\'s `touch hacked` $(touch hacked) \\ : "c" 5%'

    def add(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--odd", help=says.replace("%", "%%"), choices=["one", "two"])

    odd = Command("odd", says, "Odd.", (), add, lambda args, world: Exit.YES, ("strange",))
    whole = level_of(parser_of([odd]))
    assert [level.at for level in levels(whole)] == ["", "odd"]
    assert whole.commands["strange"].at == "odd"
    assert says in [option.says for option in whole.commands["odd"].options]
    for shell, script_for in SHELLS.items():
        executable = shutil.which(shell)
        if executable is not None:
            subprocess.run([executable, "-n"], input=script_for(whole), text=True, check=True, timeout=60)
    run = subprocess.run(["bash", "-c", f"printf %s {quoted(says)}"], capture_output=True, text=True, check=True)
    assert run.stdout == says


def test_an_unknown_shell_is_usage() -> None:
    """There are three."""
    assert jwtmr("completion tcsh").code == 2
