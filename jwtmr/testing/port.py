"""One TCP port on loopback that can accept, refuse or ignore connections, and stays the same port throughout.

This is the part of an outage that happens before a byte is read. What is done to a connection belongs to ``server``.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import sys
import threading
from collections.abc import Callable
from typing import Final

HOST: Final = "127.0.0.1"

BACKLOG: Final = 128
"""Connections that may wait to be accepted while the port is up: more than tests start at once."""

FILL_TIMEOUT: Final = 0.1
"""Seconds after which a connection to our own port that was not answered shows that its queue is full. Loopback needs
microseconds for one that is."""

PAUSE: Final = 0.05
"""Seconds before the next attempt to accept a connection where the system cannot give one more."""

MAX_FILLERS: Final = 64
"""Connections tried before giving up filling the queue. Linux needs one."""


class LoopbackPort:
    """Binds a port and does nothing with it until told. Methods are not thread-safe; ``server`` takes turns.

    A second socket is bound to the port and never listens. It makes the system refuse connections, and keeps the port
    from going to somebody else, while there is no listener. Only Linux allows two sockets that; elsewhere the port is
    free while refusing, and taken again afterwards.
    """

    def __init__(self, welcome: Callable[[socket.socket], None], number: int = 0) -> None:
        """``welcome`` gets each accepted connection, in the accepting thread, and must not block.

        ``number`` 0 takes any free port. ``OSError`` where the port is somebody else's.
        """
        self._welcome = welcome
        self._reservation = _bound(number)
        self.number: Final[int] = self._reservation.getsockname()[1]
        self._listener: socket.socket | None = None
        self._fillers: list[socket.socket] = []
        self._acceptor: threading.Thread | None = None
        self._waker: socket.socket | None = None

    def accept(self) -> None:
        """Accept connections from now on."""
        listener = self._listen(BACKLOG)
        self._drop_fillers()
        if self._acceptor is None:
            self._waker, wake = socket.socketpair()
            name = f"jwtmr-testing-accept-{self.number}"
            self._acceptor = threading.Thread(target=self._run, args=(listener, wake), name=name, daemon=True)
            self._acceptor.start()

    def refuse(self) -> None:
        """Answer each attempt to connect with a reset."""
        self._stop_accepting()
        self._drop_fillers()
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def drop_syn(self) -> None:
        """Answer no attempt to connect: listen with the shortest queue there is, and fill it."""
        self._stop_accepting()
        self._listen(0)
        for _ in range(MAX_FILLERS):
            filler = socket.socket()
            self._fillers.append(filler)
            filler.settimeout(FILL_TIMEOUT)
            try:
                filler.connect((HOST, self.number))
            except TimeoutError:
                return
        raise OSError("the accept queue of this system cannot be filled; drop_syn is not available here")

    def close(self) -> None:
        """Give the port back."""
        self.refuse()
        self._reservation.close()

    def _listen(self, backlog: int) -> socket.socket:
        if self._listener is None:
            if sys.platform != "linux":  # pragma: no cover - it is what CI runs on
                self._reservation.close()
            self._listener = _bound(self.number)
            self._listener.setblocking(False)
        self._listener.listen(backlog)
        return self._listener

    def _drop_fillers(self) -> None:
        while self._fillers:
            self._fillers.pop().close()

    def _stop_accepting(self) -> None:
        if self._acceptor is not None and self._waker is not None:
            self._waker.close()
            self._acceptor.join()
            self._acceptor = self._waker = None

    def _run(self, listener: socket.socket, wake: socket.socket) -> None:
        with wake, selectors.DefaultSelector() as selector:
            selector.register(listener, selectors.EVENT_READ)
            selector.register(wake, selectors.EVENT_READ)
            while all(key.fileobj is not wake for key, _ in selector.select()):
                try:
                    self._accept_one(listener)
                except (BlockingIOError, ConnectionError):
                    pass  # gone again before it was accepted
                except OSError:  # too many files are open: whoever waits is still there at once
                    selector.unregister(listener)
                    selector.select(PAUSE)
                    selector.register(listener, selectors.EVENT_READ)

    def _accept_one(self, listener: socket.socket) -> None:
        connection, _ = listener.accept()
        connection.settimeout(None)
        # Else the first answer over TLS waits 40 ms for the client to acknowledge the session tickets.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._welcome(connection)


def _bound(number: int) -> socket.socket:
    with contextlib.ExitStack() as undo:
        bound = undo.enter_context(socket.socket())
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((HOST, number))
        undo.pop_all()
        return bound
