"""What one step of a validation hands to the next.

The garbage collector does not look into these, which makes them cheap. So what outlives its call, a :class:`Verified`
and its facts, must not lead back to the validator: through its observers it might know itself, and would never go.
"""

from __future__ import annotations

import msgspec

from jwtmr._routes import Route
from jwtmr._token.compact import UnverifiedToken
from jwtmr.issuers import ClaimRules
from jwtmr.principal import VerifiedFacts
from jwtmr.settings import Names, TokenUse


class Call(msgspec.Struct, frozen=True, gc=False):
    """What one call asks, and when it began."""

    scopes: Names
    any_group: Names | None
    token_use: TokenUse | None
    wall: float
    began: float
    """By ``perf_counter``; 0 where nobody is told how long it took."""


class Candidate(msgspec.Struct, frozen=True, gc=False):
    """A token that has passed steps 1 to 4. Still nobody's word."""

    token: UnverifiedToken
    route: Route
    rules: ClaimRules
    kid: str
    alg: str
    wall: float


class Verified(msgspec.Struct, frozen=True, gc=False):
    """A token that has passed steps 1 to 6."""

    facts: VerifiedFacts
    kid: str
    alg: str
    thumbprint: str
    """Of the key that verified it: RFC 7638."""
