"""What a fault is, at which stage of an exchange it acts, and what it may do to a connection.

The faults themselves are in ``jwtmr.testing.faults``; ``afflictions`` puts them in force at a server.
"""

from __future__ import annotations

import math
import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, NoReturn, Self, TypeAlias, get_args

from jwtmr.testing.names import Rule
from jwtmr.testing.tls import BadTls
from jwtmr.testing.wire import Answer, RecordedRequest

Outage: TypeAlias = Literal["refuse", "drop_syn", "accept_silent"]
"""How a server is down; see :meth:`jwtmr.testing.LoopbackServer.take_down`."""

OUTAGES: Final[tuple[Outage, ...]] = get_args(Outage)

Stage: TypeAlias = Literal["lookup", "outage", "accept", "tls", "publish", "answer", "wait", "write"]
"""Where a fault acts, in the order in which an exchange gets there."""

STAGES: Final[tuple[Stage, ...]] = get_args(Stage)

JwkSet: TypeAlias = Mapping[str, object]
"""A JWK Set (RFC 7517 section 5) as it is published."""

SLICE: Final = 0.1
"""Seconds that a client may take nothing before it is looked whether the fault has ended meanwhile."""

_HUNG_UP: Final[int] = getattr(select, "POLLRDHUP", getattr(select, "POLLIN", 0))
"""Only Linux can tell that a client left which sent more before. On other Unixes sending more counts as leaving, and
where there is no ``poll`` no fault can wait."""


class Past(NamedTuple):
    """What an issuer published earlier. All moments are those of its clock's ``monotonic()``."""

    began: float
    """When the fault began."""
    now: float
    at: Callable[[float], JwkSet]
    """The keys that were in force at a moment; before all others, the first ones."""


class HungUp(ConnectionError):
    """The conversation is over: one side has ended it."""


class Wire:
    """A connection as a fault sees it, during one exchange. A context manager, around that exchange.

    All methods raise ``OSError`` when the client has gone. That is noted, and no fault need catch it.
    """

    def __init__(self, connection: socket.socket, request: RecordedRequest | None = None) -> None:
        """``request`` is None before one was read."""
        self.request = request
        self.sent = 0
        self.left_at = math.inf
        self._connection = connection
        self._ended = threading.Event()
        self._cut = False
        self._after = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._after.close()

    @property
    def method(self) -> str:
        """The method of the request."""
        return "GET" if self.request is None else self.request.method

    @property
    def ended(self) -> bool:
        """Whether the fault that acts is over: what is left of an answer should then follow without delay."""
        return self._ended.is_set()

    def send(self, data: bytes) -> None:
        """Send ``data`` as fast as the client takes it."""
        rest = memoryview(data)
        self._connection.settimeout(SLICE)
        while rest:
            taken = self._send_some(rest)
            self.sent += taken
            rest = rest[taken:]
        self._connection.settimeout(None)

    def pause(self, seconds: float = math.inf) -> bool:
        """Let time pass; return whether the fault ended meanwhile."""
        if self.ended:
            return True
        watch = select.poll()
        watch.register(self._connection, _HUNG_UP)
        gone = watch.poll(None if seconds == math.inf else math.ceil(seconds * 1000))
        if self.ended:
            return True
        if gone:
            self._note_that_the_client_left()
            raise HungUp
        return False

    def hang_up(self) -> NoReturn:
        """End the conversation: the client sees an end, or a reset where something that it sent was not read."""
        raise HungUp

    def reset(self) -> NoReturn:
        """Break the conversation off: the client sees a reset (RST)."""
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise HungUp

    def endure(self, ended: threading.Event, after: Callable[[], None]) -> None:
        """A fault begins to act, which is over with ``ended``. Call ``after`` when the exchange is over."""
        self._ended = ended
        self._after.callback(after)

    def wake(self, *, cut: bool) -> None:
        """Let :meth:`pause` return. No further request is read; with ``cut`` nothing more is sent either."""
        self._cut = self._cut or cut
        with suppress(OSError):  # the client was first
            # Not the method of SSLSocket, which takes the TLS away from under the thread that uses it.
            socket.socket.shutdown(self._connection, socket.SHUT_RDWR if cut else socket.SHUT_RD)

    def _send_some(self, data: memoryview) -> int:
        try:
            return self._connection.send(data)
        except TimeoutError:
            if self.ended:
                raise
            return 0
        except OSError:
            self._note_that_the_client_left()
            raise

    def _note_that_the_client_left(self) -> None:
        if not self._cut:
            self.left_at = time.monotonic()


def _always(_: float) -> bool:
    return True


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Fault:
    """One thing that goes wrong: a value that can be put in force anywhere, any number of times.

    Of the hooks exactly one is set, and that is its stage. They are called in the thread of the connection.
    """

    name: str
    """Its kind, by which records call it: ``"drip"``."""
    text: str
    """As one would write it: ``'drip(1, of="headers")'``."""
    lookup: Callable[[threading.Event, ExitStack], Rule] | None = None
    """Makes what is said to who looks up the host. It is given what is set at the end, and what is closed then."""
    outage: Outage | None = None
    """How the whole server is down."""
    accept: Callable[[Wire], None] | None = None
    """What happens to a connection before anything is read."""
    tls: BadTls | None = None
    """What is wrong when the connection is made secure. Of several that are in force the latest acts."""
    publish: Callable[[JwkSet, Past], JwkSet] | None = None
    """What an issuer publishes instead. ``ETag`` and 304 follow what is published."""
    answer: Callable[[RecordedRequest, Answer], Answer] | None = None
    """What is answered instead."""
    wait: Callable[[Wire], None] | None = None
    """What happens before an answer is sent."""
    write: Callable[[Wire, Answer], None] | None = None
    """How an answer is sent. Of several that are in force the latest acts."""
    whole: bool = False
    """Whether it needs a whole answer to act on: then a conditional request is taken for one without a condition."""
    active: Callable[[float], bool] = _always
    """Whether it acts at all, that many seconds after it was put in force."""

    def __post_init__(self) -> None:
        if sum(getattr(self, stage) is not None for stage in STAGES) != 1:
            raise ValueError("a fault acts at exactly one stage")

    @property
    def stage(self) -> Stage:
        """Where it acts."""
        return next(stage for stage in STAGES if getattr(self, stage) is not None)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Suffered:
    """One time that a fault struck."""

    fault: str
    """The name of the fault."""
    url: str
    """What was asked: the URL of the request, or of the server where there was none."""
    time: float
    """When it struck, by ``time.monotonic()``."""
    request: RecordedRequest | None
    """None where the fault came before one was read."""
    sent: int
    """Bytes that the client has taken in this exchange, its head included."""
    client_left_after: float
    """Seconds until the client hung up; infinite as long as it has not, and when the server was first."""
