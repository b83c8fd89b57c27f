"""The script for bash, also for the old one of macOS: no associative arrays, and no word of it is expanded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from string import Template
from typing import Final

from jwtmr.cli.completion.words import Level, Option, levels

_SCRIPT: Final = Template("""\
# bash completion of jwtmr, made by `jwtmr completion bash`
_jwtmr() {
    local word before start="" at="" words="" options="" files="" place=1
    COMPREPLY=()
    word=$${COMP_WORDS[COMP_CWORD]}
    before=$${COMP_WORDS[COMP_CWORD-1]}
    if [ "$$word" = "=" ]; then
        word=""
    elif [ "$$before" = "=" ] && [ "$$COMP_CWORD" -gt 1 ]; then
        before=$${COMP_WORDS[COMP_CWORD-2]}
    fi
    case "$$word" in
        --*=*) before=$${word%%=*} start="$${word%%=*}=" word=$${word#*=} ;;
    esac
    while [ "$$place" -lt "$$COMP_CWORD" ]; do
        case "$$at $${COMP_WORDS[place]}" in
$steps
        esac
        place=$$((place + 1))
    done
    case "$$at" in
$levels
    esac
    case "$$at $$before" in
$values
        *)
            case "$$word" in
                -?*) words=$$options files="" ;;
                *) [ -z "$$words$$files" ] && words=$$options ;;
            esac ;;
    esac
    [ -n "$$files" ] && compopt -o filenames 2>/dev/null
    while IFS= read -r word; do
        COMPREPLY[$${#COMPREPLY[@]}]=$$start$$word
    done < <(
        [ -n "$$words" ] && compgen -W "$$words" -- "$$word"
        [ -n "$$files" ] && compgen -f -- "$$word"
    )
}
complete -F _jwtmr jwtmr
""")


def bash(whole: Level) -> str:
    """The script."""
    return _SCRIPT.substitute(
        steps="\n".join(" " * 12 + line for line in _steps(whole)),
        levels="\n".join(" " * 8 + line for line in _levels(whole)),
        values="\n".join(" " * 8 + line for line in _values(whole)),
    )


def ways(whole: Level) -> Iterator[str]:
    """How to find out where one is: a command leads on. Ends with where a value follows, which leads nowhere."""
    for level in levels(whole):
        for name, inner in level.commands.items():
            yield f"{quoted(f'{level.at} {name}')}) at={quoted(inner.at)} ;;"
    patterns = [quoted(f"{level.at} {flag}") for level in levels(whole) for flag, _ in level.valued()]
    yield "|".join(patterns) + ")"


def _steps(whole: Level) -> Iterator[str]:
    yield from ways(whole)
    yield '    place=$((place + 1)); [ "${COMP_WORDS[place]}" = "=" ] && place=$((place + 1)) ;;'


def _levels(whole: Level) -> Iterator[str]:
    for level in levels(whole):
        files = " files=yes" if level.files else ""
        yield f"{quoted(level.at)}) words={_several(level.words)} options={_several(level.flags)}{files} ;;"


def _values(whole: Level) -> Iterator[str]:
    for level in levels(whole):
        for flag, option in level.valued():
            yield f"{quoted(f'{level.at} {flag}')}) {_value(option)} ;;"


def _value(option: Option) -> str:
    return f"words={_several(option.words)} files={'yes' if option.files else quoted('')}"


def _several(words: Iterable[str]) -> str:
    return quoted(" ".join(words))


def quoted(text: str) -> str:
    """``text`` as one word, nothing of which a shell expands."""
    return "'" + text.replace("'", "'\\''") + "'"
