"""Nobody answers for keys: from the start, afterwards, for one issuer of three; and how they are asked again."""

from __future__ import annotations

import statistics
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import timedelta

import pytest
from fire_kit import Recorder, outcome
from key_rows_kit import LIFETIME, MAX_STALE, at_rest, pass_time
from outage_rows_apps import APPLICATIONS
from outage_rows_kit import (
    AFTER_REFRESH,
    AT_ONCE,
    ATTEMPT_TIME,
    ENDPOINTS,
    LONGEST_BACKOFF,
    LONGEST_SKIP,
    Making,
    in_silence,
    once_each,
    outcomes,
    refusal,
    seconds,
    struck,
    validator_of,
    warm,
    while_time_flies,
)

from jwtmr import TokenValidator
from jwtmr.events import FetchFinished
from jwtmr.testing import OidcIssuer, RegionalIssuer, SettableClock
from jwtmr.testing.faults import Fault, accept_silent, at, delay, dns_fails, dns_hang, drop_syn, refuse, reset, status

SAYS_SO = [refuse(), reset("accept"), reset(), dns_fails(), status(503)]
SILENT = [drop_syn(), accept_silent(), dns_hang()]
MINUTE = 60
STEP, CALLS = 200, 200
"""Seconds between bursts of traffic in an outage, and calls in each."""
DEADLINE, P99 = 5.0, 0.005
"""Seconds: for a walk that finds no keys, and for 99 of 100 calls that find theirs, in the burst that others on this
machine disturb least."""
WORKERS = 50
TELLTALES = (
    "127.0.0.1",
    "localhost",
    "cognito",
    "jwks",
    "http",
    "errno",
    "refused",
    "reset",
    "resolution",
    "timed out",
)


@pytest.mark.row("cold-outage")
@pytest.mark.parametrize("fault", SAYS_SO, ids=str)
def test_a_cold_minute(pool: RegionalIssuer, make: Making, clock: SettableClock, fault: Fault) -> None:
    """503 with the time to come back; each endpoint is asked once per back-off, and not before; then keys at once."""
    validator, token = make(), pool.access_token()
    began, pauses = clock.monotonic(), 0
    with at(pool).let(fault) as outage:
        while clock.monotonic() - began < MINUTE:
            pause = refusal(validator, token).retry_after or 0
            pauses += 1
            assert struck(outage) == once_each(pool, pauses)
            assert 1 <= pause <= LONGEST_BACKOFF
            clock.advance(max(pause - 1.5, 0.5))
            assert refusal(validator, token).retry_after in (1, 2)
            assert struck(outage) == once_each(pool, pauses)
            clock.advance(1.6)
    assert outcome(validator, token) == "ok"


@pytest.mark.row("cold-outage")
@pytest.mark.parametrize("fault", SILENT, ids=str)
def test_a_cold_minute_of_silence(pool: RegionalIssuer, make: Making, clock: SettableClock, fault: Fault) -> None:
    """503 too; an endpoint whose attempt was given up is left alone for half a minute; keys as soon as it is asked."""
    validator, token = make(), pool.access_token()
    with at(pool).let(fault) as outage:
        for walks in (1, 2):
            assert in_silence(clock, outage, lambda: refusal(validator, token)).retry_after
            clock.advance(LONGEST_BACKOFF - DEADLINE)
            assert 1 <= (refusal(validator, token).retry_after or 0) <= LONGEST_BACKOFF
            assert struck(outage) == once_each(pool, walks)
            clock.advance(DEADLINE)
    assert outcome(validator, token) == "ok"


@pytest.mark.row("cold-outage")
@pytest.mark.parametrize("application", APPLICATIONS)
@pytest.mark.parametrize("fault", SAYS_SO, ids=str)
def test_an_application_that_starts_in_an_outage(
    pool: RegionalIssuer, make: Making, clock: SettableClock, fault: Fault, application: str
) -> None:
    """It starts; its handler is not reached; its answers name no host and no error; it serves when that is over."""
    with at(pool).let(fault):
        app = APPLICATIONS[application](make())
        refused = app.ask(pool.access_token())
        assert (refused.status, "www-authenticate" in refused.headers) == (503, False)
        assert 1 <= int(refused.headers["retry-after"]) <= LONGEST_BACKOFF
        ports = [url.rpartition(":")[2].split("/")[0] for url in pool.jwks_uris]
        assert [word for word in (*TELLTALES, *ports) if word in refused.text.lower()] == []
        assert app.reached == []
    clock.advance(int(refused.headers["retry-after"]))
    assert (app.ask(pool.access_token()).status, len(app.reached)) == (200, 1)


