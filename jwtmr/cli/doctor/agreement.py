"""Findings about what the endpoints of one authority say together: the same keys, and some at all. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from jwtmr.cli.doctor.findings import EVERYTHING, MOVING, REFUSING, Finding, host_of, listed, shortened
from jwtmr.cli.doctor.seen import Seen
from jwtmr.cli.doctor.standing import Standing

Names: TypeAlias = tuple[str, str]
"""``kid`` and ``alg``."""


def agreement_findings(standing: Standing) -> list[Finding]:
    """Whether endpoints list the same keys, by RFC 7638 thumbprint, and whether there are any."""
    lists = [(look, thumbprints(look)) for look in standing.asked if look.keys is not None]
    if not lists:
        return _none_at_all(standing)
    return [*_conflicts(standing, lists), *_missing(standing, lists)]


def thumbprints(look: Seen) -> Mapping[Names, str]:
    """The keys of one endpoint: what they are called, and which they are."""
    if look.keys is None:
        return {}
    return {(kid, alg): key.thumbprint for kid, by_alg in look.keys.keys.items() for alg, key in by_alg.items()}


def _none_at_all(standing: Standing) -> list[Finding]:
    if not (standing.answered or standing.anybody_answers) or not standing.authority.accepts(standing.now):
        return []  # said elsewhere: nobody could be reached, or nobody needs keys
    leaving = all(issuer.kind == "legacy" for issuer in standing.authority.issuers)
    return [
        Finding(
            severity="problem", code="no_keys", authority=standing.authority.id,
            blocks=EVERYTHING - REFUSING if leaving else EVERYTHING,  # an old house may be refused when it is dark
            what=f"no endpoint of {shortened(standing.authority.id)} gives usable keys",
            why="No signature can be checked, so every token is answered with 503.",
            do="Put right what is said of the endpoints, one of them at least.",
        )
    ]  # fmt: skip


def _conflicts(standing: Standing, lists: list[tuple[Seen, Mapping[Names, str]]]) -> list[Finding]:
    seen: dict[Names, set[str]] = {}
    for _, keys in lists:
        for name, thumbprint in keys.items():
            seen.setdefault(name, set()).add(thumbprint)
    kids = sorted({kid for (kid, _), several in seen.items() if len(several) > 1})
    if not kids:
        return []
    return [
        Finding(
            severity="problem", code="keys_conflict", authority=standing.authority.id, blocks=MOVING,
            what=f"endpoints list different keys under the same name: {listed(kids)}",
            why="Tokens of one of the two are refused, and which one depends on who answers. It must never be so: one "
            "of these places serves another issuer's keys, or somebody put them there.",
            do="Look at which places jwks_uris names. Ask whoever runs them before you trust any.",
        )
    ]  # fmt: skip


def _names(looks: list[Seen]) -> list[str]:
    """What endpoints are called: their hosts, if those differ."""
    hosts = [host_of(look.last.url) for look in looks]
    return hosts if len({*hosts}) == len(hosts) else [shortened(look.last.url, 80) for look in looks]


def _missing(standing: Standing, lists: list[tuple[Seen, Mapping[Names, str]]]) -> list[Finding]:
    every = {kid for _, keys in lists for kid, _ in keys}
    lacking = [
        f"{name} lacks {listed(gone, 2)}"
        for name, (_, keys) in zip(_names([look for look, _ in lists]), lists, strict=True)
        if (gone := sorted(every - {kid for kid, _ in keys}))
    ]
    if not lacking:
        return []
    return [
        Finding(
            severity="problem", code="keys_differ", authority=standing.authority.id, blocks=MOVING,
            what=f"the endpoints do not list the same keys: {'; '.join(lacking[:4])}",
            why="A token that is signed with such a key is accepted or refused by who answers. For some minutes after "
            "a rotation of keys this is usual, as the hosts follow one another.",
            do="Run doctor again in 15 minutes. If it is still so, the places do not belong to the same issuer, or one "
            "of them is an old copy.",
        )
    ]  # fmt: skip
