"""Certificates for test servers: the good one is accepted, and each bad one refused for what is wrong with it alone."""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from fault_hosts import PATIENCE, TlsHost, Town

from jwtmr import ConfigurationError
from jwtmr.http import httpx_get
from jwtmr.testing.tls import BadTls, TlsAuthority

KINDS: tuple[BadTls, ...] = get_args(BadTls)


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    """A pool whose keys are to be had."""
    with Town() as started:
        yield started


@pytest.fixture(scope="module")
def authority() -> TlsAuthority:
    """One authority for all tests that change none of its contexts."""
    return TlsAuthority()


def shake_hands(host: TlsHost, client: ssl.SSLContext, name: str = "127.0.0.1") -> tuple[str | None, bytes | None]:
    """Connect, and return the protocol and the certificate of the server."""
    plain = socket.create_connection(("127.0.0.1", host.port), PATIENCE)
    with plain, client.wrap_socket(plain, server_hostname=name) as secured:
        return secured.version(), secured.getpeercert(binary_form=True)


def certificate_of(context: ssl.SSLContext) -> x509.Certificate:
    """What a server with ``context`` presents."""
    client = ssl.create_default_context()
    client.check_hostname = False
    client.verify_mode = ssl.CERT_NONE
    with TlsHost(context) as host:
        found = shake_hands(host, client)[1]
    assert found is not None
    return x509.load_der_x509_certificate(found)


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_a_good_server_is_trusted(name: str, town: Town, authority: TlsAuthority) -> None:
    """A validator with the authority's client context gets its keys, by both names of the machine."""
    http_get = httpx_get(ssl_context=authority.client_context())
    with TlsHost(authority.server_context(), town.issuer) as host, town.validator(host.url(name), http_get) as asking:
        assert town.outcome(asking.validator) == "ok"
    assert (asking.outcomes, host.requests, host.refused) == (["ok"], 1, 0)


def strict(client: ssl.SSLContext) -> ssl.SSLContext:
    """Have ``client`` go by RFC 5280 to the letter, as it does from Python 3.13 on."""
    client.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
    return client


def test_a_good_server_is_trusted_under_strict_rules(authority: TlsAuthority) -> None:
    """Nothing at all is wrong with the good certificate."""
    with TlsHost(authority.server_context()) as host:
        assert shake_hands(host, strict(authority.client_context()))[0] == "TLSv1.3"


@pytest.mark.parametrize("kind", KINDS)
def test_a_bad_server_is_a_failed_fetch(kind: BadTls, town: Town, authority: TlsAuthority) -> None:
    """A validator makes no request of a bad server, and asks the same host again when it is put right."""
    http_get = httpx_get(ssl_context=authority.client_context())
    with (
        TlsHost(authority.bad_server_context(kind), town.issuer) as host,
        town.validator(host.url(), http_get) as asking,
    ):
        assert town.outcome(asking.validator) == "keys_unavailable"
        assert (asking.outcomes, host.requests) == (["network"], 0)
        host.context = authority.server_context()
        town.pass_the_back_off()
        assert town.outcome(asking.validator) == "ok"
    assert (asking.outcomes, host.requests, host.refused) == (["network", "ok"], 1, 1)


@pytest.mark.parametrize(
    ("kind", "code"),
    [("not_yet_valid", 9), ("expired", 10), ("self_signed", 18), ("wrong_host", 64)],
)
@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_what_is_wrong(kind: BadTls, code: int, name: str, authority: TlsAuthority) -> None:
    """OpenSSL refuses each certificate for the one reason that it is named after (``X509_V_ERR_…``)."""
    with TlsHost(authority.bad_server_context(kind)) as host, pytest.raises(ssl.SSLCertVerificationError) as caught:
        shake_hands(host, strict(authority.client_context()), name)
    assert caught.value.verify_code == (62 if name == "localhost" and kind == "wrong_host" else code)


def test_the_times_of_certificates(authority: TlsAuthority) -> None:
    """What has expired ended a day ago, and what is not yet valid stays so for a year."""
    now = datetime.now(UTC)
    ended = certificate_of(authority.bad_server_context("expired")).not_valid_after_utc
    assert now - timedelta(hours=25) < ended < now - timedelta(hours=23)
    begins = certificate_of(authority.bad_server_context("not_yet_valid")).not_valid_before_utc
    assert now + timedelta(days=364) < begins < now + timedelta(days=366)


