"""Warm validation of typical Cognito tokens, every check of it, against the bare verification of the same token."""

from __future__ import annotations

from asyncio import Runner
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import Final

from bare import verification
from subject import Subject, each, each_async

from jwtmr import OidcProvider, TokenValidator
from jwtmr.testing import MISSING, OidcIssuer, RegionalIssuer, SigningKey, validator_for

LIMIT: Final = 1.55
GOAL: Final = 1.4
"""Times the bare verification that a full validation may cost, and should."""
ASYNC_LIMIT: Final = 1.0
"""Microseconds that awaiting may add."""
AUDIENCE: Final = "https://api.example.com"


@contextmanager
def subjects() -> Iterator[list[Subject]]:
    """Access and ID tokens of a pool, and the same kind of token under the other algorithms; sync and async."""
    with ExitStack() as stack:
        runner = stack.enter_context(Runner())
        pool = stack.enter_context(RegionalIssuer())
        pool.switch_to_updated()
        validator = stack.enter_context(closing(validator_for(pool)))
        access, identity = pool.access_token(groups=["admins"]), pool.id_token(groups=["admins"])
        made = [
            *_pair("RS256 access token", access, pool.access_key, validator, runner),
            *_pair("RS256 ID token", identity, pool.id_key, validator, runner),
        ]
        for alg in ("ES256", "EdDSA"):
            issuer = stack.enter_context(OidcIssuer(algorithms=[alg], issuer_url=pool.updated_issuer))
            validator = stack.enter_context(closing(TokenValidator(provider_of(issuer, alg))))
            made += _pair(f"{alg} access token", token_of(issuer), issuer.key(), validator, runner)
        validator = stack.enter_context(closing(validator_for(pool)))
        validator.validate(access)
        sync, waiting = each(validator.validate, access), each_async(runner, validator.validate_async, access)
        made.append(Subject("async", "validate_async over validate", "added", sync, waiting, ASYNC_LIMIT, rounds=60))
        yield made


def provider_of(issuer: OidcIssuer, alg: str) -> OidcProvider:
    """What trusts the tokens of :func:`token_of`."""
    return OidcProvider(
        issuer.url, audience=AUDIENCE, client_ids=[issuer.client_id], token_type="at+jwt", algorithms=[alg],
        groups_claim="cognito:groups", username_claim="username", jwks_uris=[issuer.jwks_uri],
    )  # fmt: skip


def token_of(issuer: OidcIssuer) -> str:
    """An access token with as many claims as one of Cognito's."""
    like_cognito = {
        "origin_jti": "6f2b8a57-1e8c-4c53-9a04-0d9a7f3e5b61",
        "event_id": "a3c1b7de-94f2-4d0e-8b57-2f6d0c9e1a48",
        "cognito:groups": ["admins"],
        "username": "alice",
        "preferred_username": MISSING,
        "token_use": "access",
        "auth_time": int(issuer.clock.wall()),
        "device_key": "us-east-1_a7c9b3d1-58e2-4f06-9b1d-3c8e7f2a6d40",
        "version": 2,
    }
    return issuer.access_token(audience=AUDIENCE, scopes=["orders/read", "orders/write"], claims=like_cognito)


def _pair(name: str, token: str, key: SigningKey, validator: TokenValidator, runner: Runner) -> list[Subject]:
    assert validator.validate(token).subject
    assert 900 <= len(token) <= 1200, "as long as Cognito's"
    verify = verification(token, key.alg, key.private_key.public_key())
    calls = {
        "validate": each(validator.validate, token),
        "validate_async": each_async(runner, validator.validate_async, token),
    }
    return [
        Subject(
            "validation", f"{name}, {call}", "ratio", each(verify), full, LIMIT, GOAL,
            verifies=key.alg == "RS256",
        )
        for call, full in calls.items()
    ]  # fmt: skip
