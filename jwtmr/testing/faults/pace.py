"""Faults in how an answer comes: late, byte by byte, without an end, or after other answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias, get_args

from jwtmr.errors import ConfigurationError
from jwtmr.settings import one_of
from jwtmr.settings import seconds as check_seconds
from jwtmr.testing.fault import Fault, Wire
from jwtmr.testing.wire import Answer, head, render

Part: TypeAlias = Literal["headers", "body", "chunk", "trailer"]
"""Which part of an answer drips."""

Length: TypeAlias = Literal["declared", "chunked", "none"]
"""How a client can know where a body ends: ``Content-Length``, chunks, or the end of the connection."""

MiB: Final = 1024 * 1024

LONGEST_DELAY: Final = 86400.0
"""Seconds. For ever is :func:`hold`."""

PORTIONS: Final = 50
"""Portions in a second at most, so that a fast drip costs no more than a slow one."""

PIECE: Final = b" " * 65536
"""What :func:`huge` sends at once."""

PADDING: Final = b"x" * 10_000
"""What drips where an answer has nothing of its own to drip: the extension of a chunk, or a trailer."""


def delay(seconds: float) -> Fault:
    """Answer so many seconds late. They are real ones: no clock of a test makes a socket wait."""
    late = check_seconds("seconds", seconds, low=0, high=LONGEST_DELAY)

    def wait(wire: Wire) -> None:
        wire.pause(late)

    return Fault(name="delay", text=f"delay({seconds:g})", wait=wait)


def hold() -> Fault:
    """Keep all answers back until the fault ends, and give them then.

    Better than a delay where a test wants something to happen meanwhile: it waits for as long as that takes.
    """

    def wait(wire: Wire) -> None:
        wire.pause()

    return Fault(name="hold", text="hold()", wait=wait)


def drip(bytes_per_second: float = 1.0, *, of: Part = "headers") -> Fault:
    """Let one part of the answer come byte by byte. No single read takes long, and the answer does not end.

    ``"headers"``, ``"body"``
        The status line and headers, or the body; the other comes at once.
    ``"chunk"``
        The body comes in chunks, and the line with the size of the first one, which has an extension, drips
        (RFC 9112 section 7.1.1).
    ``"trailer"``
        The body comes in chunks, and a trailer field behind it drips (RFC 9112 section 7.1.2).
    """
    one_of("of", of, get_args(Part))
    if not bytes_per_second > 0:
        raise ConfigurationError("bytes_per_second", "must be above 0")

    def write(wire: Wire, answer: Answer) -> None:
        before, slow, after = _parts(wire, answer, of)
        wire.send(before)
        _drip(wire, slow, bytes_per_second)
        wire.send(after)

    return Fault(name="drip", text=f'drip({bytes_per_second:g}, of="{of}")', write=write, whole=of != "headers")


def huge(size: int = 200 * MiB, *, length: Length = "declared") -> Fault:
    """Answer with the usual body and blanks behind it, ``size`` bytes in all. Who takes them all has valid JSON.

    They are sent as fast as the client takes them; :class:`Suffered` says how many it took. When the fault ends they
    end too, in the middle.
    """
    one_of("length", length, get_args(Length))
    if size < MiB:
        raise ConfigurationError("size", "must be at least 1 MiB")

    def write(wire: Wire, answer: Answer) -> None:
        status, headers, content = answer
        left = max(0, size - len(content))
        framed = _chunked(headers) if length == "chunked" else headers
        declared = len(content) + left if length == "declared" else None
        wire.send(head(status, framed, length=declared, keep_alive=False))
        frame = _chunk if length == "chunked" else bytes
        wire.send(frame(content))
        while left > 0 and not wire.ended:
            wire.send(frame(PIECE[:left]))
            left -= len(PIECE)
        if length == "chunked" and not wire.ended:
            wire.send(b"0\r\n\r\n")

    return Fault(name="huge", text=f'huge({size}, length="{length}")', write=write, whole=True)


def informational(code: int = 100, *, per_second: float | None = None) -> Fault:
    """Send one interim answer after the other (RFC 9110 section 15.2), and the final one when the fault ends.

    ``per_second=None``: as fast as the client takes them.
    """
    if not 100 <= code <= 199 or code == 101:
        raise ConfigurationError("code", "must be between 100 and 199, and not 101")
    if per_second is not None and not per_second > 0:
        raise ConfigurationError("per_second", "must be above 0")
    interim = head(code, {}, length=None, keep_alive=True)

    def wait(wire: Wire) -> None:
        while not wire.ended:
            wire.send(interim)
            if per_second is not None:
                wire.pause(1 / per_second)

    rate = "" if per_second is None else f", per_second={per_second:g}"
    return Fault(name="informational", text=f"informational({code}{rate})", wait=wait)


def _parts(wire: Wire, answer: Answer, of: Part) -> tuple[bytes, bytes, bytes]:
    """What comes of an answer at once, then slowly, then at once again."""
    status, headers, content = answer
    if of in ("headers", "body"):
        top, blank, rest = render(answer, method=wire.method, keep_alive=False).partition(b"\r\n\r\n")
        return (b"", top + blank, rest) if of == "headers" else (top + blank, rest, b"")
    top = head(status, _chunked(headers), length=None, keep_alive=False)
    if of == "chunk":
        return top, b"%x;%s\r\n" % (len(content), PADDING), content + b"\r\n0\r\n\r\n"
    return top + _chunk(content) + b"0\r\n", b"X-Trailer: %s\r\n" % PADDING, b"\r\n"


def _drip(wire: Wire, data: bytes, bytes_per_second: float) -> None:
    portion = max(1, round(bytes_per_second / PORTIONS))
    for start in range(0, len(data), portion):
        wire.send(data[start : start + portion])
        if wire.pause(portion / bytes_per_second):
            wire.send(data[start + portion :])
            return


def _chunk(data: bytes) -> bytes:
    """``data`` as one chunk (RFC 9112 section 7.1)."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def _chunked(headers: Mapping[str, str]) -> dict[str, str]:
    return {**headers, "Transfer-Encoding": "chunked"}
