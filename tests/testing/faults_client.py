"""A client that speaks raw HTTP and says all that it heard, and the faults that every test of the kit goes through."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias, TypeVar

from jwtmr.testing import LoopbackServer, RecordedRequest, RegionalIssuer, SettableClock, SigningKey
from jwtmr.testing.faults import (
    Fault,
    TlsAuthority,
    accept_silent,
    age,
    bad_tls,
    body,
    delay,
    diverge,
    dns_fails,
    dns_hang,
    drip,
    drop_syn,
    flap,
    gzip_bomb,
    hold,
    huge,
    informational,
    lag,
    many_dead_addresses,
    many_headers,
    redirect,
    refuse,
    reset,
    status,
)

T = TypeVar("T")

SILENCE: Final = 0.1
"""Seconds without a word that count as silence. Loopback answers in less than one millisecond."""

PATIENCE: Final = 10.0
"""Seconds in which something has to happen on a machine of any speed."""

ENOUGH: Final = 4 * 1024 * 1024
"""Bytes after which a client knows that it is flooded."""

REGION: Final = "us-east-1"

BODY: Final = b'{"keys":[]}'

End: TypeAlias = Literal["closed", "reset", "silence", "more", "enough", "no tls", "nobody", "no name"]
"""How a conversation ended: by the server in two ways, by the client in three, or it did not begin."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a client heard."""

    data: bytes
    end: End
    seconds: float

    @property
    def top(self) -> bytes:
        """The status line and the headers."""
        return self.data.partition(b"\r\n\r\n")[0]

    @property
    def body(self) -> bytes:
        """What came after the headers."""
        return self.data.partition(b"\r\n\r\n")[2]

    @property
    def status(self) -> int:
        """The number in the status line."""
        return int(self.data.split(b" ")[1])

    def header(self, name: str) -> str | None:
        """The value of a header."""
        for line in self.top.decode().split("\r\n")[1:]:
            if line.lower().startswith(name.lower() + ":"):
                return line.partition(":")[2].strip()
        return None


@dataclass(frozen=True, slots=True)
class Client:
    """Asks once per connection, and listens until the end, or for so long."""

    port: int
    path: str = "/path"
    tls: ssl.SSLContext | None = None
    silence: float = PATIENCE
    """Seconds without a word after which it leaves."""
    longest: float = PATIENCE
    """Seconds after which it leaves in any case."""
    enough: int = ENOUGH
    """Bytes after which it leaves."""

    @property
    def brief(self) -> Client:
        """The same client, which leaves soon when nothing is said."""
        return replace(self, silence=SILENCE)

    def ask(self, *headers: str, method: str = "GET") -> Heard:
        """Ask, and return what was heard."""
        started = time.monotonic()
        data = bytearray()
        end: End
        try:
            with self._connected() as connection:
                connection.sendall(self._request(method, headers))
                end = self._listen(connection, data, started)
        except (ConnectionRefusedError, TimeoutError):
            end = "nobody"
        except ConnectionResetError:
            end = "reset"
        except ssl.SSLError:
            end = "no tls"
        except socket.gaierror:
            end = "no name"
        return Heard(bytes(data), end, time.monotonic() - started)

    def _connected(self) -> socket.socket:
        plain = socket.create_connection(("127.0.0.1", self.port), self.silence)
        if self.tls is None:
            return plain
        try:
            return self.tls.wrap_socket(plain, server_hostname="127.0.0.1")
        finally:
            plain.close()

    def _request(self, method: str, headers: tuple[str, ...]) -> bytes:
        return "\r\n".join(
            [f"{method} {self.path} HTTP/1.1", "Host: t", "Connection: close", *headers, "", ""]
        ).encode()

    def _listen(self, connection: socket.socket, data: bytearray, started: float) -> End:
        while len(data) < self.enough:
            left = started + self.longest - time.monotonic()
            if left <= 0:
                return "more"
            connection.settimeout(min(self.silence, left))
            try:
                some = connection.recv(65536)
            except TimeoutError:
                return "silence" if self.silence < left else "more"
            if not some:
                return "closed"
            data += some
        return "enough"


@contextmanager
def plain_server() -> Iterator[LoopbackServer]:
    """A server that is no issuer, and tells of itself how it may be cached."""

    def handler(_: RecordedRequest) -> tuple[int, dict[str, str], bytes]:
        return 200, {"Content-Type": "application/json", "Cache-Control": "max-age=900", "ETag": '"a"'}, BODY

    with LoopbackServer(handler) as server:
        yield server


def client_of(server: LoopbackServer) -> Client:
    """A client of one server."""
    return Client(server.port)


@contextmanager
def pool_and_client(*, secure: bool = False) -> Iterator[tuple[RegionalIssuer, Client]]:
    """A pool of one region, and a client that asks it for its keys."""
    tls = TlsAuthority() if secure else None
    with RegionalIssuer([REGION], clock=SettableClock(), tls=tls) as pool:
        (server,) = pool.servers(REGION, "original")
        path = f"/{pool.user_pool_id}/.well-known/jwks.json"
        yield pool, Client(server.port, path, None if tls is None else tls.client_context())


def beside(call: Callable[[], T]) -> Future[T]:
    """Call in a thread of its own."""
    heard: Future[T] = Future()
    threading.Thread(target=lambda: heard.set_result(call()), name="faults-client", daemon=True).start()
    return heard


def eventually(condition: Callable[[], bool]) -> bool:
    """Wait until ``condition`` holds; return False if that takes too long."""
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.002)
    return True


def nobody_is_served() -> bool:
    """Wait until no connection is served; return False if that takes too long."""
    return eventually(lambda: "jwtmr-testing-serve" not in threads())


def nobody_fetches() -> bool:
    """Wait until no validator has a fetch in the air; return False if that takes too long."""
    return eventually(lambda: all(name.startswith("jwtmr-testing-") for name in threads()))


def threads() -> set[str]:
    """The names of the threads that jwtmr and its servers have."""
    return {thread.name for thread in threading.enumerate() if thread.name.startswith("jwtmr-")}


CATALOGUE: Final[tuple[Fault, ...]] = (
    dns_hang(),
    dns_fails(),
    many_dead_addresses(2, "refuse"),
    refuse(),
    drop_syn(),
    reset("accept"),
    accept_silent("accept"),
    bad_tls("expired"),
    diverge(add=[SigningKey.generate("ES256")]),
    lag(),
    status(503),
    redirect(),
    body("<html>"),
    age(60),
    many_headers(1, 1_000_000),
    gzip_bomb(),
    delay(0.05),
    hold(),
    informational(per_second=20),
    reset(),
    accept_silent(),
    drip(1),
    drip(1, of="body"),
    drip(1, of="chunk"),
    drip(1, of="trailer"),
    reset("headers"),
    reset("body"),
    huge(),
    huge(length="chunked"),
    flap(reset(), every=3600),
)
"""Each fault of the kit, in each of its shapes."""

UNHURT: Final = frozenset({"many_dead_addresses", "diverge", "lag", "age", "delay"})
"""Faults that cost a client nothing but patience, or some truth."""

every_fault: Final = {"argnames": "fault", "argvalues": CATALOGUE, "ids": str}
"""For ``pytest.mark.parametrize``."""


def is_unhurt(fault: Fault) -> bool:
    """Whether a client gets a set of keys in spite of ``fault``."""
    return fault.name in UNHURT
