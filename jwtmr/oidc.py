"""Any OpenID provider, from what its clients know: its name, its audiences, its clients.

Nothing is looked for that was not asked for. The key set is where ``jwks_uris`` says, or where the provider's own
discovery document says, and no URL is made from the name of a legacy issuer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from jwtmr.errors import ConfigurationError
from jwtmr.issuers import (
    Authority,
    ClaimRules,
    Issuer,
    JwksEndpoint,
    as_audience,
    check_moment,
    check_url,
    in_precedence,
    says_access_token,
)
from jwtmr.settings import UNCHECKED, IssuerKind, Names, Unchecked, names


@dataclass(frozen=True, slots=True)
class LegacyIssuer:
    """A name that a provider had before. It shares the provider's keys; no URL is derived from it.

    ``url`` is the exact ``iss`` of the old tokens, ``accept_until`` the moment from which they are refused, and
    ``issued_before`` the moment of the move: an old-style token minted at or after it, or without ``iat``, is refused.
    Both moments are aware. Raises :class:`ConfigurationError`. An old house with keys of its own is a second
    ``OidcProvider``.
    """

    url: str
    accept_until: datetime
    issued_before: datetime | None = None

    def __post_init__(self) -> None:
        check_url("url", self.url)
        if check_moment("accept_until", self.accept_until) is None:
            raise ConfigurationError("accept_until", "must be given: accepted for ever is no migration")
        check_moment("issued_before", self.issued_before)


class OidcProvider(Authority):
    """One OpenID provider as an :class:`Authority`. Raises :class:`ConfigurationError` for what cannot be right.

    ``issuer_url``
        The exact ``iss`` of its tokens, with or without a slash at the end, as the provider writes it.
    ``audience``
        What this API is called in ``aud``: a value, or several of which one must be there, or ``UNCHECKED``.
    ``client_ids``
        The clients whose tokens are accepted, by ``client_claim``, or ``UNCHECKED``.
    ``token_type``
        The ``typ`` that every token must have, or ``UNCHECKED``: absent, ``JWT`` or ``at+jwt``. With ``"at+jwt"`` only
        access tokens of RFC 9068 pass. ``"JWT"`` is the ``typ`` of ID tokens too: most of these are then told by their
        claims, and refused with ``wrong_token_use``; an ``audience`` that is no client keeps out the rest
        (``docs/trust.md``). Under ``UNCHECKED`` an ID token passes if audience and client are right.
    ``client_claim``, ``scope_claim``, ``groups_claim``, ``username_claim``
        Where the tokens say it: ``azp``, ``cid`` or ``appid``; ``scp``, as one string or a list; ``roles``. ``None``
        for scopes, groups or user name: ``Principal`` has none, and the claim may be anything. Groups are a list of
        strings; where a provider writes a single one as a bare string, only ``None`` will do.
    ``jwks_uris``
        Where the keys are, in order of precedence. ``None``: where the provider's discovery document says, which must
        name exactly ``issuer_url`` as its issuer.
    ``algorithms``
        Those that the tokens may be signed with: RS, PS, ES with 256, 384 or 512, and EdDSA.
    ``legacy_issuers``
        Names that the same provider had before, each with its window.
    ``accept_until``
        Makes this provider itself the old house, with keys of its own: until when its tokens are accepted. A past date
        is legal, or the service could not restart afterwards.
    ``stable_issuer``
        What ``Principal.issuer`` says; by default ``issuer_url``. Give old and new house the same one, and users keyed
        on ``(issuer, subject)`` stay the same users.
    ``required_claims``
        Further claims without which a token is refused.
    """

    def __init__(
        self,
        issuer_url: str,
        *,
        audience: str | Names | Unchecked,
        client_ids: Names | Unchecked,
        token_type: str | Unchecked,
        client_claim: str = "client_id",
        scope_claim: str | None = "scope",
        groups_claim: str | None = "groups",
        username_claim: str | None = "preferred_username",
        jwks_uris: list[str] | tuple[str, ...] | None = None,
        algorithms: Names = ("RS256",),
        legacy_issuers: list[LegacyIssuer] | tuple[LegacyIssuer, ...] = (),
        accept_until: datetime | None = None,
        stable_issuer: str | None = None,
        required_claims: Names = (),
    ) -> None:
        check_url("issuer_url", issuer_url)
        if stable_issuer is not None:
            check_url("stable_issuer", stable_issuer)
        kind: IssuerKind = "current" if accept_until is None else "legacy"
        rules = ClaimRules(
            token_use="access" if says_access_token(token_type) else None,
            clients=_clients(client_ids),
            client_claim=client_claim,
            audience=as_audience(audience),
            scope_claim=scope_claim,
            groups_claim=groups_claim,
            username_claim=username_claim,
            scope_lists=True,
            required_claims=names("required_claims", required_claims, allow_empty=True),
        )
        super().__init__(
            id=issuer_url,
            issuers=(Issuer(issuer_url, kind, None, accept_until), *_former(issuer_url, legacy_issuers)),
            endpoints=_endpoints(issuer_url, jwks_uris),
            algorithms=names("algorithms", algorithms),
            token_type=token_type,
            claim_rules={None: rules},
            stable_issuer=stable_issuer or issuer_url,
            first_endpoint_tells=jwks_uris is None,
        )


def _clients(client_ids: Names | Unchecked) -> frozenset[str] | Unchecked:
    return client_ids if client_ids is UNCHECKED else frozenset(names("client_ids", client_ids, uncheckable=True))


def _former(issuer_url: str, given: list[LegacyIssuer] | tuple[LegacyIssuer, ...]) -> tuple[Issuer, ...]:
    if not isinstance(given, (list, tuple)) or not all(isinstance(one, LegacyIssuer) for one in given):
        raise ConfigurationError("legacy_issuers", "must be a list or a tuple of LegacyIssuer")
    if len({issuer_url, *(one.url for one in given)}) <= len(given):
        raise ConfigurationError("legacy_issuers", "must not name an issuer twice")
    return tuple(Issuer(one.url, "legacy", None, one.accept_until, one.issued_before) for one in given)


def _endpoints(issuer_url: str, jwks_uris: Names | None) -> tuple[JwksEndpoint, ...]:
    if jwks_uris is None:
        return (JwksEndpoint.discovered(issuer_url),)
    return tuple(JwksEndpoint(uri) for uri in in_precedence("jwks_uris", jwks_uris))
