"""An Amazon Cognito user pool, from what its owner knows: the id, the regions, the clients.

Host names are those that AWS documents. Everything that AWS does not document can be overridden: issuer names
(``issuer_url``, ``legacy_issuer_urls``), key endpoints (``jwks_uris``), the DNS suffix of the partition.

The updated (multi-Region) issuer always names the primary region, also when a replica issued the token; there is no
``issuer-cognito-idp`` host of a replica region. So that form is never derived for one.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final, Literal, TypeAlias, cast

from jwtmr.errors import ConfigurationError
from jwtmr.issuers import (
    NEVER,
    Authority,
    ClaimRules,
    Issuer,
    JwksEndpoint,
    as_audience,
    check_moment,
    check_url,
    in_precedence,
)
from jwtmr.settings import TOKEN_USES, UNCHECKED, IssuerKind, Names, TokenUse, Unchecked, flag, names, one_of

IssuerType: TypeAlias = Literal["original", "updated"]
"""Cognito's ``IssuerConfiguration.Type``: the regional issuer, or the multi-Region one."""

_POOL_ID: Final = re.compile(r"[\w-]+_[0-9a-zA-Z]+", re.ASCII)
_REGION: Final = re.compile(r"[a-z]{2,}(-[a-z]+)+-[0-9]+")
_HOST: Final = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")


class CognitoUserPool(Authority):
    """One user pool as an :class:`Authority`. Raises :class:`ConfigurationError` for settings that cannot be right.

    ``user_pool_id``
        As in the console, ``us-east-1_Ab12Cd34``. The part before ``_`` is the primary region.
    ``issuer_type``
        ``"original"`` or ``"updated"``: what the pool is set to. There is no default, as any would be wrong for
        somebody.
    ``client_ids``
        The app clients whose tokens are accepted, or ``UNCHECKED``. Compared with ``client_id`` of access tokens and
        with ``aud`` of ID tokens.
    ``token_use``
        ``"access"``, ``"id"``, a tuple of both, or ``UNCHECKED`` (both, written down).
    ``audience``
        Concerns access tokens. ``None``: tokens for this API name no audience, and one that does was made for somebody
        else (RFC 8707). A value, or several of which one must be in ``aud``. ``UNCHECKED``: whatever it says.
    ``replica_regions``
        Regions of the pool's replicas; their key endpoints serve while the primary region is down.
    ``accept_legacy_until``
        Until when tokens of the original issuer are accepted beside the updated one: an aware ``datetime``. ``None``
        refuses them with ``legacy_issuer_retired``. A past date is legal, or the service could not restart afterwards.
    ``legacy_issued_before``
        When the pool was switched: a legacy token minted at or after that moment, or without ``iat``, is refused.
    ``accept_replica_issuers``
        Accept the original issuer form of each replica region as well, of the same kind as the original one.
    ``issuer_url``, ``legacy_issuer_urls``, ``jwks_uris``, ``dns_suffix``
        Replace what is derived. ``jwks_uris`` is in order of precedence; where there are as many as would have been
        derived, each stands in the region of the one that it replaces. Alone, it leaves the issuer names in place.
    ``stable_issuer``
        What ``Principal.issuer`` says; by default the original issuer of the primary region, before, during and after
        the switch, so that users keyed on ``(issuer, subject)`` stay the same users. With issuer names of your own it
        is the first of the legacy ones: give it, or keep ``legacy_issuer_urls``, when the window is over.
    """

    def __init__(
        self,
        user_pool_id: str,
        *,
        issuer_type: IssuerType,
        client_ids: Names | Unchecked,
        token_use: TokenUse | tuple[TokenUse, ...] | Unchecked,
        audience: str | Names | Unchecked | None = None,
        replica_regions: Names = (),
        accept_legacy_until: datetime | None = None,
        legacy_issued_before: datetime | None = None,
        accept_replica_issuers: bool = False,
        issuer_url: str | None = None,
        legacy_issuer_urls: Names | None = None,
        jwks_uris: list[str] | tuple[str, ...] | None = None,
        stable_issuer: str | None = None,
        dns_suffix: str = "amazonaws.com",
    ) -> None:
        one_of("issuer_type", issuer_type, ("original", "updated"))
        flag("accept_replica_issuers", accept_replica_issuers)
        for parameter, url in (("issuer_url", issuer_url), ("stable_issuer", stable_issuer)):
            if url is not None:
                check_url(parameter, url)
        hosts = _hosts(user_pool_id, issuer_url, replica_regions, dns_suffix)
        if accept_replica_issuers and not hosts.replicas:
            raise ConfigurationError("accept_replica_issuers", "needs replica_regions")
        if issuer_type == "original":
            given = (accept_legacy_until, legacy_issued_before, legacy_issuer_urls)
            issuers = _original_issuers(hosts, issuer_url, given, with_replicas=accept_replica_issuers)
        else:
            window = _window(accept_legacy_until, legacy_issued_before)
            old = hosts.legacy(legacy_issuer_urls, issuer_url, with_replicas=accept_replica_issuers)
            current = Issuer(issuer_url or hosts.updated, "current", hosts.region)
            issuers = (current, *(Issuer(url, "legacy", where, *window) for url, where in old))
        super().__init__(
            id=user_pool_id,
            issuers=issuers,
            endpoints=_endpoints(hosts, issuer_type, jwks_uris),
            algorithms=("RS256",),
            token_type=UNCHECKED,
            claim_rules=_claim_rules(_token_uses(token_use), client_ids, audience),
            stable_issuer=_stable(issuers, hosts) if stable_issuer is None else stable_issuer,
            first_endpoint_tells=issuer_type == "updated",
        )


