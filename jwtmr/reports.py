"""Typed answers to an operator's questions: what state are the keys in, and what did a warm-up find?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from jwtmr.events import EndpointState, FetchOutcome
from jwtmr.settings import IssuerKind

AuthorityState: TypeAlias = Literal["cold", "ok", "degraded", "down"]
"""``cold``: nothing asked for yet. ``ok``: keys within their lifetime. ``degraded``: keys serve past it. ``down``:
none."""


@dataclass(frozen=True, slots=True)
class EndpointStatus:
    """One JWKS endpoint, or one discovery document with the endpoint that it names, as this process sees it."""

    url: str
    region: str | None
    state: EndpointState
    keys: int
    """Usable keys in its last good answer."""
    age: float | None
    """Seconds since it last answered with usable keys; None where it never did."""
    seconds_left: float | None
    """Seconds for which its keys may still serve if it stays silent."""
    failures: int
    """Failed attempts in a row."""
    last_outcome: FetchOutcome | None
    reasons: tuple[str, ...] = ()
    """Why its last answer was of no use, where it was one, and why members of the set that is held are never used."""
    jwks_uri: str | None = None
    """Where its key set is: ``url`` itself, or what the discovery document last said; None before it said anything."""
    key_set_hash: str | None = None
    """SHA-256, in hex, over the sorted RFC 7638 thumbprints of its keys: equal where two endpoints, or two processes,
    hold the same keys, in whatever order. None where none of them may serve."""


@dataclass(frozen=True, slots=True)
class IssuerStatus:
    """One accepted or retired ``iss``."""

    url: str
    kind: IssuerKind
    region: str | None
    accept_until: datetime | None
    accepted: bool
    """Whether its tokens are accepted now."""


@dataclass(frozen=True, slots=True)
class AuthorityStatus:
    """One authority: its keys and its issuers."""

    id: str
    state: AuthorityState
    seconds_left: float | None
    """Seconds for which tokens can still be checked if every endpoint stays silent; None where they cannot now."""
    endpoints: tuple[EndpointStatus, ...]
    issuers: tuple[IssuerStatus, ...]
    problems: tuple[str, ...]
    """What an operator should know, in words: windows that have passed, a configuration that refuses everything, why
    endpoints are of no use or list what nobody should, fetches that were lost. Keys that are meant for others, for
    encryption say, are none of that where the rest of their set serves."""
    refuses_everything: bool
    """Whether, as things stand, every token will be refused."""

    @property
    def accepts_tokens(self) -> bool:
        """Whether tokens of any issuer are accepted. An authority whose issuers are all retired needs no keys."""
        return any(issuer.accepted for issuer in self.issuers)

    @property
    def ready(self) -> bool:
        """Whether it accepts tokens and can check them now."""
        return self.accepts_tokens and self.state in ("ok", "degraded")


@dataclass(frozen=True, slots=True)
class ValidatorStatus:
    """All authorities of one validator. ``str()`` of it is a few lines for a terminal or a log."""

    authorities: tuple[AuthorityStatus, ...]
    observer_failures: int = 0
    """Exceptions that observers raised, all swallowed."""
    taken_at: float = 0.0
    """Unix seconds, by the validator's clock."""

    @property
    def ready(self) -> bool:
        """Whether at least one authority can check tokens now."""
        return any(authority.ready for authority in self.authorities)

    def __str__(self) -> str:
        lines: list[str] = []
        for authority in self.authorities:
            lines.append(f"{authority.id}: {authority.state}")
            for endpoint in authority.endpoints:
                age = "never answered" if endpoint.age is None else f"answered {endpoint.age:.0f} s ago"
                failed = endpoint.last_outcome not in (None, "ok", "not_modified")
                last = f", last outcome {endpoint.last_outcome}" if failed else ""
                lines.append(f"  {endpoint.region or '-'} {endpoint.url}: {endpoint.state}, {age}{last}")
            lines.extend(f"  ! {problem}" for problem in authority.problems)
        return "\n".join(lines)
