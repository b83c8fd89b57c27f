"""Somebody's own ``http_get``: whatever it does, a request ends with an ``AuthError`` and the next one can work."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from source_kit import PATIENCE, Making, Recorder, body_of, eventually, no_threads_left, own_threads

from jwtmr import HttpAnswer, KeyPolicy, KeysUnavailable
from jwtmr.errors import Expired
from jwtmr.events import FetchFinished
from jwtmr.http import MAX_JWKS_BYTES, TooLarge
from jwtmr.testing import RegionalIssuer, SettableClock

URL = "https://keys.example/jwks.json"
A_WHILE = 31
"""Seconds: longer than any back-off, and than an abandoned attempt keeps its endpoint closed."""


class Scripted:
    """An ``http_get`` whose first call does ``first``, and whose later calls bring the keys."""

    def __init__(self, issuer: RegionalIssuer, first: Callable[[], object]) -> None:
        self._good = HttpAnswer(200, {}, body_of(issuer))
        self._first = first
        self.calls: list[dict[str, object]] = []

    def __call__(self, url: str, **keywords: object) -> HttpAnswer:
        """Ask once."""
        self.calls.append({"url": url, **keywords})
        return self._first() if len(self.calls) == 1 else self._good  # type: ignore[return-value]


def raising(error: BaseException) -> Callable[[], object]:
    """Something that raises."""

    def act() -> object:
        raise error

    return act


RAISED = [
    (OSError(111, "refused"), "network"),
    (ValueError("bug"), "network"),
    (RuntimeError("bug"), "network"),
    (StopIteration("bug"), "network"),
    (RecursionError(), "network"),
    (MemoryError(), "network"),
    (Expired("not yours to raise"), "network"),
    (ExceptionGroup("several", [ValueError()]), "network"),
    (TimeoutError(), "timeout"),
    (TooLarge(), "too_large"),
]


def ends_well(
    first: Callable[[], object], outcome: str, issuer: RegionalIssuer, clock: SettableClock, make: Making
) -> None:
    """Assert that the first request is refused for want of keys, at once, and that one after the back-off succeeds."""
    recorder, began = Recorder(), time.monotonic()
    validator = make(URL, http_get=Scripted(issuer, first), observers=[recorder], key_policy=KeyPolicy(wait=PATIENCE))
    with pytest.raises(KeysUnavailable) as caught:
        validator.validate(issuer.access_token())
    assert time.monotonic() - began < 2
    assert caught.value.retry_after is not None
    assert [event.outcome for event in recorder.of(FetchFinished)] == [outcome]
    clock.advance(A_WHILE)
    assert validator.validate(issuer.access_token()).client_id == issuer.client_id


@pytest.mark.parametrize(("error", "outcome"), RAISED)
def test_it_raises(error: Exception, outcome: str, issuer: RegionalIssuer, clock: SettableClock, make: Making) -> None:
    """Whatever it raises is a failed fetch, also an error that looks like one of ours."""
    ends_well(raising(error), outcome, issuer, clock, make)


@pytest.mark.parametrize("error", [asyncio.CancelledError(), SystemExit(1), KeyboardInterrupt(), GeneratorExit()])
def test_it_raises_what_is_no_exception(
    error: BaseException, issuer: RegionalIssuer, clock: SettableClock, make: Making, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bridge to an async client may raise ``CancelledError``: a failed fetch like any other, no dead thread."""
    died: list[object] = []
    monkeypatch.setattr(threading, "excepthook", died.append)
    ends_well(raising(error), "network", issuer, clock, make)
    assert died == []


class Awkward:
    """An object without any of the attributes of an answer."""


def junk() -> list[object]:
    """Return values that are no answer."""
    good = b'{"keys":[]}'
    return [
        None, 42, "text", b"bytes", (200, {}, good), Awkward(), HttpAnswer,
        HttpAnswer("200", {}, good),  # type: ignore[arg-type]
        HttpAnswer(None, {}, good),  # type: ignore[arg-type]
        HttpAnswer(float("nan"), {}, good),  # type: ignore[arg-type]
        HttpAnswer(200, {}, None),  # type: ignore[arg-type]
        HttpAnswer(200, {}, 7),  # type: ignore[arg-type]
        HttpAnswer(200, {}, good.decode()),  # type: ignore[arg-type]
        HttpAnswer(200, {}, [1, 2]),  # type: ignore[arg-type]
        HttpAnswer(503, None, b""),  # type: ignore[arg-type]
        HttpAnswer(503, {"retry-after": 5}, b""),  # type: ignore[dict-item]
        HttpAnswer(503, {"retry-after": b"5"}, b""),  # type: ignore[dict-item]
        HttpAnswer(0, {}, b""), HttpAnswer(-200, {}, good), HttpAnswer(99999, {}, good),
    ]  # fmt: skip


