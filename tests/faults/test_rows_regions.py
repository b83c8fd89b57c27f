"""Regions that go down and come back: where the keys come from, who waits, and who is asked how often."""

from __future__ import annotations

import logging
import math
import time
from itertools import pairwise

import pytest
from fire_kit import Recorder, eventually, outcome
from key_rows_kit import AFTER_REFRESH, COOLDOWN, MARGIN, MAX_STALE, Making, at_rest, later, pass_time

from jwtmr import KeysUnavailable, TokenValidator
from jwtmr.events import EndpointChanged, FetchFinished
from jwtmr.testing import RegionalIssuer, SettableClock
from jwtmr.testing.faults import (
    Fault,
    accept_silent,
    at,
    body,
    dns_fails,
    dns_hang,
    drip,
    drop_syn,
    flap,
    many_dead_addresses,
    refuse,
    reset,
    status,
)

HOME, ABROAD = "us-east-1", "us-west-2"
"""The primary region, with two endpoints, and the replica, with one."""
LONGEST_PROBE = 300
"""Seconds between two questions to an endpoint that goes on failing."""

FAILING: list[Fault] = [reset(), refuse(), status(503), body("<html>"), dns_fails()]
SILENT: list[Fault] = [accept_silent(), drop_syn(), drip(1), dns_hang(), many_dead_addresses()]


def states(validator: TokenValidator) -> list[str]:
    """Of the endpoints, in the order of precedence: updated and original at home, original abroad."""
    return [endpoint.state for endpoint in validator.status().authorities[0].endpoints]


@pytest.mark.row("region-failover")
@pytest.mark.parametrize("fault", [*FAILING, *SILENT], ids=str)
def test_the_replica_serves_while_the_primary_region_is_dark(pool: RegionalIssuer, make: Making, fault: Fault) -> None:
    """The first token waits for less than 1.5 s, the next hundred for nothing, and the dark region is hardly asked."""
    validator, token = make(), pool.access_token()
    with at(pool, HOME).let(fault) as dark:
        began = time.monotonic()
        assert outcome(validator, token) == "ok"
        assert time.monotonic() - began < 1.5
        began = time.monotonic()
        assert {outcome(validator, token) for _ in range(100)} == {"ok"}
        assert time.monotonic() - began < 0.4  # what it would cost to wait for the dark region once
        assert dark.times <= 2 * 3  # connections of two endpoints; each may have to be looked up and connected to


@pytest.mark.row("region-failover")
@pytest.mark.parametrize("fault", [reset(), refuse()], ids=str)
def test_a_dark_region_is_probed_ever_more_rarely(
    pool: RegionalIssuer, make: Making, clock: SettableClock, fault: Fault
) -> None:
    """Once more at once, then after 30 s, 60 s, 120 s, 240 s, and from then on every 5 min."""
    recorder, token = Recorder(), pool.access_token(expires_in=86000)
    validator = make(observers=[recorder])
    with at(pool, HOME).let(fault):
        moments: list[float] = []
        for second in range(0, 3600, 15):
            assert outcome(validator, token) == "ok"
            at_rest()
            failed = [fetch for fetch in recorder.of(FetchFinished) if fetch.endpoint == pool.jwks_uris[0]]
            moments += [second] * (len(failed) - len(moments))
            later(clock, 15)
    pauses = [after - before for before, after in pairwise(moments)]
    assert pauses[0] <= 15
    assert pauses[1:5] == [30, 60, 120, 240]
    assert set(pauses[5:]) == {LONGEST_PROBE}


@pytest.mark.row("region-failover")
def test_no_request_waits_for_a_probe(pool: RegionalIssuer, make: Making, clock: SettableClock) -> None:
    """A probe of a region that says nothing lasts 2.5 s, and nobody notices."""
    validator = make()
    assert outcome(validator, pool.access_token()) == "ok"
    with at(pool, HOME).let(reset()):
        pass_time(clock, validator, AFTER_REFRESH)
        pass_time(clock, validator, MARGIN)
    assert outcome(validator, pool.access_token()) == "ok"
    with at(pool, HOME).let(accept_silent()) as dark:
        later(clock, LONGEST_PROBE)
        began = time.monotonic()
        assert {outcome(validator, pool.access_token()) for _ in range(100)} == {"ok"}
        dark.await_struck()
        assert {outcome(validator, pool.access_token()) for _ in range(100)} == {"ok"}
        assert time.monotonic() - began < 2
        assert [suffered.client_left_after for suffered in dark.suffered()] == [math.inf] * dark.times


