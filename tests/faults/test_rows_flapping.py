"""Endpoints that come and go: no token suffers, and neither do the endpoints and the log."""

from __future__ import annotations

import logging
from collections import Counter

import pytest
from fire_kit import Recorder
from key_rows_kit import at_rest
from outage_rows_kit import AT_ONCE, ENDPOINTS, Making, seconds, struck

from jwtmr.events import EndpointChanged, FetchFinished, KeysChanged, KeysServedStale
from jwtmr.testing import RegionalIssuer, SettableClock
from jwtmr.testing.faults import Fault, at, flap, reset, status

TEN_MINUTES, PHASE = 600, 5
"""Seconds."""
SHORTEST = 60
"""Seconds: no lifetime is shorter, so with this ``max_age`` most is asked."""
CHANGES = (EndpointChanged, KeysChanged, KeysServedStale)
"""What an operator is told of."""


@pytest.mark.row("flap")
@pytest.mark.parametrize("fault", [reset(), status(503)], ids=str)
def test_ten_minutes_of_flapping(
    pool: RegionalIssuer, make: Making, clock: SettableClock, caplog: pytest.LogCaptureFixture, fault: Fault
) -> None:
    """Every token passes at once, an endpoint is asked once in five seconds on average, and only changes are logged."""
    pool.max_age = SHORTEST
    places = ENDPOINTS if fault.name == "reset" else 1
    recorder, token = Recorder(), pool.access_token()
    validator = make(observers=[recorder], jwks_uris=pool.jwks_uris[:places])
    with at(pool).let(flap(fault, every=PHASE, first="up")) as flapping, caplog.at_level(logging.INFO, "jwtmr"):
        slowest = 0.0
        for _ in range(TEN_MINUTES):
            slowest = max(slowest, seconds(validator, token))
            at_rest()
            clock.advance(1)
        assert len(struck(flapping)) == places
    assert slowest < AT_ONCE
    asked = Counter(event.endpoint for event in recorder.of(FetchFinished))
    assert max(asked.values()) <= TEN_MINUTES / PHASE
    told = [event for kind in CHANGES for event in recorder.of(kind)]
    lines = [record for record in caplog.records if record.name == "jwtmr"]
    assert len(lines) <= len(told) + TEN_MINUTES / 60
    assert len(lines) <= 2 * places * TEN_MINUTES / 60
