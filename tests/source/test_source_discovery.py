"""Discovery over real sockets: what is asked for, what is believed, and the limits that hold around each request."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

import pytest
from discovery_kit import WELL_KNOWN, House, status
from source_kit import FRESH, PATIENCE, RawServer, Recorder, no_threads_left

from jwtmr import KeysUnavailable
from jwtmr.errors import UnknownKey
from jwtmr.events import FetchFinished
from jwtmr.http import MAX_JWKS_BYTES, HttpAnswer, httpx_get
from jwtmr.testing import MISSING, SettableClock

THREADS: Final = 50


@pytest.fixture
def house(clock: SettableClock) -> Iterator[House]:
    """A provider whose document and whose keys are on two hosts, all of them up."""
    with House(clock) as started:
        yield started


def test_a_cold_start(house: House) -> None:
    """Two requests, one to each host, neither of them conditional; then everything is known."""
    recorder = Recorder()
    validator = house.validator(observers=[recorder])
    assert (status(validator).state, status(validator).jwks_uri) == ("cold", None)
    assert validator.validate(house.token()).token_issuer == house.url
    assert house.paths() == ["/pool" + WELL_KNOWN, "/jwks.json"]
    assert not any("if-none-match" in request.headers for request in house.requests())
    (told,) = recorder.of(FetchFinished)
    assert (told.endpoint, told.outcome) == (house.url + WELL_KNOWN, "ok")
    assert (status(validator).url, status(validator).jwks_uri) == (house.discovery_url, house.jwks_uri)


@pytest.mark.parametrize("path", ["", "/", "/a", "/a/", "/a/b%2Fc"])
def test_every_shape_of_a_name(path: str, clock: SettableClock) -> None:
    """With and without path and slash: the document is found, and the name is compared as it is written."""
    with House(clock, path) as other:
        wrong = other.url.removesuffix("/") if other.url.endswith("/") else other.url + "/"
        assert other.validator().warm_up().ready
        assert other.paths("discovery") == [path.removesuffix("/") + WELL_KNOWN]
        other.forget_requests()
        assert not other.validator(wrong).warm_up().ready
        assert (other.count("discovery"), other.count("keys")) == (1, 0)


def test_everybody_at_once(house: House) -> None:
    """50 threads that start cold share one request for the document and one for the keys."""
    validator, good, barrier = house.validator(), house.token(), threading.Barrier(THREADS)
    subjects: list[str] = []

    def run() -> None:
        barrier.wait(PATIENCE)
        subjects.append(validator.validate(good).subject)

    threads = [threading.Thread(target=run) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert len(subjects) == THREADS
    assert (house.count("discovery"), house.count("keys")) == (1, 1)
    no_threads_left()


# -- what is believed


@pytest.mark.parametrize(
    ("spoilt", "reason"),
    [
        ({"issuer": "http://127.0.0.1/pool"}, "names another issuer"),
        ({"issuer": MISSING}, "names another issuer: none"),
        ({"jwks_uri": MISSING}, "no usable jwks_uri: none"),
        ({"jwks_uri": 7}, "no usable jwks_uri: none"),
        ({"jwks_uri": "file:///etc/hostname"}, "no usable jwks_uri"),
        ({"jwks_uri": "http://keys.invalid/jwks.json"}, "no usable jwks_uri"),
        ({"claims_supported": float("nan")}, "no JSON object"),
    ],
)
def test_a_document_that_is_not_believed(spoilt: Mapping[str, object], reason: str, house: House) -> None:
    """503, a reason for the operator, and nobody is asked for keys; all is well when the document is."""
    house.discovery = dict(spoilt)
    validator = house.validator()
    with pytest.raises(KeysUnavailable):
        validator.validate(house.token())
    (problem,) = [problem for problem in validator.status().authorities[0].problems if "discovery document" in problem]
    assert problem.startswith(f"{house.discovery_url}: ")
    assert reason in problem
    assert (house.count("discovery"), house.count("keys")) == (1, 0)
    house.discovery = {}
    house.settable.advance(30)
    assert validator.warm_up().ready
    assert validator.status().authorities[0].problems == ()


def test_the_neighbour_s_name_with_a_slash(house: House) -> None:
    """The document of the name without a slash is served for the one with it, and it is not believed for that."""
    with pytest.raises(KeysUnavailable):
        house.validator(house.url + "/").validate(house.token(iss=house.url + "/"))
    assert (house.count("discovery"), house.count("keys")) == (1, 0)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ((302, {"Location": "/moved"}, b""), "redirect"),
        ((404, {}, b""), "client_error"),
        ((500, {}, b""), "server_error"),
        ((200, FRESH, b"<html>"), "unusable"),
        ((200, FRESH, b"[" + b" " * MAX_JWKS_BYTES + b"]"), "too_large"),
    ],
)
def test_an_answer_that_is_no_document(
    answer: tuple[int, Mapping[str, str], bytes], outcome: str, house: House
) -> None:
    """A failed attempt of one request, under the name that any failure has."""
    house.replace_answer("discovery", answer)
    recorder = Recorder()
    with pytest.raises(KeysUnavailable):
        house.validator(observers=[recorder]).validate(house.token())
    assert [event.outcome for event in recorder.of(FetchFinished)] == [outcome]
    assert (house.count("discovery"), house.count("keys")) == (1, 0)


# -- time


def test_the_document_is_kept_for_a_day(house: House, clock: SettableClock) -> None:
    """Refreshes are conditional requests for the keys alone; after a day one asks the document again."""
    recorder = Recorder()
    validator = house.validator(observers=[recorder])
    validator.validate(house.token())
    for _ in range(95):
        assert house.refresh(validator, recorder).outcome == "not_modified"
    assert (house.count("discovery"), house.count("keys")) == (1, 96)
    assert house.refresh(validator, recorder).outcome == "not_modified", "the document named the same place"
    assert (house.count("discovery"), house.count("keys")) == (2, 97)
    clock.set(clock.now().timestamp() - 60)
    assert house.refresh(validator, recorder, seconds=0).outcome == "not_modified"
    assert (house.count("discovery"), house.count("keys")) == (3, 98)
    assert not any("if-none-match" in request.headers for request in house.requests("discovery"))


@pytest.mark.parametrize("answered", [False, True])
@pytest.mark.slow
def test_the_requests_share_the_time(answered: bool, house: House) -> None:
    """A document that drips and keys that are silent are one attempt of 2.5 s; without the first no second is asked."""
    house.take_down("accept_silent", "keys")

    def drip(connection: socket.socket, stopped: threading.Event) -> None:
        body = json.dumps({"issuer": name, "jwks_uri": house.jwks_uri}).encode()
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body))
        total, began = (1.0 if answered else 4.0), time.monotonic()
        for sent, byte in enumerate(body, start=1):
            # By the clock, not by pauses: on a busy machine the delays of eighty pauses would add up.
            if stopped.wait(max(0.0, began + total * sent / len(body) - time.monotonic())):
                return
            connection.sendall(bytes([byte]))

    with RawServer(drip) as server:
        name = server.url.removesuffix("/jwks.json")
        recorder, began = Recorder(), time.monotonic()
        with pytest.raises(KeysUnavailable):
            house.validator(name, observers=[recorder]).validate(house.token(iss=name))
        assert 2.4 < time.monotonic() - began < 4
        assert [event.outcome for event in recorder.of(FetchFinished)] == ["timeout"]
        no_threads_left()
        assert time.monotonic() - began < 4
        assert (len(server.requests), house.count("keys")) == (1, int(answered))


# -- the seam


@pytest.mark.parametrize("raised", [ValueError("x"), KeyboardInterrupt(), SystemExit(1), RecursionError(), None])
def test_whatever_comes_of_asking(raised: BaseException | None, house: House) -> None:
    """What a client of somebody's raises, or returns, for the document is a failed fetch; no thread dies of it."""
    asked: list[str] = []

    def get(url: str, **_: object) -> HttpAnswer:
        asked.append(url)
        if raised is not None:
            raise raised
        return None  # type: ignore[return-value]

    recorder = Recorder()
    with pytest.raises(KeysUnavailable):
        house.validator(http_get=get, observers=[recorder]).validate(house.token())
    assert [event.outcome for event in recorder.of(FetchFinished)] == ["network"]
    assert asked == [house.discovery_url]


