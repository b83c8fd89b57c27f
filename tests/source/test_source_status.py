"""``status`` over real servers: it asks as a request does, waits for nobody, and what it costs in an outage."""

from __future__ import annotations

import math
import threading
import time

import pytest
from source_kit import FRESH, HeldEndpoint, Making, body_of, eventually, no_threads_left

from jwtmr import TokenValidator, ValidatorClosed
from jwtmr.http import httpx_get
from jwtmr.testing import Answer, LoopbackServer, RecordedRequest, RegionalIssuer, SettableClock

HTTP_GET = httpx_get()
"""One for all of them: reading the CA certificates takes longer than a test."""
LONGEST_PAUSE = 31
"""Seconds: after each failed walk, while there are no keys."""


class Failing:
    """An endpoint that answers 500 until it is mended."""

    def __init__(self, issuer: RegionalIssuer) -> None:
        self._body = body_of(issuer)
        self.mended = False
        self.server = LoopbackServer(self._answer)

    @property
    def url(self) -> str:
        """Where the keys are."""
        return self.server.url + "/jwks.json"

    def _answer(self, _: RecordedRequest) -> Answer:
        return (200, FRESH, self._body) if self.mended else (500, {}, b"")


def probed(validator: TokenValidator) -> bool:
    """Ask twenty times, and wait until nobody is being asked; whether the last one was ready."""
    ready = [validator.status().ready for _ in range(20)][-1]
    no_threads_left()
    return ready


def test_a_status_waits_for_nobody(issuer: RegionalIssuer, make: Making) -> None:
    """An endpoint that says nothing keeps a hundred of them from nothing, and is asked once."""
    with HeldEndpoint(issuer) as endpoint:
        validator = make(endpoint.url, http_get=HTTP_GET)
        assert validator.status().authorities[0].state == "cold"
        assert endpoint.asked.wait(10)
        assert not any(validator.status().ready for _ in range(100))
        assert endpoint.server.count() == 1
        endpoint.let_go()
        eventually(lambda: validator.status().ready, "not ready")


def test_making_one_asks_nobody(issuer: RegionalIssuer, clock: SettableClock, make: Making) -> None:
    """Nor is anything begun that could be lost, or that the first token would find: that costs one fetch."""
    with HeldEndpoint(issuer, held=0) as endpoint:
        validator = make(endpoint.url, http_get=HTTP_GET)
        no_threads_left()
        assert endpoint.server.count() == 0
        clock.advance(60)
        assert validator.status().authorities[0].problems == ()
        validator.validate(issuer.access_token())
        no_threads_left()
        assert endpoint.server.count() == 1


def test_threads_that_ask_at_once_cost_one_fetch(issuer: RegionalIssuer, make: Making) -> None:
    """Probes of several kinds, and a page of an operator's, all on a process that has just started."""
    with HeldEndpoint(issuer) as endpoint:
        validator, together = make(endpoint.url, http_get=HTTP_GET), threading.Barrier(16)

        def ask() -> None:
            together.wait(10)
            validator.status()

        threads = [threading.Thread(target=ask) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        assert endpoint.asked.wait(10)
        assert endpoint.server.count() == 1


def test_a_process_that_started_in_an_outage_becomes_ready(
    issuer: RegionalIssuer, clock: SettableClock, make: Making
) -> None:
    """By being asked alone; and however often it was asked, the hosts were asked once for each pause that passed."""
    endpoint = Failing(issuer)
    with endpoint.server:
        validator, began = make(endpoint.url, http_get=HTTP_GET), time.monotonic()
        assert not probed(validator)
        for past in range(10):
            clock.advance(LONGEST_PAUSE)
            assert not probed(validator)
            assert past + 2 <= endpoint.server.count() <= past + 2 + math.ceil(time.monotonic() - began)
        endpoint.mended = True
        clock.advance(LONGEST_PAUSE)
        probed(validator)
        assert validator.status().ready
        assert validator.validate(issuer.access_token()).subject


def test_a_closed_validator_has_no_status(issuer: RegionalIssuer, make: Making) -> None:
    """It asks nobody either."""
    with HeldEndpoint(issuer, held=0) as endpoint:
        validator = make(endpoint.url, http_get=HTTP_GET)
        validator.close()
        with pytest.raises(ValidatorClosed):
            validator.status()
        assert endpoint.server.count() == 0
