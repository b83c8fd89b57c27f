"""The metadata of a protected resource: which authorization servers to go to for a token (RFC 9728). What MCP asks for.

Everything is configured. Nothing comes from ``Host`` or ``Forwarded``, which are the caller's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

from jwtmr.errors import ConfigurationError
from jwtmr.issuers import check_url
from jwtmr.settings import Names, names

_WELL_KNOWN: Final = "/.well-known/oauth-protected-resource"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceMetadata:
    """What is said of this API at its well-known address. Raises :class:`ConfigurationError`.

    ``resource`` is the API's own URL, ``authorization_servers`` by default the current issuers of the validator.
    """

    resource: str
    authorization_servers: Names | None = None
    scopes_supported: Names = ()

    def __post_init__(self) -> None:
        check_url("resource", self.resource)
        if any(character in unquote(self.resource) for character in '?"{}'):
            raise ConfigurationError("resource", "must have no query, no quotation mark and no braces")
        if self.authorization_servers is not None:
            servers = names("authorization_servers", self.authorization_servers)
            for url in servers:
                check_url("authorization_servers", url)
            object.__setattr__(self, "authorization_servers", servers)
        object.__setattr__(self, "scopes_supported", names("scopes_supported", self.scopes_supported, allow_empty=True))

    @property
    def path(self) -> str:
        """The path of the document: the well-known one before the resource's own (RFC 9728 section 3)."""
        path = urlsplit(self.resource).path
        return _WELL_KNOWN + ("" if path == "/" else path)

    @property
    def decoded_path(self) -> str:
        """:attr:`path` as servers hand it to applications."""
        return unquote(self.path)

    @property
    def url(self) -> str:
        """The address of the document, as challenges name it."""
        parts = urlsplit(self.resource)
        return f"{parts.scheme}://{parts.netloc}{self.path}"

    def document(self, current_issuers: Sequence[str], *, in_header: bool) -> dict[str, object]:
        """The document (RFC 9728 section 2). ``in_header``: whether tokens come in ``Authorization``."""
        servers = current_issuers if self.authorization_servers is None else self.authorization_servers
        document: dict[str, object] = {
            "resource": self.resource,
            "authorization_servers": list(servers),
            "bearer_methods_supported": ["header"] if in_header else [],
        }
        if self.scopes_supported:
            document["scopes_supported"] = list(self.scopes_supported)
        return document
