"""A client of a provider as the standards describe it, which knows nothing of jwtmr."""

from __future__ import annotations

from typing import Any

import httpx
import jwt

WELL_KNOWN = "/.well-known/openid-configuration"
AUDIENCE = "https://api.example.com"


def new_client() -> httpx.Client:
    """A client that opens a connection for each request, as one to several outages has to."""
    return httpx.Client(limits=httpx.Limits(max_keepalive_connections=0), timeout=10, trust_env=False)


def origin(url: str) -> str:
    """Scheme, host and port."""
    return str(httpx.URL(url).copy_with(raw_path=b"/")).rstrip("/")


def verified(token: str, client: httpx.Client, name: str, document: str) -> dict[str, Any]:
    """The claims of ``token``, as a client of the issuer ``name`` verifies it who is told nothing but ``document``."""
    found = client.get(document).raise_for_status().json()
    assert found["issuer"] == name
    keys = jwt.PyJWKSet.from_dict(client.get(found["jwks_uri"]).raise_for_status().json())
    key = keys[jwt.get_unverified_header(token)["kid"]]
    algorithms = found["id_token_signing_alg_values_supported"]
    return jwt.decode(token, key, algorithms=algorithms, audience=AUDIENCE, issuer=name)