def test_the_limits_hold_around_each_request(house: House) -> None:
    """A client that ignores ``max_bytes`` does not get a document or a set past it."""
    usual = httpx_get()
    padded: set[str] = set()

    def get(url: str, *, headers: Mapping[str, str], timeout: float, max_bytes: int) -> HttpAnswer:
        assert max_bytes == MAX_JWKS_BYTES
        answer = usual(url, headers=headers, timeout=timeout, max_bytes=max_bytes)
        return replace(answer, body=answer.body.ljust(MAX_JWKS_BYTES + (url in padded)))

    validator, recorder = house.validator(http_get=get), Recorder()
    assert validator.warm_up().ready, "exactly as much as may be"
    for url, count in ((house.discovery_url, 1), (house.jwks_uri, 2)):
        padded |= {url}
        other = house.validator(http_get=get, observers=[recorder])
        with pytest.raises(KeysUnavailable):
            other.validate(house.token())
        assert [event.outcome for event in recorder.of(FetchFinished)] == ["too_large"] * count
        padded -= {url}


def test_bogus_kids_do_not_reach_the_document(house: House) -> None:
    """They cost two walks to the keys, which say that they want no cached answer."""
    validator = house.validator()
    validator.validate(house.token())
    refused = [UnknownKey, KeysUnavailable]
    for number in range(20):
        with pytest.raises(tuple(refused)):
            validator.validate(house.access_token(header={"kid": f"bogus{number}"}))
    assert (house.count("discovery"), house.count("keys")) == (1, 3)
    assert all(request.headers["cache-control"] == "no-cache" for request in house.requests("keys")[1:])
