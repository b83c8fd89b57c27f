"""What a world is furnished with: an authority, dice that are not loaded by chance, requests that wait."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from jwtmr._keys.jwk import Key
from jwtmr._keys.pace import Uniform
from jwtmr.issuers import Authority, ClaimRules, Issuer, JwksEndpoint
from jwtmr.settings import UNCHECKED, Instant

Outcome: TypeAlias = Literal["key", "401", "503"]
ALG: Final = "EdDSA"
"""Cheap to make and to parse: the state machine does not care."""
COGNITO: Final = ("us-east-1", "us-east-1", "us-west-2")
"""Regions in order of precedence: updated and original host of the primary region, original host of the replica."""
ORIGIN: Final = Instant(50_000.0, 90_000.0, 1_800_000_000.0)


def middle(low: float, high: float) -> float:
    """Draws the middle every time."""
    return (low + high) / 2


def lowest(low: float, _: float) -> float:
    """Draws the lower bound every time."""
    return low


def highest(_: float, high: float) -> float:
    """Draws the upper bound every time."""
    return high


def seeded(seed: int) -> Uniform:
    """Draws as a process would, but the same every time."""
    return random.Random(seed).uniform


@dataclass(slots=True)
class Request:
    """One request that needs a key."""

    kid: str
    alg: str
    began: float
    outcome: Outcome | None = None
    """None while it waits."""
    key: Key | None = None
    retry_after: int | None = None
    waited: float = 0.0
    ride: int | None = None


@dataclass(slots=True)
class Change:
    """What requests wait for: the ``Future`` of ``source``."""

    waiters: list[Request] = field(default_factory=list)
    over: bool = False


def document_url(place: int) -> str:
    """Where the document of the issuer is whose keys the endpoint at ``place`` has, if they are discovered."""
    return f"https://issuer{place}.example/pool/.well-known/openid-configuration"


def _endpoint(place: int, region: str | None, *, discovered: bool) -> JwksEndpoint:
    if discovered:
        return JwksEndpoint.discovered(f"https://issuer{place}.example/pool", region)
    return JwksEndpoint(f"https://keys{place}.example/", region)


def authority_of(
    regions: Sequence[str | None], algorithms: tuple[str, ...] = (ALG,), discovered: Collection[int] = ()
) -> Authority:
    """An authority with one endpoint per region, in order of precedence; some of them ``discovered``."""
    rules = ClaimRules(token_use="access", clients=UNCHECKED, client_claim="client_id", audience=UNCHECKED)
    return Authority(
        id="pool",
        issuers=(Issuer("https://issuer.example/pool"),),
        endpoints=tuple(_endpoint(n, region, discovered=n in discovered) for n, region in enumerate(regions)),
        algorithms=algorithms,
        token_type=UNCHECKED,
        claim_rules={"access": rules},
        stable_issuer="https://issuer.example/pool",
    )
