"""The script for fish."""

from __future__ import annotations

from collections.abc import Iterator
from string import Template
from typing import Final

from jwtmr.cli.completion.words import Level, Option, levels

_SCRIPT: Final = Template("""\
# fish completion of jwtmr, made by `jwtmr completion fish`
function __jwtmr_at
    set -l at ''
    set -l skip ''
    set -l words (commandline -opc)
    for word in $$words[2..-1]
        if test -n "$$skip"
            set skip ''
            continue
        end
        switch "$$at $$word"
$steps
        end
    end
    test "$$at" = "$$argv[1]"
end
complete -c jwtmr -f
$completions
""")


def fish(whole: Level) -> str:
    """The script."""
    return _SCRIPT.substitute(
        steps="\n".join(" " * 12 + line for line in _steps(whole)), completions="\n".join(_completions(whole))
    )


def _steps(whole: Level) -> Iterator[str]:
    for level in levels(whole):
        for name, inner in level.commands.items():
            yield f"case {_quoted(f'{level.at} {name}')}"
            yield f"    set at {_quoted(inner.at)}"
    patterns = [_quoted(f"{level.at} {flag}") for level in levels(whole) for flag, _ in level.valued()]
    yield f"case {' '.join(patterns)}"
    yield "    set skip yes"


def _completions(whole: Level) -> Iterator[str]:
    for level in levels(whole):
        here = f"complete -c jwtmr -n {_quoted('__jwtmr_at ' + _quoted(level.at))}"
        for name, inner in level.commands.items():
            yield f"{here} -a {_quoted(name)} -d {_quoted(inner.says)}"
        if level.files:
            yield f"{here} -F"
        for option in level.options:
            if option.flags:
                flags = " ".join(_flag(flag) for flag in option.flags)
                yield f"{here} {flags}{_value(option)} -d {_quoted(option.says)}"
            elif option.words:
                yield f"{here} -a {_quoted(' '.join(option.words))} -d {_quoted(option.says)}"


def _flag(flag: str) -> str:
    return f"-l {flag.removeprefix('--')}" if flag.startswith("--") else f"-s {flag.removeprefix('-')}"


def _value(option: Option) -> str:
    if not option.takes:
        return ""
    if option.words:
        return f" -x -a {_quoted(' '.join(option.words))}"
    return " -r -F" if option.files else " -x"


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
