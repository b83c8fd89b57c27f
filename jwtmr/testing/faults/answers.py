"""Faults in what is answered: statuses, redirects, bodies and headers."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus
from typing import Final, Literal, TypeAlias, get_args

from jwtmr.errors import ConfigurationError
from jwtmr.issuers import check_moment
from jwtmr.settings import one_of
from jwtmr.settings import seconds as check_seconds
from jwtmr.testing.fault import Fault
from jwtmr.testing.wire import Answer, RecordedRequest

Coding: TypeAlias = Literal["gzip", "deflate", "br", "zstd", "gzip, gzip"]
"""A ``Content-Encoding``."""

MiB: Final = 1024 * 1024

TRAP: Final = "jwtmr-redirected"
"""What the query of a request has that followed a redirect to the server's own trap."""

LONGEST_AGE: Final = 366 * 86400.0
"""Seconds. Long enough for any cache that was forgotten."""

_OF_A_BODY: Final = frozenset({"content-type", "content-length", "content-encoding", "etag", "last-modified"})
"""Headers that tell of one body and would be wrong with another."""


def status(
    code: int, *, retry_after: int | str | datetime | None = None, body: bytes | str | object | None = None
) -> Fault:
    """Answer with this status, 200 to 599.

    ``retry_after``
        Goes into ``Retry-After``: seconds, an aware ``datetime``, or any text.
    ``body``
        As :func:`body` takes it. By default what would be answered anyhow, the valid keys: a client that does not look
        at the status takes them, and shows.
    """
    if not HTTPStatus.OK <= code <= 599:
        raise ConfigurationError("code", "must be between 200 and 599")
    told = {} if retry_after is None else {"Retry-After": _moment(retry_after)}

    def answer(_: RecordedRequest, usual: Answer) -> Answer:
        changed = usual if body is None else _with_body(usual, body, "application/json")
        return code, {**changed[1], **told}, changed[2]

    after = "" if retry_after is None else f", retry_after={retry_after!r}"
    return Fault(name="status", text=f"status({code}{after})", answer=answer, whole=True)


def redirect(to: str | None = None, code: int = 302) -> Fault:
    """Answer with a redirect, to any URL or reference.

    ``None`` leads to a trap: the same URL with ``TRAP`` in its query, where the same server answers as usual. So who
    follows gets valid keys, and has asked for them: ``[r for r in pool.requests() if TRAP in r.path]``.
    """
    if not HTTPStatus.MULTIPLE_CHOICES <= code <= HTTPStatus.PERMANENT_REDIRECT:
        raise ConfigurationError("code", "must be between 300 and 308")

    def answer(request: RecordedRequest, usual: Answer) -> Answer:
        path, _, query = request.path.partition("?")
        if query == TRAP:
            return usual
        return code, {"Location": f"{path}?{TRAP}" if to is None else to}, b""

    return Fault(name="redirect", text=f"redirect({to!r}, {code})", answer=answer)


def body(content: bytes | str | object, *, content_type: str | None = "application/json") -> Fault:
    """Answer 200 with this body: bytes, text (UTF-8), or anything that JSON can say.

    Cache headers stay as they are, ``ETag`` goes. ``content_type=None``: no such header.
    """
    return Fault(
        name="body",
        text=f"body({content!r:.60})",
        answer=lambda _, usual: _with_body(usual, content, content_type),
        whole=True,
    )


def age(seconds: float) -> Fault:
    """Answer as a cache does that has had the answer for so long: with ``Age``, and ``Date`` as far back.

    Beside ``lag(seconds)`` the cache has the keys of that time, too.
    """
    old = int(check_seconds("seconds", seconds, low=0, high=LONGEST_AGE))

    def answer(_: RecordedRequest, usual: Answer) -> Answer:
        code, headers, content = usual
        changed = {**headers, "Age": str(old)}
        if "Date" in changed:
            made = parsedate_to_datetime(changed["Date"]) - timedelta(seconds=old)
            changed["Date"] = format_datetime(made, usegmt=True)
        return code, changed, content

    return Fault(name="age", text=f"age({old})", answer=answer)


def many_headers(count: int = 10_000, size: int = 10) -> Fault:
    """Answer with so many more headers, each with a value of ``size`` bytes."""
    if count < 1 or size < 0:
        raise ConfigurationError("count", "must be at least 1, and size at least 0")
    more = {f"X-Header-{number}": "x" * size for number in range(count)}

    def answer(_: RecordedRequest, usual: Answer) -> Answer:
        code, headers, content = usual
        return code, {**headers, **more}, content

    return Fault(name="many_headers", text=f"many_headers({count}, {size})", answer=answer)


def gzip_bomb(size: int = 1024 * MiB, *, coding: Coding = "gzip") -> Fault:
    """Answer with the usual body and blanks behind it, ``size`` bytes in all, compressed to a thousandth.

    It is sent whatever the client says that it accepts, and needs neither time nor memory here. Who has decompressed it
    has valid JSON. What is called ``br`` or ``zstd`` is gzip all the same, as the standard library has neither.
    """
    one_of("coding", coding, get_args(Coding))
    if size < MiB:
        raise ConfigurationError("size", "must be at least 1 MiB")

    def answer(_: RecordedRequest, usual: Answer) -> Answer:
        code, headers, content = usual
        bomb = _compressed(content, size, zlib.MAX_WBITS if coding == "deflate" else zlib.MAX_WBITS + 16)
        if coding == "gzip, gzip":
            bomb = zlib.compress(bomb, wbits=zlib.MAX_WBITS + 16)
        return code, {**headers, "Content-Encoding": coding}, bomb

    return Fault(name="gzip_bomb", text=f"gzip_bomb({size}, coding={coding!r})", answer=answer, whole=True)


def _compressed(content: bytes, size: int, wbits: int) -> bytes:
    """Compress ``content`` and blanks up to ``size`` bytes, to the nearest MiB.

    A block that follows a full flush refers to nothing before it, so one is made and repeated. The end with its
    checksum is left out: only who has decompressed all the rest can miss it.
    """
    press = zlib.compressobj(wbits=wbits)
    start = press.compress(content) + press.flush(zlib.Z_FULL_FLUSH)
    block = press.compress(b" " * MiB) + press.flush(zlib.Z_FULL_FLUSH)
    return start + block * (size // MiB)


def _with_body(usual: Answer, content: bytes | str | object, content_type: str | None) -> Answer:
    kept = {name: value for name, value in usual[1].items() if name.lower() not in _OF_A_BODY}
    told: Mapping[str, str] = {} if content_type is None else {"Content-Type": content_type}
    return HTTPStatus.OK, {**kept, **told}, _bytes(content)


def _bytes(content: bytes | str | object) -> bytes:
    if isinstance(content, bytes):
        return content
    return (content if isinstance(content, str) else json.dumps(content)).encode()


def _moment(retry_after: int | str | datetime) -> str:
    if isinstance(retry_after, datetime):
        check_moment("retry_after", retry_after)
        return format_datetime(retry_after.astimezone(UTC), usegmt=True)
    return str(retry_after)
