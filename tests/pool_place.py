"""A pool, a validator for it, and who watches how its verifications end: what the tests of adapters begin with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from jwtmr import Clock, Event, SystemClock, TokenValidator
from jwtmr.events import TokenAccepted, TokenRefused
from jwtmr.http import httpx_get
from jwtmr.testing import RegionalIssuer, validator_for

HTTP_GET: Final = httpx_get()
"""One for all of them: reading the CA certificates takes longer than a validation."""


@dataclass(slots=True)
class Outcomes:
    """How verifications ended, in their order: ``"accepted"`` or the code of the refusal."""

    seen: list[str] = field(default_factory=list)

    def on_event(self, event: Event) -> None:
        """Take note."""
        if isinstance(event, TokenAccepted):
            self.seen.append("accepted")
        elif isinstance(event, TokenRefused):
            self.seen.append(event.code)


@dataclass(frozen=True)
class PoolPlace:
    """A pool and a validator for it."""

    issuer: RegionalIssuer
    validator: TokenValidator
    outcomes: Outcomes

    def token(self, *scopes: str, **claims: Any) -> str:  # noqa: ANN401 - as the issuer has them
        """A good one."""
        return self.issuer.access_token(scopes=scopes or ("openid",), **claims)

    def bearer(self, *scopes: str, **claims: Any) -> dict[str, str]:  # noqa: ANN401 - as the issuer has them
        """A good one where it belongs."""
        return {"authorization": f"Bearer {self.token(*scopes, **claims)}"}


P = TypeVar("P", bound=PoolPlace)


@contextmanager
def started_place(kind: type[P], clock: Clock | None = None, **settings: Any) -> Iterator[P]:  # noqa: ANN401 - as below
    """Start one; ``settings`` are those of ``validator_for``."""
    outcomes = Outcomes()
    options = {"issuer_type": "original", "observers": [outcomes], "http_get": HTTP_GET} | settings
    with RegionalIssuer(clock=clock or SystemClock()) as issuer, closing(validator_for(issuer, **options)) as validator:
        yield kind(issuer, validator, outcomes)