@pytest.mark.parametrize("answer", junk())
def test_it_returns_junk(answer: object, issuer: RegionalIssuer, clock: SettableClock, make: Making) -> None:
    """What is no answer is a failed fetch."""
    validator = make(URL, http_get=Scripted(issuer, lambda: answer))
    with pytest.raises(KeysUnavailable):
        validator.validate(issuer.access_token())
    clock.advance(A_WHILE)
    validator.validate(issuer.access_token())


@pytest.mark.parametrize(
    "headers", [None, 7, {"cache-control": 7}, {"age": b"5"}, {"expires": 0, "date": None}], ids=repr
)
def test_it_returns_keys_with_junk_in_the_headers(
    headers: object, issuer: RegionalIssuer, clock: SettableClock, make: Making
) -> None:
    """Headers of the wrong types never raise; whether such an answer counts is the reader's to say."""
    body = body_of(issuer)
    validator = make(URL, http_get=Scripted(issuer, lambda: HttpAnswer(200, headers, body)))  # type: ignore[arg-type]
    try:
        validator.validate(issuer.access_token())
    except KeysUnavailable:
        clock.advance(A_WHILE)
        validator.validate(issuer.access_token())


@pytest.mark.parametrize(("size", "outcome"), [(MAX_JWKS_BYTES, "ok"), (MAX_JWKS_BYTES + 1, "too_large")])
def test_it_ignores_the_limit(size: int, outcome: str, issuer: RegionalIssuer, make: Making) -> None:
    """The limit of the body holds around it too, though what it returns is a valid key set."""
    recorder, body = Recorder(), body_of(issuer).ljust(size)
    validator = make(URL, http_get=lambda *_, **__: HttpAnswer(200, {}, body), observers=[recorder])
    if outcome == "ok":
        validator.validate(issuer.access_token())
    else:
        with pytest.raises(KeysUnavailable):
            validator.validate(issuer.access_token())
    assert [event.outcome for event in recorder.of(FetchFinished)] == [outcome]


def test_what_it_is_told(issuer: RegionalIssuer, clock: SettableClock, make: Making) -> None:
    """It gets the URL, headers, the time of one attempt and the limit, and an ``ETag`` that it brought before."""
    etagged = HttpAnswer(200, {"etag": '"one"', "cache-control": "max-age=900"}, body_of(issuer))
    recorder, get = Recorder(), Scripted(issuer, lambda: etagged)
    validator = make(URL, http_get=get, observers=[recorder])
    validator.validate(issuer.access_token())
    clock.advance(820)
    validator.validate(issuer.access_token())
    recorder.await_(FetchFinished, 2)
    usual = {"accept": "application/json", "accept-encoding": "identity", "user-agent": "jwtmr"}
    told = {"url": URL, "timeout": pytest.approx(2.5, abs=0.1), "max_bytes": 512 * 1024}
    assert get.calls == [
        {**told, "headers": usual},
        {**told, "headers": {**usual, "if-none-match": '"one"'}},
    ]


@pytest.fixture
def for_ever() -> Iterator[threading.Event]:
    """An event that nobody sets before the test is over."""
    event = threading.Event()
    yield event
    event.set()


def test_it_blocks_for_ever(
    for_ever: threading.Event, issuer: RegionalIssuer, clock: SettableClock, make: Making
) -> None:
    """A call that never returns costs its waiters their wait, lands by the clock, and closes its endpoint for 30 s."""
    recorder, get = Recorder(), Scripted(issuer, lambda: for_ever.wait(PATIENCE))
    validator = make(URL, http_get=get, observers=[recorder], key_policy=KeyPolicy(wait=0.2))
    for _ in range(2):
        began = time.monotonic()
        with pytest.raises(KeysUnavailable):
            validator.validate(issuer.access_token())
        assert 0.15 < time.monotonic() - began < 1.5
    clock.advance(2.5)
    assert [event.outcome for event in recorder.await_(FetchFinished)] == ["timeout"]
    eventually(lambda: own_threads() == ["jwtmr-attempt"], "the flight has not landed")
    clock.advance(26.5)  # 29 seconds and what the test took since the call, less than 30 in all
    with pytest.raises(KeysUnavailable):
        validator.validate(issuer.access_token())
    assert len(get.calls) == 1
    clock.advance(2)
    validator.validate(issuer.access_token())
    assert len(get.calls) == 2
    for_ever.set()
    no_threads_left()
    validator.validate(issuer.access_token())
