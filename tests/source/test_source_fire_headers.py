"""The head of an answer: how many fields are read, and that nothing beyond costs much or is believed."""

from __future__ import annotations

import socket
import threading
import time
import tracemalloc
from collections.abc import Callable
from typing import Literal

import httpx
import pytest
from source_kit import Making, RawServer, Recorder, body_of

from jwtmr import KeysUnavailable
from jwtmr.events import FetchFinished
from jwtmr.http import MAX_HEADERS, MAX_JWKS_BYTES, TooLarge, httpx_get
from jwtmr.testing import RegionalIssuer, SettableClock

Script = Callable[[socket.socket, threading.Event], None]


def answer(fields: list[bytes], body: bytes, status: bytes = b"200 OK") -> bytes:
    """An answer with exactly these fields beside its length."""
    head = b"".join(field + b"\r\n" for field in [b"Content-Length: %d" % len(body), *fields])
    return b"HTTP/1.1 " + status + b"\r\n" + head + b"\r\n" + body


def different(number: int) -> list[bytes]:
    """So many fields, each with a name of its own."""
    return [b"x%d: b" % field for field in range(number)]


def alike(number: int) -> list[bytes]:
    """So many fields of one name, which make one header."""
    return [b"Cache-Control: max-age=600"] * number


def sending(sent: bytes) -> Script:
    """A script that sends exactly these bytes."""
    return lambda connection, _: connection.sendall(sent)


@pytest.mark.parametrize("fields", [different, alike])
@pytest.mark.parametrize("row", [(MAX_HEADERS, "ok"), (MAX_HEADERS + 1, "too_large")])
@pytest.mark.parametrize("module", ["httpx", "httpx2"])
def test_the_number_of_fields(
    fields: Callable[[int], list[bytes]],
    row: tuple[int, str],
    module: Literal["httpx", "httpx2"],
    issuer: RegionalIssuer,
    make: Making,
) -> None:
    """Two hundred are read, and with one more it is a failed fetch, though a valid key set; names do not matter."""
    (number, outcome), recorder, get = row, Recorder(), httpx_get(module=module)
    with RawServer(sending(answer(fields(number - 1), body_of(issuer)))) as server:
        validator = make(server.url, observers=[recorder], http_get=get)
        if outcome == "ok":
            validator.validate(issuer.access_token())
        else:
            with pytest.raises(KeysUnavailable):
                validator.validate(issuer.access_token())
        assert len(server.requests) == 1
    assert [event.outcome for event in recorder.of(FetchFinished)] == [outcome]


@pytest.mark.parametrize("status", [b"304 Not Modified", b"404 Not Found", b"503 Service Unavailable"])
def test_the_number_counts_with_any_status(status: bytes) -> None:
    """Nothing that is said in such a head is believed: neither that there are no keys here, nor when to come again."""
    with (
        RawServer(sending(answer([b"Retry-After: 300", *different(MAX_HEADERS)], b"", status))) as server,
        pytest.raises(TooLarge),
    ):
        httpx_get()(server.url, headers={}, timeout=5, max_bytes=10)


def endless(connection: socket.socket, stopped: threading.Event) -> None:
    """Send fields for as long as anybody listens."""
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while not stopped.is_set():
        connection.sendall(b"".join(field + b"\r\n" for field in different(1000)))


def kept(issuer: RegionalIssuer, script: Script) -> Script:
    """The key set of ``issuer`` to the first who asks, and ``script`` to all others."""
    first = threading.Event()

    def run(connection: socket.socket, stopped: threading.Event) -> None:
        if first.is_set():
            script(connection, stopped)
        else:
            first.set()
            connection.sendall(answer([b"Cache-Control: max-age=900"], body_of(issuer)))

    return run


# Beyond 100 KB h11 stops, but not at the byte: where the last piece that it is given completes the head, that is read.
HEADS: dict[str, tuple[Callable[[bytes], Script], str]] = {
    "10 000 short fields": (lambda body: sending(answer([b"a:"] * 10_000, body)), "too_large"),
    "10 000 names": (lambda body: sending(answer(different(10_000), body)), "too_large"),
    "10 000 longer fields": (lambda body: sending(answer([b"x: %s" % (b"y" * 40)] * 10_000, body)), "network"),
    "a megabyte": (lambda body: sending(answer([b"x: %s" % (b"y" * 1000)] * 1000, body)), "network"),
    "one field of a megabyte": (lambda body: sending(answer([b"x: " + b"y" * 1_000_000], body)), "network"),
    "without an end": (lambda _: endless, "network"),
}


@pytest.mark.parametrize("name", HEADS)
def test_a_head_beyond_reason(name: str, issuer: RegionalIssuer, clock: SettableClock, make: Making) -> None:
    """It is a failed fetch at once, and the keys that are held serve on."""
    script, outcome = HEADS[name]
    recorder = Recorder()
    with RawServer(kept(issuer, script(body_of(issuer)))) as server:
        validator, token = make(server.url, observers=[recorder]), issuer.access_token()
        validator.validate(token)
        clock.advance(850)
        began = time.monotonic()
        validator.validate(token)
        told = recorder.await_(FetchFinished, 2)
        assert time.monotonic() - began < 5
        validator.validate(token)
        assert len(server.requests) >= 2
    assert [event.outcome for event in told[:2]] == ["ok", outcome]


@pytest.mark.parametrize("name", HEADS)
def test_what_a_head_beyond_reason_costs(name: str, issuer: RegionalIssuer) -> None:
    """It takes no more than 8 MiB at any moment."""
    script, outcome = HEADS[name]
    get, error = httpx_get(), TooLarge if outcome == "too_large" else httpx.RemoteProtocolError
    with RawServer(script(body_of(issuer))) as server:
        tracemalloc.start()
        try:
            with pytest.raises(error):
                get(server.url, headers={}, timeout=60, max_bytes=MAX_JWKS_BYTES)
            assert tracemalloc.get_traced_memory()[1] < 8 * 1024 * 1024
        finally:
            tracemalloc.stop()
