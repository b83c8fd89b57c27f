"""Floods of tokens that anybody can send: what they cost the key hosts, the memory, the log, and everybody else."""

from __future__ import annotations

import logging
import socket
import statistics
import threading
import time
from collections import Counter
from collections.abc import Iterator

import pytest
from fire_kit import Recorder, outcome
from key_rows_kit import (
    AFTER_REFRESH,
    COOLDOWN,
    Making,
    Memory,
    asked,
    at_rest,
    b64url,
    later,
    pass_time,
    with_claims,
    with_header,
)

from jwtmr import TokenValidator
from jwtmr.events import FetchFinished, TokenRefused
from jwtmr.testing import LoopbackServer, RegionalIssuer, SettableClock, SigningKey
from jwtmr.testing.faults import at, diverge, hold, reset

MEMORY = 8 * 1024 * 1024
"""Bytes by which the process may grow under a flood."""
FEW = 1000
"""Objects that may be left of it: a tenth of one for each token, or less."""


@pytest.fixture
def recorder() -> Recorder:
    """Sees what happens inside."""
    return Recorder()


@pytest.fixture
def validator(pool: RegionalIssuer, make: Making, recorder: Recorder, clock: SettableClock) -> TokenValidator:
    """One that knows what all endpoints list."""
    validator = make(observers=[recorder])
    assert outcome(validator, pool.access_token()) == "ok"
    pass_time(clock, validator, AFTER_REFRESH)
    pool.forget_requests()
    recorder.events.clear()
    return validator


def bogus(pool: RegionalIssuer, count: int, name: str = "bogus") -> Iterator[str]:
    """So many tokens with key ids that nobody has, each another."""
    stem = pool.access_token(expires_in=86000)
    return (with_header(stem, kid=f"{name}-{number}") for number in range(count))


def cost(validator: TokenValidator, token: str) -> float:
    """Seconds on the processor that a good token takes."""
    began = time.thread_time()
    validator.validate(token)
    return time.thread_time() - began


@pytest.mark.row("unknown-kid-flood", fault=None)
def test_ten_thousand_bogus_kids_in_a_minute_are_three_walks(
    pool: RegionalIssuer, clock: SettableClock, validator: TokenValidator, caplog: pytest.LogCaptureFixture
) -> None:
    """Two at once and one after half a minute, so three requests an endpoint; good tokens are as quick as before."""
    good = pool.access_token(expires_in=86000)
    strange = with_claims(good, iss="https://nobody.example")
    under_flood, usual, codes = [], [], Counter[str]()
    with caplog.at_level(logging.DEBUG):
        for turn in range(6):
            for number, token in enumerate(bogus(pool, 1700, f"bogus-{turn}")):
                codes[outcome(validator, token)] += 1
                if number % 10 == 0:
                    under_flood.append(cost(validator, good))
                    assert {outcome(validator, strange) for _ in range(5)} == {"untrusted_issuer"}
                    usual.append(cost(validator, good))
            later(clock, 8)
    assert codes == {"unknown_key": 10_200}
    assert asked(pool) == [3, 3, 3]
    assert statistics.median(under_flood) < 2 * statistics.median(usual)
    assert statistics.quantiles(under_flood, n=100)[-1] < 2 * statistics.quantiles(usual, n=100)[-1] + 0.001
    assert "bogus" not in caplog.text
    assert [record for record in caplog.records if record.name == "jwtmr"] == []


@pytest.mark.row("unknown-kid-flood", fault=None)
def test_bogus_kids_leave_nothing_behind(
    pool: RegionalIssuer, clock: SettableClock, validator: TokenValidator, recorder: Recorder
) -> None:
    """Not in memory, and no event for each but that of its refusal."""
    for token in bogus(pool, 2000, "first"):
        outcome(validator, token)
    recorder.events.clear()
    memory, others = Memory(), 0
    for token in bogus(pool, 10_000, "second"):
        outcome(validator, token)
        others += recorder.events != [TokenRefused("unknown_key")]
        recorder.events.clear()
    assert others == 0
    assert memory.blocks < FEW
    assert memory.resident < MEMORY
    later(clock, COOLDOWN)
    assert [outcome(validator, token) for token in bogus(pool, 2, "third")] == ["unknown_key"] * 2
    assert len(recorder.of(FetchFinished)) == 3


