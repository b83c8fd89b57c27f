"""Hostile tokens carry a marker in every place; it turns up nowhere."""

from __future__ import annotations

import logging
import traceback
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest
from validation_kit import HTTP_GET, Recorder, ask, claims_of, clock_of

from jwtmr import UNCHECKED, AuthError
from jwtmr.testing import RegionalIssuer, validator_for

MARKER = "Zebra7Marker"
PLACES = [
    *("sub", "iss", "aud", "exp", "nbf", "iat", "jti", "scope", "cognito:groups", "username", "client_id"),
    *("token_use", "cnf", "email", MARKER),
]


def hostile_tokens(issuer: RegionalIssuer) -> list[object]:
    """Tokens with the marker in one place each, signed and not, for every step to refuse or to accept."""
    good = issuer.access_token(subject=MARKER)
    forged_key = replace(issuer.id_key, kid=issuer.access_kid)
    tokens: list[object] = [MARKER, f"{MARKER}.{MARKER}.{MARKER}", MARKER.encode(), good + MARKER, good + "=="]
    for name in PLACES:
        for value in (MARKER, [MARKER], {MARKER: MARKER}, [[MARKER]]):
            for iss in (issuer.updated_issuer, issuer.original_issuer):
                tokens.append(issuer.access_token(issuer=iss, claims={name: value}))
                tokens.append(issuer.id_token(issuer=iss, claims={name: value}, key=forged_key))
    for name in ("kid", "alg", "typ", "crit", "b64", "zip", "jwk", "jku", "x5c", MARKER):
        tokens += [issuer.access_token(header={name: value}) for value in (MARKER, [MARKER], {MARKER: MARKER})]
    payload = issuer.sign_raw(b'{"alg":"RS256"}', b'{"a":"%s","a":1}' % MARKER.encode())
    return [*tokens, payload, issuer.sign_raw(MARKER.encode(), MARKER.encode()), issuer.forged_token()]


def said_by(error: AuthError) -> list[str]:
    """All that a refusal says, to clients and to logs."""
    contexts = [repr(one) for one in (error.__cause__, error.__context__) if one is not None]
    return [str(error), repr(error), error.detail, *error.args, *traceback.format_exception_only(error), *contexts]


@pytest.mark.row("secrets-in-logs", fault=None)
@pytest.mark.parametrize("how", ["sync", "async"])
@pytest.mark.parametrize("outage", [False, True])
def test_no_marker_anywhere(
    issuer: RegionalIssuer, caplog: pytest.LogCaptureFixture, how: str, *, outage: bool
) -> None:
    """Logs at DEBUG with all fields, errors, events, ``repr``, status and drain report hold nothing of any token."""
    recorder, said = Recorder(), []
    caplog.set_level(logging.DEBUG)
    until = clock_of(issuer).now() + timedelta(days=1)
    with closing(
        validator_for(issuer, accept_legacy_until=until, observers=[recorder], removal_dry_run=True, http_get=HTTP_GET)
    ) as validator:
        validator.warm_up()
        if outage:
            for region in issuer.regions:
                issuer.take_down(region)
        codes = set()
        for token in hostile_tokens(issuer):
            try:
                said.append(repr(ask(validator, token, how)))
                codes.add("accepted")
            except AuthError as error:
                codes.add(error.code)
                said += said_by(error)
        said += [repr(validator.status()), str(validator.status()), repr(recorder.events), caplog.text]
        report = validator.drain_report()
        said += [report.to_json(), repr(report), str(report.verdict(clock_of(issuer).wall()))]
        records = [record for record in caplog.records if record.name.startswith("jwtmr")]
        said += [repr(record.__dict__) for record in records]
    assert {"endpoint_changed", "keys_changed", "legacy_window_ending"} <= {record.jwtmr_event for record in records}
    assert [one.total is not None for one in report.issuers] == [True, True]
    assert {"accepted", "malformed_token", "unsupported_token", "untrusted_issuer", "invalid_claim"} <= codes
    assert {"wrong_client", "wrong_audience", "wrong_token_use", "bound_token", "invalid_signature"} <= codes
    assert ("keys_unavailable" if outage else "unknown_key") in codes
    assert not [text for text in said if MARKER in text]


def test_good_tokens_leave_no_trace(issuer: RegionalIssuer, caplog: pytest.LogCaptureFixture) -> None:
    """An accepted token's claims, and the token itself, are in no log, event or status."""
    recorder = Recorder()
    caplog.set_level(logging.DEBUG)
    token = issuer.access_token(subject="subject-7", username="user-7", scopes=["scope-7"], groups=["group-7"])
    with closing(validator_for(issuer, observers=[recorder], http_get=HTTP_GET)) as validator:
        principal = validator.validate(token)
        with pytest.raises(AuthError) as caught:
            validator.validate(token, scopes=["other"])
        said = [repr(principal), repr(recorder.events), repr(validator.status()), caplog.text, *said_by(caught.value)]
        said += [validator.drain_report().to_json(), *(repr(record.__dict__) for record in caplog.records)]
    assert recorder.events
    secrets = ["subject-7", "user-7", "scope-7", "group-7", str(claims_of(token)["jti"]), *token.split(".")]
    assert not [(secret, text) for secret in secrets for text in said if secret in text]


def test_a_report_names_clients_and_nothing_else(issuer: RegionalIssuer) -> None:
    """Where clients are not checked it names whatever verified tokens do: their client, and no other claim."""
    with closing(validator_for(issuer, client_ids=UNCHECKED, http_get=HTTP_GET)) as validator:
        claims = dict.fromkeys(("sub", "jti", "username", "email", MARKER), MARKER)
        validator.validate(issuer.access_token(client_id="client-7", claims=claims))
        told = validator.drain_report().to_json()
    assert '"client-7"' in told
    assert MARKER not in told
