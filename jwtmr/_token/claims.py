"""Steps 3 and 4: the window of a legacy issuer, and what the claims say, as far as no key is needed for it.

RFC 7519 section 4.1, RFC 9068 section 4. ``isinstance`` would be wrong here: ``True`` is an ``int``. Every function
raises an ``AuthError`` that names the claim and never its value.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

from jwtmr.errors import (
    BoundToken,
    Expired,
    InvalidClaim,
    IssuedAfterCutover,
    LegacyIssuerRetired,
    NotYetValid,
    WrongAudience,
    WrongClient,
    WrongTokenUse,
)
from jwtmr.issuers import ClaimRules, Issuer
from jwtmr.settings import UNCHECKED

MAX_TIME: Final = 253402300799
"""Unix seconds of 9999-12-31T23:59:59Z, the last moment that a ``datetime`` can hold."""


def moment(payload: Mapping[str, Any], name: str) -> float:
    """The NumericDate ``name`` (RFC 7519 section 2) in Unix seconds. Whether it is there, the caller has seen."""
    value = payload[name]
    if (type(value) is int or type(value) is float) and 0 <= value <= MAX_TIME:  # which no NaN is
        return value
    raise InvalidClaim(f"claim {name!r} is not a time")


def check_window(issuer: Issuer, payload: Mapping[str, Any], now: float) -> None:
    """A legacy issuer is accepted until a date, for tokens minted before another. Leeway extends neither."""
    if now >= issuer.accept_until_unix:
        raise LegacyIssuerRetired("the legacy issuer is not accepted any more")
    before = issuer.issued_before_unix
    if before is not None and ("iat" not in payload or moment(payload, "iat") >= before):
        raise IssuedAfterCutover("iat is missing or not before the cut-over")


def check_subject_and_time(payload: Mapping[str, Any], now: float, leeway: float) -> None:
    """``sub`` is a non-empty string, ``exp`` lies ahead, ``nbf`` and ``iat`` do not."""
    subject = payload.get("sub")
    if type(subject) is not str or not subject:
        raise InvalidClaim("claim 'sub' is not a non-empty string")
    if "exp" not in payload:
        raise InvalidClaim("claim 'exp' is missing")
    if now >= moment(payload, "exp") + leeway:
        raise Expired("exp has passed")
    latest = now + leeway
    if "nbf" in payload and moment(payload, "nbf") > latest:
        raise NotYetValid("nbf lies in the future")
    if "iat" in payload and moment(payload, "iat") > latest:
        raise NotYetValid("iat lies in the future")


def rules_for(payload: Mapping[str, Any], rules: Mapping[Any, ClaimRules]) -> ClaimRules:
    """The rules for the token's own ``token_use``; where rules stand under None there is no such claim to look at."""
    if None in rules:
        return rules[None]
    use = payload.get("token_use")
    if type(use) is not str:
        raise InvalidClaim("claim 'token_use' is not a string")
    if use not in rules:
        raise WrongTokenUse("token_use is not among the expected ones")
    return rules[use]


def check_claims(payload: Mapping[str, Any], rules: ClaimRules) -> None:
    """Types of all that a ``Principal`` exposes; client, audience, required claims; and that it is bound to no key."""
    for name in rules.text_claims:
        if type(payload.get(name, "")) is not str:
            raise InvalidClaim(f"claim {name!r} is not a string")
    scopes = rules.scope_claim
    if rules.scope_lists and scopes is not None and not _is_text_or_list(payload, scopes):
        raise InvalidClaim(f"claim {scopes!r} is neither a string nor a list of strings")
    groups = rules.groups_claim
    if groups is not None and groups in payload and not _is_list_of_strings(payload[groups]):
        raise InvalidClaim(f"claim {groups!r} is not a list of strings")
    if rules.clients is not UNCHECKED and payload.get(rules.client_claim) not in rules.clients:
        raise WrongClient(f"{rules.client_claim} is not among the configured clients")
    if rules.audience is not UNCHECKED:
        _check_audience(payload, rules.audience)
    for name in rules.required_claims:
        if payload.get(name) is None:
            raise InvalidClaim(f"claim {name!r} is missing")
    if "cnf" in payload:  # RFC 7800: whoever presents it must prove a key, and nobody asks for that here
        raise BoundToken("claim 'cnf'")


def check_no_id_token(payload: Mapping[str, Any], rules: ClaimRules) -> None:
    """Tell an ID token by what it says, where its ``typ`` would do for an access token.

    Its ``aud`` holds its own client (OpenID Connect Core 1.0 section 2), which an access token for an API does not; and
    the hashes of sections 3.1.3.6 and 3.3.2.11 are in no other token.
    """
    if "at_hash" in payload or "c_hash" in payload:
        raise WrongTokenUse("an ID token: it holds a hash")
    clients = [payload[name] for name in (rules.client_claim, "azp") if name in payload]
    if not set(_audiences(payload)).isdisjoint(client for client in clients if type(client) is str):
        raise WrongTokenUse("an ID token: its audience is its client")


def _check_audience(payload: Mapping[str, Any], audience: frozenset[str] | None) -> None:
    if audience is None:
        if "aud" in payload:
            raise WrongAudience("aud names an audience, and none is configured")
        return
    if "aud" not in payload:
        raise WrongAudience("aud is missing")
    if audience.isdisjoint(_audiences(payload)):
        raise WrongAudience("aud names none of the configured audiences")


def _audiences(payload: Mapping[str, Any]) -> list[str]:
    """All that ``aud`` names (RFC 7519 section 4.1.3)."""
    if not _is_text_or_list(payload, "aud"):
        raise InvalidClaim("claim 'aud' is neither a string nor a list of strings")
    named: Any = payload.get("aud", [])
    return [named] if type(named) is str else named


def _is_text_or_list(payload: Mapping[str, Any], name: str) -> bool:
    """Whether the claim is a string, a list of strings, or absent."""
    value = payload.get(name, "")
    return type(value) is str or _is_list_of_strings(value)


def _is_list_of_strings(value: object) -> bool:
    if type(value) is not list:
        return False
    for item in cast("list[object]", value):  # noqa: SIM110  # a loop: all() would build a generator for every token
        if type(item) is not str:
            return False
    return True
