"""Parsers with a fault, to see that a find is found. Nobody guesses three letters; coverage leads there one by one."""

from __future__ import annotations

from collections.abc import Callable
from time import process_time
from typing import Final

from fuzz_kit import LIMIT, Target


class PlantedQuestion:
    """Does this begin with the three letters, and what happens then?"""

    allowed = ()

    def __init__(self, data: bytes, then: Callable[[], None]) -> None:
        self._data = data
        self._then = then

    def ask(self) -> object:
        """Look at one letter after the other."""
        data = self._data
        if len(data) < 3 or data[0] != ord("j"):
            return 0
        if data[1] != ord("w"):
            return 1
        if data[2] != ord("t"):
            return 2
        return self._then()

    def judge(self, answer: object) -> str:
        """Anything will do."""
        return f"{answer} letters"


def _raise() -> None:
    raise ValueError("a planted fault")


def _waste_time() -> None:
    end = process_time() + 1.2 * LIMIT
    while process_time() < end:
        pass


PLANTED: Final[dict[str, Target]] = {
    "planted-raises": Target(lambda data: PlantedQuestion(data, _raise), longest=64),
    "planted-slow": Target(lambda data: PlantedQuestion(data, _waste_time), longest=64),
}
