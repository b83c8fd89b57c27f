"""TLS for test servers: one certificate that is right, and others of which each is wrong in one way."""

from __future__ import annotations

import ipaddress
import ssl
import tempfile
import threading
import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Literal, TypeAlias, get_args

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from jwtmr.errors import ConfigurationError
from jwtmr.settings import one_of

BadTls: TypeAlias = Literal["expired", "not_yet_valid", "wrong_host", "self_signed", "old_protocol"]
"""What is wrong with a server; see :meth:`TlsAuthority.bad_server_context`."""

BAD_TLS: Final[tuple[BadTls, ...]] = get_args(BadTls)

HOSTS: Final = ("127.0.0.1", "localhost")
"""What the certificates are for, but that for another host."""

OTHER_HOST: Final = "keys.example"

_DAY: Final = timedelta(days=1)


class TlsAuthority:
    """A certificate authority of its own, for servers on ``127.0.0.1`` and ``localhost``. Needs ``trustme``.

    ``httpx_get(ssl_context=authority.client_context())`` is the ``http_get`` of a ``TokenValidator`` that asks them.
    Certificates are valid by the clock of the machine; no ``SettableClock`` moves that. Safe to use from any thread.
    """

    def __init__(self) -> None:
        try:
            import trustme  # noqa: PLC0415 - it comes with an extra
        except ImportError:
            raise ConfigurationError("trustme", "is not installed; pip install jwtmr[testing]") from None
        self._authority: Final = trustme.CA()
        self._lock: Final = threading.Lock()
        self._contexts: Final[dict[BadTls | None, ssl.SSLContext]] = {}

    def client_context(self) -> ssl.SSLContext:
        """Return a new context that trusts servers of this authority and no others, from TLS 1.2 on."""
        context = ssl.create_default_context(cadata=self._authority.cert_pem.bytes().decode())
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context

    def server_context(self) -> ssl.SSLContext:
        """Return the context of a server with nothing wrong; the same each time."""
        return self._context(None)

    def bad_server_context(self, kind: BadTls) -> ssl.SSLContext:
        """Return the context of a server with one thing wrong; the same each time for each kind.

        ``"expired"``
            The certificate was valid until yesterday.
        ``"not_yet_valid"``
            It is valid from a year from now on.
        ``"wrong_host"``
            It is for ``keys.example`` alone.
        ``"self_signed"``
            It is signed by its own key: no authority knows it. Host and time are right.
        ``"old_protocol"``
            The certificate is right, and the server speaks TLS 1.1 at best. A client that does so too gets through.
        """
        one_of("kind", kind, BAD_TLS)
        return self._context(kind)

    def _context(self, kind: BadTls | None) -> ssl.SSLContext:
        with self._lock:
            if kind not in self._contexts:
                self._contexts[kind] = self._made(kind)
            return self._contexts[kind]

    def _made(self, kind: BadTls | None) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        pem = _self_signed() if kind == "self_signed" else self._issued(kind)
        with tempfile.TemporaryDirectory() as folder:  # OpenSSL takes them from a file only
            file = Path(folder, "certificate.pem")
            file.write_bytes(pem)
            context.load_cert_chain(file)
        if kind == "old_protocol":
            _age(context)
        return context

    def _issued(self, kind: BadTls | None) -> bytes:
        now = datetime.now(UTC)
        if kind == "expired":
            issued = self._authority.issue_cert(*HOSTS, not_after=now - _DAY)
        elif kind == "not_yet_valid":
            issued = self._authority.issue_cert(*HOSTS, not_before=now + 365 * _DAY)
        else:
            issued = self._authority.issue_cert(*([OTHER_HOST] if kind == "wrong_host" else HOSTS))
        return issued.private_key_and_cert_chain_pem.bytes()


def _self_signed() -> bytes:
    """Make a certificate and its key. Of trustme's only authorities sign themselves, and those are for no host."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "self-signed")])
    hosts = [x509.IPAddress(ipaddress.ip_address(HOSTS[0])), x509.DNSName(HOSTS[1])]
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _DAY).not_valid_after(now + 365 * _DAY)
        .add_extension(x509.SubjectAlternativeName(hosts), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return secret + made.public_bytes(Encoding.PEM)


def _age(context: ssl.SSLContext) -> None:
    context.set_ciphers("DEFAULT:@SECLEVEL=0")  # TLS 1.1 signs with SHA-1, which no higher level allows
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with warnings.catch_warnings():  # concerns all threads, so nothing else is in here
        warnings.simplefilter("ignore", DeprecationWarning)
        context.maximum_version = ssl.TLSVersion.TLSv1_1
