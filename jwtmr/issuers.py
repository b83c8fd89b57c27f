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
from typing import Final, TypeVar, cast
from urllib.parse import urlsplit

from jwtmr.errors import ConfigurationError
from jwtmr.settings import TOKEN_USES, UNCHECKED, IssuerKind, Names, TokenUse, Unchecked, flag, names, one_of

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
    discovers: str | None = None
    """The issuer whose discovery document ``url`` is: the key set is where that says. None: it is at ``url``."""

    def __post_init__(self) -> None:
        check_url("jwks_uris", self.url)
        if self.discovers is not None:
            check_url("discovers", self.discovers)

    @classmethod
    def discovered(cls, issuer_url: str, region: str | None = None) -> JwksEndpoint:
        """The endpoint that the discovery document of ``issuer_url`` names (OpenID Connect Discovery 1.0 section 4)."""
        check_url("issuer_url", issuer_url)
        if "?" in issuer_url:
            raise ConfigurationError("issuer_url", "must have no query where its keys are to be discovered")
        return cls(issuer_url.removesuffix("/") + "/.well-known/openid-configuration", region, issuer_url)


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
    scope_lists: bool = False
    """Whether the scopes may also come as a list of strings, as in the ``scp`` of some providers."""
    required_claims: tuple[str, ...] = ()
    """Claims without which a token is refused, besides those that are always required."""
    text_claims: tuple[str, ...] = field(init=False, repr=False)
    """The claims that must be strings where they are present."""

    def __post_init__(self) -> None:
        if self.token_use is not None:
            one_of("token_use", self.token_use, TOKEN_USES)
        flag("scope_lists", self.scope_lists)
        required = names("required_claims", self.required_claims, allow_empty=True)
        object.__setattr__(self, "required_claims", required)
        for parameter in ("clients", "audience"):
            given = getattr(self, parameter)
            if given is not UNCHECKED and not (given is None and parameter == "audience"):
                object.__setattr__(self, parameter, frozenset(names(parameter, given, uncheckable=True)))
        for parameter in ("client_claim", "scope_claim", "groups_claim", "username_claim"):
            check_text(parameter, getattr(self, parameter), optional=parameter != "client_claim")
        texts = (self.client_claim, self.username_claim, None if self.scope_lists else self.scope_claim, "jti")
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

    first_endpoint_tells: bool = False
    """Whether an endpoint with nothing to say, if it is the first one, tells that the issuer has not moved yet."""

    def __post_init__(self) -> None:
        check_text("id", self.id)
        check_text("stable_issuer", self.stable_issuer)
        object.__setattr__(self, "issuers", _several("issuers", self.issuers, Issuer))
        object.__setattr__(self, "endpoints", _several("endpoints", self.endpoints, JwksEndpoint))
        if self.token_type is not UNCHECKED and not media_type(self.token_type):
            raise ConfigurationError("token_type", "must be a non-empty string, or jwtmr.UNCHECKED")
        object.__setattr__(self, "algorithms", names("algorithms", self.algorithms))
        unknown = sorted(set(self.algorithms) - ALGORITHMS)
        if unknown:
            raise ConfigurationError("algorithms", f"must be among {', '.join(sorted(ALGORITHMS))}; not {unknown[0]!r}")
        self._check_claim_rules()
        object.__setattr__(self, "claim_rules", MappingProxyType(dict(self.claim_rules)))

    def _check_claim_rules(self) -> None:
        if not isinstance(self.claim_rules, Mapping) or not self.claim_rules:
            raise ConfigurationError("claim_rules", "must be a mapping from token_use to ClaimRules, and not empty")
        for use, rules in self.claim_rules.items():
            told = "access" if use is None and says_access_token(self.token_type) else use
            if not isinstance(rules, ClaimRules) or rules.token_use not in (use, told):
                raise ConfigurationError("claim_rules", "must hold ClaimRules, each under its own token_use")
        if None in self.claim_rules and len(self.claim_rules) > 1:
            raise ConfigurationError("claim_rules", "must be either under None alone or under values of token_use")
        if self.must_tell_id_tokens:
            rules = self.claim_rules[None]
            clients, audience = rules.clients, rules.audience
            shared = isinstance(clients, frozenset) and isinstance(audience, frozenset) and clients & audience
            if shared or rules.client_claim == "aud":
                raise ConfigurationError(
                    "token_type",
                    "JWT does not tell an access token from an ID token, and neither does an audience that is a "
                    "client: it must be at+jwt, or jwtmr.UNCHECKED",
                )

    @property
    def current_issuer(self) -> str:
        """The issuer that new tokens name: the first of the current ones. Of an old house, its first legacy one."""
        current = [issuer.url for issuer in self.issuers if issuer.kind == "current"]
        return (current or [self.issuers[0].url])[0]

    @property
    def must_tell_id_tokens(self) -> bool:
        """Whether ID tokens must be told by their claims: ``typ`` is checked, but ``JWT`` is what they have too."""
        return None in self.claim_rules and media_type(self.token_type) == "jwt"

    def accepts(self, wall: float) -> bool:
        """Whether tokens of any of the issuers are accepted at the Unix time ``wall``."""
        return any(wall < issuer.accept_until_unix for issuer in self.issuers)


_Named = TypeVar("_Named", Issuer, JwksEndpoint)


def _several(parameter: str, given: object, kind: type[_Named]) -> tuple[_Named, ...]:
    if not isinstance(given, (list, tuple)) or not all(isinstance(one, kind) for one in cast("list[object]", given)):
        raise ConfigurationError(parameter, f"must be a list or a tuple of {kind.__name__}")
    listed = tuple(cast("list[_Named]", given))
    if not listed:
        raise ConfigurationError(parameter, "must not be empty")
    if len({one.url for one in listed}) < len(listed):
        raise ConfigurationError(parameter, "must not name a URL twice")
    return listed


def media_type(typ: object) -> str:
    """``typ`` in lower case, without the ``application/`` that RFC 7515 section 4.1.9 implies; ``""`` for no string."""
    return typ.lower().removeprefix("application/") if isinstance(typ, str) else ""


def says_access_token(typ: object) -> bool:
    """Whether a token with this ``typ`` says that it is an access token (RFC 9068 section 2.1)."""
    return media_type(typ) == "at+jwt"


def as_audience(audience: object) -> frozenset[str] | Unchecked:
    """One audience or several as a set, or ``UNCHECKED``; :class:`ConfigurationError` for anything else."""
    if isinstance(audience, Unchecked):
        return audience
    return frozenset(names("audience", (audience,) if isinstance(audience, str) else audience, uncheckable=True))


def in_precedence(parameter: str, urls: Names) -> tuple[str, ...]:
    """Several URLs in the order in which they are right; :class:`ConfigurationError` for a set, which has none."""
    if isinstance(urls, (set, frozenset)):
        raise ConfigurationError(parameter, "must be a list or a tuple: their order is their precedence")
    return names(parameter, urls)


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
