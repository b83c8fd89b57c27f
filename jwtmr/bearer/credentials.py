"""From the values of a header to a token, or to the refusal that they deserve.

RFC 6750 section 2.1, RFC 9110 section 11.

Servers differ in what they do to a header that came twice: ASGI hands over both, WSGI joins them with a comma. Both are
told from one sound value, and answered alike.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from jwtmr.errors import BoundToken, InvalidRequest, MissingToken

_TOKEN: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/"
"""The characters of ``b64token``, RFC 6750 section 2.1, but for the ``=`` at its end."""
_SCHEME: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+", re.ASCII)
"""``auth-scheme`` of RFC 9110 section 11.1."""
_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*+(")?', re.DOTALL)
"""A quoted string, or one without an end. Possessive: else a long header would be read again from every quote."""
_ANOTHER: Final = re.compile(
    r",[ \t]*(?:(?:bearer|dpop)[ \t]*(?:,|$)|[!#$%&'*+\-.^_`|~0-9A-Za-z]+ +[^=,\s])", re.IGNORECASE
)
"""A second ``Authorization`` header, joined to the first: a scheme behind a comma, where only parameters could be."""


def token_from(values: Sequence[str]) -> str:
    """Return the token in **all** the values of ``Authorization``.

    Raises :class:`MissingToken` where there is none, or credentials of another scheme; :class:`BoundToken` for DPoP
    (RFC 9449), whose proof is not checked here; :class:`InvalidRequest` for more than one, and for anything malformed.
    """
    value = _only(values)
    scheme, _, credentials = value.partition(" ")  # RFC 9110 section 11.4: one or more blanks
    if scheme != "Bearer":  # as nearly everybody writes it
        if not _SCHEME.fullmatch(scheme):
            raise InvalidRequest("Authorization is malformed")
        scheme = scheme.lower()
    if scheme in ("Bearer", "bearer"):
        return _token(credentials.lstrip(" "))
    if _ANOTHER.search(_QUOTED.sub(_hidden, value)):
        raise InvalidRequest("Authorization holds two credentials")
    if scheme == "dpop":
        raise BoundToken("the scheme is DPoP")
    raise MissingToken("Authorization is of another scheme")


def bare_token_from(values: Sequence[str]) -> str:
    """Return the token that **all** the values of a header of its own hold, without a scheme. Raises alike."""
    return _token(_only(values))


def is_token(text: str) -> bool:
    """Whether ``text`` has the characters of a token. By a table: a regular expression takes twice as long."""
    characters = text.rstrip("=")
    return characters.isascii() and bool(characters) and not characters.encode().translate(None, _TOKEN)


def _hidden(quoted: re.Match[str]) -> str:
    """What a quoted string hides from the search; nothing where it has no end."""
    return '""' if quoted[1] else quoted[0]


def _only(values: Sequence[str]) -> str:
    if not values:
        raise MissingToken("no credentials")
    if len(values) > 1:
        raise InvalidRequest("credentials came more than once")
    return values[0].strip(" \t")


def _token(text: str) -> str:
    if not is_token(text):
        raise InvalidRequest("the credentials are no single token")
    return text
