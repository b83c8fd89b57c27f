"""One user through a whole migration: three configurations, two issuers, the same ``(issuer, subject)``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import pytest

from jwtmr import AuthError, Principal
from jwtmr.testing import RegionalIssuer, SettableClock, validator_for


@pytest.fixture
def issuer() -> Iterator[RegionalIssuer]:
    """A pool in two regions, on its original issuer."""
    with RegionalIssuer(clock=SettableClock()) as started:
        yield started


def principal(issuer: RegionalIssuer, token: str, **options: object) -> Principal:
    """What a validator of this configuration, made for the occasion, says of ``token``."""
    with closing(validator_for(issuer, **options)) as validator:
        return validator.validate(token)


def test_three_configurations_see_one_user(issuer: RegionalIssuer) -> None:
    """Original; updated with a window; updated without: the same identity from real tokens of either issuer."""
    window = {"accept_legacy_until": issuer.clock.now() + timedelta(days=1)}
    old = [issuer.access_token(subject="user"), issuer.id_token(subject="user")]
    seen = [principal(issuer, token, issuer_type="original") for token in old]
    issuer.switch_to_updated()
    new = [issuer.access_token(subject="user"), issuer.id_token(subject="user")]
    seen += [principal(issuer, token, **window) for token in [*old, *new]]
    seen += [principal(issuer, token) for token in new]
    assert {(one.issuer, one.subject) for one in seen} == {(issuer.original_issuer, "user")}
    named = [one.token_issuer for one in seen]
    assert named == [issuer.original_issuer] * 4 + [issuer.updated_issuer] * 4
    assert [one.issuer_kind for one in seen] == ["current"] * 2 + ["legacy"] * 2 + ["current"] * 4


def test_each_configuration_ends_what_it_should(issuer: RegionalIssuer) -> None:
    """The first knows no updated issuer, and the last no longer takes the original one."""
    before = issuer.access_token()
    issuer.switch_to_updated()
    after = issuer.access_token()
    with pytest.raises(AuthError) as early:
        principal(issuer, after, issuer_type="original")
    with pytest.raises(AuthError) as late:
        principal(issuer, before)
    assert (early.value.code, late.value.code) == ("untrusted_issuer", "legacy_issuer_retired")


def test_replica_issuers_name_the_same_user(issuer: RegionalIssuer) -> None:
    """A token that a replica minted under its own region belongs to the same identity."""
    token = issuer.access_token(subject="user", issuer=issuer.replica_issuer("us-west-2"))
    one = principal(issuer, token, issuer_type="original", accept_replica_issuers=True)
    assert (one.issuer, one.subject, one.issuer_region) == (issuer.original_issuer, "user", "us-west-2")
    with pytest.raises(AuthError) as caught:
        principal(issuer, token, issuer_type="original")
    assert caught.value.code == "untrusted_issuer"
