"""What a status says of a provider that has moved is true: a review found it to speak of Cognito."""

from __future__ import annotations

from datetime import timedelta

import pytest
from validation_kit import HTTP_GET

from jwtmr import LegacyIssuer, OidcProvider, TokenValidator
from jwtmr.errors import UnknownKey
from jwtmr.testing import OidcIssuer, SettableClock

DAY = timedelta(days=1)


@pytest.mark.parametrize("window", [-DAY, DAY], ids=["closed", "open"])
def test_an_empty_first_place_does_not_say_who_is_named(window: timedelta) -> None:
    """A provider that mints under its new name, with its keys still at the old place, is not one before its move."""
    clock = SettableClock()
    with OidcIssuer("/new", clock=clock) as issuer:
        provider = OidcProvider(
            issuer.url, audience="https://api.example.com", client_ids=[issuer.client_id], token_type="at+jwt",
            jwks_uris=[issuer.jwks_uri + "/not-yet", issuer.jwks_uri],
            legacy_issuers=[LegacyIssuer("https://old.example", clock.now() + window)],
        )  # fmt: skip
        validator = TokenValidator(provider, http_get=HTTP_GET, clock=clock)
        with pytest.raises(UnknownKey):  # asks every endpoint
            validator.validate(issuer.access_token(header={"kid": "bogus"}))
        assert validator.validate(issuer.access_token()).issuer_kind == "current"
        status = validator.status().authorities[0]
        assert [endpoint.state for endpoint in status.endpoints] == ["not_enabled", "ok"]
        assert not status.refuses_everything
        assert not any("still name the legacy issuer" in problem for problem in status.problems)
        validator.close()
