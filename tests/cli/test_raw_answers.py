"""Answers that are no HTTP, or just about: nothing of them crashes a command, moves a cursor or tells a secret."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Final

import pytest
from cli_world import jwtmr
from drain_files import scraped_text

from jwtmr.testing import SettableClock

TOKEN: Final = b"eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnc2lnc2lnc2ln"
OK: Final = b"HTTP/1.1 200 OK\r\n"
RAW: Final = {
    "an escape in the status line": b"HTTP/1.1 \x1b[2J\r\n\r\n",
    "a broken cookie": OK + b"Set-Cookie\x1b: " + TOKEN + b"\r\n\r\n",
    "a line that is no header": OK + b"session " + TOKEN + b"\r\n\r\n",
    "bytes that are no text": OK + b"Date: \xff\r\nAge: 9" + b"9" * 40 + b"\r\nContent-Length: 2\r\n\r\n\xff\xff",
    "an odd redirect": b"HTTP/1.1 302 \xff\r\nLocation: https://\xff\x1b[2J\r\nContent-Length: 0\r\n\r\n",
    "a short body": OK + b"Content-Length: 400\r\n\r\n{}",
    "a broken chunk": OK + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n",
    "another protocol": b"\x15\x03\x01\x00\x02\x02\x28",
    "a challenge": b'HTTP/1.1 401 x\r\nWWW-Authenticate: Bearer resource_metadata="https://evil.example/'
    + TOKEN + b'\x1b"\r\nContent-Length: 0\r\n\r\n',
    "a status that is none": b"HTTP/1.1 000 x\r\n\r\n",
    "nothing": b"",
}  # fmt: skip
POOL: Final = "--pool-id us-east-1_Ab12Cd34 --client-id a --token-use access --issuer-type updated"


@contextmanager
def sending(raw: bytes) -> Generator[str]:
    """Something on this machine that sends ``raw`` to everybody, and hangs up; its address."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while not over.is_set():
                connection, _ = server.accept()
                with connection, suppress(OSError):
                    connection.recv(65536)
                    connection.sendall(raw)
                    connection.shutdown(socket.SHUT_WR)
                    while connection.recv(65536):
                        pass  # else what came meanwhile would make the end a reset

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}/x"
        finally:
            over.set()
            socket.create_connection(server.getsockname()).close()
            thread.join()


@pytest.mark.parametrize("raw", RAW.values(), ids=RAW.keys())
def test_whatever_comes_is_an_answer_or_none(raw: bytes) -> None:
    """By each command that asks, for people and for programs."""
    with sending(raw) as url:
        for line in (f"status {url}", f"jwks show {url}", f"drain --metrics {url}", f"doctor {POOL} --jwks-uri {url}"):
            ran, read = jwtmr(line), jwtmr(f"{line} --json")
            said = ran.out + ran.err + read.out + read.err
            assert {ran.code, read.code} <= {1, 3}, said
            assert "this is a bug" not in said
            assert said.replace("\n", "").isprintable()
            assert "c2lnc2ln" not in said
            if read.out:
                json.loads(read.out, parse_constant=pytest.fail)


@pytest.mark.parametrize(("header", "code"), [(b"Content-Length: %d\r\n", 1), (b"", 3)])
def test_metrics_that_may_be_cut_short_are_none(header: bytes, code: int) -> None:
    """What ends with the connection may lack the line that tells of the last legacy token."""
    clock = SettableClock()
    body = scraped_text(clock.wall()).encode()
    head = header % len(body) if header else b""
    with sending(OK + head + b"\r\n" + body) as url:
        ran = jwtmr(f"drain --metrics {url}", clock=clock)
    assert ran.code == code
    assert ("it may have been cut short" in " ".join(ran.out.split())) is (code == 3)
