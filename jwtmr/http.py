"""Fetching a key set over HTTP: one seam, and the limits that hold whatever is behind it.

``import jwtmr`` does not import httpx. ``httpx_get()`` does, in the caller's thread: a fork while another thread is
inside that first import would leave a child that hangs for good.
"""

from __future__ import annotations

import importlib
import socket
import ssl
import struct
import threading
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol, Self, TypeAlias
from urllib.parse import urlsplit

from jwtmr.errors import ConfigurationError
from jwtmr.settings import flag, one_of

CONNECT_TIME: Final = 1.0
"""Seconds to connect. A host that is up answers within a tenth of that from any continent."""
MAX_JWKS_BYTES: Final = 512 * 1024
"""Bytes read from an answer, after decompression. A real set is a few kB; a larger body is a misrouted URL or an
attack, and reading it whole would be the damage."""

MAX_HEADERS: Final = 200
"""Header fields of an answer. Real ones have ten to fifty; thousands only cost whoever reads them."""

_AT_ONCE: Final = struct.pack("ii", 1, 0)
"""As ``SO_LINGER``: closing is a reset, so that a host whose window is full learns of it now."""

_Any: TypeAlias = Any
"""Something of httpx or httpx2, whichever was chosen: their types cannot be named without importing one of them."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What a server answered."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case; values that came several times are joined by ``", "``."""
    body: bytes


class HttpGet(Protocol):
    """Makes one GET request. Replace it to go through your own client.

    It must verify TLS, follow no redirect and send no credentials. ``timeout`` is in seconds for the whole exchange,
    ``max_bytes`` bounds the decompressed body. Both are enforced around it as well; whatever it raises is a failed
    fetch.
    """

    def __call__(self, url: str, *, headers: Mapping[str, str], timeout: float, max_bytes: int) -> HttpAnswer:
        """Ask ``url`` once."""
        ...


class TooLarge(Exception):
    """The body is larger than ``max_bytes``, or the head beyond reason.

    A custom ``http_get`` may raise it to have that reported as such.
    """


def httpx_get(
    ssl_context: ssl.SSLContext | None = None,
    proxy: str | None = None,
    trust_env: bool = False,
    module: Literal["httpx", "httpx2"] = "httpx",
    *,
    bodies: Collection[int] = (200,),
) -> HttpGet:
    """Return an :class:`HttpGet` over ``module``, which is imported here and now.

    ``ssl_context``: by default one that verifies against the bundled CA certificates. ``proxy``: a proxy URL.
    ``trust_env``: whether ``HTTPS_PROXY``, ``SSL_CERT_FILE`` and ``.netrc`` are obeyed; off, so that the environment of
    a service cannot redirect its trust or send credentials to a key host. ``bodies``: the statuses whose body is read,
    which of a key host is 200 alone. Raises :class:`ConfigurationError` for a context that does not verify, and for a
    module that is not installed.
    """
    one_of("module", module, ("httpx", "httpx2"))
    flag("trust_env", trust_env)
    if ssl_context is not None and not isinstance(ssl_context, ssl.SSLContext):
        raise ConfigurationError("ssl_context", "must be an ssl.SSLContext")
    if ssl_context is not None and (ssl_context.verify_mode != ssl.CERT_REQUIRED or not ssl_context.check_hostname):
        raise ConfigurationError("ssl_context", "must verify certificates and host names")
    try:
        client: _Any = importlib.import_module(module)
    except ImportError:
        raise ConfigurationError("module", f"{module} is not installed") from None
    context = ssl_context or client.create_ssl_context(trust_env=trust_env)
    _try_out(client, context, proxy, trust_env)

    def get(url: str, *, headers: Mapping[str, str], timeout: float, max_bytes: int) -> HttpAnswer:
        # A client per attempt: fetches are minutes apart, so a kept connection would be dead, and a child of fork()
        # would share it with its parent.
        limits = client.Timeout(timeout, connect=min(CONNECT_TIME, timeout))
        session = client.Client(
            verify=context, proxy=proxy, trust_env=trust_env, timeout=limits, follow_redirects=False
        )
        with _Fuse(timeout) as fuse:
            try:
                return _get(session, url, headers, max_bytes, fuse, bodies=bodies)
            except client.HTTPError as error:
                if fuse.blown or isinstance(error, client.TimeoutException):
                    raise TimeoutError from None
                raise

    return get


