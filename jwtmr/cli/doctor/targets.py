"""Whom to ask: every endpoint that the validator asks, and one that it does not, but that tells how far a pool is.

Pure. A flow yields addresses and is sent what came of each; it knows no sockets.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from jwtmr._keys.discovery import read_document
from jwtmr._keys.reading import Reading
from jwtmr.cli.doctor.probe import Probe
from jwtmr.cognito import CognitoUserPool
from jwtmr.issuers import Authority, JwksEndpoint

Form: TypeAlias = Literal["updated", "original", "replica", "keys", "discovery"]
"""What stands at an address: a pool's host of one of the three forms, a key set, or a discovery document."""

Flow: TypeAlias = Generator[str, Probe, None]
"""Yields the addresses to ask, one after the other, and is sent the probe of each."""

_ORIGINAL: Final = re.compile(r"https://cognito-idp\.([a-z0-9-]+)\.([a-z0-9.-]+)/([\w-]+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Target:
    """One place to ask for keys."""

    authority: str
    endpoint: JwksEndpoint
    form: Form
    tells: bool = False
    """Whether it tells by having nothing to say that the issuer has not moved yet."""
    asked_by_validator: bool = True

    @property
    def url(self) -> str:
        """The address that is asked first."""
        return self.endpoint.url


def targets_of(authority: Authority) -> tuple[Target, ...]:
    """The targets of one authority, in order of precedence."""
    moves = is_moving(authority)
    told = [
        Target(
            authority.id,
            endpoint,
            _form(authority, place, endpoint),
            tells=place == 0 and moves and authority.first_endpoint_tells,
        )
        for place, endpoint in enumerate(authority.endpoints)
    ]
    unasked = _updated_host(authority)
    if unasked is not None:
        told.append(Target(authority.id, unasked, "updated", asked_by_validator=False))
    return tuple(told)


def is_moving(authority: Authority) -> bool:
    """Whether the authority has a name that it leaves and one that it takes."""
    return 0 < sum(issuer.kind == "legacy" for issuer in authority.issuers) < len(authority.issuers)


def primary_region(pool: Authority) -> str:
    """The region that the id of a user pool begins with."""
    return pool.id.rpartition("_")[0]


def _form(authority: Authority, place: int, endpoint: JwksEndpoint) -> Form:
    if endpoint.discovers is not None:
        return "discovery"
    if not isinstance(authority, CognitoUserPool):
        return "keys"
    if place == 0 and authority.first_endpoint_tells:
        return "updated"
    if endpoint.region is None:
        return "keys"
    return "original" if endpoint.region == primary_region(authority) else "replica"


def _updated_host(authority: Authority) -> JwksEndpoint | None:
    """The updated host of a pool that is configured as original, where no address of it was replaced."""
    if not isinstance(authority, CognitoUserPool) or authority.first_endpoint_tells:
        return None
    found = _ORIGINAL.fullmatch(authority.current_issuer)
    if found is None or not authority.endpoints[0].url.startswith(f"{found[0]}/"):
        return None
    region, suffix, pool = found.groups()
    return JwksEndpoint(f"https://issuer-cognito-idp.{region}.{suffix}/{pool}/.well-known/jwks.json", region)


def flow_of(target: Target) -> Flow:
    """Ask a target, and where it is a discovery document the place that it names."""
    probe = yield target.url
    named = where_keys_are(target, probe)
    if target.endpoint.discovers is not None and isinstance(named, str):
        yield named


def where_keys_are(target: Target, probe: Probe) -> Reading | str | None:
    """Where the keys are: here, or where the document says; how that failed; or None where nothing was answered."""
    if target.endpoint.discovers is None:
        return target.url
    answer = probe.answer
    if answer is None:
        return None
    return read_document(answer.status, answer.headers, answer.body, target.endpoint, probe.sent_at)