def test_the_wrong_host_is_right_for_another(authority: TlsAuthority) -> None:
    """A client that wants that other host is content with the certificate."""
    with TlsHost(authority.bad_server_context("wrong_host")) as host:
        assert shake_hands(host, authority.client_context(), "keys.example")[0] == "TLSv1.3"


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_what_signs_itself_is_right_for_who_trusts_it(name: str, authority: TlsAuthority) -> None:
    """With a self-signed certificate nothing is wrong but that no authority has signed it."""
    context = authority.bad_server_context("self_signed")
    certificate = certificate_of(context)
    certificate.verify_directly_issued_by(certificate)
    client = ssl.create_default_context(cadata=certificate.public_bytes(Encoding.DER))
    with TlsHost(context) as host:
        assert shake_hands(host, strict(client), name)[0] == "TLSv1.3"


def up_to(context: ssl.SSLContext, version: ssl.TLSVersion) -> ssl.SSLContext:
    """Limit ``context`` to protocols up to ``version``."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.maximum_version = version
    return context


@pytest.mark.parametrize(("version", "spoken"), [(ssl.TLSVersion.TLSv1, "TLSv1"), (ssl.TLSVersion.TLSv1_1, "TLSv1.1")])
def test_an_old_client_speaks_with_an_old_server(version: ssl.TLSVersion, spoken: str, authority: TlsAuthority) -> None:
    """With an old protocol nothing else is wrong: a client that allows it verifies the certificate and is served."""
    client = authority.client_context()
    client.set_ciphers("DEFAULT:@SECLEVEL=0")
    client.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with TlsHost(authority.bad_server_context("old_protocol")) as host:
        assert shake_hands(host, client)[0] == "TLSv1.1"
        assert shake_hands(host, up_to(client, version))[0] == spoken


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        (ssl.TLSVersion.TLSv1, "network"),
        (ssl.TLSVersion.TLSv1_1, "network"),
        (ssl.TLSVersion.TLSv1_2, "ok"),
        (ssl.TLSVersion.TLSv1_3, "ok"),
    ],
)
def test_validators_speak_tls_1_2_or_newer(version: ssl.TLSVersion, expected: str, town: Town) -> None:
    """The oldest protocol that a validator speaks is TLS 1.2."""
    authority = TlsAuthority()
    old = version < ssl.TLSVersion.TLSv1_2
    context = up_to(authority.bad_server_context("old_protocol") if old else authority.server_context(), version)
    http_get = httpx_get(ssl_context=authority.client_context())
    with TlsHost(context, town.issuer) as host, town.validator(host.url(), http_get) as asking:
        town.outcome(asking.validator)
    assert asking.outcomes == [expected]


def test_another_authority_is_not_trusted(authority: TlsAuthority) -> None:
    """A client context trusts one authority: its own, and no other of the same make."""
    assert len(authority.client_context().get_ca_certs()) == 1
    with TlsHost(TlsAuthority().server_context()) as host, pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(host, authority.client_context())


def test_a_client_context_verifies(authority: TlsAuthority) -> None:
    """Certificate and host are verified and the protocol is TLS 1.2 at least; each caller has a context to change."""
    context = authority.client_context()
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert context is not authority.client_context()


def test_each_server_context_is_made_once() -> None:
    """Whoever asks for a kind gets the same context, also when several ask at the same time."""
    authority, barrier = TlsAuthority(), threading.Barrier(8)
    found: list[list[ssl.SSLContext]] = []

    def ask() -> None:
        barrier.wait(PATIENCE)
        found.append([authority.server_context(), *map(authority.bad_server_context, KINDS)])

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert len(found) == 8
    assert all(contexts == found[0] for contexts in found)
    assert len(set(found[0])) == len(KINDS) + 1


def test_an_unknown_kind_is_refused(authority: TlsAuthority) -> None:
    """A misspelt kind is an error and not a server that is right."""
    with pytest.raises(ConfigurationError, match=r"^kind: must be 'expired' or .* or 'old_protocol'$"):
        authority.bad_server_context("outdated")  # type: ignore[arg-type]


def test_without_trustme(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where trustme is missing the error says what to install."""
    monkeypatch.setitem(sys.modules, "trustme", None)
    with pytest.raises(ConfigurationError, match=r"^trustme: .*pip install jwtmr\[testing\]$"):
        TlsAuthority()


SCRIPT = """
import sys, warnings
import jwtmr.testing.tls as tls
assert "trustme" not in sys.modules
authority, before = tls.TlsAuthority(), list(warnings.filters)
authority.client_context(), authority.server_context()
for kind in tls.BAD_TLS:
    authority.bad_server_context(kind)
assert warnings.filters == before
"""


def test_nothing_is_warned_of() -> None:
    """In development mode with warnings as errors all contexts are made without a word, the deprecated one too."""
    line = [sys.executable, "-X", "dev", "-W", "error", "-c", SCRIPT]
    done = subprocess.run(line, capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
