"""A validator that asks a test issuer for its keys and goes by its clock."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TypedDict, Unpack, cast

from jwtmr.cache import TokenCache
from jwtmr.cognito import CognitoUserPool, IssuerType
from jwtmr.events import Observer
from jwtmr.http import HttpGet
from jwtmr.settings import KeyPolicy, Names, TokenUse, Unchecked
from jwtmr.testing.issuer import RegionalIssuer
from jwtmr.validator import TokenValidator


class PoolOptions(TypedDict, total=False):
    """The keywords of ``CognitoUserPool`` that :func:`validator_for` passes on."""

    client_ids: Names | Unchecked
    audience: str | Names | Unchecked | None
    replica_regions: Names
    legacy_issued_before: datetime | None
    accept_replica_issuers: bool
    issuer_url: str | None
    legacy_issuer_urls: Names | None
    jwks_uris: list[str] | tuple[str, ...]
    stable_issuer: str | None
    dns_suffix: str


class ValidatorOptions(TypedDict, total=False):
    """The keywords of ``TokenValidator`` that :func:`validator_for` passes on."""

    leeway: float
    max_token_bytes: int
    key_policy: KeyPolicy
    token_cache: TokenCache | None
    observers: Iterable[Observer]
    drain: bool
    removal_dry_run: bool
    http_get: HttpGet | None


class Options(PoolOptions, ValidatorOptions, total=False):
    """What :func:`validator_for` passes on."""


def validator_for(
    issuer: RegionalIssuer,
    *,
    issuer_type: IssuerType = "updated",
    token_use: TokenUse | tuple[TokenUse, ...] | Unchecked = ("access", "id"),
    accept_legacy_until: datetime | None = None,
    **options: Unpack[Options],
) -> TokenValidator:
    """Make a ``TokenValidator`` for a started issuer; whoever makes it closes it.

    The pool's id, client, replica regions and endpoints and the clock are the issuer's. Further keywords are those of
    ``CognitoUserPool`` and ``TokenValidator``, and go before the issuer's values.
    """
    chosen: PoolOptions = {
        "client_ids": [issuer.client_id],
        "replica_regions": issuer.replica_regions,
        "jwks_uris": issuer.jwks_uris_for(issuer_type),
    }
    given = {name: value for name, value in options.items() if name in PoolOptions.__optional_keys__}
    pool = CognitoUserPool(
        issuer.user_pool_id,
        issuer_type=issuer_type,
        token_use=token_use,
        accept_legacy_until=accept_legacy_until,
        **cast(PoolOptions, {**chosen, **given}),
    )
    rest = {name: value for name, value in options.items() if name not in given}
    return TokenValidator(pool, clock=issuer.clock, **cast(ValidatorOptions, rest))
