"""What the tests of the impure parts share: endpoints that are held, bytes of any kind on a socket, a record of events.

``jwtmr.testing`` plays outages of whole hosts. Here are the faults within one answer, and the means to stop time at the
one moment that a test is about.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Self, TypeAlias, TypeVar

from jwtmr import TokenValidator
from jwtmr.events import Event
from jwtmr.testing import Answer, LoopbackServer, RecordedRequest, RegionalIssuer

T = TypeVar("T")

Making: TypeAlias = Callable[..., TokenValidator]
"""What the fixture ``make`` is."""

PATIENCE: Final = 10.0
"""Seconds in which something has to happen on a machine of any speed. Nothing here waits for longer."""
EVERYTHING: Final = 1_000_000
"""More answers than any test asks for."""
FRESH: Final = {"Content-Type": "application/json", "Cache-Control": "max-age=900"}
SCRIPTS: Final = Path(__file__).parent / "scripts"


def body_of(issuer: RegionalIssuer) -> bytes:
    """The key set of ``issuer`` as it goes over the wire."""
    return json.dumps(issuer.jwks()).encode()


class HeldEndpoint:
    """A key endpoint that keeps its first answers to itself until told to let go. A context manager."""

    def __init__(self, issuer: RegionalIssuer, *, held: int = EVERYTHING) -> None:
        """Hold the first ``held`` answers; give the keys of ``issuer`` to all."""
        self._body = body_of(issuer)
        self._held = held
        self._may_answer = threading.Event()
        self.asked: Final = threading.Event()
        self.server: Final = LoopbackServer(self._answer)

    def __enter__(self) -> Self:
        self.server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.let_go()
        self.server.close()

    @property
    def url(self) -> str:
        """Where the keys are."""
        return self.server.url + "/jwks.json"

    def let_go(self) -> None:
        """Answer everybody, now and later."""
        self._may_answer.set()

    def hold(self) -> None:
        """Hold answers again, and forget that anybody asked."""
        self.asked.clear()
        self._may_answer.clear()

    def _answer(self, _: RecordedRequest) -> Answer:
        self.asked.set()
        if self.server.count() <= self._held:
            self._may_answer.wait(PATIENCE)
        return 200, FRESH, self._body


class RawServer:
    """Reads one request a connection and lets ``script`` write what it likes. A context manager."""

    def __init__(
        self, script: Callable[[socket.socket, threading.Event], None], tls: ssl.SSLContext | None = None
    ) -> None:
        """``script`` gets the connection, and an event that is set when it has to stop."""
        self._script = script
        self._tls = tls
        self._stopped = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.02)
        self._threads = [threading.Thread(target=self._accept, name="raw-accept", daemon=True)]
        self.requests: Final[list[bytes]] = []

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for thread in list(self._threads):
            thread.join(PATIENCE)
        self._listener.close()

    @property
    def url(self) -> str:
        """Where the keys are."""
        scheme = "http" if self._tls is None else "https"
        return f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}/jwks.json"

    def _accept(self) -> None:
        while not self._stopped.is_set():
            with contextlib.suppress(TimeoutError):
                connection, _ = self._listener.accept()
                thread = threading.Thread(target=self._converse, args=(connection,), name="raw-serve", daemon=True)
                self._threads.append(thread)
                thread.start()

    def _converse(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):  # the client hung up, or did not like our certificate
            connection.settimeout(PATIENCE)
            if self._tls is None:
                self._answer(connection)
            else:
                with self._tls.wrap_socket(connection, server_side=True) as secured:
                    self._answer(secured)

    def _answer(self, connection: socket.socket) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n") and (more := connection.recv(65536)):
            head += more
        if head:
            self.requests.append(head)
            self._script(connection, self._stopped)


class Recorder:
    """An observer that keeps all events, and lets a test wait for one."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._events: list[Event] = []

    def on_event(self, event: Event, /) -> None:
        """Keep ``event``."""
        with self._changed:
            self._events.append(event)
            self._changed.notify_all()

    def of(self, kind: type[T]) -> list[T]:
        """All events of that kind, oldest first."""
        with self._changed:
            return [event for event in self._events if isinstance(event, kind)]

    def await_(self, kind: type[T], count: int = 1) -> list[T]:
        """Wait until there are ``count`` events of that kind, and return them all."""
        with self._changed:
            there = self._changed.wait_for(lambda: len(self.of(kind)) >= count, PATIENCE)
        assert there, f"no {count} events of {kind.__name__}"
        return self.of(kind)


def eventually(condition: Callable[[], bool], what: str) -> None:
    """Look until ``condition`` holds; fail when it does not."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.002)


async def eventually_async(condition: Callable[[], bool], what: str) -> None:
    """:func:`eventually` that lets the other tasks of the loop run."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, what
        await asyncio.sleep(0.002)


def own_threads() -> list[str]:
    """The names of the library's threads that are alive."""
    names = (thread.name for thread in threading.enumerate())
    return sorted(name for name in names if name.startswith("jwtmr-") and not name.startswith("jwtmr-testing-"))


def no_threads_left() -> None:
    """Wait until the library has no thread."""
    eventually(lambda: not own_threads(), f"threads are left: {own_threads()}")


def command(script: str, *args: str, options: tuple[str, ...] = ()) -> list[str]:
    """The command line of a script in ``scripts/``.

    Python 3.12 and newer warn when a process with threads forks. That is what those scripts are for, so they ignore it.
    """
    ignored = ("-W", "ignore:This process:DeprecationWarning")
    return [sys.executable, *options, *ignored, str(SCRIPTS / script), *args]


def run_script(
    script: str, *args: str, options: tuple[str, ...] = (), env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a script in ``scripts/`` to its end, which must be a success."""
    line = command(script, *args, options=options)
    done = subprocess.run(line, capture_output=True, text=True, timeout=60, check=False, env=env)
    assert done.returncode == 0, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
    return done
