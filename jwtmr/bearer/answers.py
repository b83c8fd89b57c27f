"""From a refusal to an HTTP answer: status, headers, and a body of fixed texts.

RFC 6750 section 3, RFC 9728 section 5.1.

Nothing of a token, a host or an exception is in it, and no header value can hold anything but printable ASCII.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from jwtmr.errors import AuthError, ConfigurationError

_SCOPE: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+", re.ASCII)
"""``scope-token`` of RFC 6749 section 3.3."""
_QUOTABLE: Final = re.compile(r"[\x20\x21\x23-\x5b\x5d-\x7e]*", re.ASCII)
"""What stands in a quoted string as it is (RFC 9110 section 5.6.4)."""
_SERVICE_UNAVAILABLE: Final = 503
_ERRORS: Final = {400: "invalid_request", 401: "invalid_token", 403: "insufficient_scope"}
"""The ``error`` of RFC 6750 section 3.1 for each status."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer to be given."""

    status: int
    headers: Mapping[str, str]
    """``WWW-Authenticate`` or ``Retry-After``. The body's own headers are the adapter's."""
    code: str
    message: str

    @property
    def content(self) -> dict[str, str]:
        """What the body says: ``code`` and ``message``."""
        return {"code": self.code, "message": self.message}

    @property
    def body(self) -> bytes:
        """:attr:`content` as JSON."""
        return json.dumps(self.content).encode()


def answer_for(error: AuthError, *, realm: str = "api", resource_metadata: str | None = None) -> Refusal:
    """Return the answer to a request that was refused with ``error``.

    ``realm`` names the protected space (RFC 9110 section 11.5), ``resource_metadata`` is the URL of its RFC 9728
    document. Raises :class:`ConfigurationError` if either cannot stand in a header.
    """
    check_quotable("realm", realm)
    if resource_metadata is not None:
        check_quotable("resource_metadata", resource_metadata)
    if error.status == _SERVICE_UNAVAILABLE:
        headers = {"Retry-After": str(max(1, error.retry_after or 1))}
    else:
        headers = {"WWW-Authenticate": _challenge(error, realm, resource_metadata)}
    return Refusal(error.status, MappingProxyType(headers), error.code, error.message)


def _challenge(error: AuthError, realm: str, resource_metadata: str | None) -> str:
    members = [("realm", realm)]
    if error.code != "missing_token":  # RFC 6750 section 3.1: who sent nothing is told no error
        members.append(("error", _ERRORS.get(error.status, "invalid_token")))
        scopes = [scope for scope in sorted(error.required_scopes) if is_scope(scope)]
        if scopes:
            members.append(("scope", " ".join(scopes)))
    if resource_metadata is not None:
        members.append(("resource_metadata", resource_metadata))
    return "Bearer " + ", ".join(f'{name}="{value}"' for name, value in members)


def is_scope(text: str) -> bool:
    """Whether ``text`` can be one scope (RFC 6749 section 3.3)."""
    return _SCOPE.fullmatch(text) is not None


def check_quotable(parameter: str, text: object) -> None:
    """Raise :class:`ConfigurationError` unless ``text`` can stand between quotes in a header."""
    if not isinstance(text, str) or not text or not _QUOTABLE.fullmatch(text):
        raise ConfigurationError(parameter, 'must be printable ASCII without " and \\')
