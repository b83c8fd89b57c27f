"""Mistakes that mypy and pyright must find. Never run.

Each ``type: ignore`` stands for one that both of them find: where either does not, its unused ``ignore`` is an error.
The code in brackets is mypy's; pyright heeds the comment whatever it says.
"""

# pyright: strict, reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from jwtmr import (
    UNCHECKED,
    AuthError,
    ClaimRules,
    CognitoUserPool,
    EndpointStatus,
    Event,
    HttpAnswer,
    Issuer,
    JwksEndpoint,
    KeyPolicy,
    KeysUnavailable,
    LegacyIssuer,
    OidcProvider,
    Principal,
    TokenValidator,
)
from jwtmr.events import TokenAccepted

POOL: Final = "us-east-1_Ab12Cd34"
HOUSE: Final = "https://login.example.com"
SOON: Final = datetime(2027, 1, 31, tzinfo=UTC)


def settings_that_have_no_default() -> None:
    """What any default would be wrong for is not forgotten."""
    CognitoUserPool(POOL, client_ids=["a"], token_use="access")  # type: ignore[call-arg]
    CognitoUserPool(POOL, issuer_type="original", token_use="access")  # type: ignore[call-arg]
    CognitoUserPool(POOL, issuer_type="original", client_ids=["a"])  # type: ignore[call-arg]
    CognitoUserPool(POOL, "original", client_ids=["a"], token_use="access")  # type: ignore[call-arg]


def settings_of_another_kind() -> None:
    """Words are spelled as they are, and one name is not several."""
    CognitoUserPool(POOL, issuer_type="ORIGINAL", client_ids=["a"], token_use="access")  # type: ignore[arg-type]
    CognitoUserPool(POOL, issuer_type="legacy", client_ids=["a"], token_use="access")  # type: ignore[arg-type]
    CognitoUserPool(POOL, issuer_type="original", client_ids="a", token_use="access")  # type: ignore[arg-type]
    CognitoUserPool(POOL, issuer_type="original", client_ids=None, token_use="access")  # type: ignore[arg-type]
    CognitoUserPool(POOL, issuer_type="original", client_ids=["a"], token_use="refresh")  # type: ignore[arg-type]
    CognitoUserPool(POOL, issuer_type="original", client_ids=["a"], token_use=None)  # type: ignore[arg-type]
    CognitoUserPool(POOL, issuer_type="original", client_ids=["a"], token_use=["id"])  # type: ignore[arg-type]
    CognitoUserPool(POOL, issuer_type="original", client_ids=[1], token_use="id")  # type: ignore[list-item]
    CognitoUserPool(POOL, issuer_type=UNCHECKED, client_ids=["a"], token_use="access")  # type: ignore[arg-type]
    CognitoUserPool(POOL, issuer_type="updated", client_ids=UNCHECKED, token_use="id", jwks_uris={"u"})  # type: ignore[arg-type]
    CognitoUserPool(POOL, issuer_type="updated", client_ids=UNCHECKED, token_use="id", replica_regions="u")  # type: ignore[arg-type]
    CognitoUserPool(
        POOL,
        issuer_type="updated",
        client_ids=UNCHECKED,
        token_use="access",
        accept_legacy_until="2027-01-31",  # type: ignore[arg-type]
    )
    Issuer("https://login.example.com", "old")  # type: ignore[arg-type]
    KeyPolicy(refresh="lazy")  # type: ignore[arg-type]
    KeyPolicy(1800.0)  # type: ignore[call-arg]


def providers_that_leave_something_open() -> None:
    """Audience, clients and type are said, by values or by the one word; None is not that word."""
    OidcProvider(HOUSE, client_ids=["a"], token_type="at+jwt")  # type: ignore[call-arg]
    OidcProvider(HOUSE, audience="api", token_type="at+jwt")  # type: ignore[call-arg]
    OidcProvider(HOUSE, audience="api", client_ids=["a"])  # type: ignore[call-arg]
    OidcProvider(HOUSE, "api", client_ids=["a"], token_type="at+jwt")  # type: ignore[call-arg]
    OidcProvider(HOUSE, audience=None, client_ids=["a"], token_type="at+jwt")  # type: ignore[arg-type]
    OidcProvider(HOUSE, audience="api", client_ids=None, token_type="at+jwt")  # type: ignore[arg-type]
    OidcProvider(HOUSE, audience="api", client_ids=["a"], token_type=None)  # type: ignore[arg-type]


