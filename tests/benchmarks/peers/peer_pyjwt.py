"""PyJWT with PyJWKClient, as its documentation has it, with every check that it can be told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jwt
from peer_kit import LEEWAY, Case, library
from subject import Subject

REMARK = "the client and the use of a token are compared by hand"


@contextmanager
def subjects(path: str) -> Iterator[tuple[list[Subject], Any]]:
    """The client and the use of a token are compared by hand: they are claims of Cognito's own."""
    case = Case(path, "cognito")
    keys = jwt.PyJWKClient(case.jwks_uri)

    def verify(token: str) -> dict[str, Any]:
        claims: dict[str, Any] = jwt.decode(
            token,
            keys.get_signing_key_from_jwt(token),
            algorithms=["RS256"],
            issuer=case.issuer,
            leeway=LEEWAY,
            options={"require": ["exp", "iat", "sub"]},
        )
        if claims.get("client_id") != case.client_id or claims.get("token_use") != "access":
            raise jwt.InvalidTokenError("another client, or another use")
        return claims

    yield library(case, "PyJWT + PyJWKClient", "PyJWT", verify)
