"""Puts an authority's state into the words that an operator needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from jwtmr._keys.jwk import FOR_OTHERS
from jwtmr.issuers import NEVER, Authority, Issuer
from jwtmr.reports import AuthorityState, AuthorityStatus, EndpointStatus, IssuerStatus

STRANDED: Final = (
    "a fetch of keys was lost, as no thread could be had for it, or its thread died or was frozen; "
    "none has brought keys since"
)


def status_of(
    authority: Authority,
    seconds_left: float | None,
    endpoints: Sequence[EndpointStatus],
    stranded: bool,
    wall: float,
) -> AuthorityStatus:
    """The status of ``authority`` at the Unix time ``wall``."""
    accepted = {issuer.url: wall < issuer.accept_until_unix for issuer in authority.issuers}
    legacy = [issuer for issuer in authority.issuers if issuer.kind == "legacy"]
    moves = 0 < len(legacy) < len(authority.issuers)
    unswitched = moves and authority.first_endpoint_tells and endpoints[0].state == "not_enabled"
    refuses_everything = not any(accepted[issuer.url] for issuer in (legacy if unswitched else authority.issuers))
    return AuthorityStatus(
        authority.id,
        _state(endpoints),
        seconds_left,
        tuple(endpoints),
        tuple(
            IssuerStatus(issuer.url, issuer.kind, issuer.region, issuer.accept_until, accepted[issuer.url])
            for issuer in authority.issuers
        ),
        (
            *_problems(legacy, accepted, endpoints, unswitched=unswitched, refuses_everything=refuses_everything),
            *((STRANDED,) if stranded else ()),
        ),
        refuses_everything,
    )


def _state(endpoints: Sequence[EndpointStatus]) -> AuthorityState:
    states = {endpoint.state for endpoint in endpoints}
    if "ok" in states:
        return "ok"
    if "degraded" in states:
        return "degraded"
    return "down" if states & {"down", "not_enabled"} else "cold"


def _problems(
    legacy: list[Issuer],
    accepted: dict[str, bool],
    endpoints: Sequence[EndpointStatus],
    *,
    unswitched: bool,
    refuses_everything: bool,
) -> list[str]:
    problems: list[str] = []
    for issuer in legacy:
        if not accepted[issuer.url] and issuer.accept_until is not None and issuer.accept_until != NEVER:
            closed = issuer.accept_until.isoformat(" ", "minutes")
            problems.append(f"the window of {issuer.url} closed at {closed}: its tokens are refused")
    if refuses_everything and unswitched:
        problems.append(
            "every token will be refused: the current issuer is not enabled yet, so tokens still name the legacy "
            "issuer, and that one is not accepted"
        )
    elif refuses_everything:
        problems.append("every token will be refused: all issuers are retired, so this authority can be removed")
    elif unswitched:
        problems.append("the current issuer is not enabled yet: tokens still name the legacy issuer")
    for endpoint in endpoints:
        common = FOR_OTHERS if endpoint.state in ("ok", "degraded") else frozenset[str]()
        problems += (f"{endpoint.url}: {reason}" for reason in sorted({*endpoint.reasons} - common))
    return problems
