"""Who sends tokens: clients that refresh in time, and one that holds on to its old token to the very end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from migration_lines import Answered, Line

from jwtmr.testing import RegionalIssuer

CLIENTS: Final = ["web", "mobile", "batch"]
LATE: Final = "batch"


@dataclass
class Person:
    """One user of one client."""

    client: str
    life: float
    """Seconds for which its tokens live."""
    first: float
    """Seconds for which the first one lives, so that not all of them refresh at the same moment."""
    hesitates: bool = False
    """Whether it sends a token until it is refused, and signs in anew only then."""
    token: str = ""
    expires_at: float = 0.0
    legacy: bool = False

    def sign_in(self, issuer: RegionalIssuer, *, legacy: bool | None = None) -> None:
        """Get a token of the current issuer, or of the one that is said."""
        life, self.first = self.first or self.life, 0.0
        self.legacy = issuer.current_issuer == issuer.original_issuer if legacy is None else legacy
        iss = issuer.original_issuer if self.legacy else issuer.updated_issuer
        now = int(issuer.clock.wall())
        self.expires_at = now + int(life)
        self.token = issuer.access_token(
            issuer=iss, client_id=self.client, issued_at=now, expires_in=int(life), subject=f"{self.client}-{id(self)}"
        )

    def send(self, line: Line, issuer: RegionalIssuer) -> Answered:
        """Send a request, with a new token where the old one is over."""
        if not self.token or (not self.hesitates and issuer.clock.wall() >= self.expires_at):
            self.sign_in(issuer)
        answered = line.ask("/orders", self.token)
        if answered.code == "expired":
            self.token, self.hesitates = "", False
        return answered


@dataclass
class Crowd:
    """All of them, and how they were answered."""

    people: Sequence[Person]
    answers: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    """By the kind of the token, ``current``, ``legacy`` or ``hostile``, and the code of the refusal."""

    @classmethod
    def of(cls, life: float) -> Crowd:
        """Ten people with tokens of a sixth of ``life``, ten with half of it, and one who is late, with all of it."""
        several = [
            Person(client, life / parts, life / parts * (number + 1) / 10)
            for client, parts in (("web", 6), ("mobile", 2))
            for number in range(10)
        ]
        return cls([*several, Person(LATE, life, life, hesitates=True)])

    @property
    def late(self) -> Person:
        """The one who is late."""
        return self.people[-1]

    def note(self, kind: str, answered: Answered) -> None:
        """Count an answer."""
        self.answers[kind, answered.code] += 1

    def count(self, kind: str | None = None, code: str | None = None) -> int:
        """How many answers there were of that kind, with that code."""
        return sum(number for (of, said), number in self.answers.items() if kind in (None, of) and code in (None, said))
