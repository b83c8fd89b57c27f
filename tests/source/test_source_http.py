"""One attempt over real sockets: what counts as an answer, and the limits that hold whatever a server does."""

from __future__ import annotations

import gzip
import json
import socket
import ssl
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

import httpx
import pytest
from certificates import LOOPBACK, certificate
from source_kit import FRESH, Making, RawServer, Recorder, body_of, no_threads_left

from jwtmr import ConfigurationError, KeyPolicy, KeysUnavailable
from jwtmr.events import FetchFinished
from jwtmr.http import MAX_JWKS_BYTES, HttpGet, TooLarge, httpx_get
from jwtmr.testing import Answer, LoopbackServer, RecordedRequest, RegionalIssuer, SettableClock
from jwtmr.testing.names import Switchboard

VALID = object()
"""The key set of the issuer as the body of a row."""


def handler(status: int, headers: Mapping[str, str], body: bytes, valid: bytes) -> Callable[[RecordedRequest], Answer]:
    """Answer like that, and with a valid key set under ``/moved``."""

    def answer(request: RecordedRequest) -> Answer:
        return (200, FRESH, valid) if request.path == "/moved" else (status, headers, body)

    return answer


Row: TypeAlias = tuple[int, Mapping[str, str], object, str]

ROWS: list[Row] = [
    *((status, {"Location": "/moved"}, VALID, "redirect") for status in (300, 301, 302, 303, 307, 308)),
    (304, {"ETag": '"x"'}, b"", "redirect"),
    *((status, FRESH, VALID, "client_error") for status in (400, 401, 403, 404, 410, 451)),
    *((status, FRESH, VALID, "server_error") for status in (408, 425, 429, 500, 502, 503, 599)),
    *((status, FRESH, VALID, "server_error") for status in (201, 203, 204, 206)),
    *((200, FRESH, body, "unusable") for body in (b"", b"<html>", b"[]", b"{}", b'{"keys":[]}', b'{"keys":', b"\xff")),
]


@pytest.mark.parametrize("row", ROWS)
def test_what_is_no_answer(row: Row, issuer: RegionalIssuer, make: Making) -> None:
    """A key set counts with 200 alone, redirects are not followed, and what is no key set is none."""
    status, headers, body, outcome = row
    valid, recorder = body_of(issuer), Recorder()
    sent = body if isinstance(body, bytes) else valid
    with LoopbackServer(handler(status, headers, sent, valid)) as server:
        with pytest.raises(KeysUnavailable):
            make(server.url + "/jwks.json", observers=[recorder]).validate(issuer.access_token())
        assert [event.outcome for event in recorder.of(FetchFinished)] == [outcome]
        assert [request.path for request in server.requests()] == ["/jwks.json"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "text/html"},
        {"Content-Encoding": "Identity"},
        {"Content-Encoding": ""},
        {f"X-Header-{number}": "x" * 100 for number in range(90)},
    ],
)
def test_what_is_an_answer(headers: Mapping[str, str], issuer: RegionalIssuer, make: Making) -> None:
    """A key set with 200 counts whatever is said about its type, and beside many headers."""
    with LoopbackServer(handler(200, headers, body_of(issuer), b"")) as server:
        make(server.url + "/jwks.json").validate(issuer.access_token())


def fixed(body: bytes) -> bytes:
    """An answer with its length."""
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def chunked(body: bytes) -> bytes:
    """An answer in chunks, whose length nobody knows beforehand."""
    parts = [body[at : at + 60_000] for at in range(0, len(body), 60_000)]
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"


def until_closed(body: bytes) -> bytes:
    """An answer that ends with its connection."""
    return b"HTTP/1.0 200 OK\r\n\r\n" + body


def sending(answer: bytes) -> Callable[[socket.socket, threading.Event], None]:
    """A script that sends exactly these bytes."""
    return lambda connection, _: connection.sendall(answer)


@pytest.mark.parametrize("wire", [fixed, chunked, until_closed])
@pytest.mark.parametrize(("size", "outcome"), [(MAX_JWKS_BYTES, "ok"), (MAX_JWKS_BYTES + 1, "too_large")])
def test_the_size_of_an_answer(
    wire: Callable[[bytes], bytes], size: int, outcome: str, issuer: RegionalIssuer, make: Making
) -> None:
    """512 KiB are read, and one byte more is a failure, though it is a valid key set, however its length is told."""
    recorder = Recorder()
    with RawServer(sending(wire(body_of(issuer).ljust(size)))) as server:
        validator = make(server.url, observers=[recorder])
        if outcome == "ok":
            validator.validate(issuer.access_token())
        else:
            with pytest.raises(KeysUnavailable):
                validator.validate(issuer.access_token())
        assert [event.outcome for event in recorder.of(FetchFinished)] == [outcome]


