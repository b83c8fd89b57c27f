"""A value and where it came from, and how an error comes to name that."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from jwtmr.errors import ConfigurationError

_IN_WORDS: Final = {
    "a datetime, not": "a date and time, as in 2027-01-31T00:00:00Z (in a file without quotes), not",
    "datetime(2027, 1, 31, tzinfo=UTC)": "2027-01-31T00:00:00Z",
    "a tuple of both": "both",
    "jwtmr.UNCHECKED": "UNCHECKED",
}
"""What constructors call something, and how it is written outside a program."""


@dataclass(frozen=True, slots=True)
class Given:
    """One value that somebody gave."""

    value: object
    origin: str
    """``--client-id``, ``JWTMR_CLIENT_IDS``, ``client_ids`` in a program, or the file."""
    place: str
    """What an error names: the origin, and in a file the table and the name too."""


@contextmanager
def renamed(place: Callable[[str], str]) -> Generator[None]:
    """Have errors of constructors name ``place(parameter)``, and leave out of them what was given."""
    try:
        yield
    except ConfigurationError as error:
        problem = str(error).removeprefix(f"{error.parameter}: ")
        raise ConfigurationError(place(error.parameter), _as_written(problem)) from None


def _as_written(problem: str) -> str:
    """The text of a constructor without the value that it was given, and as what is right is written here."""
    problem = problem.partition("; not ")[0]
    for in_python, as_text in _IN_WORDS.items():
        problem = problem.replace(in_python, as_text)
    return problem


def shown(name: str) -> str:
    """A name that somebody made up, with every character that is not simply seen as its escape."""
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in name)


def unknown(what: str, name: str, known: Collection[str]) -> str:
    """Say that ``name`` is no ``what``, and which of those there are is the nearest."""
    return f"is no {what}; the nearest is {get_close_matches(name, known, n=1, cutoff=0)[0]}"
