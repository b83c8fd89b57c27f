"""What a finding is, and what it stands in the way of."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final, Literal, TypeAlias
from urllib.parse import urlsplit

from jwtmr.cli.doctor.codes import MEANINGS

Severity: TypeAlias = Literal["ok", "warning", "problem", "unknown"]
"""``ok``: worth knowing, and as it should be. ``unknown``: it could not be told."""

Question: TypeAlias = Literal["now", "switch", "refuse-legacy"]
"""Does this configuration work now? May the issuer be switched? May tokens of the old issuer be refused?"""

QUESTIONS: Final[tuple[Question, ...]] = ("now", "switch", "refuse-legacy")

NOTHING: Final = frozenset[Question]()
SWITCHING: Final = frozenset[Question]({"switch"})
"""What must be right before the switch, as that is no time for an outage."""
REFUSING: Final = frozenset[Question]({"refuse-legacy"})
MOVING: Final = SWITCHING | REFUSING
EVERYTHING: Final = frozenset[Question](QUESTIONS)
"""What does not work now is ready for nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that somebody should know."""

    severity: Severity
    code: str
    """One of ``codes.MEANINGS``."""
    what: str
    """What is so. May hold what a stranger said, so it is only shown escaped."""
    why: str
    """Why it matters."""
    do: str
    """What to do."""
    authority: str | None = None
    url: str | None = None
    region: str | None = None
    blocks: frozenset[Question] = NOTHING
    """The questions whose answer is not yes while this is so."""

    def __post_init__(self) -> None:
        if self.code not in MEANINGS:
            raise ValueError(self.code)

    def document(self) -> dict[str, object]:
        """As JSON."""
        values: dict[str, object] = {field.name: getattr(self, field.name) for field in fields(self)}
        return {**values, "blocks": [question for question in QUESTIONS if question in self.blocks]}


def shortened(text: str, limit: int = 120) -> str:
    """What a stranger said, at a length that can be shown."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def host_of(url: str) -> str:
    """The host in a URL, and its port where it names one."""
    return shortened(urlsplit(url).netloc, 80)


def listed(words: list[str] | tuple[str, ...], limit: int = 4) -> str:
    """The first few of ``words``, and how many more there are."""
    shown = ", ".join(shortened(word, 60) for word in words[:limit])
    return shown if len(words) <= limit else f"{shown} and {len(words) - limit} more"
