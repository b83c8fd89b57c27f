"""From an exact ``iss`` to all that belongs to it. One look-up, however many authorities there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

from jwtmr._keys.source import KeySource
from jwtmr._token.header import HeaderRules, KnownHeaders
from jwtmr.errors import AuthError, ConfigurationError
from jwtmr.issuers import Authority, Issuer

Teller: TypeAlias = Callable[[AuthError], None]


class Route(NamedTuple):
    """All that belongs to one exact ``iss``."""

    issuer: Issuer
    authority: Authority
    header_rules: HeaderRules
    source: KeySource
    known_headers: KnownHeaders
    must_tell_id_tokens: bool
    tell: Teller | None
    """Hears what is asked in vain of the principals of good tokens."""


def check_authorities(authorities: tuple[Authority, ...]) -> None:
    """Raise :class:`ConfigurationError` where two authorities could be taken for each other."""
    if not authorities or not all(isinstance(authority, Authority) for authority in authorities):
        raise ConfigurationError("authorities", "must be one or more of CognitoUserPool, OidcProvider or Authority")
    for what, values in (
        ("id", [authority.id for authority in authorities]),
        ("issuer", [issuer.url for authority in authorities for issuer in authority.issuers]),
    ):
        if len(set(values)) != len(values):
            raise ConfigurationError("authorities", f"must not share an {what}")


def routes_of(
    sources: Sequence[tuple[Authority, KeySource]], teller: Callable[[Authority, Issuer], Teller | None]
) -> dict[str, Route]:
    """The routes of all issuers. No two share a name: ``check_authorities`` saw to that."""
    routes: dict[str, Route] = {}
    for authority, source in sources:
        only_id = set(authority.claim_rules) == {"id"}
        rules = HeaderRules.of(authority.algorithms, authority.token_type, only_id_tokens=only_id)
        tell = authority.must_tell_id_tokens
        routes.update(
            (issuer.url, Route(issuer, authority, rules, source, KnownHeaders(), tell, teller(authority, issuer)))
            for issuer in authority.issuers
        )
    return routes