def test_reading_stops_at_the_limit(issuer: RegionalIssuer) -> None:
    """A body without an end is not read to its end."""
    sent: list[int] = []

    def flood(connection: socket.socket, stopped: threading.Event) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while not stopped.is_set() and len(sent) < 1000:
            connection.sendall(b" " * 65536)
            sent.append(65536)

    with RawServer(flood) as server, pytest.raises(TooLarge):
        httpx_get()(server.url, headers={}, timeout=10, max_bytes=MAX_JWKS_BYTES)
    assert sum(sent) < 100 * MAX_JWKS_BYTES


ENCODED = [("gzip", gzip.compress), ("x-gzip", gzip.compress), ("deflate", zlib.compress), ("GZIP", gzip.compress)]


@pytest.mark.parametrize(("name", "encode"), [*ENCODED, ("br", bytes), ("identity, gzip", gzip.compress)])
def test_a_compressed_answer(name: str, encode: Callable[[bytes], bytes], issuer: RegionalIssuer, make: Making) -> None:
    """An answer that is compressed though ``identity`` was asked for is not unpacked: it could be a bomb."""
    recorder = Recorder()
    headers = {**FRESH, "Content-Encoding": name}
    with LoopbackServer(handler(200, headers, encode(body_of(issuer)), b"")) as server:
        with pytest.raises(KeysUnavailable):
            make(server.url + "/jwks.json", observers=[recorder]).validate(issuer.access_token())
        (request,) = server.requests()
    assert request.headers["accept-encoding"] == "identity"
    assert [event.outcome for event in recorder.of(FetchFinished)] == ["too_large"]


def dripping(head: bytes) -> Callable[[socket.socket, threading.Event], None]:
    """A script that sends ``head``, and then one byte every 20 ms for five seconds."""

    def drip(connection: socket.socket, stopped: threading.Event) -> None:
        connection.sendall(head)
        for _ in range(250):
            if stopped.wait(0.02):
                return
            connection.sendall(b" ")

    return drip


DRIPS = {
    "headers": b"HTTP/1.1 200 OK\r\nX-Slow: ",
    "body of a length": b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n",
    "body without a length": b"HTTP/1.1 200 OK\r\n\r\n",
    "extension of a chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;",
    "trailer": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX-Slow: ",
}


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def assert_hung_up(
    script: Callable[[socket.socket, threading.Event], None], tls: ssl.SSLContext | None, get: HttpGet
) -> None:
    """The exchange times out after half a second, and the server sees the connection end then."""
    ended = threading.Event()

    def until_the_end(connection: socket.socket, stopped: threading.Event) -> None:
        with suppress(OSError):
            script(connection, stopped)
        ended.set()

    with RawServer(until_the_end, tls) as server:
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            get(server.url, headers={}, timeout=0.5, max_bytes=MAX_JWKS_BYTES)
        assert 0.4 < time.monotonic() - began < 3
        assert ended.wait(5)


@pytest.mark.parametrize("where", DRIPS)
def test_a_drip_ends_at_the_deadline(where: str) -> None:
    """Bytes that come one by one, each well within any time-out of a read, end with the attempt's time."""
    assert_hung_up(dripping(DRIPS[where]), None, httpx_get())


@pytest.mark.parametrize("where", DRIPS)
def test_a_drip_under_tls_ends_at_the_deadline(where: str, tmp_path: Path) -> None:
    """The same inside TLS."""
    files = certificate(tmp_path, LOOPBACK)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*files)
    assert_hung_up(dripping(DRIPS[where]), tls, httpx_get(ssl.create_default_context(cafile=files[0])))


def test_endless_interim_answers_end_at_the_deadline() -> None:
    """A host that says ``100 Continue`` for ever is no answer, and costs no more than the attempt's time."""

    def script(connection: socket.socket, stopped: threading.Event) -> None:
        while not stopped.is_set():
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")

    assert_hung_up(script, None, httpx_get())


def test_a_name_that_takes_all_of_the_time_is_a_timeout() -> None:
    """Who is connected only when the time is over asks nothing any more."""
    get, ended = httpx_get(), threading.Event()
    with LoopbackServer(lambda _: (200, FRESH, b"{}")) as server:
        handle = Switchboard().add(server.port, lambda lookup: (ended.wait(), lookup.usual())[1])
        over = threading.Timer(0.8, ended.set)
        over.start()
        try:
            with pytest.raises(TimeoutError):
                get(server.url, headers={}, timeout=0.3, max_bytes=MAX_JWKS_BYTES)
        finally:
            over.join()
            handle.remove()
        assert server.count() == 0


def test_an_answer_in_time_leaves_no_timer() -> None:
    """What watches the time ends with the exchange."""
    with RawServer(lambda connection, _: connection.sendall(OK)) as server:
        httpx_get()(server.url, headers={}, timeout=60, max_bytes=MAX_JWKS_BYTES)
    no_threads_left()


