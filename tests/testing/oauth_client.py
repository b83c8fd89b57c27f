"""A public client of the authorization code flow, as RFC 6749 and RFC 7636 describe it; it knows nothing of jwtmr."""

from __future__ import annotations

import base64
import hashlib
from typing import TypeAlias
from urllib.parse import parse_qsl, urlsplit

import httpx

from jwtmr.testing import RegionalIssuer

HOME = "http://127.0.0.1:5000/docs/oauth2-redirect"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
"""The verifier of RFC 7636 appendix B, whose challenge is printed there."""
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

Sent: TypeAlias = str | list[str] | None
"""A parameter; a list is one that is repeated, ``None`` one that is left out."""

LEFT_OUT = None


def challenge_of(verifier: str) -> str:
    """S256, by the standard library."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def given(parameters: dict[str, Sent]) -> dict[str, str | list[str]]:
    """The parameters that are not left out."""
    return {name: value for name, value in parameters.items() if value is not None}


def authorize(client: httpx.Client, issuer: RegionalIssuer, **changes: Sent) -> httpx.Response:
    """Ask for a code with a good request, changed."""
    usual: dict[str, Sent] = {
        "response_type": "code", "client_id": issuer.client_id, "redirect_uri": HOME, "state": "s t/a&t=e",
        "scope": "orders/read", "code_challenge": CHALLENGE, "code_challenge_method": "S256",
    }  # fmt: skip
    return client.get(f"{issuer.domain}/oauth2/authorize", params=given(usual | changes))


def told(answer: httpx.Response, home: str = HOME) -> dict[str, str]:
    """What a redirect to ``home`` tells the client."""
    location = answer.headers["location"]
    assert answer.status_code == 302
    assert location.startswith(f"{home}?")
    pairs = parse_qsl(urlsplit(location).query, strict_parsing=True)
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def code_for(client: httpx.Client, issuer: RegionalIssuer, **changes: Sent) -> str:
    """A code that a good request, changed, brings."""
    return told(authorize(client, issuer, **changes), str(changes.get("redirect_uri", HOME)))["code"]


def redeem(client: httpx.Client, issuer: RegionalIssuer, code: str, /, **changes: Sent) -> httpx.Response:
    """Ask for the tokens of ``code`` with a good request, changed."""
    usual: dict[str, Sent] = {
        "grant_type": "authorization_code", "client_id": issuer.client_id, "redirect_uri": HOME, "code": code,
        "code_verifier": VERIFIER,
    }  # fmt: skip
    return client.post(f"{issuer.domain}/oauth2/token", data=given(usual | changes))
