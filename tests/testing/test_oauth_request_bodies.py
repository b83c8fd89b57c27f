"""Bodies of requests at the loopback server: read up to a bound, given to the handler, and recorded."""

from __future__ import annotations

import contextlib
import hashlib
import socket
from collections.abc import Iterator

import httpx
import pytest

from jwtmr.testing import Answer, LoopbackServer, RecordedRequest
from jwtmr.testing.wire import MAX_REQUEST_BODY


def digest(request: RecordedRequest) -> Answer:
    """Answer with the hash of the body."""
    return 200, {}, hashlib.sha256(request.body).hexdigest().encode()


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    """A started server."""
    with LoopbackServer(digest) as started:
        yield started


def head_only(server: LoopbackServer, head: bytes) -> bytes:
    """Send a head and nothing more, and return all that comes back."""
    host, _, port = server.url.removeprefix("http://").partition(":")
    with contextlib.closing(socket.create_connection((host, int(port)), 10)) as client:
        client.sendall(head)
        client.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: client.recv(65536), b""))


@pytest.mark.parametrize("body", [b"", b"a=b", bytes(range(256)) * 300, b"x" * MAX_REQUEST_BODY], ids=len)
def test_the_handler_reads_the_body(server: LoopbackServer, body: bytes) -> None:
    """Any bytes arrive as they were sent, up to the bound, and are recorded; the connection goes on."""
    with httpx.Client(trust_env=False, timeout=10) as client:
        for method in ("POST", "PUT"):
            assert client.request(method, server.url, content=body).text == hashlib.sha256(body).hexdigest()
    assert [request.body for request in server.requests()] == [body, body]


@pytest.mark.parametrize(
    "length", [str(MAX_REQUEST_BODY + 1), "9" * 21, "9" * 5000, "-1", "1e3", "", "\u00b2"], ids=lambda text: text[:8]
)
def test_a_length_that_is_too_much_or_no_number(server: LoopbackServer, length: str) -> None:
    """It is refused before a byte of the body is waited for, and not recorded."""
    answer = head_only(server, f"POST / HTTP/1.1\r\nContent-Length: {length}\r\n\r\n".encode("latin-1"))
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert server.count() == 0


def test_half_a_body_is_no_request(server: LoopbackServer) -> None:
    """A client that hangs up in the middle has asked nothing."""
    assert head_only(server, b"POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\na=b") == b""
    assert server.count() == 0


def test_chunks_are_not_read(server: LoopbackServer) -> None:
    """A body of unknown length is left where it is: the handler sees none, and the connection ends."""
    sent = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\na=b\r\n0\r\n\r\n"
    answer = head_only(server, sent)
    assert answer.endswith(hashlib.sha256(b"").hexdigest().encode())
    assert b"\r\nConnection: close\r\n" in answer
    (seen,) = server.requests()
    assert seen.body == b""


def test_a_body_is_not_shown(server: LoopbackServer) -> None:
    """A record of a request can be printed: a megabyte is left out of it."""
    httpx.post(server.url, content=b"x" * 1000, trust_env=False)
    assert "xxx" not in repr(server.requests())
