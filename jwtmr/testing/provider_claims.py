"""The claims of providers that follow the standards: RFC 9068 access tokens, and OpenID Connect Core ID tokens."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Collection

from jwtmr.testing.keys import base64url


def access_claims(
    *, issuer: str, client_id: str, audience: str | list[str], subject: str, scopes: Collection[str]
) -> dict[str, object]:
    """The claims of RFC 9068 section 2.2 without the times; ``scope`` is absent where there are none."""
    return {
        "iss": issuer,
        "sub": subject,
        "aud": audience,
        "client_id": client_id,
        "jti": str(uuid.uuid4()),
        **({"scope": " ".join(scopes)} if scopes else {}),
    }


def id_claims(*, issuer: str, client_id: str, subject: str, nonce: str | None) -> dict[str, object]:
    """The claims of OpenID Connect Core 1.0 section 2 without the times. A ``nonce`` is drawn unless it is given."""
    return {
        "iss": issuer,
        "sub": subject,
        "aud": client_id,
        "azp": client_id,
        "nonce": str(uuid.uuid4()) if nonce is None else nonce,
    }


def user_claims(username: str | None, groups: Collection[str]) -> dict[str, object]:
    """What either kind says of the user; a claim that has nothing to say is absent."""
    return {
        **({} if username is None else {"preferred_username": username}),
        **({"groups": list(groups)} if groups else {}),
    }


def token_hash(token: str, alg: str) -> str:
    """``at_hash``: the left half of the hash that ``alg`` uses (OpenID Connect Core 1.0 section 3.1.3.6).

    Ed25519 signatures are made with SHA-512 (RFC 8032 section 5.1).
    """
    digest = hashlib.new("sha512" if alg == "EdDSA" else f"sha{alg[2:]}", token.encode()).digest()
    return base64url(digest[: len(digest) // 2])