@pytest.mark.row("warm-outage")
@pytest.mark.parametrize("fault", [refuse(), *SILENT], ids=str)
def test_an_hour_on_known_keys(pool: RegionalIssuer, make: Making, clock: SettableClock, fault: Fault) -> None:
    """They serve for an hour after the last success of their endpoint, to the second, and nobody waits for it."""
    validator, lasting = make(), pool.access_token(expires_in=3 * MAX_STALE)
    before = clock.monotonic()
    warm(validator, pool.access_token())
    after = clock.monotonic()
    with at(pool).let(fault) as outage:
        bursts: list[list[float]] = []
        for _ in range(MAX_STALE // STEP - 1):
            clock.advance(STEP)
            bursts.append([seconds(validator, lasting) for _ in range(CALLS)])
        assert max(max(burst) for burst in bursts) < AT_ONCE
        assert min(statistics.quantiles(burst, n=100)[98] for burst in bursts) <= P99
        assert outage.times >= ENDPOINTS
        clock.advance(before + MAX_STALE - 1 - clock.monotonic())
        assert outcome(validator, lasting) == "ok"
        endpoint = validator.status().authorities[0].endpoints[0]
        assert (endpoint.state, round(endpoint.age or 0)) == ("degraded", MAX_STALE - 1)
        clock.advance(after + MAX_STALE + 1 - clock.monotonic())
        assert while_time_flies(clock, lambda: refusal(validator, lasting)).retry_after
        clock.advance(MAX_STALE - LONGEST_BACKOFF)
        assert while_time_flies(clock, lambda: refusal(validator, lasting)).retry_after
        assert validator.status().authorities[0].state == "down"
    at_rest()
    clock.advance(LONGEST_BACKOFF)
    assert outcome(validator, pool.access_token()) == "ok"


@pytest.mark.row("warm-outage")
@pytest.mark.parametrize("fault", [refuse(), reset(), dns_fails(), *SILENT[1:]], ids=str)
def test_fifty_requests_past_the_lifetime(
    pool: RegionalIssuer, make: Making, clock: SettableClock, fault: Fault
) -> None:
    """None fails, and in the first second each endpoint is asked twice at most."""
    validator = make()
    warm(validator, pool.access_token())
    with at(pool).let(fault) as outage:
        clock.advance(901)
        token = pool.access_token()
        for _ in range(50):
            assert outcome(validator, token) == "ok"
            clock.advance(0.01)
        outage.await_struck(ENDPOINTS)
        if fault not in SILENT:
            at_rest()
        assert set(struck(outage)) == set(once_each(pool))
        assert max(struck(outage).values()) <= 2


@pytest.mark.row("outage-unknown-kid")
@pytest.mark.parametrize("fault", [reset(), status(503)], ids=str)
def test_an_unknown_kid_in_an_outage(pool: RegionalIssuer, make: Making, clock: SettableClock, fault: Fault) -> None:
    """503 until every endpoint has answered without it. Two walks look for it, and one more each half minute."""
    recorder, known = Recorder(), pool.access_token()
    validator = make(observers=[recorder])
    warm(validator, known)
    pass_time(clock, validator, AFTER_REFRESH)
    with at(pool, "us-west-2").let(fault) as far:
        with at(pool, "us-east-1").let(fault) as near:
            for second in range(MINUTE):
                assert outcome(validator, pool.access_token(header={"kid": f"unknown-{second}"})) == "keys_unavailable"
                assert outcome(validator, known) == "ok"
                clock.advance(1)
            asked = struck(near) + struck(far)
            assert set(asked) == set(once_each(pool))
            assert max(asked.values()) <= MINUTE / 4
            sought = Counter(event.endpoint for event in recorder.of(FetchFinished) if event.trigger == "unknown_kid")
            assert 1 <= max(sought.values()) <= 4
        pass_time(clock, validator, LONGEST_BACKOFF)
        assert outcome(validator, pool.access_token(header={"kid": "unknown"})) == "keys_unavailable"
    pass_time(clock, validator, LONGEST_SKIP)
    assert outcome(validator, pool.access_token(header={"kid": "unknown"})) == "unknown_key"


@pytest.mark.row("outage-unknown-kid")
def test_a_new_key_is_found_at_once_after_an_outage(pool: RegionalIssuer, make: Making, clock: SettableClock) -> None:
    """By who is back, though others have never answered and are asked in vain meanwhile."""
    validator = make()
    warm(validator, pool.access_token())
    with at(pool, "us-west-2").let(reset()), at(pool, "us-east-1", "original").let(reset()):
        with at(pool, "us-east-1", "updated").let(reset()):
            assert outcome(validator, pool.access_token(header={"kid": "unknown"})) == "keys_unavailable"
        pool.rotate()
        for _ in range(LONGEST_BACKOFF):
            at_rest()
            clock.advance(1)
            found = outcome(validator, pool.access_token())
        assert found == "ok"


@pytest.mark.row("partial-issuer-outage")
def test_one_of_three_issuers_is_silent(clock: SettableClock) -> None:
    """The others start without it, and answer as fast as if it were not there while a request waits for it."""
    with ExitStack() as stack, ThreadPoolExecutor(1) as thread:
        issuers = [stack.enter_context(OidcIssuer(clock=clock)) for _ in range(3)]
        recorder = Recorder()
        three = stack.enter_context(closing(validator_of(issuers, clock, observers=[recorder])))
        alone = stack.enter_context(closing(validator_of(issuers[:1], clock, observers=[Recorder()])))
        alone.warm_up(require="all")
        with at(issuers[1]).let(accept_silent()) as silent:
            report = thread.submit(three.warm_up, "any")
            silent.await_struck()
            recorder.wait_for(FetchFinished, 2)
            assert outcomes(recorder) == ["ok", "ok"]
            clock.advance(ATTEMPT_TIME)
            assert [authority.state for authority in report.result().authorities] == ["ok", "down", "ok"]
            clock.advance(LONGEST_BACKOFF)
            waiting = thread.submit(outcome, three, issuers[1].access_token())
            silent.await_struck(2)
            assert slower(three, alone, issuers[0].access_token()) <= 1.1
            assert outcome(three, issuers[2].access_token()) == "ok"
            assert not waiting.done()
            clock.advance(ATTEMPT_TIME)
            assert waiting.result() == "keys_unavailable"


def slower(one: TokenValidator, other: TokenValidator, token: str) -> float:
    """How much longer ``one`` takes than ``other``, of five rounds the one that is disturbed least."""
    rounds: list[float] = []
    for _ in range(5):
        turns = [(seconds(one, token), seconds(other, token)) for _ in range(100)]
        rounds.append(statistics.median(turn[0] for turn in turns) / statistics.median(turn[1] for turn in turns))
    return min(rounds)


RETRY_AFTER = {
    "seconds": (lambda clock: 120, 120),
    "a date": (lambda clock: clock.now() + timedelta(seconds=120), 120),
    "longer than is obeyed": (lambda clock: 100_000, 300),
    "without keys": (lambda clock: 120, 30),
}


@pytest.mark.row("retry-after")
@pytest.mark.parametrize("code", [429, 503])
@pytest.mark.parametrize("told", RETRY_AFTER)
def test_retry_after(pool: RegionalIssuer, make: Making, clock: SettableClock, code: int, told: str) -> None:
    """Who said when to come back is not asked before: for five minutes at most, for 30 s while there are no keys."""
    value, pause = RETRY_AFTER[told]
    validator = make()
    if pause > LONGEST_BACKOFF:
        warm(validator, pool.access_token())
    clock.advance(AFTER_REFRESH)
    with at(pool).let(status(code, retry_after=value(clock))) as busy:
        for wait, times in ((0, 1), (pause - 1, 1), (1, 2)):
            clock.advance(wait)
            outcome(validator, pool.access_token())
            at_rest()
            assert struck(busy) == once_each(pool, times)


@pytest.mark.row("retry-after")
def test_a_retry_after_that_nobody_can_read(pool: RegionalIssuer, make: Making, clock: SettableClock) -> None:
    """It counts for nothing: the ordinary back-off holds, which is two seconds at most at first."""
    validator = make()
    with at(pool).let(status(503, retry_after="soon")) as busy:
        assert refusal(validator, pool.access_token()).retry_after in (1, 2)
        clock.advance(2)
        refusal(validator, pool.access_token())
        assert struck(busy) == once_each(pool, 2)


@pytest.mark.row("thundering-restart")
def test_fifty_workers_start_together(clock: SettableClock) -> None:
    """Each fetches once, and their refreshes are spread over a fifth of the lifetime. Threads stand for processes."""
    with OidcIssuer(clock=clock) as issuer, ExitStack() as stack, ThreadPoolExecutor(WORKERS) as threads:
        workers = [stack.enter_context(closing(validator_of([issuer], clock))) for _ in range(WORKERS)]
        token = issuer.access_token()
        with at(issuer, part="keys").let(delay(0.5)) as slow:
            assert set(threads.map(lambda worker: outcome(worker, token), workers)) == {"ok"}
            assert slow.times == WORKERS
        refreshed: list[int] = []
        for age in range(0, LIFETIME + 1, LIFETIME // 50):
            assert {outcome(worker, token) for worker in workers} == {"ok"}
            at_rest()
            refreshed += [age] * (issuer.count("keys") - WORKERS - len(refreshed))
            clock.advance(LIFETIME // 50)
        assert len(refreshed) == WORKERS
        assert 0.7 * LIFETIME <= refreshed[0] <= refreshed[-1] - LIFETIME / 10
        assert refreshed[-1] <= 0.92 * LIFETIME
