"""The script for zsh, to be sourced or to be found as ``_jwtmr`` on ``fpath``."""

from __future__ import annotations

from collections.abc import Iterator
from string import Template
from typing import Final

from jwtmr.cli.completion.bash import quoted, ways
from jwtmr.cli.completion.words import Level, Option, levels

_SCRIPT: Final = Template("""\
#compdef jwtmr
# zsh completion of jwtmr, made by `jwtmr completion zsh`
_jwtmr() {
    local at="" before=$${words[CURRENT-1]} word=$${words[CURRENT]}
    local -i place=2
    local -a found
    while (( place < CURRENT )); do
        case "$$at $${words[place]}" in
$steps
        esac
        (( place += 1 ))
    done
    if [[ $$word == --*=* ]]; then
        before=$${word%%=*}
        compset -P '*='
    fi
    case "$$at $$before" in
$values
    esac
    case "$$at" in
$levels
    esac
}
if [[ $$funcstack[1] == _jwtmr ]]; then
    _jwtmr "$$@"
else
    compdef _jwtmr jwtmr
fi
""")


def zsh(whole: Level) -> str:
    """The script."""
    return _SCRIPT.substitute(
        steps="\n".join(" " * 12 + line for line in _steps(whole)),
        values="\n".join(" " * 8 + line for line in _values(whole)),
        levels="\n".join(" " * 8 + line for line in _levels(whole)),
    )


def _steps(whole: Level) -> Iterator[str]:
    yield from ways(whole)
    yield "    (( place += 1 )) ;;"


def _values(whole: Level) -> Iterator[str]:
    for level in levels(whole):
        for flag, option in level.valued():
            yield f"{quoted(f'{level.at} {flag}')}) {_value(option)} return ;;"


def _value(option: Option) -> str:
    if option.files:
        return "_files;"
    return f"compadd -- {' '.join(map(quoted, option.words))};" if option.words else f"_message {quoted(option.says)};"


def _levels(whole: Level) -> Iterator[str]:
    for level in levels(whole):
        told = [(flag, option.says) for option in level.options for flag in option.flags]
        commands = [(name, inner.says) for name, inner in level.commands.items()]
        plain = [word for word in level.words if word not in level.commands]
        yield f"{quoted(level.at)})"
        yield f"    found=({' '.join(map(_described, told))})"
        yield "    if [[ $word == -?* ]]; then _describe option found; return; fi"
        if commands:
            yield f"    found=({' '.join(map(_described, commands))})"
            yield "    _describe command found ;;"
        elif plain:
            yield f"    compadd -- {' '.join(map(quoted, plain))} ;;"
        else:
            yield "    _files ;;" if level.files else "    _describe option found ;;"


def _described(told: tuple[str, str]) -> str:
    name, says = told
    return quoted(name.replace(":", "\\:") + ":" + says)
