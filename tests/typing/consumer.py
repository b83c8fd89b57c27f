"""A user of the public API, as mypy and pyright must accept it in their strictest mode. Never run."""

# pyright: strict, reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, assert_never, assert_type

import jwtmr
from jwtmr import (
    CODES,
    UNCHECKED,
    AuthError,
    Authority,
    AuthorityStatus,
    ClaimRules,
    Clock,
    CognitoUserPool,
    ConfigurationError,
    EndpointStatus,
    Event,
    HttpAnswer,
    HttpGet,
    Issuer,
    IssuerKind,
    IssuerStatus,
    JwksEndpoint,
    KeyPolicy,
    KeysUnavailable,
    LegacyIssuer,
    Names,
    Observer,
    OidcProvider,
    Principal,
    SystemClock,
    TokenUse,
    TokenValidator,
    Unchecked,
    ValidatorClosed,
    ValidatorStatus,
)
from jwtmr.errors import Expired, InsufficientScope
from jwtmr.events import (
    EndpointChanged,
    FetchFinished,
    KeysChanged,
    KeysDiverged,
    KeysServedStale,
    LegacyWindowEnding,
    RefreshSuppressed,
    TokenAccepted,
    TokenRefused,
)
from jwtmr.http import httpx_get

POOL: Final = "us-east-1_Ab12Cd34"
SOON: Final = datetime(2027, 1, 31, tzinfo=UTC)


# -- pools ----------------------------------------------------------------------------------------------------------


def pools(clients: Names, named: str | None) -> list[Authority]:
    """Every form that a setting may have."""
    original = CognitoUserPool(POOL, issuer_type="original", client_ids=clients, token_use="access")
    updated = CognitoUserPool(
        POOL,
        issuer_type="updated",
        client_ids=("1example23456789",),
        token_use=("access", "id"),
        audience="https://api.example.com",
        replica_regions=["us-west-2"],
        accept_legacy_until=SOON,
        legacy_issued_before=SOON - timedelta(days=1),
        accept_replica_issuers=True,
    )
    overridden = CognitoUserPool(
        POOL,
        issuer_type="updated",
        client_ids={"1example23456789"},
        token_use="id",
        replica_regions=frozenset({"us-west-2"}),
        issuer_url=named,
        legacy_issuer_urls=["https://login.example.com/old"],
        jwks_uris=("https://login.example.com/keys",),
        stable_issuer="https://login.example.com",
        dns_suffix="amazonaws.eu",
    )
    unchecked = CognitoUserPool(
        POOL, issuer_type="original", client_ids=UNCHECKED, token_use=UNCHECKED, audience=UNCHECKED
    )
    several = CognitoUserPool(
        POOL, issuer_type="original", client_ids=["a"], token_use=("access",), audience={"orders", "bills"},
        legacy_issuer_urls=None, jwks_uris=None, accept_legacy_until=None,
    )  # fmt: skip
    assert_type(updated.stable_issuer, str)
    assert_type(updated.current_issuer, str)
    assert_type(updated.issuers, tuple[Issuer, ...])
    assert_type(updated.endpoints, tuple[JwksEndpoint, ...])
    return [original, updated, overridden, unchecked, several]


def chosen_at_run_time(issuer_type: Literal["original", "updated"], use: TokenUse, clients: Names | Unchecked) -> None:
    """Settings that come from elsewhere keep their types."""
    CognitoUserPool(POOL, issuer_type=issuer_type, client_ids=clients, token_use=use)
    uses: tuple[TokenUse, ...] = ("access", "id")
    CognitoUserPool(POOL, issuer_type=issuer_type, client_ids=clients, token_use=uses)


def providers(audience: str | Names | Unchecked, clients: Names | Unchecked) -> list[Authority]:
    """Every form that a setting of a generic provider may have."""
    least = OidcProvider("https://login.example.com/", audience=audience, client_ids=clients, token_type="at+jwt")
    former = LegacyIssuer("https://old.example.com", accept_until=SOON, issued_before=SOON - timedelta(days=1))
    assert_type(former.url, str)
    assert_type(former.accept_until, datetime)
    assert_type(former.issued_before, datetime | None)
    full = OidcProvider(
        "https://login.example.com",
        audience=["orders", "bills"],
        client_ids=frozenset({"web"}),
        token_type="JWT",
        client_claim="azp",
        scope_claim="scp",
        groups_claim=None,
        username_claim=None,
        jwks_uris=("https://login.example.com/keys",),
        algorithms=["RS256", "EdDSA"],
        legacy_issuers=[former, LegacyIssuer("https://older.example.com", SOON)],
        stable_issuer="https://login.example.com",
        required_claims={"tenant"},
    )
    old = OidcProvider(
        "https://old.example.com", audience=UNCHECKED, client_ids=UNCHECKED, token_type=UNCHECKED, legacy_issuers=(),
        jwks_uris=None, accept_until=SOON, stable_issuer=full.current_issuer, scope_claim=None,
    )  # fmt: skip
    assert_type(full.token_type, str | Unchecked)
    assert_type(full.claim_rules, Mapping[TokenUse | None, ClaimRules])
    assert_type(old.accepts(0.0), bool)
    return [least, full, old]


