"""A user pool or a provider to test against: real servers on loopback, real tokens, and a clock that a test sets.

    from datetime import timedelta
    from jwtmr.testing import RegionalIssuer, SettableClock, validator_for

    clock = SettableClock()
    with RegionalIssuer(["us-east-1", "us-west-2"], clock=clock) as issuer:
        validator = validator_for(issuer, accept_legacy_until=clock.now() + timedelta(days=1))
        before = issuer.access_token(groups=["admins"])
        issuer.switch_to_updated()
        assert validator.validate(before).groups == {"admins"}  # the original issuer, inside its window
        assert validator.validate(issuer.access_token()).issuer_kind == "current"
        issuer.take_down("us-east-1", "accept_silent")
        issuer.rotate()  # only the replica tells of it
        validator.validate(issuer.id_token())
        assert {request.fault for request in issuer.requests("us-east-1")} >= {"accept_silent"}
        validator.close()

``issuer.domain`` is where a browser signs in: the authorization code flow with PKCE, as Swagger's *Authorize* does it.
``issuer.login`` says who signs in, which scopes are granted, and what was sent.

``OidcIssuer`` plays any other provider: its discovery documents, keys of every algorithm, tokens of every shape, and a
change of its name. Several can run at once.

    from datetime import timedelta
    from jwtmr import LegacyIssuer, OidcProvider, TokenValidator
    from jwtmr.testing import MISSING, OidcIssuer, SettableClock

    clock = SettableClock()
    with OidcIssuer("/old", algorithms=["ES256"], clock=clock) as issuer:
        before = issuer.access_token(claims={"scope": MISSING, "scp": ["orders/read"]})
        issuer.move_to("/new")
        window = LegacyIssuer(issuer.former_urls[0], accept_until=clock.now() + timedelta(days=1))
        provider = OidcProvider(
            issuer.url, audience="https://api.example.com", client_ids=[issuer.client_id], token_type="at+jwt",
            scope_claim="scp", algorithms=["ES256"], legacy_issuers=[window],
        )
        validator = TokenValidator(provider, clock=clock)
        assert validator.validate(before).scopes == {"orders/read"}  # the keys are found by discovery
        assert validator.validate(issuer.access_token()).issuer_kind == "current"
        validator.close()

``jwtmr.testing.faults`` is what can go wrong with them, from a slow byte to a name that nobody finds. Fixtures for
pytest are in ``jwtmr.testing.plugin``. ``make_principal`` is for tests of what comes after authentication,
``LoopbackServer`` for endpoints that are no issuer. Nothing here checks anything: keep it out of production.
"""

from jwtmr.testing.claims import MISSING, SUBJECT, USERNAME, Missing
from jwtmr.testing.clock import SettableClock
from jwtmr.testing.fault import Outage
from jwtmr.testing.issuer import RegionalEndpoint, RegionalIssuer
from jwtmr.testing.keys import SigningKey
from jwtmr.testing.login import ManagedLogin, User
from jwtmr.testing.pool import HostForm, UserPool
from jwtmr.testing.principals import make_principal
from jwtmr.testing.provider import OidcIssuer, ProviderPart
from jwtmr.testing.server import Handler, LoopbackServer
from jwtmr.testing.tokens import TokenMint
from jwtmr.testing.validators import validator_for
from jwtmr.testing.wire import Answer, RecordedRequest

__all__ = [
    "MISSING",
    "SUBJECT",
    "USERNAME",
    "Answer",
    "Handler",
    "HostForm",
    "LoopbackServer",
    "ManagedLogin",
    "Missing",
    "OidcIssuer",
    "Outage",
    "ProviderPart",
    "RecordedRequest",
    "RegionalEndpoint",
    "RegionalIssuer",
    "SettableClock",
    "SigningKey",
    "TokenMint",
    "User",
    "UserPool",
    "make_principal",
    "validator_for",
]
