"""fastapi-azure-auth: a dependency for Entra ID. It validates Entra's tokens, so these are what it is given."""

from __future__ import annotations

from asyncio import Runner
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fastapi_azure_auth.auth import AzureAuthorizationCodeBearerBase
from peer_fastapi import per_request
from peer_kit import LEEWAY, Case
from subject import Subject

REMARK = "validates Entra ID's tokens; the client that it asks for is the API"


@contextmanager
def subjects(path: str) -> Iterator[tuple[list[Subject], Any]]:
    """The base of its classes for single tenants: only that one can be told where the discovery document is."""
    case = Case(path, "entra")
    scheme = AzureAuthorizationCodeBearerBase(
        app_client_id=case.audience, tenant_id=case.tenant, openid_config_url=case.discovery, leeway=LEEWAY
    )
    with Runner() as runner:
        yield per_request(case, "fastapi-azure-auth", "fastapi-azure-auth", scheme, runner)
