"""Nothing of a token becomes a label, a name or a value, whatever is in it and however it ended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import get_args

from extras_kit import System, Watching, code_of

from jwtmr import CODES, UNCHECKED, IssuerKind
from jwtmr.events import FetchOutcome, Trigger
from jwtmr.testing import RegionalIssuer

MARKER = "Zebra7Marker"
CLAIMS = ("sub", "iss", "aud", "exp", "iat", "jti", "scope", "username", "client_id", "token_use", "email", MARKER)
HEADERS = ("kid", "alg", "typ", "jku", "x5c", MARKER)


def hostile(issuer: RegionalIssuer) -> Iterator[str]:
    """Tokens with the marker in one place each, of either issuer, well signed and forged."""
    forged = replace(issuer.id_key, kid=issuer.access_kid)
    yield from (MARKER, f"{MARKER}.{MARKER}.{MARKER}", issuer.access_token() + MARKER)
    for iss in (issuer.updated_issuer, issuer.original_issuer):
        for value in (MARKER, [MARKER], {MARKER: MARKER}):
            for name in CLAIMS:
                yield issuer.access_token(issuer=iss, claims={name: value})
                yield issuer.access_token(issuer=iss, claims={name: value}, key=forged)
            for name in HEADERS:
                yield issuer.access_token(issuer=iss, header={name: value})


def test_no_marker_in_all_that_is_exposed(issuer: RegionalIssuer, system: System, watched: Watching) -> None:
    """Also where clients are unchecked, and where a good token is refused for what it may not do."""
    validator = watched(client_ids=UNCHECKED)
    codes = set()
    for token in hostile(issuer):
        codes.add(code_of(validator, token))
        codes.add(code_of(validator, token, scopes=[MARKER]))
    assert {None, "malformed_token", "untrusted_issuer", "invalid_claim", "invalid_signature"} <= codes
    assert {"unknown_key", "unsupported_token", "insufficient_scope"} <= codes
    assert MARKER not in system.text()
    closed = {
        "authority": {issuer.user_pool_id},
        "issuer": {issuer.updated_issuer, issuer.original_issuer},
        "issuer_kind": {*get_args(IssuerKind)},
        "region": {*issuer.regions},
        "client": set(),
        "endpoint": {*issuer.jwks_uris},
        "code": {*CODES},
        "outcome": {"accepted", "refused", *get_args(FetchOutcome)},
        "trigger": {*get_args(Trigger)},
        "reason": {"bucket", "backoff", "dropped", "conflict"},
        "state": {"cold", "ok", "degraded", "down", "not_enabled"},
    }
    found = [(name, value) for sample in system.samples() for name, value in sample.labels.items() if name != "le"]
    assert len(found) > 100
    assert [(name, value) for name, value in found if value not in closed[name]] == []
