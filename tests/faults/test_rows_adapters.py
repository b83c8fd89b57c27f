"""Every fault of the kit seen from outside: what a client of each adapter is told, and what the logs say."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import Final

import pytest
from adapters_kit import ADAPTERS, Answer, Caller
from crowd_kit import run_script
from fault_catalogue import CATALOGUE, FAST, HEADED, SAID, Entry
from fire_kit import HTTP_GET, Recorder, eventually, own_threads
from key_rows_kit import AFTER_REFRESH, with_header

from jwtmr import KeyPolicy, TokenValidator
from jwtmr.errors import AuthError, KeysUnavailable, MalformedToken, MissingToken, UnknownKey
from jwtmr.http import HttpGet, httpx_get
from jwtmr.testing import RegionalIssuer, SettableClock, validator_for
from jwtmr.testing.faults import TlsAuthority, at

BACK_OFF: Final = 31
"""Seconds. No pause after a failure is longer while there are no keys."""
HEADERS: Final = {"content-type", "content-length", "www-authenticate", "retry-after", "cache-control", "vary"}
"""All that a refusal may have."""
PRIVATE: Final = ["127.0.0.1", "localhost", "errno", "refused", "reset", "timed", "jwks", "ssl", "certif", "http:"]
"""Words of what went wrong, in lower case."""

ENTRIES: Final = [
    # What the system takes for lost it sends again after a second, and another one.
    pytest.param(entry, id=str(entry), marks=[pytest.mark.slow] if "drop_syn" in str(entry) else [])
    for entry in CATALOGUE
]


@dataclass(frozen=True, slots=True)
class Town:
    """A pool, and three applications with a validator each."""

    pool: RegionalIssuer
    clock: SettableClock
    callers: list[Caller]
    validators: list[TokenValidator]
    recorder: Recorder

    def ask(self, token: str | None) -> list[Answer]:
        """All applications at once."""
        with ThreadPoolExecutor(len(self.callers)) as threads:
            return list(threads.map(lambda caller: caller(token), self.callers))

    def said(self) -> str:
        """Whatever an operator can see but for logs."""
        return repr([self.recorder.events, *((each, each.status(), str(each.status())) for each in self.validators)])


@pytest.fixture(scope="module")
def tls() -> TlsAuthority:
    """Made once: its certificates cost more than a test."""
    return TlsAuthority()


@contextmanager
def town_of(entry: Entry, tls: TlsAuthority) -> Iterator[Town]:
    """Applications that have fetched nothing yet."""
    clock, recorder = SettableClock(), Recorder()
    get: HttpGet = httpx_get(ssl_context=tls.client_context()) if entry.tls else HTTP_GET
    with ExitStack() as stack:
        pool = stack.enter_context(RegionalIssuer(["us-east-1"], clock=clock, tls=tls if entry.tls else None))
        policy = KeyPolicy(wait=entry.wait)
        validators = [
            stack.enter_context(
                closing(
                    validator_for(pool, issuer_type="original", http_get=get, key_policy=policy, observers=[recorder])
                )
            )
            for _ in ADAPTERS
        ]
        callers = [make(validator) for make, validator in zip(ADAPTERS, validators, strict=True)]
        yield Town(pool, clock, callers, validators, recorder)
    eventually(lambda: not own_threads(), "threads of the library are left")


def refused(answers: list[Answer], *errors: type[AuthError]) -> None:
    """All are refused with one of these, in its own words and no others."""
    for answer in answers:
        said = answer.refusal
        (error,) = [error for error in errors if error.code == said["code"]]
        assert (answer.status, said) == (error.status, {"code": error.code, "message": error.message})
        assert ("www-authenticate" in answer.headers) == (error.status == 401)
        if error is KeysUnavailable:
            assert 1 <= int(answer.headers["retry-after"]) <= 300
        assert answer.headers.keys() <= HEADERS
        told = f"{answer.headers} {answer.body}".lower()
        assert [word for word in (*PRIVATE, SAID.lower(), HEADED.lower()) if word in told] == []


def passed(answers: list[Answer]) -> bool:
    """All have passed."""
    return [answer.status for answer in answers] == [200] * len(ADAPTERS)


def live_through(entry: Entry, town: Town) -> None:
    """The fault without keys, its end, and the fault with keys that are due; keys are rotated under it."""
    pool, host = town.pool, at(town.pool, form="original")
    good, bogus = pool.access_token(), with_header(pool.access_token(), kid="bogus", alg="RS256")
    with host.let(entry.fault) as suffered:
        pool.rotate()
        if entry.passes:
            assert passed(town.ask(good))
            refused(town.ask(bogus), UnknownKey)
        else:
            refused(town.ask(good), KeysUnavailable)
            refused(town.ask(bogus), KeysUnavailable)
        refused(town.ask("garbage"), MalformedToken)
        refused(town.ask(None), MissingToken)
        suffered.await_struck(len(ADAPTERS))
    eventually(lambda: not own_threads(), "attempts go on after the end of the fault")
    town.clock.advance(BACK_OFF)
    recovers(entry, town, good)
    recovers(entry, town, pool.access_token())
    with host.let(entry.fault) as suffered:
        pool.rotate()
        town.clock.advance(AFTER_REFRESH)
        assert passed(town.ask(good))
        refused(town.ask(bogus), UnknownKey if entry.passes else KeysUnavailable)
        assert passed(town.ask(good))
        suffered.await_struck(len(ADAPTERS))


def recovers(entry: Entry, town: Town, token: str) -> None:
    """The first request passes, or where calls wait for the shortest time of all one of the first."""
    assert passed(town.ask(token)) or entry.wait < FAST
    eventually(lambda: passed(town.ask(token)), "nothing works after the fault")


@pytest.mark.row("undocumented-exceptions")
@pytest.mark.row("secrets-in-logs")
@pytest.mark.parametrize("entry", ENTRIES)
def test_each_fault_through_each_adapter(entry: Entry, tls: TlsAuthority, caplog: pytest.LogCaptureFixture) -> None:
    """401 or 503 in fixed words, and 200 where keys are known; nothing that a host says is seen, not even at DEBUG."""
    with caplog.at_level(logging.DEBUG), town_of(entry, tls) as town:
        live_through(entry, town)
        said = town.said()
    assert [word for word in (SAID, HEADED) if word in said] == []
    logged = [(record.name, record.getMessage(), repr(record.args), record.exc_text) for record in caplog.records]
    assert [line for line in logged if SAID in repr(line)] == []
    assert [line for line in logged if line[0].startswith("jwtmr") and HEADED in repr(line)] == []


@pytest.mark.slow
@pytest.mark.row("undocumented-exceptions", fault=None)
def test_no_fault_leaves_anything_behind() -> None:
    """All of them in one process, with every warning an error: no thread, no socket, and no complaint is left."""
    *lives, left = run_script("catalogue.py", options=("-X", "dev", "-W", "error"))
    fails = "fails keys_unavailable keys_unavailable ok ok keys_unavailable ok"
    passes = "passes ok unknown_key ok ok unknown_key ok"
    assert Counter(lives) == Counter(passes if entry.passes else fails for entry in CATALOGUE)
    assert left == "left 0 0"