def built_by_hand() -> Authority:
    """An authority of one's own."""
    rules = ClaimRules(
        token_use="access", clients=UNCHECKED, client_claim="azp", audience=frozenset({"orders"}),
        scope_claim="scp", scope_lists=True, required_claims=("tenant",),
    )  # fmt: skip
    assert_type(rules.required_claims, tuple[str, ...])
    issuer = Issuer("https://login.example.com")
    assert_type(issuer.kind, IssuerKind)
    assert_type(issuer.region, str | None)
    assert_type(JwksEndpoint.discovered("https://login.example.com"), JwksEndpoint)
    assert_type(JwksEndpoint.discovered("https://login.example.com").discovers, str | None)
    return Authority(
        id="login",
        issuers=(issuer, Issuer("https://old.example.com", "legacy", accept_until=SOON)),
        endpoints=(
            JwksEndpoint("https://login.example.com/keys", "eu-west-1"),
            JwksEndpoint.discovered("https://login.example.com", "eu-west-2"),
        ),
        algorithms=("RS256", "ES256"),
        token_type="at+jwt",
        claim_rules={None: rules},
        stable_issuer="https://login.example.com",
    )


# -- seams ----------------------------------------------------------------------------------------------------------


class StandingClock:
    """A clock is whatever has the three methods."""

    def wall(self) -> float:
        """Unix seconds."""
        return 0.0

    def monotonic(self) -> float:
        """Seconds."""
        return 0.0

    def boottime(self) -> float:
        """Seconds."""
        return 0.0


class Recorder:
    """An observer is whatever has the one method."""

    def on_event(self, event: Event, /) -> None:
        """Log it."""
        logging.getLogger("example").info("%s", words_for(event))


class NamedRecorder:
    """The name of its parameter is its own affair."""

    def on_event(self, what_happened: Event) -> None:
        """Look at it."""
        words_for(what_happened)


class FileGet:
    """An object with ``__call__`` fetches as well as a function does."""

    def __call__(self, url: str, *, headers: Mapping[str, str], timeout: float, max_bytes: int) -> HttpAnswer:
        """Fetch an echo."""
        return HttpAnswer(200, dict(headers), f"{url} {timeout} {max_bytes}".encode())


def fetch(url: str, *, headers: Mapping[str, str], timeout: float, max_bytes: int) -> HttpAnswer:
    """Fetch an echo."""
    answer = HttpAnswer(200, dict(headers), f"{url} {timeout} {max_bytes}".encode())
    assert_type(answer.status, int)
    assert_type(answer.body, bytes)
    return answer


def words_for(event: Event) -> str:
    """The list of events is closed: nothing is left after these nine."""
    match event:
        case TokenAccepted(authority=authority, issuer_kind=kind, region=region, token_use=use, stale_key=stale):
            assert_type(kind, IssuerKind)
            assert_type(use, TokenUse | None)
            assert_type(stale, bool)
            words = f"{authority} {kind} {region} {use} {event.expires_at:.0f}"
        case TokenRefused(code, authority):
            assert_type(authority, str | None)
            words = code
        case FetchFinished(duration=duration, outcome="timeout" | "network"):
            words = f"{event.endpoint} silent for {duration:.1f} s ({event.trigger})"
        case FetchFinished():
            words = event.outcome
        case KeysChanged(added=added, removed=removed, refused=refused):
            assert_type(refused, tuple[str, ...])
            words = f"+{added} -{removed}"
        case KeysDiverged(reason=reason, kids=kids):
            assert_type(reason, Literal["dropped", "conflict"])
            words = f"{reason}: {len(kids)}"
        case KeysServedStale(seconds_left=left):
            words = f"{left:.0f} s left"
        case EndpointChanged(before=before, after=after):
            assert_type(before, Literal["cold", "ok", "degraded", "down", "not_enabled"])
            words = f"{before} -> {after}"
        case RefreshSuppressed(reason=reason):
            assert_type(reason, Literal["bucket", "backoff"])
            words = reason
        case LegacyWindowEnding(issuer=issuer, seconds_left=left):
            words = f"{issuer} ends in {left:.0f} s"
        case _:
            assert_never(event)
    return words


# -- the validator --------------------------------------------------------------------------------------------------


