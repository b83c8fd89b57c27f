"""What a fuzz target is, and the rule for all of them: a promised outcome and no other, within 50 ms.

Nothing here needs atheris, so that whatever it finds is played again by the ordinary tests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import process_time
from typing import Final, Protocol, TypeVar

LIMIT: Final = 0.050
"""Seconds of processor time that one input may take; not of the clock, which also counts what others do meanwhile."""
AGAIN: Final = 4
"""Times that a slow input is tried again, and the fastest counts: a garbage collection is nobody's fault."""

T = TypeVar("T")


class Find(AssertionError):
    """An outcome that was not promised."""


class Question(Protocol):
    """What one input becomes."""

    allowed: tuple[type[Exception], ...]
    """The exceptions that are answers. Any other is a find."""

    def ask(self) -> object:
        """Have the library answer. This and nothing else is timed; it may be asked again."""
        ...

    def judge(self, answer: object) -> str:
        """Say in a word what was answered. Raises :class:`Find` where an oracle knows better."""
        ...


@dataclass(frozen=True)
class Target:
    """One parser under fuzz."""

    question: Callable[[bytes], Question]
    longest: int
    """Bytes of the longest input that a fuzzer makes of it."""
    words: Sequence[bytes] = ()
    """What a fuzzer could hardly guess."""
    cases: Mapping[str, tuple[bytes, str]] = field(default_factory=dict)
    """Inputs by what they are, each with what :func:`verdict` says: seeds, old acquaintances, and every find."""


def verdict(target: Target, data: bytes) -> str:
    """Ask and judge. Raises whatever is a failure."""
    question = target.question(data)
    spent, answer = _timed(question)
    if spent > LIMIT:
        spent = min(spent, *(_timed(question)[0] for _ in range(AGAIN)))
        expect(spent <= LIMIT, f"took {spent * 1000:.0f} ms of processor time")
    return question.judge(answer)


def _timed(question: Question) -> tuple[float, object]:
    began = process_time()
    try:
        answer = question.ask()
    except question.allowed as error:
        answer = error
    return process_time() - began, answer


def expect(condition: object, complaint: str) -> None:
    """Raise :class:`Find` unless ``condition``."""
    if not condition:
        raise Find(complaint)


class Draw:
    """Choices out of the first characters of an input, the rest of which is text. ``"0"`` chooses the first."""

    def __init__(self, data: bytes) -> None:
        self.rest = data

    def one_of(self, options: Sequence[T]) -> T:
        """One of ``options``; the first when the input is used up."""
        drawn, self.rest = self.rest[:1], self.rest[1:]
        return options[(drawn[0] - ord("0")) % len(options) if drawn else 0]

    def pieces(self) -> list[bytes]:
        """What is left, in the pieces between bytes that no UTF-8 has."""
        return self.rest.split(b"\xff")


def text_of(piece: bytes) -> str:
    """``piece`` as a string: any that Python can have, half surrogate pairs among them."""
    return piece.decode("utf-8", "surrogateescape")
