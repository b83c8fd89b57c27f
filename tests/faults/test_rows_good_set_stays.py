"""Whatever comes in place of a key set: the good one stays, is told of nothing, and is replaced when the next comes."""

from __future__ import annotations

import pytest
from fire_kit import Recorder, outcome
from key_rows_kit import at_rest
from outage_rows_kit import AFTER_REFRESH, Making, refreshed_in_vain, warm

from jwtmr.events import KeysChanged
from jwtmr.testing import RegionalIssuer, SettableClock
from jwtmr.testing.faults import (
    Fault,
    accept_silent,
    at,
    body,
    diverge,
    drip,
    gzip_bomb,
    huge,
    many_headers,
    redirect,
    reset,
    status,
)

HTML = "<!doctype html><title>Sign in</title>"


def doubled(pool: RegionalIssuer, *kids: str) -> Fault:
    """The fault of listing a second key under each of ``kids``: those of other pairs of the same pool."""
    others = {pool.access_kid: pool.id_key, pool.id_kid: pool.access_key}
    return diverge(add=[{**others[kid].jwk, "kid": kid} for kid in kids])


@pytest.mark.parametrize(
    ("fault", "ended"),
    [
        pytest.param(drip(1, of="headers"), "timeout", marks=pytest.mark.row("slow-headers")),
        pytest.param(accept_silent(), "timeout", marks=pytest.mark.row("slow-headers")),
        pytest.param(drip(1, of="body"), "timeout", marks=pytest.mark.row("slow-body")),
        pytest.param(drip(1, of="chunk"), "timeout", marks=pytest.mark.row("slow-body")),
        pytest.param(drip(1, of="trailer"), "timeout", marks=pytest.mark.row("slow-body")),
        pytest.param(reset("body"), "network", marks=pytest.mark.row("slow-body")),
        pytest.param(huge(), "too_large", marks=pytest.mark.row("huge-body")),
        pytest.param(huge(length="chunked"), "too_large", marks=pytest.mark.row("huge-body")),
        pytest.param(huge(length="none"), "too_large", marks=pytest.mark.row("huge-body")),
        pytest.param(gzip_bomb(), "too_large", marks=pytest.mark.row("gzip-bomb")),
        pytest.param(many_headers(1000), "too_large", marks=pytest.mark.row("many-headers")),
        pytest.param(redirect(), "redirect", marks=pytest.mark.row("redirect-same")),
        pytest.param(status(500), "server_error", marks=pytest.mark.row("status-codes")),
        pytest.param(status(404), "client_error", marks=pytest.mark.row("status-codes")),
        pytest.param(body({"keys": []}), "unusable", marks=pytest.mark.row("empty-set")),
        pytest.param(body(HTML, content_type="text/html"), "unusable", marks=pytest.mark.row("not-json")),
    ],
    ids=str,
)
def test_the_good_set_stays(pool: RegionalIssuer, make: Making, clock: SettableClock, fault: Fault, ended: str) -> None:
    """Though the answer is, or leads to, a set that is valid: it is not the answer that counts."""
    silent = ended == "timeout"
    assert refreshed_in_vain(pool, make, clock, fault, silent=silent) == {ended}


@pytest.mark.row("dup-kid")
def test_a_set_with_two_keys_for_every_kid_is_none(pool: RegionalIssuer, make: Making, clock: SettableClock) -> None:
    """No usable key is left in it, so the good set stays."""
    recorder, tokens = Recorder(), [pool.access_token(), pool.id_token()]
    validator = make(observers=[recorder])
    warm(validator, tokens[0])
    with at(pool).let(doubled(pool, pool.access_kid, pool.id_kid)):
        clock.advance(AFTER_REFRESH)
        validator.status()
        at_rest()
        assert [outcome(validator, token) for token in tokens] == ["ok", "ok"]
        assert len(recorder.of(KeysChanged)) == 1
        asked = validator.status().authorities[0].endpoints
        assert {endpoint.last_outcome for endpoint in asked} == {"unusable"}
        assert all("two keys for one kid and algorithm" in endpoint.reasons for endpoint in asked)


@pytest.mark.row("dup-kid")
def test_one_kid_with_two_keys_is_refused_and_told(pool: RegionalIssuer, make: Making, clock: SettableClock) -> None:
    """A set with other usable keys is adopted: the doubled ``kid`` is refused, the others serve, and it is told."""
    recorder = Recorder()
    validator = make(observers=[recorder])
    warm(validator, pool.access_token())
    with at(pool).let(doubled(pool, pool.access_kid)):
        clock.advance(AFTER_REFRESH)
        validator.status()
        at_rest()
        assert (outcome(validator, pool.access_token()), outcome(validator, pool.id_token())) == ("unknown_key", "ok")
    told = recorder.of(KeysChanged)[1]
    assert (told.added, told.removed) == (0, 1)
    assert told.refused == ("two keys for one kid and algorithm",)
