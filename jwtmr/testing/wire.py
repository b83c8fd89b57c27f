"""HTTP/1.1 as bytes: what the loopback server reads and writes. No socket is opened here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from io import BufferedIOBase
from types import MappingProxyType
from typing import Final, TypeAlias

Answer: TypeAlias = tuple[int, Mapping[str, str], bytes]
"""Status, headers and body. ``Content-Length`` is added unless the headers name one."""

MAX_HEAD_BYTES: Final = 64 * 1024
"""Bytes of request line and headers. Far more than any client sends; beyond it the request is refused with 400."""

MAX_REQUEST_BODY: Final = 1024 * 1024
"""Bytes of a request's body. A longer one is refused with 400 before it is read."""

MAX_LENGTH_DIGITS: Final = 20
"""Digits of a ``Content-Length``: as many as 64 bits need. Python refuses to read numbers of thousands of digits."""


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """One request that arrived, answered or not."""

    method: str
    path: str
    """The target as sent, with its query."""
    headers: Mapping[str, str]
    """Names in lower case; several fields of one name are joined with ``", "``."""
    url: str
    """The absolute URL on the server that was asked."""
    time: float
    """When the last of it was read, by ``time.monotonic()``."""
    fault: str | None = None
    """What the server did to it: an outage, or the faults that struck it, joined by ``+``; ``None`` for neither."""
    body: bytes = field(default=b"", repr=False)
    """As sent. Empty where it came in chunks, which are not read."""


class BadRequest(ValueError):
    """The bytes are no request that this server understands."""


@dataclass(frozen=True, slots=True)
class Received:
    """Request line, headers and body."""

    method: str
    path: str
    headers: Mapping[str, str]
    keep_alive: bool
    body: bytes


def read_request(stream: BufferedIOBase) -> Received | None:
    """Read one request; ``None`` when the client hung up before it was complete."""
    lines = _read_lines(stream)
    if lines is None:
        return None
    parts = lines[0].split(" ")
    if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
        raise BadRequest("request line")
    method, path, version = parts
    headers = _headers(lines[1:])
    closing = "close" in headers.get("connection", "").lower() or version == "HTTP/1.0"
    chunked = "transfer-encoding" in headers
    body = b"" if chunked else _read_body(stream, headers.get("content-length", "0"))
    if body is None:
        return None
    return Received(method, path, MappingProxyType(headers), keep_alive=not closing and not chunked, body=body)


def _read_lines(stream: BufferedIOBase) -> list[str] | None:
    lines: list[str] = []
    room = MAX_HEAD_BYTES
    while True:
        line = stream.readline(room)
        room -= len(line)
        if not line.endswith(b"\n"):
            if room <= 0:
                raise BadRequest("head too large")
            return None
        text = line.decode("latin-1").rstrip("\r\n")
        if not text and lines:
            return lines
        if text:
            lines.append(text)


def _headers(lines: list[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise BadRequest("header line")
        known = headers.get(name.lower())
        headers[name.lower()] = value.strip() if known is None else f"{known}, {value.strip()}"
    return headers


def _read_body(stream: BufferedIOBase, length: str) -> bytes | None:
    digits = length.isascii() and length.isdigit() and len(length) <= MAX_LENGTH_DIGITS
    if not digits or int(length) > MAX_REQUEST_BODY:
        raise BadRequest("content-length")
    body = stream.read(int(length))
    return body if len(body) == int(length) else None


def render(answer: Answer, *, method: str, keep_alive: bool) -> bytes:
    """Return ``answer`` as the bytes that go over the wire."""
    status, headers, body = answer
    bodiless = status in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED) or status < HTTPStatus.OK
    top = head(status, headers, length=None if bodiless else len(body), keep_alive=keep_alive)
    return top if bodiless or method == "HEAD" else top + body


def head(status: int, headers: Mapping[str, str], *, length: int | None, keep_alive: bool) -> bytes:
    """Return the status line and the headers; ``length`` is told unless it is None, or the headers tell one."""
    lines = [f"HTTP/1.1 {status} {_phrase(status)}", *(f"{name}: {value}" for name, value in headers.items())]
    if length is not None and "content-length" not in {name.lower() for name in headers}:
        lines.append(f"Content-Length: {length}")
    if not keep_alive:
        lines.append("Connection: close")
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