def make(authorities: list[Authority], clock: Clock, get: HttpGet | None, observer: Observer) -> TokenValidator:
    """All settings, and none."""
    TokenValidator(*authorities)
    policy = KeyPolicy(max_stale=0, wait=1, refresh="inline")
    assert_type(policy.refresh, Literal["background", "inline"])
    return TokenValidator(
        CognitoUserPool(POOL, issuer_type="original", client_ids=["a"], token_use="access"),
        *authorities,
        leeway=5.5,
        max_token_bytes=8192,
        key_policy=policy,
        observers=[observer, Recorder(), NamedRecorder()],
        http_get=get,
        clock=clock,
    )


def made() -> list[TokenValidator]:
    """Seams of one's own."""
    authorities = pools(["a"], None)
    return [
        make(authorities, SystemClock(), None, Recorder()),
        make(authorities, StandingClock(), fetch, NamedRecorder()),
        make(authorities, StandingClock(), FileGet(), Recorder()),
        make(authorities, SystemClock(), httpx_get(proxy="http://127.0.0.1:3128", trust_env=True), Recorder()),
    ]


def use(validator: TokenValidator, token: str) -> Principal:
    """Validation and what it returns."""
    validator.validate(token)
    principal = validator.validate(token, scopes=("orders/read",), any_group={"admins"}, token_use="access")
    assert_type(principal, Principal)
    assert_type(principal.subject, str)
    assert_type(principal.issuer, str)
    assert_type(principal.token_issuer, str)
    assert_type(principal.client_id, str | None)
    assert_type(principal.username, str | None)
    assert_type(principal.token_id, str | None)
    assert_type(principal.issuer_region, str | None)
    assert_type(principal.token_use, TokenUse | None)
    assert_type(principal.issuer_kind, IssuerKind)
    assert_type(principal.scopes, frozenset[str])
    assert_type(principal.groups, frozenset[str])
    assert_type(principal.expires_at, datetime)
    assert_type(principal.issued_at, datetime | None)
    assert_type(principal.claims, dict[str, Any])
    principal.require()
    principal.require(scopes=["orders/read"], any_group=("admins",), token_use="id")
    principal.require(scopes=frozenset({"orders/read"}), any_group=None, token_use=None)
    return principal


async def use_async(validator: TokenValidator, token: str, scopes: Names) -> Principal:
    """The same in asyncio."""
    principal = await validator.validate_async(token, scopes=scopes, any_group=["admins"], token_use="access")
    assert_type(principal, Principal)
    assert_type(await validator.warm_up_async(require="any"), ValidatorStatus)
    return principal


def answer(validator: TokenValidator, token: str) -> tuple[int, str, str]:
    """Refusals have fields, and text is for humans."""
    try:
        validator.validate(token)
    except KeysUnavailable as error:
        assert_type(error.retry_after, int | None)
        return error.status, error.code, f"again in {error.retry_after or 1} s"
    except InsufficientScope as error:
        assert_type(error.required_scopes, frozenset[str])
        return error.status, error.code, " ".join(sorted(error.required_scopes))
    except Expired:
        return 401, Expired.code, Expired.message
    except AuthError as error:
        assert_type(error.detail, str)
        return error.status, error.code, error.message
    except ValidatorClosed as error:
        return 500, "closed", str(error)
    assert_type(CODES["expired"], type[AuthError])
    return 200, "", ""


def misconfigured() -> str:
    """A bad setting names its parameter."""
    try:
        KeyPolicy(wait=0)
    except ConfigurationError as error:
        assert_type(error.parameter, str)
        return error.parameter
    return jwtmr.__version__


def operate(validator: TokenValidator) -> list[str]:
    """What operators ask."""
    assert_type(validator.warm_up(), ValidatorStatus)
    status = validator.warm_up(require="all")
    assert_type(validator.status(), ValidatorStatus)
    assert_type(status.ready, bool)
    lines = [str(status)]
    for authority in status.authorities:
        assert_type(authority, AuthorityStatus)
        assert_type(authority.state, Literal["cold", "ok", "degraded", "down"])
        assert_type(authority.seconds_left, float | None)
        assert_type(authority.refuses_everything, bool)
        lines.extend(authority.problems)
        for endpoint in authority.endpoints:
            assert_type(endpoint, EndpointStatus)
            assert_type(endpoint.age, float | None)
            assert_type(endpoint.jwks_uri, str | None)
            assert_type(endpoint.reasons, tuple[str, ...])
            lines.extend(f"{endpoint.jwks_uri or endpoint.url}: {reason}" for reason in endpoint.reasons)
            lines.append(f"{endpoint.url} {endpoint.state} {endpoint.last_outcome or '-'} {endpoint.failures}")
        for issuer in authority.issuers:
            assert_type(issuer, IssuerStatus)
            assert_type(issuer.accept_until, datetime | None)
    validator.close()
    return lines