@pytest.mark.row("unknown-kid-flood")
@pytest.mark.parametrize("waiting", [1, 50])
def test_good_tokens_do_not_wait_for_a_walk(pool: RegionalIssuer, validator: TokenValidator, waiting: int) -> None:
    """While bogus ones wait for answers that are held back, each good one passes at once; then all are refused."""
    codes: list[str] = []
    threads = [
        threading.Thread(target=lambda token=token: codes.append(outcome(validator, token)))
        for token in bogus(pool, waiting)
    ]
    with at(pool).let(hold()) as held:
        for thread in threads:
            thread.start()
        held.await_struck()
        assert {outcome(validator, pool.access_token()) for _ in range(50)} == {"ok"}
        assert codes == []
    for thread in threads:
        thread.join()
    assert codes == ["unknown_key"] * waiting
    assert max(asked(pool)) <= 2


@pytest.mark.row("flood-hides-rotation")
def test_a_flood_hides_a_rotation_for_half_a_minute_at_most(
    pool: RegionalIssuer, clock: SettableClock, validator: TokenValidator
) -> None:
    """However long it goes on: no ban can be renewed by whoever sends bogus kids. From then on the key serves."""
    fresh = SigningKey.generate()
    new, codes = pool.access_token(key=fresh), []
    flood = bogus(pool, 5000)
    for _ in range(100):
        outcome(validator, next(flood))
    with at(pool).let(diverge(add=[fresh])):
        for _ in range(60):
            for _ in range(50):
                assert outcome(validator, next(flood)) in ("unknown_key", "keys_unavailable")
            codes.append(outcome(validator, new))
            later(clock, 1)
    hidden = codes.index("ok")
    assert 1 <= hidden <= COOLDOWN
    assert set(codes[:hidden]) == {"unknown_key"}
    assert set(codes[hidden:]) == {"ok"}
    assert max(asked(pool)) <= 2 + 60 / COOLDOWN


@pytest.mark.row("untrusted-iss-flood", fault=None)
@pytest.mark.parametrize("warm", [True, False])
def test_strange_issuers_reach_nobody(
    pool: RegionalIssuer, make: Making, monkeypatch: pytest.MonkeyPatch, *, warm: bool
) -> None:
    """No request, no name is looked up, and nothing of them is kept; also where they name a host that is there."""
    validator = make()
    if warm:
        assert outcome(validator, pool.access_token()) == "ok"
    pool.forget_requests()
    looked_up: list[object] = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *_, **__: looked_up.append(host))
    stem = pool.access_token()
    with LoopbackServer(lambda _: (200, {}, b"{}")) as there:
        memory = Memory()
        for number in range(5000):
            issuer = (there.url, "https://nobody.example", pool.original_issuer)[number % 3]
            assert outcome(validator, with_claims(stem, iss=f"{issuer}/{number}")) == "untrusted_issuer"
        assert (there.count(), pool.count(), looked_up) == (0, 0, [])
        assert memory.blocks < FEW
        assert memory.resident < MEMORY


def forgeries(pool: RegionalIssuer, count: int) -> list[str]:
    """As many tokens, under a ``kid`` that is known, that nobody signed who may."""
    good = pool.access_token(expires_in=86000)
    unsigned = good.rpartition(".")[0] + "." + b64url(bytes(256))
    stolen = [with_claims(stem, sub=f"admin-{number}") for stem in (good, unsigned) for number in range(count // 2 - 1)]
    return [*stolen, unsigned, pool.forged_token()]


@pytest.mark.row("forged-known-kid-flood")
def test_a_bad_signature_has_nothing_fetched(
    pool: RegionalIssuer, clock: SettableClock, validator: TokenValidator, recorder: Recorder
) -> None:
    """A thousand are refused by the key that is known. The next refresh comes when it is due, with anybody's token."""
    with at(pool).let(reset()) as nobody:
        for forged in forgeries(pool, 1000):
            assert outcome(validator, forged) == "invalid_signature"
        at_rest()
        assert (nobody.times, recorder.of(FetchFinished)) == (0, [])
        assert outcome(validator, pool.access_token()) == "ok"
        later(clock, AFTER_REFRESH)
        assert outcome(validator, pool.forged_token()) == "invalid_signature"
        nobody.await_struck()
