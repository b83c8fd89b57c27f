"""The fixture of the generic provider, and a validator for it as a user makes one."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta

import pytest

from jwtmr import LegacyIssuer, OidcProvider, TokenValidator
from jwtmr.errors import InvalidSignature, LegacyIssuerRetired, UntrustedIssuer, WrongAudience, WrongClient
from jwtmr.testing import OidcIssuer, RegionalIssuer, SettableClock, validator_for

pytest_plugins = ["jwtmr.testing.plugin"]

seen: list[OidcIssuer] = []
"""The providers of the tests that are over."""


@pytest.fixture(params=[1, 2])
def turn(request: pytest.FixtureRequest) -> object:
    """Run a test twice."""
    return request.param


@pytest.mark.usefixtures("turn")
def test_each_test_has_its_own_provider(oidc_issuer: OidcIssuer, settable_clock: SettableClock) -> None:
    """The provider is started, on the clock of the test, signs with RS256, and is closed after the test."""
    assert oidc_issuer.clock is settable_clock
    assert [key.alg for key in oidc_issuer.keys] == ["RS256"]
    assert oidc_issuer.discovery_url == oidc_issuer.url + "/.well-known/openid-configuration"
    assert oidc_issuer.count() == 0
    for former in seen:
        assert former is not oidc_issuer
        with pytest.raises(RuntimeError, match="not running"):
            former.take_down()
    seen.append(oidc_issuer)


def provider(issuer: OidcIssuer, *former: LegacyIssuer) -> OidcProvider:
    """What a user says of ``issuer`` for access tokens of RFC 9068."""
    return OidcProvider(
        issuer.url,
        audience="https://api.example.com",
        client_ids=[issuer.client_id],
        token_type="at+jwt",
        jwks_uris=[issuer.jwks_uri],
        algorithms=sorted({key.alg for key in issuer.keys}),
        legacy_issuers=former,
    )


def test_a_validator_takes_its_tokens(oidc_issuer: OidcIssuer, settable_clock: SettableClock) -> None:
    """A right token passes with all that it says; each wrong one is refused for the one thing that is wrong."""
    with closing(TokenValidator(provider(oidc_issuer), clock=settable_clock)) as validator:
        principal = validator.validate(oidc_issuer.access_token(scopes=["a", "b"], groups=["g"], username="u"))
        assert (principal.issuer, principal.username) == (oidc_issuer.url, "u")
        assert (principal.scopes, principal.groups) == ({"a", "b"}, {"g"})
        wrong = {
            oidc_issuer.forged_token(): InvalidSignature,
            oidc_issuer.access_token(client_id="other"): WrongClient,
            oidc_issuer.access_token(audience="https://other.example.com"): WrongAudience,
            oidc_issuer.access_token(issuer=oidc_issuer.url + "/"): UntrustedIssuer,
        }
        for token, refusal in wrong.items():
            with pytest.raises(refusal):
                validator.validate(token)


def test_a_validator_follows_its_move(oidc_issuer: OidcIssuer, settable_clock: SettableClock) -> None:
    """The former name is accepted inside its window, and the new one from its first token on."""
    before = oidc_issuer.access_token(expires_in=7200)
    oidc_issuer.move_to("/new")
    window = LegacyIssuer(oidc_issuer.former_urls[0], accept_until=settable_clock.now() + timedelta(hours=1))
    with closing(TokenValidator(provider(oidc_issuer, window), clock=settable_clock)) as validator:
        assert validator.validate(before).issuer_kind == "legacy"
        assert validator.validate(oidc_issuer.access_token()).issuer_kind == "current"
        settable_clock.advance(3600)
        with pytest.raises(LegacyIssuerRetired):
            validator.validate(before)


def test_a_pool_beside_a_provider(
    regional_issuer: RegionalIssuer, oidc_issuer: OidcIssuer, settable_clock: SettableClock
) -> None:
    """Both kinds of issuer run in one test, on one clock, and a validator of one knows nothing of the other."""
    with (
        closing(validator_for(regional_issuer, issuer_type="original")) as of_pool,
        closing(TokenValidator(provider(oidc_issuer), clock=settable_clock)) as of_provider,
    ):
        of_pool.validate(regional_issuer.access_token())
        of_provider.validate(oidc_issuer.access_token())
        with pytest.raises(UntrustedIssuer):
            of_pool.validate(oidc_issuer.access_token(header={"typ": "JWT"}))
        with pytest.raises(UntrustedIssuer):
            of_provider.validate(regional_issuer.access_token(header={"typ": "at+jwt"}))
