"""Who may sign what: issuers, the endpoints of their keys, and what their tokens must say.

Two issuers share keys only because one ``Authority`` declares both. No URL here is ever taken from a token or made by a
pattern from one (RFC 8725 section 3.10).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

from jwtmr.errors import ConfigurationError
from jwtmr.settings import UNCHECKED, IssuerKind, TokenUse, Unchecked, names, one_of

ALGORITHMS: Final = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
)
"""The asymmetric algorithms of RFC 7518 section 3.1 and RFC 8037. Never HMAC, never ``none`` (RFC 8725 section 3.1)."""

NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""As ``accept_until``: an issuer whose tokens are recognised, and refused as retired."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """One exact ``iss`` value. ``ConfigurationError`` where it could not be meant."""

    url: str
    kind: IssuerKind = "current"
    region: str | None = None
    accept_until: datetime | None = None
    """Aware. A legacy issuer must have one: accepted for ever is what this library exists to end."""
    issued_before: datetime | None = None
    """Aware. A legacy token with ``iat`` at or after it, or without ``iat``, is refused."""
    accept_until_unix: float = field(init=False, repr=False)
    issued_before_unix: float | None = field(init=False, repr=False)

    def __post_init__(self) -> None:
        check_url("issuer", self.url)
        one_of("kind", self.kind, ("current", "legacy"))
        if self.kind == "legacy" and self.accept_until is None:
            raise ConfigurationError("accept_until", "must be given for a legacy issuer")
        for parameter in ("accept_until", "issued_before"):
            if self.kind == "current" and getattr(self, parameter) is not None:
                raise ConfigurationError(parameter, "belongs to legacy issuers only")
        until = check_moment("accept_until", self.accept_until)
        object.__setattr__(self, "accept_until_unix", float("inf") if until is None else until)
        object.__setattr__(self, "issued_before_unix", check_moment("issued_before", self.issued_before))


@dataclass(frozen=True, slots=True)
class JwksEndpoint:
    """A URL that serves a JWK Set (RFC 7517 section 5), https only except on loopback, and the region it stands in."""

    url: str
    region: str | None = None

    def __post_init__(self) -> None:
        check_url("jwks_uris", self.url)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRules:
    """What the claims of one kind of token must say, and under which names they say it."""

    token_use: TokenUse | None
    clients: frozenset[str] | Unchecked
    client_claim: str
    audience: frozenset[str] | Unchecked | None
    """One of these must be in ``aud``; ``None``: the token must not name an audience (RFC 8707); or ``UNCHECKED``."""
    scope_claim: str | None = None
    groups_claim: str | None = None
    username_claim: str | None = None
    text_claims: tuple[str, ...] = field(init=False, repr=False)
    """The claims that must be strings where they are present."""

    def __post_init__(self) -> None:
        for parameter in ("clients", "audience"):
            given = getattr(self, parameter)
            if given is not UNCHECKED and not (given is None and parameter == "audience"):
                object.__setattr__(self, parameter, frozenset(names(parameter, given, uncheckable=True)))
        for parameter in ("client_claim", "scope_claim", "groups_claim", "username_claim"):
            check_text(parameter, getattr(self, parameter), optional=parameter != "client_claim")
        texts = (self.client_claim, self.username_claim, self.scope_claim, "jti")
        object.__setattr__(self, "text_claims", tuple(name for name in texts if name is not None))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Authority:
    """The issuers that one set of keys may sign for, where those keys are had, and the rules for their tokens."""

    id: str
    """Names it in reports, events and labels."""
    issuers: tuple[Issuer, ...]
    endpoints: tuple[JwksEndpoint, ...]
    """In order of precedence: where they contradict each other, the earlier one is right."""
    algorithms: tuple[str, ...]
    token_type: str | Unchecked
    """The ``typ`` that every token must have, or ``UNCHECKED``: absent, ``JWT`` or ``at+jwt``."""
    claim_rules: Mapping[TokenUse | None, ClaimRules]
    """By the value of the ``token_use`` claim; under ``None`` where tokens have no such claim."""
    stable_issuer: str
    """What ``Principal.issuer`` says, whichever of the issuers the token names."""

    def __post_init__(self) -> None:
        for parameter in ("id", "issuers", "endpoints", "algorithms", "claim_rules", "stable_issuer"):
            if not getattr(self, parameter):
                raise ConfigurationError(parameter, "must not be empty")
        for parameter, values in (
            ("issuers", [issuer.url for issuer in self.issuers]),
            ("jwks_uris", [endpoint.url for endpoint in self.endpoints]),
        ):
            if len(set(values)) != len(values):
                raise ConfigurationError(parameter, "must not name a URL twice")
        if not any(issuer.kind == "current" for issuer in self.issuers):
            raise ConfigurationError("issuers", "must hold a current issuer")
        if self.token_type is not UNCHECKED:
            check_text("token_type", self.token_type)
        unknown = sorted(set(names("algorithms", self.algorithms)) - ALGORITHMS)
        if unknown:
            raise ConfigurationError("algorithms", f"must be among {', '.join(sorted(ALGORITHMS))}; not {unknown[0]!r}")
        for use, rules in self.claim_rules.items():
            if not isinstance(rules, ClaimRules) or rules.token_use != use:
                raise ConfigurationError("claim_rules", "must hold ClaimRules, each under its own token_use")
        if None in self.claim_rules and len(self.claim_rules) > 1:
            raise ConfigurationError("claim_rules", "must be either under None alone or under values of token_use")
        object.__setattr__(self, "claim_rules", MappingProxyType(dict(self.claim_rules)))

    @property
    def current_issuer(self) -> str:
        """The issuer that new tokens name: the first of the current ones."""
        return next(issuer.url for issuer in self.issuers if issuer.kind == "current")


def check_text(parameter: str, value: object, *, optional: bool = False) -> None:
    """Raise :class:`ConfigurationError` unless ``value`` is a non-empty string, or None where that is ``optional``."""
    if not (value is None and optional) and not (isinstance(value, str) and value):
        raise ConfigurationError(parameter, "must be a non-empty string")


def check_moment(parameter: str, moment: object) -> float | None:
    """Return ``moment`` as Unix seconds. A ``datetime`` without a time zone is a :class:`ConfigurationError`."""
    if moment is None:
        return None
    if not isinstance(moment, datetime):
        raise ConfigurationError(parameter, f"must be a datetime, not {type(moment).__name__}")
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise ConfigurationError(parameter, "must have a time zone, as in datetime(2027, 1, 31, tzinfo=UTC)")
    return moment.timestamp()


def check_url(parameter: str, url: object) -> None:
    """Raise :class:`ConfigurationError` unless ``url`` is https, or http on loopback, without user info or fragment."""
    if (
        not isinstance(url, str)
        or not url.isascii()
        or any(character <= " " or character == "\x7f" for character in url)
    ):
        raise ConfigurationError(parameter, "must be a URL of printable ASCII characters")
    scheme, host = _scheme_and_host(url)
    if not host:
        raise ConfigurationError(parameter, "must be an absolute URL, as in https://example.com/path")
    if scheme != "https" and not (scheme == "http" and is_loopback(host)):
        raise ConfigurationError(parameter, "must be https (http is accepted on loopback only)")
    if "@" in urlsplit(url).netloc or "#" in url or "\\" in url:
        raise ConfigurationError(parameter, "must have no user info, no fragment and no backslash")


def _scheme_and_host(url: str) -> tuple[str, str | None]:
    try:
        parts = urlsplit(url)
        _ = parts.port  # reading the port checks it
    except ValueError:
        return "", None
    return parts.scheme, parts.hostname


def is_loopback(host: str) -> bool:
    """Whether ``host`` is this machine by name or by address."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