class _Hosts:
    """The issuer URLs of one pool, as AWS documents them."""

    def __init__(self, pool: str, region: str, replicas: tuple[str, ...], suffix: str) -> None:
        self.updated = f"https://issuer-cognito-idp.{region}.{suffix}/{pool}"
        self.original = f"https://cognito-idp.{region}.{suffix}/{pool}"
        self.region = region
        self.replicas = tuple((f"https://cognito-idp.{replica}.{suffix}/{pool}", replica) for replica in replicas)

    def legacy(self, given: Names | None, current: str | None, *, with_replicas: bool) -> list[tuple[str, str | None]]:
        """The issuers that the pool had before, and the region each names."""
        replicas = list(self.replicas) if with_replicas else []
        if given is None:
            return [(self.original, self.region), *replicas]
        urls = names("legacy_issuer_urls", given)
        for url in urls:
            check_url("legacy_issuer_urls", url)
        if {current or self.updated, *(url for url, _ in replicas)} & set(urls):
            raise ConfigurationError("legacy_issuer_urls", "must not name an issuer twice")
        regions = {self.original: self.region, **dict(self.replicas)}
        return [*((url, regions.get(url)) for url in urls), *replicas]


def _hosts(pool: str, issuer_url: str | None, replica_regions: object, dns_suffix: str) -> _Hosts:
    region = _primary_region(pool, derived=issuer_url is None)
    replicas = _replicas(replica_regions, region)
    if not isinstance(dns_suffix, str) or not _HOST.fullmatch(dns_suffix):
        raise ConfigurationError("dns_suffix", "must be a DNS suffix such as amazonaws.com")
    return _Hosts(pool, region, replicas, dns_suffix)


def _stable(issuers: tuple[Issuer, ...], hosts: _Hosts) -> str:
    """The issuer that users are keyed on: the original one of the primary region, wherever it stands in a list."""
    old = [issuer.url for issuer in issuers if issuer.kind == "legacy"] or [issuer.url for issuer in issuers]
    return hosts.original if hosts.original in old else old[0]


