"""What the tests of TLS and of look-ups share: a pool of one host, and validators that ask it for its keys."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Final, NamedTuple, Self
from urllib.parse import urlsplit

from jwtmr import AuthError, HttpGet, KeyPolicy, TokenValidator
from jwtmr.events import Event, FetchFinished
from jwtmr.testing import RegionalIssuer, SettableClock, validator_for
from jwtmr.testing.names import Handle, Rule, Switchboard

PATIENCE: Final = 10.0
"""Seconds in which something has to happen on a machine of any speed."""
LONGEST_BACK_OFF: Final = 31
"""Seconds after a failed walk within which the next may begin, and one more."""


class Asking(NamedTuple):
    """A validator, and what becomes of its fetches, as it comes."""

    validator: TokenValidator
    outcomes: list[str]


class Town:
    """A pool with one host on its original issuer, and validators of it by one clock. A context manager."""

    def __init__(self) -> None:
        self.clock: Final = SettableClock()
        self.issuer: Final = RegionalIssuer(["us-east-1"], clock=self.clock)

    def __enter__(self) -> Self:
        self.issuer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.issuer.close()

    @property
    def keys_url(self) -> str:
        """Where the keys are."""
        return self.issuer.jwks_uris_for("original")[0]

    @contextmanager
    def validator(self, url: str, http_get: HttpGet | None = None, *, wait: float = 2.0) -> Iterator[Asking]:
        """Make a validator that asks ``url`` for its keys."""
        outcomes = Outcomes()
        made = validator_for(
            self.issuer,
            issuer_type="original",
            jwks_uris=[url],
            http_get=http_get,
            key_policy=KeyPolicy(wait=wait),
            observers=[outcomes],
        )
        with closing(made):
            yield Asking(made, outcomes.heard)

    def outcome(self, validator: TokenValidator) -> str:
        """The code with which ``validator`` refuses a good token, or ``"ok"``."""
        try:
            validator.validate(self.issuer.access_token())
        except AuthError as error:
            return error.code
        return "ok"

    async def outcome_async(self, validator: TokenValidator) -> str:
        """:meth:`outcome` in an event loop."""
        try:
            await validator.validate_async(self.issuer.access_token())
        except AuthError as error:
            return error.code
        return "ok"

    def pass_the_back_off(self) -> None:
        """Wait until every fetch has ended, and let the time pass in which no further one may begin."""
        eventually(lambda: not any(is_of_a_validator(thread.name) for thread in threading.enumerate()))
        self.clock.advance(LONGEST_BACK_OFF)


@contextmanager
def ruled(board: Switchboard, port: int, rule: Rule, ended: threading.Event | None = None) -> Iterator[Handle]:
    """Have ``rule`` in force; at the end ``ended`` is set, so that nobody hangs for ever."""
    handle = board.add(port, rule)
    try:
        yield handle
    finally:
        handle.remove()
        if ended is not None:
            ended.set()


def port_of(url: str) -> int:
    """The port of ``url``."""
    return urlsplit(url).port or 0


def eventually(condition: Callable[[], bool]) -> None:
    """Look until ``condition`` holds; fail when it does not."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.002)


def is_of_a_validator(name: str) -> bool:
    """Whether a thread of that name belongs to a validator, not to a test server."""
    return name.startswith("jwtmr-") and not name.startswith("jwtmr-testing-")


class Outcomes:
    """An observer that keeps the outcomes of fetches."""

    def __init__(self) -> None:
        self.heard: Final[list[str]] = []

    def on_event(self, event: Event, /) -> None:
        """Keep what ``event`` says of a fetch."""
        if isinstance(event, FetchFinished):
            self.heard.append(event.outcome)


class TlsHost:
    """Serves the keys of ``issuer`` over TLS, one request a connection. A context manager."""

    def __init__(self, context: ssl.SSLContext, issuer: RegionalIssuer | None = None) -> None:
        self.context = context
        """What connections are secured with from now on."""
        self.refused = 0
        """Handshakes that came to nothing."""
        self.requests = 0
        body = json.dumps(issuer.jwks() if issuer else {}).encode()
        self._answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
        self._stopped = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.02)
        self.port: Final[int] = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._run, name="tls-host", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join(PATIENCE)
        self._listener.close()

    def url(self, host: str = "127.0.0.1") -> str:
        """Where the keys are, by one of the names of the host."""
        return f"https://{host}:{self.port}/jwks.json"

    def _run(self) -> None:
        while not self._stopped.is_set():
            with contextlib.suppress(TimeoutError):
                connection, _ = self._listener.accept()
                with connection:
                    connection.settimeout(PATIENCE)
                    self._converse(connection)

    def _converse(self, connection: socket.socket) -> None:
        try:
            secured = self.context.wrap_socket(connection, server_side=True)
        except OSError:
            self.refused += 1
            return
        with secured, contextlib.suppress(OSError):
            head = b""
            while not head.endswith(b"\r\n\r\n") and (more := secured.recv(65536)):
                head += more
            if head:
                self.requests += 1
                secured.sendall(self._answer)