@pytest.mark.parametrize(
    "head", [b"HTTP/1.1 200 ", b"HTTP/1.1 200 OK\r\nX-Slow: ", b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"]
)
def test_no_drip_keeps_a_flight_in_the_air(
    head: bytes, issuer: RegionalIssuer, clock: SettableClock, make: Making
) -> None:
    """Wherever a server drips, its attempt is given up after 2.5 s; the time to wait is over before."""
    recorder = Recorder()
    with RawServer(dripping(head)) as server:
        validator = make(server.url, observers=[recorder], key_policy=KeyPolicy(wait=0.3))
        with pytest.raises(KeysUnavailable):
            validator.validate(issuer.access_token())
        clock.advance(2.3)
        assert recorder.await_(FetchFinished)[0].outcome == "timeout"


def test_a_silent_server_is_a_timeout() -> None:
    """No byte at all ends as ``TimeoutError`` too, whatever the client library calls it."""
    with RawServer(lambda _, stopped: stopped.wait(5) and None) as server, pytest.raises(TimeoutError):
        httpx_get()(server.url, headers={}, timeout=0.2, max_bytes=10)


def test_an_answer_as_it_is_handed_on(issuer: RegionalIssuer) -> None:
    """Header names are in lower case, and a header that comes twice is joined."""
    head = (
        b'HTTP/1.1 200 OK\r\nCACHE-Control: public\r\nCache-CONTROL: max-age=60\r\nETag: "A"\r\nContent-Length: 2\r\n'
    )
    with RawServer(sending(head + b"\r\n{}")) as server:
        answer = httpx_get()(server.url, headers={"x-mine": "1"}, timeout=5, max_bytes=2)
        assert b"x-mine: 1\r\n" in server.requests[0]
    expected = {"cache-control": "public, max-age=60", "etag": '"A"', "content-length": "2"}
    assert (answer.status, dict(answer.headers), answer.body) == (200, expected, b"{}")


def test_head_beyond_reason(issuer: RegionalIssuer, make: Making) -> None:
    """A head of a megabyte is a failed fetch."""
    head = b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: %s\r\n" % (n, b"x" * 1000) for n in range(1000))
    with RawServer(sending(head + b"\r\n" + body_of(issuer))) as server, pytest.raises(KeysUnavailable):
        make(server.url).validate(issuer.access_token())


def test_no_state_between_requests(issuer: RegionalIssuer, clock: SettableClock, make: Making) -> None:
    """Cookies are not kept, and the second request is a conditional one over a connection of its own."""
    recorder, body = Recorder(), body_of(issuer)

    def answer(request: RecordedRequest) -> Answer:
        headers = {**FRESH, "Set-Cookie": "session=1; Path=/", "ETag": '"one"'}
        return (304, headers, b"") if "if-none-match" in request.headers else (200, headers, body)

    with LoopbackServer(answer) as server:
        validator = make(server.url + "/jwks.json", observers=[recorder])
        validator.validate(issuer.access_token())
        clock.advance(820)
        validator.validate(issuer.access_token())
        assert [event.outcome for event in recorder.await_(FetchFinished, 2)] == ["ok", "not_modified"]
        first, second = server.requests()
    assert "if-none-match" not in first.headers
    assert second.headers["if-none-match"] == '"one"'
    assert "cookie" not in second.headers
    assert (second.headers["user-agent"], second.headers["accept"]) == ("jwtmr", "application/json")


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that nobody listens on, and that nobody else is given meanwhile."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield int(taken.getsockname()[1])


def test_the_environment_has_no_say(
    closed_port: int, issuer: RegionalIssuer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Neither proxies nor ``.netrc`` of the environment are used, unless asked for by ``trust_env``."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login user password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with LoopbackServer(handler(200, FRESH, body_of(issuer), b"")) as server:
        answer = httpx_get()(server.url, headers={}, timeout=5, max_bytes=MAX_JWKS_BYTES)
        assert json.loads(answer.body) == issuer.jwks()
        assert "authorization" not in server.requests()[0].headers
        with pytest.raises(httpx.ConnectError):
            httpx_get(trust_env=True)(server.url, headers={}, timeout=5, max_bytes=MAX_JWKS_BYTES)
        assert server.count() == 1


def test_a_proxy_that_was_asked_for(issuer: RegionalIssuer) -> None:
    """``proxy`` sends the request there."""
    with LoopbackServer(handler(200, FRESH, b"{}", b"")) as server:
        httpx_get(proxy=server.url)("http://keys.example/jwks.json", headers={}, timeout=5, max_bytes=9)
        assert server.requests()[0].path == "http://keys.example/jwks.json"


def test_another_client_library(monkeypatch: pytest.MonkeyPatch, issuer: RegionalIssuer) -> None:
    """``module`` names the library, which is imported at once; one that is missing or unknown is a wrong setting."""
    monkeypatch.setitem(sys.modules, "httpx2", None)
    for wrong in ("httpx2", "requests"):
        with pytest.raises(ConfigurationError) as caught:
            httpx_get(module=wrong)  # type: ignore[arg-type]
        assert caught.value.parameter == "module"
    monkeypatch.setitem(sys.modules, "httpx2", httpx)
    with LoopbackServer(handler(200, FRESH, b"{}", b"")) as server:
        assert httpx_get(module="httpx2")(server.url, headers={}, timeout=5, max_bytes=9).body == b"{}"
