"""The world of the tokens under fuzz: a pool and a provider in one validator, at one moment.

Time stands still once the keys are known and the walks for unknown ones are used up. From then on nothing is fetched,
and what an input leads to does not depend on those before it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Final

from fuzz_keys import POOL_KEYS, PROVIDER_KEYS, Signer, base64url
from validation_oracle import World

from jwtmr import CognitoUserPool, OidcProvider, TokenCache, TokenValidator
from jwtmr.errors import UnknownKey
from jwtmr.http import HttpAnswer

NOW: Final = 1_800_000_000
LEEWAY: Final = 30
CLIENTS: Final = ("web", "mobile")
POOL: Final = "us-east-1_Ab12Cd34"
CURRENT: Final = f"https://issuer-cognito-idp.us-east-1.amazonaws.com/{POOL}"
LEGACY: Final = f"https://cognito-idp.us-east-1.amazonaws.com/{POOL}"
WINDOW: Final = NOW + 3600
CUT_OVER: Final = NOW - 100
PROVIDER: Final = "https://login.example/"
AUDIENCE: Final = "https://api.example"

WORLD: Final = World(
    now=NOW,
    leeway=LEEWAY,
    clients=frozenset(CLIENTS),
    current=CURRENT,
    legacy=LEGACY,
    accept_until=WINDOW,
    issued_before=CUT_OVER,
    keys={key.kid: key.private.public_key() for key in POOL_KEYS},
)
"""What the oracle knows of the pool."""


class StandingClock:
    """The wall clock stands still, the others do so when they are told: nothing can be waited for without them."""

    def __init__(self) -> None:
        self._stopped: float | None = None

    def wall(self) -> float:
        """The one moment."""
        return NOW

    def monotonic(self) -> float:
        """Goes on until it is stopped."""
        return time.monotonic() if self._stopped is None else self._stopped

    boottime = monotonic

    def stop(self) -> None:
        """Let no more time pass."""
        self._stopped = time.monotonic()


def http_get(url: str, *, headers: Mapping[str, str], timeout: float, max_bytes: int) -> HttpAnswer:
    """The key sets of both, which never change."""
    keys = PROVIDER_KEYS if url.startswith(PROVIDER) else POOL_KEYS
    return HttpAnswer(200, {}, json.dumps({"keys": [key.jwk for key in keys]}).encode())


@cache
def validator() -> TokenValidator:
    """The one validator, which knows all keys and will ask nobody for more."""
    return _validator()


@cache
def remembering() -> TokenValidator:
    """Its twin, which remembers the tokens that it has verified."""
    return _validator(TokenCache(max_entries=100))


def _validator(tokens: TokenCache | None = None) -> TokenValidator:
    clock = StandingClock()
    pool = CognitoUserPool(
        POOL, issuer_type="updated", client_ids=CLIENTS, token_use=("access", "id"),
        accept_legacy_until=_moment(WINDOW), legacy_issued_before=_moment(CUT_OVER),
    )  # fmt: skip
    provider = OidcProvider(
        PROVIDER, audience=AUDIENCE, client_ids=CLIENTS, token_type="JWT", client_claim="azp", scope_claim="scp",
        groups_claim="roles", algorithms=("EdDSA", "ES256", "PS256"), required_claims=("tenant",),
        jwks_uris=[PROVIDER + "keys"],
    )  # fmt: skip
    made = TokenValidator(pool, provider, leeway=LEEWAY, http_get=http_get, clock=clock, token_cache=tokens)
    made.warm_up("all")
    for key, claims in ((POOL_KEYS[0], POOL_CLAIMS), (PROVIDER_KEYS[0], PROVIDER_CLAIMS)):
        _use_up_the_walks(made, key, claims)
    clock.stop()
    return made


def _use_up_the_walks(made: TokenValidator, key: Signer, claims: Mapping[str, object]) -> None:
    for number in range(3):
        try:
            made.validate(signed(key, {"alg": key.alg, "kid": f"nobody's {number}", "typ": "JWT"}, claims))
        except UnknownKey:
            continue
        raise AssertionError("an unknown key was none")


def signed(key: Signer, header: Mapping[str, object], claims: Mapping[str, object]) -> str:
    """A token."""
    unsigned = f"{base64url(as_json(header))}.{base64url(as_json(claims))}"
    return f"{unsigned}.{base64url(key.sign(unsigned.encode()))}"


def as_json(value: object) -> bytes:
    """``value`` without blanks."""
    return json.dumps(value, separators=(",", ":")).encode()


def _moment(unix: float) -> datetime:
    return datetime.fromtimestamp(unix, UTC)


POOL_HEADER: Final = {"kid": "pool-1", "alg": "RS256"}
POOL_CLAIMS: Final = {
    "iss": CURRENT, "sub": "alice", "token_use": "access", "client_id": "web", "scope": "a b", "username": "alice",
    "cognito:groups": ["g"], "jti": "1", "iat": NOW - 200, "exp": NOW + 3600,
}  # fmt: skip
ID_CLAIMS: Final = {
    "iss": CURRENT, "sub": "alice", "token_use": "id", "aud": "mobile", "cognito:username": "alice", "iat": NOW,
    "exp": NOW + 3600,
}  # fmt: skip
PROVIDER_HEADER: Final = {"kid": "ed", "alg": "EdDSA", "typ": "JWT"}
PROVIDER_CLAIMS: Final = {
    "iss": PROVIDER, "sub": "bob", "aud": [AUDIENCE, "https://other.example"], "azp": "web", "scp": ["a", "b"],
    "roles": ["g"], "preferred_username": "bob", "tenant": 7, "iat": NOW, "nbf": NOW, "exp": NOW + 3600.5,
}  # fmt: skip
