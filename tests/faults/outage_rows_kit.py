"""What the tests of outages and of bad answers share: who was asked, time that flies, refreshes that bring nothing."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any, Final, TypeAlias, TypeVar
from urllib.parse import urlsplit

import pytest
from fire_kit import HTTP_GET, PATIENCE, Recorder, outcome
from key_rows_kit import at_rest

from jwtmr import UNCHECKED, KeysUnavailable, OidcProvider, TokenValidator
from jwtmr.events import FetchFinished, KeysChanged
from jwtmr.testing import OidcIssuer, RegionalIssuer, SettableClock
from jwtmr.testing.faults import Fault, Injection, at

T = TypeVar("T")

Making: TypeAlias = Callable[..., TokenValidator]
"""What the fixture ``make`` is."""

ENDPOINTS: Final = 3
"""Of the pool that have a name: the updated host, and the original ones of both regions."""
AFTER_REFRESH: Final = 811
"""Seconds. A set that is fresh for 900 is asked for again at an age of 80 % of that, give or take 10 %."""
HEAD_START: Final = 0.4
ATTEMPT_TIME: Final = 2.5
"""Seconds: when the next endpoint is asked as well, and when an attempt is given up."""
LONGEST_BACKOFF: Final = 30
"""Seconds: of a walk that failed, and for which an abandoned attempt closes its endpoint."""
AT_ONCE: Final = 1.0
"""Seconds. Waiting for a host would take two, the limit of one call; what a busy machine adds takes less."""
LONGEST_SKIP: Final = 300
"""Seconds for which an endpoint that fails is left alone while another answers."""
FASTER: Final = 50
"""How much faster time is when it flies."""


def struck(injection: Injection) -> Counter[str]:
    """How often each server has suffered a fault."""
    return Counter(urlsplit(suffered.url).netloc for suffered in injection.suffered())


def once_each(pool: RegionalIssuer, times: int = 1) -> Counter[str]:
    """What ``struck`` is after so many attempts at each endpoint that has a name."""
    return Counter({urlsplit(url).netloc: times for url in pool.jwks_uris})


def warm(validator: TokenValidator, token: str) -> None:
    """Fetch keys with a first request, and wait until the walk for them has landed."""
    assert outcome(validator, token) == "ok"
    at_rest()


def refusal(validator: TokenValidator, token: str) -> KeysUnavailable:
    """The 503 that a request ends with."""
    with pytest.raises(KeysUnavailable) as caught:
        validator.validate(token)
    return caught.value


def while_time_flies(clock: SettableClock, call: Callable[[], T]) -> T:
    """Call, and have the clock go on fast meanwhile: who waits for a silent host then waits for a moment only."""
    pause = 1 / FASTER
    with ThreadPoolExecutor(1) as thread:
        called = thread.submit(call)
        for _ in range(int(PATIENCE / pause)):
            if wait([called], pause).done:
                break
            clock.advance(1)
        return called.result(PATIENCE)


def in_silence(clock: SettableClock, injection: Injection, call: Callable[[], T]) -> T:
    """Call while nobody answers, until each endpoint has been asked once more and given up, by the clock."""
    before = injection.times
    with ThreadPoolExecutor(1) as thread:
        called = thread.submit(call)
        endure_silence(clock, injection, before)
        return called.result(PATIENCE)


def endure_silence(clock: SettableClock, injection: Injection, before: int = 0) -> None:
    """Let each endpoint be asked, after the other has had its head start, and let their time go by."""
    for asked in range(1, ENDPOINTS + 1):
        injection.await_struck(before + asked)
        clock.advance(HEAD_START)
    clock.advance(ATTEMPT_TIME)


def seconds(validator: TokenValidator, token: str) -> float:
    """What one call takes, which is a success."""
    began = time.perf_counter()
    validator.validate(token)
    return time.perf_counter() - began


def outcomes(recorder: Recorder, since: int = 0) -> list[str]:
    """How the attempts ended, in the order of their ends."""
    return [event.outcome for event in recorder.of(FetchFinished)[since:]]


def asked_in_vain(pool: RegionalIssuer, make: Making, fault: Fault, **options: Any) -> set[str]:  # noqa: ANN401 - those of make
    """Ask all endpoints for their first keys under ``fault``: 503. How that ended for each."""
    recorder = Recorder()
    validator = make(observers=[recorder], **options)
    with at(pool).let(fault) as spoilt:
        refusal(validator, pool.access_token())
        assert struck(spoilt) == once_each(pool)
    assert recorder.of(KeysChanged) == []
    return set(outcomes(recorder))


def refreshed_in_vain(
    pool: RegionalIssuer,
    make: Making,
    clock: SettableClock,
    fault: Fault,
    *,
    silent: bool = False,
    **options: Any,  # noqa: ANN401 - those of make
) -> set[str]:
    """Refresh under ``fault``, when the pool has other keys than before: the old ones serve on, until it is over.

    Returns how the refresh ended at the endpoints. With ``silent`` that is known only when their time is over.
    """
    recorder, old = Recorder(), pool.access_token()
    validator = make(observers=[recorder], **options)
    warm(validator, old)
    pool.rotate(keep_old=False)
    with at(pool).let(fault) as spoilt:
        clock.advance(AFTER_REFRESH)
        assert outcome(validator, old) == "ok"
        if silent:
            endure_silence(clock, spoilt)
        recorder.wait_for(FetchFinished, 1 + ENDPOINTS)
        assert outcome(validator, old) == "ok"
        assert struck(spoilt) == once_each(pool)
    assert len(recorder.of(KeysChanged)) == 1, "what was spoilt was adopted"
    ended = set(outcomes(recorder, since=1))
    if not silent:
        assert max(event.duration for event in recorder.of(FetchFinished)[1:]) < AT_ONCE
    at_rest()
    clock.advance(LONGEST_BACKOFF)
    assert (outcome(validator, pool.access_token()), outcome(validator, old)) == ("ok", "unknown_key")
    return ended


def validator_of(issuers: Sequence[OidcIssuer], clock: SettableClock, **options: Any) -> TokenValidator:  # noqa: ANN401
    """A validator for the access tokens of providers, each with one endpoint and no document."""
    providers = [
        OidcProvider(
            issuer.url, audience=UNCHECKED, client_ids=UNCHECKED, token_type="at+jwt", jwks_uris=[issuer.jwks_uri]
        )
        for issuer in issuers
    ]
    return TokenValidator(*providers, clock=clock, **{"http_get": HTTP_GET, **options})


def spoilt(name: str, spoil: Callable[[bytes], bytes]) -> Fault:
    """The fault of answering with what ``spoil`` makes of the usual body."""
    return Fault(
        name="spoilt",
        text=name,
        answer=lambda _, usual: (usual[0], usual[1], spoil(usual[2])),
        whole=True,
    )
