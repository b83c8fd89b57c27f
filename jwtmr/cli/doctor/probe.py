"""Asks one address and tells how far that went. The one part of ``doctor`` that touches the network.

Each step has its own time: the look-up of the name, the connection, the encryption, the answer. The answer is fetched
as the validator fetches keys, with its limits, so that both come to the same. What a host shows before its certificate
was verified is told of, and never relied on.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from time import monotonic
from typing import Final, Literal, TypeAlias
from urllib.parse import urlsplit

from jwtmr._keys.walk import ATTEMPT_TIME
from jwtmr.cli.doctor.certificate import Certificate, certificate_of
from jwtmr.http import CONNECT_TIME, MAX_JWKS_BYTES, HttpAnswer, HttpGet, TooLarge
from jwtmr.settings import Clock

Step: TypeAlias = Literal["name", "connection", "encryption", "answer"]
"""The steps of asking, in their order."""

Trouble: TypeAlias = Literal[
    "unknown_name", "name_service", "refused", "unreachable", "timeout", "certificate", "encryption", "broken",
    "too_large",
]  # fmt: skip
"""Why there is no answer."""

_Address: TypeAlias = tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[object, ...]]

MAX_ADDRESSES: Final = 4
"""Addresses of one name that are tried. More dead ones than this are an outage whatever the rest would say."""
HEADERS: Final[Mapping[str, str]] = {
    "accept": "application/json",
    "accept-encoding": "identity",
    "user-agent": "jwtmr-doctor",
}
_UNKNOWN: Final = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})


@dataclass(frozen=True, slots=True)
class Probe:
    """What came of asking one address. Values only."""

    url: str
    step: Step
    """The step that it ended in."""
    trouble: Trouble | None = None
    detail: str = ""
    """What the system says of the trouble. Partly a stranger's words: to be shown escaped."""
    verify_code: int | None = None
    """OpenSSL's number for what is wrong with a certificate."""
    certificate: Certificate | None = None
    seconds: Mapping[Step, float] | None = None
    """How long each step took."""
    answer: HttpAnswer | None = None
    sent_at: float = 0.0
    """Unix seconds, by this machine's clock, before the request."""
    received_at: float = 0.0
    """The same, after the answer."""

    @property
    def total(self) -> float:
        """Seconds of all steps."""
        return sum((self.seconds or {}).values())


class Course:
    """How far one probe is. Written by its thread, and read by whoever loses patience with it."""

    def __init__(self, url: str) -> None:
        self.url: Final = url
        self.step: Step = "name"
        self.certificate: Certificate | None = None
        self._seconds: Final[dict[Step, float]] = {}
        self._since = monotonic()

    @contextmanager
    def during(self, step: Step) -> Generator[None]:
        """Take the time of one step."""
        self.step, self._since = step, monotonic()
        try:
            yield
        finally:
            self._seconds[step] = monotonic() - self._since

    def ended(self, trouble: Trouble, detail: object = "", verify_code: int | None = None) -> Probe:
        """What is known where it ended without an answer."""
        seconds = dict(self._seconds)
        seconds.setdefault(self.step, monotonic() - self._since)
        return Probe(self.url, self.step, trouble, str(detail), verify_code, self.certificate, seconds)

    def answered(self, answer: HttpAnswer, sent_at: float, received_at: float) -> Probe:
        """What is known where there was an answer, whatever it says."""
        return Probe(
            self.url, "answer", None, "", None, self.certificate, dict(self._seconds), answer, sent_at, received_at
        )


@dataclass(frozen=True, slots=True)
class Tools:
    """What asking needs."""

    http_get: HttpGet
    context: ssl.SSLContext
    """The one behind ``http_get``: it trusts the same authorities."""
    clock: Clock


def probe(course: Course, tools: Tools) -> Probe:
    """Ask the address of ``course``. Raises nothing; takes some seconds at most, but for the look-up of the name."""
    parts = urlsplit(course.url)
    host, secure = parts.hostname or "", parts.scheme == "https"
    try:
        with course.during("name"):
            addresses = socket.getaddrinfo(host, parts.port or (443 if secure else 80), type=socket.SOCK_STREAM)
        with course.during("connection"):
            connection = _connected(addresses)
        with connection, course.during("encryption"):
            if secure:
                course.certificate = _encrypted(connection, host, tools.context)
        with course.during("answer"):
            sent_at = tools.clock.wall()
            answer = tools.http_get(course.url, headers=HEADERS, timeout=ATTEMPT_TIME, max_bytes=MAX_JWKS_BYTES)
        return course.answered(answer, sent_at, tools.clock.wall())
    except ssl.SSLCertVerificationError as error:
        course.certificate = _shown(host, parts.port or 443)
        return course.ended("certificate", error.verify_message, error.verify_code)
    except Exception as error:  # noqa: BLE001  # whatever strangers, or the client, come up with is a finding
        return course.ended(*_trouble(course.step, error))


def _connected(addresses: Sequence[_Address]) -> socket.socket:
    """A connection to the first address that takes one. Raises the ``OSError`` of the last one that did not."""
    failed: OSError = OSError("the name has no address")
    for family, kind, protocol, _, address in addresses[:MAX_ADDRESSES]:
        connection = socket.socket(family, kind, protocol)
        connection.settimeout(CONNECT_TIME)
        try:
            connection.connect(address)
        except OSError as error:
            connection.close()
            failed = error
        else:
            return connection
    raise failed


def _encrypted(connection: socket.socket, host: str, context: ssl.SSLContext) -> Certificate | None:
    connection.settimeout(ATTEMPT_TIME)
    with context.wrap_socket(connection, server_hostname=host) as encrypted:
        return certificate_of(encrypted.getpeercert(binary_form=True) or b"", trusted=True)


def _shown(host: str, port: int) -> Certificate | None:
    """The certificate that was refused: what it says helps to find out who answers. Nothing else is asked there."""
    with suppress(OSError, ValueError):
        pem = ssl.get_server_certificate((host, port), timeout=CONNECT_TIME)
        return certificate_of(ssl.PEM_cert_to_DER_cert(pem), trusted=False)
    return None


def _trouble(step: Step, error: Exception) -> tuple[Trouble, str]:
    if isinstance(error, socket.gaierror):
        return "unknown_name" if error.errno in _UNKNOWN else "name_service", error.strerror or ""
    if isinstance(error, TooLarge):
        return "too_large", str(error)
    if isinstance(error, TimeoutError):
        return "timeout", ""
    if isinstance(error, ConnectionRefusedError):
        return "refused", ""
    if step == "encryption":
        reason = getattr(error, "reason", None)
        return "encryption", str(reason or getattr(error, "strerror", None) or "the connection was closed")
    if step == "connection":
        return "unreachable", str(getattr(error, "strerror", None) or "")
    return ("unknown_name", "") if step == "name" else ("broken", "")
