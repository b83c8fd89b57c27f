"""fastapi-cognito: a dependency for one user pool."""

from __future__ import annotations

from asyncio import Runner
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fastapi_cognito import CognitoAuth, CognitoSettings
from peer_fastapi import per_request
from peer_kit import Case
from subject import Subject


@contextmanager
def subjects(path: str) -> Iterator[tuple[list[Subject], Any]]:
    """It has a place for the URL of the keys."""
    case = Case(path, "cognito")
    pool = {
        "region": case.region,
        "userpool_id": case.user_pool_id,
        "app_client_id": case.client_id,
        "jwks_url": case.jwks_uri,
    }
    settings = CognitoSettings(
        check_expiration=True, jwt_header_name="Authorization", jwt_header_prefix="Bearer", userpools={"pool": pool}
    )
    with Runner() as runner:
        yield per_request(case, "fastapi-cognito", "fastapi-cognito", CognitoAuth(settings).auth_required, runner)
