"""``validator_for``: a validator that is wired to a test issuer and goes by its clock."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

import jwtmr.testing
from jwtmr import KeyPolicy
from jwtmr.errors import (
    Expired,
    InvalidSignature,
    IssuedAfterCutover,
    LegacyIssuerRetired,
    UntrustedIssuer,
    WrongAudience,
    WrongClient,
    WrongTokenUse,
)
from jwtmr.testing import RegionalIssuer, SettableClock, validator_for

NOON = datetime(2027, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
def issuer() -> Iterator[RegionalIssuer]:
    """A started issuer at noon."""
    with RegionalIssuer(clock=SettableClock(NOON)) as started:
        yield started


def test_original_pool(issuer: RegionalIssuer) -> None:
    """A validator for the original issuer takes all kinds of its tokens, and asks original hosts alone."""
    with closing(validator_for(issuer, issuer_type="original")) as validator:
        for token in (issuer.access_token(), issuer.id_token(), issuer.machine_token()):
            principal = validator.validate(token)
            assert (principal.issuer, principal.issuer_kind) == (issuer.original_issuer, "current")
    assert issuer.count(form="updated") == 0
    assert issuer.count() > 0


def test_updated_pool_with_a_window(issuer: RegionalIssuer) -> None:
    """Both issuers are accepted inside the window, which closes by the issuer's clock."""
    clock = issuer.clock
    assert isinstance(clock, SettableClock)
    with closing(validator_for(issuer, accept_legacy_until=NOON + timedelta(minutes=10))) as validator:
        legacy = issuer.access_token()
        assert validator.validate(legacy).issuer_kind == "legacy"
        issuer.switch_to_updated()
        assert validator.validate(issuer.access_token()).issuer_kind == "current"
        clock.advance(600)
        with pytest.raises(LegacyIssuerRetired):
            validator.validate(legacy)
        clock.advance(3600)
        with pytest.raises(Expired):
            validator.validate(issuer.access_token(issued_at=NOON))


def test_updated_pool_without_a_window(issuer: RegionalIssuer) -> None:
    """By default the legacy issuer is retired."""
    with closing(validator_for(issuer)) as validator, pytest.raises(LegacyIssuerRetired):
        validator.validate(issuer.access_token())


def test_refused_tokens_have_their_codes(issuer: RegionalIssuer) -> None:
    """Forged and foreign tokens are refused for the one thing that is wrong with them."""
    with closing(validator_for(issuer, issuer_type="original")) as validator:
        with pytest.raises(InvalidSignature):
            validator.validate(issuer.forged_token())
        with pytest.raises(UntrustedIssuer):
            validator.validate(issuer.foreign_token())


def test_pool_options_pass_through(issuer: RegionalIssuer) -> None:
    """Keywords of the pool go before what follows from the issuer."""
    issuer.switch_to_updated()
    pool = validator_for(
        issuer,
        token_use="access",
        client_ids=["other"],
        audience="https://api.example",
        stable_issuer="https://stable.example",
        accept_replica_issuers=True,
        accept_legacy_until=NOON + timedelta(days=1),
        legacy_issued_before=NOON,
    )
    wanted = {"aud": "https://api.example", "client_id": "other"}
    with closing(pool) as validator:
        assert validator.validate(issuer.access_token(claims=wanted)).issuer == "https://stable.example"
        with pytest.raises(WrongClient):
            validator.validate(issuer.access_token(claims={**wanted, "client_id": issuer.client_id}))
        with pytest.raises(WrongAudience):
            validator.validate(issuer.access_token(client_id="other"))
        with pytest.raises(WrongTokenUse):
            validator.validate(issuer.id_token())
        with pytest.raises(IssuedAfterCutover):
            validator.validate(issuer.access_token(issuer=issuer.replica_issuer("us-west-2"), claims=wanted))


def test_validator_options_pass_through(issuer: RegionalIssuer) -> None:
    """Keywords of the validator reach it."""
    options = validator_for(issuer, issuer_type="original", leeway=0, key_policy=KeyPolicy(refresh="inline"))
    with closing(options) as validator:
        late = issuer.access_token(issued_at=NOON - timedelta(hours=1))
        with pytest.raises(Expired):
            validator.validate(late)
        validator.validate(issuer.access_token(issued_at=NOON - timedelta(minutes=59)))


def examples() -> list[str]:
    """The indented blocks of the package's docstring."""
    indented = re.findall(r"(?:^(?: {4}.*)?\n)+", jwtmr.testing.__doc__ or "", re.MULTILINE)
    return [textwrap.dedent(block) for block in indented if block.strip()]


def test_the_documentation_shows_both_kinds_of_issuer() -> None:
    """There is an example of each, or the next test would run nothing."""
    assert [name for text in examples() for name in ("RegionalIssuer", "OidcIssuer") if f"with {name}(" in text] == [
        "RegionalIssuer",
        "OidcIssuer",
    ]


@pytest.mark.parametrize("text", examples(), ids=["pool", "provider"])
def test_the_usage_in_the_documentation_works(text: str) -> None:
    """What the docstring of the package shows is run as it stands there."""
    exec(compile(text, "jwtmr.testing.__doc__", "exec"), {})


def test_an_unknown_option_is_an_error(issuer: RegionalIssuer) -> None:
    """A misspelt keyword does not go unnoticed."""
    with pytest.raises(TypeError, match="client_id"):
        validator_for(issuer, client_id="x")  # type: ignore[call-arg]