def _original_issuers(
    hosts: _Hosts, issuer_url: str | None, given: tuple[object, ...], *, with_replicas: bool
) -> tuple[Issuer, ...]:
    for parameter, value in zip(
        ("accept_legacy_until", "legacy_issued_before", "legacy_issuer_urls"), given, strict=True
    ):
        if value is not None:
            raise ConfigurationError(
                parameter, 'belongs to issuer_type="updated": an original pool has no older issuer'
            )
    first = Issuer(issuer_url or hosts.original, "current", hosts.region)
    kind: IssuerKind = "current"
    return (first, *(Issuer(url, kind, where) for url, where in (hosts.replicas if with_replicas else ())))


def _window(until: datetime | None, issued_before: datetime | None) -> tuple[datetime, datetime | None]:
    check_moment("accept_legacy_until", until)
    check_moment("legacy_issued_before", issued_before)
    if until is None and issued_before is not None:
        raise ConfigurationError("legacy_issued_before", "has no effect without accept_legacy_until")
    return until or NEVER, issued_before


def _primary_region(user_pool_id: object, *, derived: bool) -> str:
    if not isinstance(user_pool_id, str) or len(user_pool_id) > 55 or not _POOL_ID.fullmatch(user_pool_id):
        raise ConfigurationError("user_pool_id", "must look like us-east-1_Ab12Cd34")
    region = user_pool_id.rpartition("_")[0]
    if derived and not _REGION.fullmatch(region):
        raise ConfigurationError("user_pool_id", "must begin with a region, or issuer_url must be given")
    return region


def _replicas(given: object, primary: str) -> tuple[str, ...]:
    replicas = names("replica_regions", given, allow_empty=True)
    for region in replicas:
        if not _REGION.fullmatch(region):
            raise ConfigurationError("replica_regions", "must hold region names such as us-west-2")
        if region == primary:
            raise ConfigurationError("replica_regions", "must not hold the primary region")
    return replicas


def _token_uses(given: object) -> tuple[TokenUse, ...]:
    if given is UNCHECKED:
        return TOKEN_USES
    wanted: tuple[object, ...] = cast("tuple[object, ...]", given) if isinstance(given, tuple) else (given,)
    if not wanted or any(use not in TOKEN_USES for use in wanted):
        raise ConfigurationError("token_use", 'must be "access", "id", a tuple of both, or jwtmr.UNCHECKED')
    return tuple(use for use in TOKEN_USES if use in wanted)


def _claim_rules(
    uses: tuple[TokenUse, ...], client_ids: Names | Unchecked, audience: str | Names | Unchecked | None
) -> dict[TokenUse | None, ClaimRules]:
    clients = client_ids if client_ids is UNCHECKED else frozenset(names("client_ids", client_ids, uncheckable=True))
    if audience is not None and "access" not in uses:
        raise ConfigurationError("audience", "concerns access tokens, and only ID tokens are accepted")
    wanted = None if audience is None else as_audience(audience)
    groups = "cognito:groups"
    rules = {
        "access": ClaimRules(
            token_use="access", clients=clients, client_claim="client_id", audience=wanted,
            scope_claim="scope", groups_claim=groups, username_claim="username",
        ),
        "id": ClaimRules(
            token_use="id", clients=clients, client_claim="aud", audience=UNCHECKED,
            groups_claim=groups, username_claim="cognito:username",
        ),
    }  # fmt: skip
    return {use: rules[use] for use in uses}


def _endpoints(hosts: _Hosts, issuer_type: IssuerType, given: Names | None) -> tuple[JwksEndpoint, ...]:
    places = [(hosts.original, hosts.region), *hosts.replicas]
    if issuer_type == "updated":
        places.insert(0, (hosts.updated, hosts.region))
    if given is None:
        return tuple(JwksEndpoint(f"{issuer}/.well-known/jwks.json", region) for issuer, region in places)
    uris = in_precedence("jwks_uris", given)
    regions = [region for _, region in places] if len(uris) == len(places) else [None] * len(uris)
    return tuple(JwksEndpoint(uri, region) for uri, region in zip(uris, regions, strict=True))
