"""A silent region holds up a refresh; the request that needs another walk must not pay for it."""

from __future__ import annotations

import time
from contextlib import closing

import pytest
from source_kit import eventually

from jwtmr import KeyPolicy
from jwtmr.testing import RegionalIssuer, SettableClock, validator_for


@pytest.mark.parametrize("asked", [1, 3], ids=["at its beginning", "when all have been asked"])
def test_rotation_during_a_refresh_that_a_silent_region_holds_up(asked: int) -> None:
    """The first token of a new key is accepted while the refresh still waits for endpoints that say nothing."""
    clock = SettableClock()
    with RegionalIssuer(["us-east-1", "us-west-2"], clock=clock) as issuer:
        issuer.switch_to_updated()
        with closing(validator_for(issuer)) as validator:
            validator.validate(issuer.access_token())
            issuer.take_down("us-east-1", how="accept_silent")
            clock.advance(900)
            issuer.forget_requests()
            validator.validate(issuer.access_token())  # the refresh takes off
            eventually(lambda: issuer.count() >= asked, "request of the refresh")
            issuer.rotate()
            began = time.monotonic()
            validator.validate(issuer.access_token())
            assert time.monotonic() - began < 2.0
            assert any(request.fault == "accept_silent" for request in issuer.requests())


def test_inline_refresh_does_not_wait_for_a_silent_region() -> None:
    """A request that refreshes inline goes on once everybody who is not silent has answered."""
    clock = SettableClock()
    with RegionalIssuer(["us-east-1", "us-west-2"], clock=clock) as issuer:
        issuer.switch_to_updated()
        with closing(validator_for(issuer, key_policy=KeyPolicy(refresh="inline"))) as validator:
            validator.validate(issuer.access_token())
            issuer.take_down("us-east-1", how="accept_silent")
            clock.advance(900)
            issuer.forget_requests()
            began = time.monotonic()
            validator.validate(issuer.access_token())
            assert time.monotonic() - began < 1.8
            assert issuer.count("us-west-2") == 1
