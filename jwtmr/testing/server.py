"""A real HTTP server on loopback that plays one endpoint, records what it is asked, and can go down and come back.

What it says of itself is up to its handler. What goes wrong is not: an outage before a connection is accepted is the
business of ``port``, and the faults of ``jwtmr.testing.faults`` act in ``LoopbackServer._converse`` and ``_exchange``.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import replace
from io import BufferedIOBase
from typing import Final, Self, TypeAlias

from jwtmr.settings import one_of
from jwtmr.testing.afflictions import Affliction, Afflictions, Exchange
from jwtmr.testing.fault import OUTAGES, Outage, Wire
from jwtmr.testing.port import HOST, LoopbackPort
from jwtmr.testing.tls import TlsAuthority
from jwtmr.testing.wire import Answer, BadRequest, RecordedRequest, read_request, render

Handler: TypeAlias = Callable[[RecordedRequest], Answer]
"""Makes the answer to one request. Called in a thread of its connection."""


class LoopbackServer:
    """One endpoint on ``127.0.0.1``. A context manager; keeps connections alive; writes no logs.

    ``handler`` is called with each :class:`RecordedRequest` and returns status, headers and body. If it raises, the
    client gets a 500 with the traceback as its body. ``faults`` are put in force with ``jwtmr.testing.faults.at``.
    With ``tls`` it speaks https, and whoever asks has to trust that authority. ``port`` is for servers that have to be
    found where they were before; 0 takes any that is free, as tests should.
    """

    def __init__(self, handler: Handler, *, tls: TlsAuthority | None = None, port: int = 0) -> None:
        self.faults: Final = Afflictions(self._mark)
        self.tls: Final = tls
        self._handler = handler
        self._number = port
        self._port: LoopbackPort | None = None
        self._closed = False
        self._changing = threading.Lock()
        self._lock = threading.Lock()
        self._outage: Outage | None = None
        self._open: set[socket.socket] = set()
        self._held: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._requests: list[RecordedRequest] = []

    def start(self) -> None:
        """Bind the port and answer. Once in the life of a server; ``OSError`` where the port is somebody else's."""
        with self._changing:
            if self._port is not None:
                raise RuntimeError("the server was started before")
            self._port = LoopbackPort(self._welcome, self._number)
            self._port.accept()

    def close(self) -> None:
        """Hang up on everybody, end every fault and every thread. Any number of times."""
        self.faults.cut()  # before the end, which would give them their answers
        self.faults.end()
        with self._changing:
            if self._port is None or self._closed:
                return
            self._closed = True
            self._port.close()
            self._hang_up(self._open)
            for thread in self._threads:
                thread.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def url(self) -> str:
        """``http://127.0.0.1:{port}``, the same from :meth:`start` on, also while down."""
        return f"{'http' if self.tls is None else 'https'}://{HOST}:{self.port}"

    @property
    def port(self) -> int:
        """The number of the port."""
        if self._port is None:
            raise RuntimeError("the server was not started")
        return self._port.number

    @property
    def outage(self) -> Outage | None:
        """How it is down; ``None`` when it is up."""
        return self._outage

    def take_down(self, how: Outage = "refuse") -> None:
        """Go down. When this returns no further request is answered; one way can follow another.

        ``"refuse"``
            The port is closed: connecting fails at once with a reset, and open connections end. A process that is gone.
        ``"drop_syn"``
            Attempts to connect get no answer at all, and requests on open connections none either. A host that is gone.
            As far as loopback can: the port listens with a full queue, so the system drops each SYN. A client that is
            still trying when the server comes back gets through with its next retransmission, on Linux 1, 3, 7 …
            seconds after the first. Unlike on a real network, no ICMP error and no route change ever ends an attempt.
        ``"accept_silent"``
            Connections are accepted and requests read and recorded, and nothing is ever said. A process that hangs.
            The connections last until the client hangs up, or the server is brought up or closed.
        """
        one_of("how", how, OUTAGES)
        with self._changing:
            port = self._running()
            with self._lock:
                self._outage = how
            if how == "refuse":
                port.refuse()
                self.faults.cut()
                self._hang_up(self._open)
            elif how == "drop_syn":
                port.drop_syn()
            else:
                port.accept()

    def bring_up(self) -> None:
        """Answer again, on the same port. Connections whose request was left unanswered end without an answer."""
        with self._changing:
            port = self._running()
            with self._lock:
                self._outage = None
            self._hang_up(self._held)
            port.accept()

    def requests(self) -> list[RecordedRequest]:
        """What arrived, oldest first. A request is recorded before it is answered."""
        with self._lock:
            return list(self._requests)

    def count(self) -> int:
        """How many requests arrived."""
        with self._lock:
            return len(self._requests)

    def forget_requests(self) -> list[RecordedRequest]:
        """Start counting and recording anew, and return what was recorded."""
        with self._lock:
            forgotten, self._requests = self._requests, []
        return forgotten

    def _running(self) -> LoopbackPort:
        if self._port is None or self._closed:
            raise RuntimeError("the server is not running")
        return self._port

    def _welcome(self, connection: socket.socket) -> None:
        thread = threading.Thread(target=self._converse, args=(connection,), name="jwtmr-testing-serve", daemon=True)
        with self._lock:
            self._open.add(connection)
            self._threads = [known for known in self._threads if known.is_alive()]
            thread.start()
            self._threads.append(thread)

    def _hang_up(self, connections: Iterable[socket.socket]) -> None:
        with self._lock:
            for connection in connections:
                with contextlib.suppress(OSError):  # the client was first
                    # Not the method of SSLSocket, which takes the TLS away from under the thread that uses it.
                    socket.socket.shutdown(connection, socket.SHUT_RDWR)

    def _converse(self, connection: socket.socket) -> None:
        try:
            with Wire(connection) as wire:
                self.faults.accept(wire)
            if self.tls is not None:
                bad = self.faults.tls()
                connection = secured = self._wrapped(connection, self.tls, bad)
                with Wire(secured) as wire:
                    if bad is not None:
                        bad.strike(wire)
                    secured.do_handshake()
            with connection.makefile("rb") as stream:
                while self._exchange(connection, stream):
                    pass
        except OSError:
            pass  # the client hung up, or we did
        finally:
            with self._lock:  # never while another thread hangs up: the number of a closed socket may be reused
                self._open.discard(connection)
                self._held.discard(connection)
                connection.close()

    def _wrapped(self, connection: socket.socket, tls: TlsAuthority, bad: Affliction | None) -> ssl.SSLSocket:
        kind = None if bad is None else bad.fault.tls
        context = tls.server_context() if kind is None else tls.bad_server_context(kind)
        with self._lock:  # at any time one of the two is there to hang up on
            secured = context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
            self._open.discard(connection)
            self._open.add(secured)
        return secured

    def _exchange(self, connection: socket.socket, stream: BufferedIOBase) -> bool:
        """Read one request and answer it; return whether another one may follow."""
        try:
            read = read_request(stream)
        except BadRequest as problem:
            answer = (400, {"Content-Type": "text/plain"}, str(problem).encode())
            connection.sendall(render(answer, method="GET", keep_alive=False))
            return False
        if read is None:
            return False
        url = self.url + read.path
        request = RecordedRequest(read.method, read.path, read.headers, url, time.monotonic(), body=read.body)
        if self._record(connection, request):
            while connection.recv(65536):
                pass
            return False
        with self.faults.exchange(Wire(connection, request)) as exchange:
            return exchange.send(self._answer(exchange, request), keep_alive=read.keep_alive)

    def _record(self, connection: socket.socket, request: RecordedRequest) -> bool:
        """Record ``request``; return whether it has to be held without an answer."""
        with self._lock:
            silent = self._outage is not None
            if silent:
                self._held.add(connection)
            self._requests.append(replace(request, fault=self._outage) if silent else request)
        return silent

    def _mark(self, request: RecordedRequest, fault: str) -> RecordedRequest:
        """Add the name of a fault to the record of ``request``."""
        marked = replace(request, fault=fault if request.fault is None else f"{request.fault}+{fault}")
        with self._lock:
            self._requests = [marked if known is request else known for known in self._requests]
        return marked

    def _answer(self, exchange: Exchange, request: RecordedRequest) -> Answer:
        try:
            return exchange.answer(request, self._handler)
        except Exception:  # noqa: BLE001 - a handler is test code: its bug is told to the test that asked
            return 500, {"Content-Type": "text/plain; charset=utf-8"}, traceback.format_exc().encode()
