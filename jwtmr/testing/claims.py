"""The claims that Cognito puts into its tokens, and how a test changes one of them."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from enum import Enum
from typing import Final

SUBJECT: Final = "0c9f4e2a-6b1d-4f37-9a58-d2e7c1b3a604"
"""``sub`` of tokens whose test does not care who calls."""

USERNAME: Final = "alice"
"""User name of tokens whose test does not care who calls."""

SIGN_IN_SCOPE: Final = "aws.cognito.signin.user.admin"
"""The one scope of access tokens that come from signing in through the API."""


class Missing(Enum):
    """The type of :data:`MISSING`, for annotations."""

    MISSING = "MISSING"

    def __repr__(self) -> str:
        return "jwtmr.testing.MISSING"


MISSING: Final = Missing.MISSING
"""As the value of a claim or a header member: leave it out."""


def changed(members: Mapping[str, object], changes: Mapping[str, object] | None) -> dict[str, object]:
    """Return ``members`` with ``changes`` laid over them; what is then ``MISSING`` is left out."""
    return {name: value for name, value in {**members, **(changes or {})}.items() if value is not MISSING}


def lifetime(issued_at: float, expires_in: int) -> dict[str, object]:
    """``iat`` and ``exp``, in whole seconds."""
    issued = int(issued_at)
    return {"iat": issued, "exp": issued + expires_in}


def signed_in(times: Mapping[str, object]) -> dict[str, object]:
    """``times`` with ``auth_time``: the token comes straight from signing in, as those of tests do."""
    return {"auth_time": times["iat"], **times}


def access_claims(
    *, issuer: str, client_id: str, subject: str, username: str, scopes: Collection[str], groups: Collection[str]
) -> dict[str, object]:
    """The claims of a user's access token."""
    return {
        **_sign_in(issuer, subject, groups),
        "token_use": "access",
        "client_id": client_id,
        "username": username,
        "scope": " ".join(scopes),
        "version": 2,
    }


def id_claims(
    *, issuer: str, client_id: str, subject: str, username: str, groups: Collection[str]
) -> dict[str, object]:
    """The claims of an ID token."""
    return {
        **_sign_in(issuer, subject, groups),
        "token_use": "id",
        "aud": client_id,
        "cognito:username": username,
        "email": f"{username}@example.com",
        "email_verified": True,
    }


def machine_claims(*, issuer: str, client_id: str, scopes: Collection[str]) -> dict[str, object]:
    """The claims of an access token that a client got for itself."""
    return {
        "iss": issuer,
        "sub": client_id,
        "jti": str(uuid.uuid4()),
        "token_use": "access",
        "client_id": client_id,
        "scope": " ".join(scopes),
        "version": 2,
    }


def _sign_in(issuer: str, subject: str, groups: Collection[str]) -> dict[str, object]:
    """What all tokens of one user have; the claim of the groups is absent where there are none."""
    return {
        "iss": issuer,
        "sub": subject,
        "jti": str(uuid.uuid4()),
        "origin_jti": str(uuid.uuid4()),
        "event_id": str(uuid.uuid4()),
        **({"cognito:groups": list(groups)} if groups else {}),
    }
