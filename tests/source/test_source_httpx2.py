"""``httpx_get(module="httpx2")``: the successor behind the same seam, held to the same limits."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import closing

import pytest

from jwtmr import KeyPolicy, KeysUnavailable
from jwtmr.http import httpx_get
from jwtmr.testing import Answer, LoopbackServer, RecordedRequest, RegionalIssuer, validator_for


def test_keys_come_through_it() -> None:
    """A token is validated with keys that it fetched, and a rotation is followed."""
    with (
        RegionalIssuer(["us-east-1"]) as issuer,
        closing(validator_for(issuer, issuer_type="original", http_get=httpx_get(module="httpx2"))) as validator,
    ):
        assert validator.validate(issuer.access_token()).issuer == issuer.original_issuer
        issuer.rotate()
        validator.validate(issuer.access_token())


def test_a_redirect_to_a_good_set_is_not_followed() -> None:
    """What answers 302 has given no keys, and the target is not asked."""
    with RegionalIssuer(["us-east-1"]) as issuer:

        def away(_: RecordedRequest) -> Answer:
            return 302, {"Location": issuer.jwks_uris_for("original")[0]}, b""

        with LoopbackServer(away) as server:
            get = httpx_get(module="httpx2")
            policy = KeyPolicy(wait=0.5)
            made = validator_for(
                issuer, issuer_type="original", jwks_uris=[server.url], http_get=get, key_policy=policy
            )
            with closing(made) as validator, pytest.raises(KeysUnavailable):
                validator.validate(issuer.access_token())
            assert (server.count(), issuer.count()) == (1, 0)


def test_silence_is_a_timeout() -> None:
    """A server that accepts and says nothing ends in ``TimeoutError``, within the time that was given."""
    with LoopbackServer(lambda _: (200, {}, b"{}")) as server:
        server.take_down("accept_silent")
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            httpx_get(module="httpx2")(server.url, headers={}, timeout=0.3, max_bytes=1000)
        assert 0.2 < time.monotonic() - began < 2


def test_only_the_chosen_one_is_imported() -> None:
    """Whoever chose the successor does not load its predecessor."""
    code = "from jwtmr.http import httpx_get; httpx_get(module='httpx2'); import sys; print('httpx' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert run.stdout == "False\n"