class _Fuse:
    """Hangs up when the time of an exchange is over, whatever is being read.

    httpx limits every single read. A host that sends a byte now and then, in a header, in the size of a chunk or in a
    trailer, or one ``100 Continue`` after the other, could hold the connection and the thread for as long as it likes.
    """

    def __init__(self, seconds: float) -> None:
        self._handles: list[socket.socket] = []
        self._lock = threading.Lock()
        self.blown = False
        self._timer = threading.Timer(seconds, self._blow)
        self._timer.name, self._timer.daemon = "jwtmr-fuse", True

    def __enter__(self) -> Self:
        with suppress(RuntimeError):  # no thread can be had: then each read has its limit, and the walk does not wait
            self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        with self._lock:
            for handle in self._handles:
                handle.close()

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Told by httpx of what it does (its extension ``trace``): here of a connection, before TLS or a request."""
        if not event.endswith(".connect_tcp.complete"):
            return
        connection: socket.socket = info["return_value"].get_extra_info("socket")
        with self._lock:
            if self.blown:  # looking up the name took all of the time
                connection.close()
                raise TimeoutError
            # A handle of our own: the number of a socket that httpx has closed may be somebody else's already.
            self._handles.append(socket.fromfd(connection.fileno(), connection.family, connection.type))

    def _blow(self) -> None:
        with self._lock:
            self.blown = True
            for handle in self._handles:
                with suppress(OSError):
                    handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
                    handle.shutdown(socket.SHUT_RDWR)
                    while handle.recv(65536):
                        pass  # what had arrived would be read still: megabytes of interim answers take seconds


def _try_out(client: _Any, context: ssl.SSLContext, proxy: str | None, trust_env: bool) -> None:
    """Make a client once, and name a host, here and now.

    Both import more. A fork while another thread is inside an import would leave a child that hangs for good.
    """
    try:
        if proxy is not None and not urlsplit(proxy).hostname:
            raise ValueError
        client.Client(verify=context, proxy=proxy, trust_env=trust_env).close()
    except (ValueError, TypeError, AttributeError, ImportError, client.InvalidURL):
        raise ConfigurationError("proxy", "must be the URL of a proxy that can be used here") from None
    "localhost".encode("idna")


def _get(
    session: _Any, url: str, headers: Mapping[str, str], max_bytes: int, fuse: _Fuse, *, bodies: Collection[int]
) -> HttpAnswer:
    watched = {"trace": fuse.trace}
    with session, session.stream("GET", url, headers=dict(headers), extensions=watched) as response:
        if len(response.headers.raw) > MAX_HEADERS:
            raise TooLarge("the answer has too many headers")
        body = _read(response, max_bytes, fuse) if response.status_code in bodies else b""
        answered = {name.lower(): value for name, value in response.headers.items()}
        return HttpAnswer(response.status_code, answered, body)


def _read(response: _Any, max_bytes: int, fuse: _Fuse) -> bytes:
    """Read a body as it was sent. It was asked for as ``identity``; an encoded one could be a bomb."""
    if response.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise TooLarge("the answer is compressed, which was not asked for")
    body = bytearray()
    for chunk in response.iter_raw():
        body += chunk
        if len(body) > max_bytes:
            raise TooLarge("the answer is too large")
    if fuse.blown:  # a body without a length ends when the connection does, whoever ended that
        raise TimeoutError
    return bytes(body)
