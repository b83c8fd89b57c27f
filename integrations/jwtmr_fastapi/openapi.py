"""What OpenAPI says of a protected operation: how to get in, and how one is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from fastapi.openapi.models import HTTPBearer, OAuth2, OAuthFlowAuthorizationCode, OAuthFlows

from jwtmr import CODES, ConfigurationError, Names
from jwtmr.bearer import Requirements

_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class HttpBearer:
    """A token in ``Authorization: Bearer``. Swagger's *Authorize* asks for one to be pasted."""

    @property
    def model(self) -> HTTPBearer:
        """The security scheme."""
        return HTTPBearer(bearerFormat="JWT")


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuth2Code:
    """The authorization code flow of ``domain``, so that Swagger's *Authorize* signs in. Raises ``ConfigurationError``.

    ``domain`` is the user pool's, as in ``https://example.auth.us-east-1.amazoncognito.com``; ``scopes`` are those that
    Swagger offers: names, or what each is for by its name. The application says which client Swagger is, with PKCE,
    and that client has no secret and ``/docs/oauth2-redirect`` among its callback URLs:

        FastAPI(swagger_ui_init_oauth={"clientId": "1example23456789", "usePkceWithAuthorizationCodeGrant": True})
    """

    domain: str
    scopes: Mapping[str, str] | Names = ()

    def __post_init__(self) -> None:
        _check_domain(self.domain)
        if not isinstance(self.scopes, Mapping):
            Requirements(scopes=self.scopes)  # complains of a bare string, for example
            return
        Requirements(scopes=[*self.scopes])
        if not all(isinstance(told, str) for told in self.scopes.values()):
            raise ConfigurationError("scopes", "must say in a string what each is for")

    @property
    def model(self) -> OAuth2:
        """The security scheme."""
        domain = self.domain.rstrip("/")
        scopes = dict(self.scopes) if isinstance(self.scopes, Mapping) else dict.fromkeys(sorted(self.scopes), "")
        flow = OAuthFlowAuthorizationCode(
            authorizationUrl=f"{domain}/oauth2/authorize", tokenUrl=f"{domain}/oauth2/token", scopes=scopes
        )
        return OAuth2(flows=OAuthFlows(authorizationCode=flow))


def _check_domain(domain: object) -> None:
    problem = "must be https (http is accepted on loopback only), as in https://auth.example.com"
    if not isinstance(domain, str) or not domain.isascii() or not domain.isprintable():
        raise ConfigurationError("domain", problem)
    try:
        parts = urlsplit(domain)
        _ = parts.port  # reading the port checks it
    except ValueError:
        raise ConfigurationError("domain", problem) from None
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise ConfigurationError("domain", problem)
    if not parts.hostname or "@" in parts.netloc or any(character in domain for character in " ?#\\"):
        raise ConfigurationError("domain", "must have a host, and no user info, query or fragment")


def _response(status: int, description: str, header: str) -> dict[str, Any]:
    codes = sorted(code for code, kind in CODES.items() if kind.status == status)
    told = {"code": {"type": "string", "enum": codes}, "message": {"type": "string"}}
    detail = {"type": "object", "required": ["code", "message"], "properties": told}
    schema = {"type": "object", "required": ["detail"], "properties": {"detail": detail}}
    return {
        "description": description,
        "headers": {header: {"schema": {"type": "string"}}},
        "content": {"application/json": {"schema": schema}},
    }


AUTH_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    401: _response(401, "No token, or one that is not accepted.", "WWW-Authenticate"),
    403: _response(403, "The token grants too little.", "WWW-Authenticate"),
    503: _response(503, "The token cannot be checked at the moment.", "Retry-After"),
}
"""For ``responses=`` of a route, a router or an application. Names no model, so it adds nothing to the components."""
