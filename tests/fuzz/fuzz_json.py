"""Strict JSON: the object that the standard library reads, where the rules allow one, and None everywhere else."""

from __future__ import annotations

from typing import Any, Final

from cases_json import CASES, WORDS
from fuzz_kit import Target, expect
from validation_oracle import Refused, read_json

from jwtmr._strictjson import object_of

MARKS: Final = (b",", b":", b"[", b"{")
MOST_MARKS: Final = 16384
"""Of those; a text with more of them is read by nobody."""


class JsonQuestion:
    """Which object is this?"""

    allowed = ()

    def __init__(self, text: bytes) -> None:
        self._text = text

    def ask(self) -> object:
        """Parse."""
        return object_of(self._text)

    def judge(self, answer: object) -> str:
        """Compare with the oracle: values, their types and the order of names. ``repr`` tells 1 from 1.0 and True."""
        meant = None if sum(map(self._text.count, MARKS)) > MOST_MARKS else self._meant()
        expect(repr(answer) == repr(meant), "another object than the standard library reads")
        return "refused" if answer is None else "object"

    def _meant(self) -> dict[str, Any] | None:
        try:
            return read_json(self._text)
        except Refused:
            return None


JSON: Final = Target(JsonQuestion, longest=4096, words=WORDS, cases=CASES)
