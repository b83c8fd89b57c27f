"""A provider that is discovered, and validators that know no more of it than its name."""

from __future__ import annotations

from contextlib import ExitStack, closing
from typing import Final, TypedDict, Unpack

from source_kit import PATIENCE, Recorder, no_threads_left

from jwtmr import KeyPolicy, OidcProvider, TokenValidator
from jwtmr.events import FetchFinished
from jwtmr.http import HttpGet
from jwtmr.reports import EndpointStatus
from jwtmr.testing import OidcIssuer, ProviderPart, SettableClock

DAY: Final = 24 * 3600
WELL_KNOWN: Final = "/.well-known/openid-configuration"


class Options(TypedDict, total=False):
    """What a validator may be told besides."""

    observers: list[Recorder]
    http_get: HttpGet


class House(OidcIssuer):
    """A provider with its document on one host and its keys on another. Closes the validators that it made."""

    def __init__(self, clock: SettableClock, path: str = "/pool") -> None:
        super().__init__(path, algorithms=["ES256"], clock=clock)
        self.settable: Final = clock
        self._made: Final = ExitStack()

    def close(self) -> None:
        """End it, and those who ask it."""
        self._made.close()
        super().close()

    def validator(self, issuer_url: str | None = None, **options: Unpack[Options]) -> TokenValidator:
        """One that knows the name, or another one, and discovers the rest."""
        provider = OidcProvider(
            issuer_url or self.url, audience="https://api.example.com", client_ids=[self.client_id],
            token_type="at+jwt", algorithms=["ES256"],
        )  # fmt: skip
        validator = TokenValidator(provider, clock=self.clock, key_policy=KeyPolicy(wait=PATIENCE), **options)
        return self._made.enter_context(closing(validator))

    def token(self, **claims: object) -> str:
        """A token that outlives every clock of these tests."""
        return self.access_token(claims=claims, expires_in=10 * DAY)

    def paths(self, part: ProviderPart | None = None) -> list[str]:
        """What was asked for."""
        return [request.path for request in self.requests(part)]

    def refresh(self, validator: TokenValidator, recorder: Recorder, seconds: float = 900) -> FetchFinished:
        """Let time pass, have whoever is due asked, and return how that ended."""
        before = len(recorder.of(FetchFinished))
        self.settable.advance(seconds)
        validator.status()
        last = recorder.await_(FetchFinished, before + 1)[-1]
        no_threads_left()
        return last


def status(validator: TokenValidator) -> EndpointStatus:
    """What an operator sees of the only endpoint."""
    return validator.status().authorities[0].endpoints[0]