def providers_of_another_kind(old: Issuer) -> None:
    """One name is not several, an order is no set, and a former name is not an issuer of one's own making."""
    said: Final = ["a"]
    OidcProvider(HOUSE, audience="api", client_ids="a", token_type="JWT")  # type: ignore[arg-type]
    OidcProvider(HOUSE, audience=[1], client_ids=said, token_type="JWT")  # type: ignore[list-item]
    OidcProvider(HOUSE, audience="api", client_ids=said, token_type=["JWT"])  # type: ignore[arg-type]
    OidcProvider(HOUSE, audience="api", client_ids=said, token_type="JWT", client_claim=None)  # type: ignore[arg-type]
    OidcProvider(HOUSE, audience="api", client_ids=said, token_type="JWT", scope_claim=["scp"])  # type: ignore[arg-type]
    OidcProvider(HOUSE, audience="api", client_ids=said, token_type="JWT", algorithms="RS256")  # type: ignore[arg-type]
    OidcProvider(HOUSE, audience="api", client_ids=said, token_type="JWT", jwks_uris="u")  # type: ignore[arg-type]
    OidcProvider(HOUSE, audience="api", client_ids=said, token_type="JWT", jwks_uris={"u"})  # type: ignore[arg-type]
    OidcProvider(HOUSE, audience="api", client_ids=said, token_type="JWT", required_claims="r")  # type: ignore[arg-type]
    OidcProvider(HOUSE, audience="api", client_ids=said, token_type="JWT", legacy_issuers=[old])  # type: ignore[list-item]
    OidcProvider(HOUSE, audience="api", client_ids=said, token_type="JWT", legacy_issuers=[HOUSE])  # type: ignore[list-item]
    OidcProvider(HOUSE, audience="api", client_ids=said, token_type="JWT", accept_until="2027")  # type: ignore[arg-type]
    OidcProvider(HOUSE, audience="api", client_ids=said, token_type="JWT", issued_before=SOON)  # type: ignore[call-arg]
    LegacyIssuer(HOUSE)  # type: ignore[call-arg]
    LegacyIssuer(HOUSE, accept_until=None)  # type: ignore[arg-type]
    LegacyIssuer(HOUSE, accept_until=SOON, issued_before="2027")  # type: ignore[arg-type]
    JwksEndpoint.discovered()  # type: ignore[call-arg]
    ClaimRules(token_use=None, clients={"a"}, client_claim="azp", audience=None)  # type: ignore[arg-type]


def what_was_configured_stays(former: LegacyIssuer, provider: OidcProvider, status: EndpointStatus) -> str:
    """A window is not widened afterwards, and where the keys are may not be known."""
    former.accept_until = SOON  # type: ignore[misc]
    provider.algorithms = ("HS256",)  # type: ignore[misc]
    status.reasons.append("none")  # type: ignore[attr-defined]
    return status.jwks_uri  # type: ignore[return-value]


class DeafObserver:
    """An observer without the method."""


class WrongClock:
    """A clock that lacks one of its three."""

    def wall(self) -> float:
        """Unix seconds."""
        return 0.0

    def monotonic(self) -> float:
        """Seconds."""
        return 0.0


def unlimited(url: str, *, headers: Mapping[str, str], timeout: float) -> HttpAnswer:
    """It could not obey ``max_bytes``."""
    return HttpAnswer(200, dict(headers), f"{url} {timeout}".encode())


async def waited_for(url: str, *, headers: Mapping[str, str], timeout: float, max_bytes: int) -> HttpAnswer:  # noqa: ASYNC109
    """A fetch is no coroutine."""
    return HttpAnswer(200, dict(headers), f"{url} {timeout} {max_bytes}".encode())


def seams_that_do_not_fit(pool: CognitoUserPool) -> None:
    """What is plugged in has the shape that is asked for."""
    TokenValidator([pool])  # type: ignore[arg-type]
    TokenValidator(pool, observers=[DeafObserver()])  # type: ignore[list-item]
    TokenValidator(pool, clock=WrongClock())  # type: ignore[arg-type]
    TokenValidator(pool, http_get=unlimited)  # type: ignore[arg-type]
    TokenValidator(pool, http_get=waited_for)  # type: ignore[arg-type]
    TokenValidator(pool, leeway=None)  # type: ignore[arg-type]


def calls_that_ask_for_nothing(validator: TokenValidator, principal: Principal) -> None:
    """A bare string would be letters, and a header is no token."""
    validator.validate(b"token")  # type: ignore[arg-type]
    validator.validate("token", ["orders/read"])  # type: ignore[call-arg]
    validator.validate("token", scopes="orders/read")  # type: ignore[arg-type]
    validator.validate("token", any_group="admins")  # type: ignore[arg-type]
    validator.validate("token", token_use="machine")  # type: ignore[arg-type]
    validator.warm_up(require=True)  # type: ignore[arg-type]
    principal.require(["orders/read"])  # type: ignore[call-arg]
    principal.require(scopes="orders/read")  # type: ignore[arg-type]


def principals_are_read_only(principal: Principal) -> None:
    """What a token says is not corrected by the program."""
    principal.subject = "alice"  # type: ignore[misc]
    principal.groups = frozenset({"admins"})  # type: ignore[misc]
    principal.groups.add("admins")  # type: ignore[attr-defined]
    assert principal.role  # type: ignore[attr-defined]


async def forgotten_await(validator: TokenValidator) -> Principal:
    """A coroutine is no principal."""
    return validator.validate_async("token")  # type: ignore[return-value]


def optional_values(principal: Principal, error: KeysUnavailable) -> int:
    """What may be absent is asked for first."""
    name: str = principal.username  # type: ignore[assignment]
    seconds: int = error.retry_after  # type: ignore[assignment]
    return len(name) + seconds


def errors_and_events(error: AuthError, event: Event) -> str:
    """Fields are not set afterwards, and not every event has every field."""
    error.detail = "other"  # type: ignore[misc]
    if isinstance(event, TokenAccepted):
        event.stale_key = False  # type: ignore[misc]
    return event.region  # type: ignore[union-attr, return-value]
