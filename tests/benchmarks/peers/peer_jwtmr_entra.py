"""jwtmr_fastapi beside its peers: an Entra ID token as fastapi-azure-auth gets it."""

from __future__ import annotations

import ssl
from asyncio import Runner
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from peer_fastapi import per_request
from peer_kit import LEEWAY, Case
from subject import Subject

from jwtmr import OidcProvider, TokenValidator
from jwtmr.http import httpx_get
from jwtmr_fastapi import BearerAuth


@contextmanager
def subjects(path: str) -> Iterator[tuple[list[Subject], Any]]:
    """With the caller's client id checked as well."""
    case = Case(path, "entra")
    entra = OidcProvider(
        case.issuer,
        audience=case.audience,
        client_ids=[case.client_id],
        token_type="JWT",
        client_claim="azp",
        scope_claim="scp",
        jwks_uris=[case.jwks_uri],
    )
    get = httpx_get(ssl_context=ssl.create_default_context())
    with closing(TokenValidator(entra, leeway=LEEWAY, http_get=get)) as validator, Runner() as runner:
        yield per_request(case, "jwtmr_fastapi, Entra ID", "jwtmr", BearerAuth(validator), runner)
