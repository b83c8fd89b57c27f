"""Principals without a token, for tests of what comes after authentication."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Final

from jwtmr.cognito import CognitoUserPool
from jwtmr.errors import ConfigurationError
from jwtmr.principal import Principal, VerifiedFacts
from jwtmr.settings import TOKEN_USES, UNCHECKED, IssuerKind, TokenUse, one_of
from jwtmr.testing.claims import (
    SUBJECT,
    USERNAME,
    access_claims,
    changed,
    id_claims,
    lifetime,
    machine_claims,
    signed_in,
)
from jwtmr.testing.pool import UserPool

_POOL: Final = UserPool(["us-east-1"], user_pool_id="us-east-1_Ab12Cd34E", client_id="1example23456789")


def make_principal(
    *,
    subject: str = SUBJECT,
    username: str | None = USERNAME,
    client_id: str = _POOL.client_id,
    scopes: list[str] | tuple[str, ...] = (),
    groups: list[str] | tuple[str, ...] = (),
    token_use: TokenUse = "access",
    issuer: str = _POOL.original_issuer,
    issuer_kind: IssuerKind = "current",
    claims: Mapping[str, object] | None = None,
) -> Principal:
    """Make the :class:`jwtmr.Principal` of a Cognito token that is valid for an hour. Nothing is verified.

    ``username=None`` makes a machine, whose subject is its ``client_id``. ``issuer`` is the stable issuer; the token
    names the pool's updated issuer, or with ``issuer_kind="legacy"`` its original one. ``claims`` are laid over the
    token's, and ``MISSING`` leaves one out.
    """
    one_of("token_use", token_use, TOKEN_USES)
    one_of("issuer_kind", issuer_kind, ("current", "legacy"))
    if token_use == "id" and (scopes or username is None):
        raise ConfigurationError("token_use", 'must be "access" where there are scopes, or no user')
    if groups and username is None:
        raise ConfigurationError("groups", "must be empty where there is no user")
    pool = CognitoUserPool(
        _POOL.user_pool_id, issuer_type="updated", client_ids=UNCHECKED, token_use=UNCHECKED, stable_issuer=issuer
    )
    named = next(known for known in pool.issuers if known.kind == issuer_kind)
    by = {"issuer": named.url, "client_id": client_id}
    if username is None:
        usual = machine_claims(**by, scopes=scopes)
    elif token_use == "id":
        usual = id_claims(**by, subject=subject, username=username, groups=groups)
    else:
        usual = access_claims(**by, subject=subject, username=username, groups=groups, scopes=scopes)
    payload = changed(usual | signed_in(lifetime(time.time(), 3600)), claims)
    facts = VerifiedFacts(pool, named, pool.claim_rules[token_use], payload, json.dumps(payload).encode())
    return Principal(facts)
