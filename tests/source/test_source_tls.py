"""TLS is verified, with certificates made here."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from certificates import LOOPBACK, certificate
from cryptography import x509
from source_kit import Making, RawServer, Recorder, body_of

from jwtmr import ConfigurationError, HttpGet, KeysUnavailable
from jwtmr.events import FetchFinished
from jwtmr.http import httpx_get
from jwtmr.testing import RegionalIssuer


def server_of(issuer: RegionalIssuer, files: tuple[Path, Path]) -> RawServer:
    """Serve the keys of ``issuer`` behind that certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
    body = body_of(issuer)
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    return RawServer(lambda connection, _: connection.sendall(answer), context)


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """A certificate for the address of the server."""
    return certificate(tmp_path, LOOPBACK)


def trusting(chain: Path) -> HttpGet:
    """A client that trusts ``chain`` and nobody else."""
    return httpx_get(ssl_context=ssl.create_default_context(cafile=chain))


def test_a_known_authority(issuer: RegionalIssuer, make: Making, ours: tuple[Path, Path]) -> None:
    """A certificate of an authority in the given context is trusted."""
    with server_of(issuer, ours) as server:
        make(server.url, http_get=trusting(ours[0])).validate(issuer.access_token())


def refused(server: RawServer, issuer: RegionalIssuer, make: Making, http_get: HttpGet | None) -> None:
    """Assert that the keys are not fetched, and that no request was made."""
    recorder = Recorder()
    with server:
        with pytest.raises(KeysUnavailable):
            make(server.url, http_get=http_get, observers=[recorder]).validate(issuer.access_token())
        assert [event.outcome for event in recorder.of(FetchFinished)] == ["network"]
        assert server.requests == []


def test_an_unknown_authority(issuer: RegionalIssuer, make: Making, ours: tuple[Path, Path]) -> None:
    """A self-signed certificate is a failed fetch."""
    refused(server_of(issuer, ours), issuer, make, None)


@pytest.mark.parametrize(("name", "days"), [(x509.DNSName("keys.example"), 1), (LOOPBACK, -1)])
def test_a_wrong_certificate(
    name: x509.GeneralName, days: int, issuer: RegionalIssuer, make: Making, tmp_path: Path
) -> None:
    """A certificate for another host, or one that has ended, is a failed fetch, though its authority is trusted."""
    files = certificate(tmp_path, name, days=days)
    refused(server_of(issuer, files), issuer, make, trusting(files[0]))


def test_the_environment_adds_no_trust(
    issuer: RegionalIssuer, make: Making, ours: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """``SSL_CERT_FILE`` is obeyed with ``trust_env`` alone."""
    monkeypatch.setenv("SSL_CERT_FILE", str(ours[0]))
    refused(server_of(issuer, ours), issuer, make, None)
    with server_of(issuer, ours) as server:
        make(server.url, http_get=httpx_get(trust_env=True)).validate(issuer.access_token())


def unverified() -> ssl.SSLContext:
    """A context that takes any certificate."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def optional() -> ssl.SSLContext:
    """A context that can do without a certificate."""
    context = ssl.create_default_context()
    context.verify_mode = ssl.CERT_OPTIONAL
    return context


def any_host() -> ssl.SSLContext:
    """A context that takes anybody's certificate."""
    context = ssl.create_default_context()
    context.check_hostname = False
    return context


@pytest.mark.row("tls", fault=None)
@pytest.mark.parametrize("context", [unverified, optional, any_host])
def test_a_context_that_does_not_verify(context: object) -> None:
    """Leaving TLS verification out is no setting of this library."""
    assert callable(context)
    with pytest.raises(ConfigurationError) as caught:
        httpx_get(ssl_context=context())
    assert caught.value.parameter == "ssl_context"
