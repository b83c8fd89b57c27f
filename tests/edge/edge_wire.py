"""One request over a raw socket, and what came back: no client library that could tidy either of them up."""

from __future__ import annotations

import json
import socket
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

HOST: Final = "127.0.0.1"
TIMEOUT: Final = 10.0
"""Seconds of silence after which a test has failed."""
HANDSHAKE: Final = (
    b"Connection: Upgrade",
    b"Upgrade: websocket",
    b"Sec-WebSocket-Version: 13",
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)
"""RFC 6455 section 1.3."""
_MAX_HEAD: Final = 65536


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server said. ``status`` 0: nothing."""

    status: int
    head: bytes
    body: bytes
    """Of an accepted WebSocket: its first message."""

    @property
    def headers(self) -> list[tuple[str, str]]:
        """Names in lower case, and values."""
        lines = [line.decode("latin-1").partition(":") for line in self.head.split(b"\r\n")[1:]]
        return [(name.lower(), value.strip(" \t")) for name, _, value in lines if name]

    def values(self, name: str) -> list[str]:
        """All values of one header."""
        return [value for known, value in self.headers if known == name]

    @property
    def content(self) -> Any:  # noqa: ANN401 - as JSON has it
        """The body as JSON, or None where it is none."""
        with suppress(ValueError):
            return json.loads(self.body)
        return None


@dataclass(frozen=True, slots=True)
class Client:
    """Speaks to one port, each time on a new connection."""

    port: int
    patience: float | None = None
    """Seconds of silence after which the client hangs up; None: an answer is a must."""

    def http(self, method: str, target: bytes, lines: Sequence[bytes] = (), body: bytes = b"") -> Reply:
        """One HTTP/1.1 request with exactly these header lines besides ``Host`` and ``Connection``."""
        return self._ask(_request(method, target, [*_host(lines), b"Connection: close", *lines], body))

    def websocket(self, target: bytes, lines: Sequence[bytes] = ()) -> Reply:
        """One handshake with exactly these header lines besides those that make it one."""
        return self._ask(_request("GET", target, [*_host(lines), *HANDSHAKE, *lines]))

    def _ask(self, request: bytes) -> Reply:
        with socket.create_connection((HOST, self.port), timeout=self.patience or TIMEOUT) as connection:
            received = b""
            with suppress(*([ConnectionError] if self.patience is None else [ConnectionError, TimeoutError])):
                connection.sendall(request)  # a server may refuse a request before it has read all of it
                received = _until_blank_line(connection)
            head, _, rest = received.partition(b"\r\n\r\n")
            status = int(head[9:12]) if head else 0
            if status == 101:
                return Reply(status, head, _message(connection, rest))
            body = rest + (_until_end(connection) if head else b"")
            chunked = b"transfer-encoding: chunked" in head.lower()
            return Reply(status, head, _dechunked(body) if chunked else body)


def _host(lines: Sequence[bytes]) -> list[bytes]:
    return [] if any(line.lower().startswith(b"host:") for line in lines) else [b"Host: app.test"]


def _request(method: str, target: bytes, lines: Sequence[bytes], body: bytes = b"") -> bytes:
    length = [b"Content-Length: %d" % len(body)] if body else []
    return b"\r\n".join([b"%s %s HTTP/1.1" % (method.encode(), target), *lines, *length, b"", body])


def _until_blank_line(connection: socket.socket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received and len(received) < _MAX_HEAD:
        chunk = connection.recv(65536)
        if not chunk:
            break
        received += chunk
    return received


def _until_end(connection: socket.socket) -> bytes:
    received = b""
    with suppress(ConnectionError):
        while chunk := connection.recv(65536):
            received += chunk
    return received


def _dechunked(body: bytes) -> bytes:
    """The content of a chunked body (RFC 9112 section 7.1)."""
    content, rest = b"", body
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        length = int(size, 16)
        content, rest = content + rest[:length], rest[length + 2 :]
    return content


def _message(connection: socket.socket, received: bytes) -> bytes:
    """The first message, which is a short text in one frame (RFC 6455 section 5.2)."""
    while len(received) < 2 or len(received) < _frame(received):
        chunk = connection.recv(65536)
        if not chunk:
            break
        received += chunk
    begin = 4 if received[1] == 126 else 2
    return received[begin : _frame(received)]


def _frame(received: bytes) -> int:
    """How long the frame is that begins here; at least two bytes of it are there."""
    if received[1] < 126:
        return 2 + received[1]
    return 4 + int.from_bytes(received[2:4]) if len(received) >= 4 else 4
