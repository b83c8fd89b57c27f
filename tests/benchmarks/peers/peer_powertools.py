"""aws-lambda-powertools: the JWTVerifier of its auth utility, which is called alpha."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aws_lambda_powertools.utilities.auth_alpha import JWTVerifier
from peer_kit import LEEWAY, Case, library
from subject import Subject

REMARK = "its verifier is called alpha; it wants `aud` in every token"


@contextmanager
def subjects(path: str) -> Iterator[tuple[list[Subject], Any]]:
    """It wants an ``aud`` in every token. Not ``JWTVerifier.cognito``, whose key host is AWS's and no other."""
    case = Case(path, "resource")
    verifier = JWTVerifier(
        issuer=case.issuer,
        audience=case.audience,
        algorithms=["RS256"],
        jwks_uri=case.jwks_uri,
        required_claims=["sub", "iat"],
        expected_claims={"token_use": "access", "client_id": case.client_id},
        clock_skew_seconds=LEEWAY,
    )
    verifier.prefetch()
    yield library(case, "aws-lambda-powertools", "aws-lambda-powertools", verifier.verify)
