"""Where a request carries its token. One place per application: what nobody looks at, nobody can be tricked with.

The query string is not among them: it ends up in logs, histories and ``Referer`` (RFC 6750 section 5.3).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias, cast

from jwtmr.bearer.credentials import bare_token_from, is_token, token_from
from jwtmr.errors import ConfigurationError, InvalidRequest, MissingToken
from jwtmr.settings import Names, names

_NAME: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+", re.ASCII)
"""``token`` of RFC 9110 section 5.6.2: the name of a header or of a cookie."""
_ORIGIN: Final = re.compile(
    r"(?P<scheme>https?)://(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]+\])(?::(?P<port>[1-9][0-9]{0,4}))?",
    re.ASCII,
)
_USUAL: Final = {"http": 80, "https": 443}
_LAST_PORT: Final = 65535
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""RFC 9110 section 9.2.1."""


class RequestHead(NamedTuple):
    """What a source may look at."""

    method: str | None
    """None for a WebSocket handshake."""
    values: Callable[[str], Sequence[str]]
    """All the values of a header, by its name in lower case."""
    subprotocols: Sequence[str] = ()
    """What a WebSocket client offers."""


@dataclass(frozen=True, slots=True)
class FromHeader:
    """``Authorization: Bearer …``; or another header that holds the bare token, such as ``x-amzn-oidc-accesstoken``.

    Whoever can send requests past the proxy that sets such a header can set it too.
    """

    name: str = "authorization"

    def __post_init__(self) -> None:
        _check_name("name", self.name)
        object.__setattr__(self, "name", self.name.lower())

    def token(self, head: RequestHead) -> str:
        """Return the token. Raises as :func:`jwtmr.bearer.token_from`."""
        values = head.values(self.name)
        return token_from(values) if self.name == "authorization" else bare_token_from(values)


@dataclass(frozen=True, slots=True)
class FromCookie:
    """A cookie that holds the token.

    A browser sends it with every request, whoever made the page. So unsafe methods and WebSockets need an ``Origin``
    from ``allowed_origins`` (``https://app.example.com``), or are :class:`InvalidRequest` (RFC 6454 section 7).
    """

    name: str
    allowed_origins: Names

    def __post_init__(self) -> None:
        _check_name("name", self.name)
        origins = [_origin(given) for given in names("allowed_origins", self.allowed_origins)]
        object.__setattr__(self, "allowed_origins", frozenset(origins))

    def token(self, head: RequestHead) -> str:
        """Return the token. Raises :class:`MissingToken` and :class:`InvalidRequest`."""
        pairs = [pair.partition("=") for value in head.values("cookie") for pair in value.split(";")]
        found = [value.strip(" \t") for name, _, value in pairs if name.strip(" \t") == self.name]
        if not any(found):  # an empty one is how a cookie is cleared
            raise MissingToken("no cookie")
        if len(found) > 1 or not is_token(found[0]):
            raise InvalidRequest("the cookie is no single token")
        if head.method not in _SAFE:
            origins = head.values("origin")
            if len(origins) != 1 or origins[0].lower() not in self.allowed_origins:
                raise InvalidRequest("Origin is missing or not allowed")
        return found[0]


@dataclass(frozen=True, slots=True)
class FromSubprotocol:
    """A WebSocket subprotocol ``bearer.<token>``: a browser can set no header, but ``new WebSocket(url, [...])``.

    It is taken out before the application sees what is offered, and never selected. HTTP requests have no credentials.
    """

    PREFIX = "bearer."

    def token(self, head: RequestHead) -> str:
        """Return the token. Raises :class:`MissingToken` and :class:`InvalidRequest`."""
        offers = _separate(head.subprotocols)
        return bare_token_from([offer.removeprefix(self.PREFIX) for offer in offers if offer.startswith(self.PREFIX)])

    def others(self, subprotocols: Sequence[str]) -> list[str]:
        """What is offered besides tokens."""
        return [offer for offer in _separate(subprotocols) if not offer.startswith(self.PREFIX)]


def _separate(offers: Sequence[str]) -> list[str]:
    """Each subprotocol by itself; some servers hand over the header as it came."""
    return [piece.strip(" \t") for offer in offers for piece in offer.split(",") if piece.strip(" \t")]


TokenSource: TypeAlias = FromHeader | FromCookie | FromSubprotocol


def one_source(token_sources: object) -> TokenSource:
    """The one source of ``token_sources``. Raises :class:`ConfigurationError` for none, several, or something else."""
    if not isinstance(token_sources, (list, tuple)) or len(cast("list[object]", token_sources)) != 1:
        raise ConfigurationError("token_sources", "must be a list or a tuple of one source")
    source = cast("list[object]", token_sources)[0]
    if not isinstance(source, (FromHeader, FromCookie, FromSubprotocol)):
        raise ConfigurationError("token_sources", "must hold FromHeader, FromCookie or FromSubprotocol")
    return source


def _check_name(parameter: str, name: object) -> None:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ConfigurationError(parameter, "must be the name of a header or a cookie")


def _origin(given: str) -> str:
    """``scheme://host[:port]`` as a browser writes it (RFC 6454 section 6.1): in lower case, without the usual port."""
    parts = _ORIGIN.fullmatch(given.lower())
    if parts is None or not given.isascii():
        raise ConfigurationError("allowed_origins", "must hold origins such as https://app.example.com")
    port = int(parts["port"] or 0)
    if port == _USUAL[parts["scheme"]] or port > _LAST_PORT:
        raise ConfigurationError("allowed_origins", "must name no port but an unusual one, as browsers do")
    return given.lower()
