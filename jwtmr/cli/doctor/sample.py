"""Findings about the sample token: what the validator says of it, and what that means here.

The validator decides, and nothing else. What a refused token says of itself only chooses between explanations.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from jwtmr._token.compact import parse
from jwtmr.cli.checks import MEANINGS
from jwtmr.cli.doctor.findings import EVERYTHING, NOTHING, REFUSING, Finding, Question, Severity, shortened
from jwtmr.cli.doctor.standing import Standing
from jwtmr.cli.patience import validate_patiently
from jwtmr.cli.tokens import MAX_BYTES
from jwtmr.errors import AuthError, MalformedToken
from jwtmr.settings import IssuerKind
from jwtmr.validator import TokenValidator

_COGNITO: Final = re.compile(r"https://(issuer-)?cognito-idp\.([a-z0-9-]+)\.[a-z0-9.-]+/([\w-]{1,55})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Sample:
    """What the validator made of the sample token."""

    code: str | None = None
    """Of the refusal; None: it was accepted."""
    detail: str = ""
    issuer: str | None = None
    """The ``iss`` of an accepted token, one of the configured ones."""
    kind: IssuerKind | None = None
    region: str | None = None
    says: str | None = None
    """The ``iss`` that a refused token gives itself. UNVERIFIED."""

    def document(self) -> dict[str, object]:
        """As JSON."""
        return {
            "accepted": self.code is None, "code": self.code, "detail": self.detail, "issuer": self.issuer,
            "issuer_kind": self.kind, "issuer_region": self.region, "unverified_issuer": self.says,
        }  # fmt: skip


def try_token(token: str, validator: TokenValidator) -> Sample:
    """Have the validator validate ``token``; it may take the time of a start to get keys, which no request may."""
    try:
        principal = validate_patiently(validator, token)
    except AuthError as error:
        return Sample(error.code, error.detail, says=_says(token))
    return Sample(None, "", principal.token_issuer, principal.issuer_kind, principal.issuer_region)


def _says(token: str) -> str | None:
    try:
        issuer = parse(token, MAX_BYTES).payload.get("iss")
    except MalformedToken:
        return None
    return shortened(issuer, 200) if type(issuer) is str else None


def sample_findings(sample: Sample, standings: Sequence[Standing]) -> list[Finding]:
    """What the sample token tells."""
    if sample.code is None:
        return [_old(sample)] if sample.kind == "legacy" else []
    if sample.code == "untrusted_issuer":
        return [_foreign(sample.says or "", standings)]
    return [_refused(sample.code, sample.detail)]


def _refused(code: str, detail: str) -> Finding:
    """A refusal in the words of ``jwtmr validate``."""
    finding, severity, blocks = _CODES.get(code, _OTHERS)
    meaning = MEANINGS[code]
    do = "Put right what is said of the hosts." if finding == "token_not_checked" else meaning.do
    what = f"the sample token is refused as {code}: {detail}" if detail else f"the sample token is refused as {code}"
    return _finding(finding, what, meaning.means, do, severity=severity, blocks=blocks)


def _old(sample: Sample) -> Finding:
    return _finding(
        "token_of_legacy_issuer",
        f"the sample token is accepted, and it still names the old issuer {shortened(sample.issuer or '')}",
        "Once the old issuer is refused, whoever sends such a token is locked out. For a day after the switch that is "
        "usual, as tokens live as long; later somebody still mints them.",
        "Log in afresh after the switch and try that token. `jwtmr drain` tells who still sends old ones.",
        severity="ok", blocks=REFUSING,
    )  # fmt: skip


_OTHERS: Final[tuple[str, Severity, frozenset[Question]]] = ("token_refused", "problem", EVERYTHING)
_CODES: Final[Mapping[str, tuple[str, Severity, frozenset[Question]]]] = {
    "expired": ("token_expired", "unknown", NOTHING),  # which any token becomes, so it tells little
    "legacy_issuer_retired": ("token_of_retired_issuer", "problem", EVERYTHING),
    "issued_after_cutover": ("token_of_retired_issuer", "problem", EVERYTHING),
    "wrong_client": ("token_of_wrong_client", "problem", EVERYTHING),
    "wrong_token_use": ("token_of_wrong_use", "problem", EVERYTHING),
    "wrong_audience": ("token_of_wrong_audience", "problem", EVERYTHING),
    "unknown_key": ("token_of_unknown_key", "problem", EVERYTHING),
    "invalid_signature": ("token_forged", "problem", EVERYTHING),
    "keys_unavailable": ("token_not_checked", "unknown", EVERYTHING),
}


def _foreign(says: str, standings: Sequence[Standing]) -> Finding:
    """Why the issuer is unknown. Nothing is trusted of what the token says: it only chooses the words."""
    found = _COGNITO.fullmatch(says)
    pools = {standing.authority.id: standing for standing in standings if standing.is_pool}
    if found is not None and found[3] in pools:
        return _own_pool(updated=found[1] is not None, region=found[2], says=says, standing=pools[found[3]])
    if found is not None and pools:
        return _stranger(
            "token_of_foreign_pool",
            f"the sample token says that it comes from another user pool, {found[3]}; configured is {', '.join(pools)}",
            says, "Log in to the right pool; or, if that is the right one, set user_pool_id.",
        )  # fmt: skip
    near = [
        issuer.url
        for standing in standings
        for issuer in standing.authority.issuers
        if issuer.url.rstrip("/") == says.rstrip("/")
    ]
    do = "Look at iss with `jwtmr decode`. If that is your issuer, write issuer_url exactly like it."
    if near:
        do = f"It differs from {near[0]} by the slash at its end alone: issuer_url must be exactly what tokens say."
    return _stranger("token_of_foreign_issuer", "the sample token names an issuer that is not configured", says, do)


def _own_pool(*, updated: bool, region: str, says: str, standing: Standing) -> Finding:
    regions = {look.target.endpoint.region for look in standing.asked}
    if updated:
        return _stranger(
            "token_of_updated_issuer",
            "the sample token names the updated issuer of this pool, and the settings know the original one alone",
            says, 'The pool was switched. Set issuer_type to "updated", and accept_legacy_until at least a day ahead.',
        )  # fmt: skip
    if region in regions:
        return _stranger(
            "token_of_replica_issuer",
            f"the sample token names this pool's issuer in the replica region {region}, and those are not accepted",
            says, "If the replica mints such tokens, set accept_replica_issuers to true.",
        )  # fmt: skip
    return _stranger(
        "token_of_unlisted_region",
        f"the sample token names this pool in the region {region}, which the settings do not",
        says, f"If the pool has a replica there, add {region} to replica_regions and set accept_replica_issuers.",
    )  # fmt: skip


def _stranger(code: str, what: str, says: str, do: str) -> Finding:
    why = f"Its issuer, unverified, is {says!r}, and only exactly the configured ones are trusted."
    return _finding(code, what, why, do, severity="problem", blocks=EVERYTHING)


def _finding(
    code: str, what: str, why: str, do: str, *, severity: Severity, blocks: frozenset[Question]
) -> Finding:  # fmt: skip
    return Finding(severity=severity, code=code, what=what, why=why, do=do, blocks=blocks)
