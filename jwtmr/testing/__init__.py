"""A user pool to test against: real servers on loopback, real tokens, and a clock that a test sets.

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

Fixtures for pytest are in ``jwtmr.testing.plugin``. ``make_principal`` is for tests of what comes after authentication,
``LoopbackServer`` for endpoints that are no user pool. Nothing here checks anything: keep it out of production.
"""

from jwtmr.testing.claims import MISSING, SUBJECT, USERNAME, Missing
from jwtmr.testing.clock import SettableClock
from jwtmr.testing.issuer import RegionalEndpoint, RegionalIssuer
from jwtmr.testing.keys import SigningKey
from jwtmr.testing.pool import HostForm, UserPool
from jwtmr.testing.principals import make_principal
from jwtmr.testing.server import Handler, LoopbackServer, Outage
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
    "Missing",
    "Outage",
    "RecordedRequest",
    "RegionalEndpoint",
    "RegionalIssuer",
    "SettableClock",
    "SigningKey",
    "TokenMint",
    "UserPool",
    "make_principal",
    "validator_for",
]