@pytest.mark.row("region-return")
@pytest.mark.parametrize("fault", [reset(), status(503)], ids=str)
def test_a_region_that_returns_is_used_again_and_stays_in_use(
    pool: RegionalIssuer, make: Making, clock: SettableClock, fault: Fault
) -> None:
    """After an hour in the dark it takes one probe, 5 min later at most; each endpoint changes its state once."""
    recorder = Recorder()
    validator = make(observers=[recorder])
    assert outcome(validator, pool.access_token()) == "ok"
    with at(pool, HOME).let(fault):
        for _ in range(MAX_STALE // 60 + 5):
            pass_time(clock, validator, 60)
            assert outcome(validator, pool.access_token()) == "ok"
        assert states(validator)[::2] == ["down", "ok"]
    recorder.events.clear()
    for _ in range(LONGEST_PROBE // 60):
        pass_time(clock, validator, 60)
    assert states(validator)[::2] == ["ok", "ok"]
    for _ in range(MAX_STALE // 60):
        pass_time(clock, validator, 60)
        assert outcome(validator, pool.access_token()) == "ok"
    assert states(validator) == ["ok", "ok", "ok"]
    assert [change.after for change in recorder.of(EndpointChanged)] == ["ok", "ok"]
    with at(pool, ABROAD).let(reset()):
        for _ in range(MAX_STALE // 60 + 5):
            pass_time(clock, validator, 60)
            assert outcome(validator, pool.access_token()) == "ok"


@pytest.mark.row("region-flap")
@pytest.mark.parametrize("max_age", [60, 300])
def test_regions_in_antiphase_refuse_no_valid_token(
    pool: RegionalIssuer, make: Making, clock: SettableClock, caplog: pytest.LogCaptureFixture, max_age: int
) -> None:
    """Every two seconds for ten minutes the one is down and the other is up. They are asked once in 6 s at most."""
    pool.max_age = max_age
    caplog.set_level(logging.DEBUG, logger="jwtmr")
    validator, token = make(), pool.access_token()
    at(pool, HOME).let(flap(reset(), every=2, first="up"))
    at(pool, ABROAD).let(flap(reset(), every=2, first="down"))
    counts = [0]
    for _ in range(600):
        assert outcome(validator, token) == "ok"
        later(clock, 1)
        counts.append(pool.count())
    assert {suffered.fault for suffered in at(pool).suffered()} == {"reset"}
    assert pool.count() <= 600 / 6
    assert max(after - before for before, after in zip(counts, counts[2:], strict=False)) <= 2 * 3
    assert len([record for record in caplog.records if record.name == "jwtmr"]) <= 10


DARK: list[Fault] = [reset(), refuse(), status(503), dns_fails()]


@pytest.mark.row("both-regions-down")
@pytest.mark.parametrize("fault", DARK, ids=str)
def test_all_regions_go_down_and_keys_serve_for_an_hour(
    pool: RegionalIssuer, make: Making, clock: SettableClock, fault: Fault
) -> None:
    """Known keys serve for an hour after the last success, then it is 503; on return the first request passes."""
    validator = make()
    assert outcome(validator, pool.access_token()) == "ok"
    pass_time(clock, validator, AFTER_REFRESH)
    with at(pool).let(fault):
        for _ in range(11):
            pass_time(clock, validator, 300)
            assert outcome(validator, pool.access_token()) == "ok"
        later(clock, 300 - MARGIN)
        assert outcome(validator, pool.access_token()) == "ok"
        later(clock, MARGIN)
        with pytest.raises(KeysUnavailable) as caught:
            validator.validate(pool.access_token())
        assert 1 <= (caught.value.retry_after or 0) <= COOLDOWN
    later(clock, COOLDOWN)
    assert outcome(validator, pool.access_token()) == "ok"


@pytest.mark.row("both-regions-down")
@pytest.mark.parametrize("fault", DARK, ids=str)
def test_all_regions_are_down_at_the_start(
    pool: RegionalIssuer, make: Making, clock: SettableClock, fault: Fault
) -> None:
    """503 with ``Retry-After``, one walk for each back-off however many ask, and the keys when that is over."""
    recorder = Recorder()
    validator = make(observers=[recorder])
    with at(pool).let(fault):
        for _ in range(20):
            with pytest.raises(KeysUnavailable) as caught:
                validator.validate(pool.access_token())
            assert 1 <= (caught.value.retry_after or 0) <= 2
        eventually(lambda: len(recorder.of(FetchFinished)) == 3, "one walk is three attempts")
        at_rest()
        later(clock, 600)
        assert outcome(validator, pool.access_token()) == "keys_unavailable"
        at_rest()
        assert len(recorder.of(FetchFinished)) == 6
    later(clock, COOLDOWN)
    assert outcome(validator, pool.access_token()) == "ok"
