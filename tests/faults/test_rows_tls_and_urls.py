"""Who is believed to be the host of the keys, and where it may be: TLS, URLs, and what the environment says of both."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fire_kit import HTTP_GET, Recorder, outcome
from key_rows_kit import pass_time
from outage_rows_kit import AFTER_REFRESH, Making, asked_in_vain, outcomes, refreshed_in_vain, refusal, spoilt, warm

from jwtmr import UNCHECKED, CognitoUserPool, ConfigurationError, HttpGet, LegacyIssuer, OidcProvider, TokenValidator
from jwtmr.http import httpx_get
from jwtmr.issuers import Authority
from jwtmr.testing import Answer, LoopbackServer, OidcIssuer, RecordedRequest, RegionalIssuer, SettableClock
from jwtmr.testing.faults import Fault, TlsAuthority, accept_silent, at, bad_tls, redirect

BAD = ("expired", "not_yet_valid", "wrong_host", "self_signed", "old_protocol")


@pytest.fixture(scope="module")
def authority() -> TlsAuthority:
    """Whom the pool has its certificates from."""
    return TlsAuthority()


@pytest.fixture(scope="module")
def https_get(authority: TlsAuthority) -> HttpGet:
    """A client that trusts that authority."""
    return httpx_get(ssl_context=authority.client_context())


@pytest.fixture
def pool(clock: SettableClock, authority: TlsAuthority) -> Iterator[RegionalIssuer]:
    """A pool that speaks https."""
    with RegionalIssuer(["us-east-1", "us-west-2"], clock=clock, tls=authority) as pool:
        pool.switch_to_updated()
        yield pool


@pytest.mark.row("tls")
@pytest.mark.parametrize("kind", BAD)
def test_a_host_that_cannot_be_believed(pool: RegionalIssuer, make: Making, https_get: HttpGet, kind: Any) -> None:  # noqa: ANN401
    """Its handshake is a failed fetch, and nothing is asked for; with a good certificate the same client has keys."""
    assert asked_in_vain(pool, make, bad_tls(kind), http_get=https_get) == {"network"}
    assert pool.count() == 0
    assert outcome(make(http_get=https_get), pool.access_token()) == "ok"


@pytest.mark.row("tls")
@pytest.mark.parametrize("kind", ["expired", "self_signed"])
def test_a_host_that_is_believed_no_more(
    pool: RegionalIssuer,
    make: Making,
    clock: SettableClock,
    https_get: HttpGet,
    kind: Any,  # noqa: ANN401
) -> None:
    """The keys of before serve until it is believed again."""
    assert refreshed_in_vain(pool, make, clock, bad_tls(kind), http_get=https_get) == {"network"}


@pytest.mark.row("tls")
def test_a_handshake_without_an_answer(
    pool: RegionalIssuer, make: Making, clock: SettableClock, https_get: HttpGet
) -> None:
    """It has no more time than anything else of an attempt."""
    ended = refreshed_in_vain(pool, make, clock, accept_silent("accept"), silent=True, http_get=https_get)
    assert ended == {"timeout"}


@pytest.mark.row("tls", fault=None)
def test_the_environment_is_not_believed(
    pool: RegionalIssuer, make: Making, authority: TlsAuthority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """No variable adds trust, or takes the checks away, unless ``trust_env`` says so."""
    (trusted,) = authority.client_context().get_ca_certs(binary_form=True)
    file = tmp_path / "ca.pem"
    file.write_text(ssl.DER_cert_to_PEM_cert(trusted))
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, str(file))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    monkeypatch.setenv("PYTHONHTTPSVERIFY", "0")
    refusal(make(http_get=httpx_get()), pool.access_token())
    assert pool.count() == 0
    assert outcome(make(http_get=httpx_get(trust_env=True)), pool.access_token()) == "ok"


@pytest.mark.row("redirect-http")
def test_a_redirect_to_plain_http(pool: RegionalIssuer, make: Making, clock: SettableClock, https_get: HttpGet) -> None:
    """Nobody is asked there, though the new keys are there, and it would be allowed on loopback."""
    with LoopbackServer(lambda _: (200, {}, json.dumps(pool.jwks()).encode())) as trap:
        fault = redirect(f"{trap.url}/jwks.json")
        assert refreshed_in_vain(pool, make, clock, fault, http_get=https_get) == {"redirect"}
        assert trap.count() == 0


def cognito(**settings: Any) -> Authority:  # noqa: ANN401 - those of the pool
    """A pool that is sound but for ``settings``."""
    return CognitoUserPool(
        "us-east-1_Ab12Cd34", issuer_type="updated", client_ids=["c"], token_use="access", **settings
    )


def provider(issuer_url: str = "https://issuer.example", **settings: Any) -> Authority:  # noqa: ANN401 - the provider's
    """A provider that is sound but for ``settings``."""
    return OidcProvider(issuer_url, audience=UNCHECKED, client_ids=UNCHECKED, token_type="at+jwt", **settings)


DOORS: dict[str, Callable[[str], object]] = {
    "issuer of a pool": lambda url: cognito(issuer_url=url),
    "legacy issuer of a pool": lambda url: cognito(legacy_issuer_urls=[url], accept_legacy_until=datetime.now(UTC)),
    "keys of a pool": lambda url: cognito(jwks_uris=[url]),
    "keys behind those of a pool": lambda url: cognito(jwks_uris=["https://keys.example", url]),
    "issuer": provider,
    "former issuer": lambda url: provider(legacy_issuers=[LegacyIssuer(url, accept_until=datetime.now(UTC))]),
    "keys": lambda url: provider(jwks_uris=[url]),
}
NO_PLACES = [
    "http://keys.example/jwks.json",
    "http://169.254.169.254/latest/meta-data/",
    "http://127.0.0.1.keys.example/",
    "file:///etc/passwd",
    "file://localhost/etc/passwd",
    'data:application/json,{"keys":[]}',
    "ftp://keys.example/jwks.json",
    "https://user@keys.example/jwks.json",
    "https://user:word@keys.example/jwks.json",
    "https://keys.example/jwks.json#keys",
    "//keys.example/jwks.json",
    "/jwks.json",
]


@pytest.mark.row("http-uri", fault=None)
@pytest.mark.parametrize("url", NO_PLACES)
@pytest.mark.parametrize("door", DOORS)
def test_no_place_for_keys(door: str, url: str) -> None:
    """It is refused where it is configured, whichever setting names it; https anywhere and http on loopback are not."""
    for good in ("https://issuer.example/tenant", "http://127.0.0.1:8080/tenant", "http://localhost/tenant"):
        assert DOORS[door](good)
    with pytest.raises(ConfigurationError):
        DOORS[door](url)


@pytest.mark.row("http-uri")
@pytest.mark.parametrize("url", NO_PLACES)
def test_no_place_that_a_document_names(clock: SettableClock, url: str) -> None:
    """A document that names it is a failed fetch, and nobody is asked there."""
    recorder = Recorder()
    elsewhere = spoilt(url, lambda text: json.dumps({**json.loads(text), "jwks_uri": url}).encode())
    with OidcIssuer(clock=clock) as issuer, at(issuer, part="discovery").let(elsewhere):
        options: dict[str, Any] = {"clock": clock, "http_get": HTTP_GET, "observers": [recorder]}
        with closing(TokenValidator(provider(issuer.url), **options)) as validator:
            refusal(validator, issuer.access_token())
        assert outcomes(recorder) == ["unusable"]
        assert issuer.count("keys") == 0


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[LoopbackServer]:
    """The proxy that the environment names, beside a password for the host of the keys."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login user password word\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with LoopbackServer(lambda _: (502, {}, b"")) as proxy:
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
            monkeypatch.setenv(name.upper(), proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        yield proxy


def with_cookie(_: RecordedRequest, usual: Answer) -> Answer:
    """The usual answer, and a cookie."""
    return usual[0], {**usual[1], "Set-Cookie": "session=word; Path=/"}, usual[2]


@pytest.mark.row("proxy-env")
def test_proxies_passwords_and_cookies(
    pool: RegionalIssuer, make: Making, clock: SettableClock, authority: TlsAuthority, proxy: LoopbackServer
) -> None:
    """Requests go straight to the host and carry nothing but what they are about; with ``trust_env`` to the proxy."""
    validator = make(http_get=httpx_get(ssl_context=authority.client_context()))
    with at(pool).let(Fault(name="cookie", text="cookie()", answer=with_cookie)):
        warm(validator, pool.access_token())
        pass_time(clock, validator, AFTER_REFRESH)
    assert (pool.count(), proxy.count()) == (4, 0)
    sent = {name for request in pool.requests() for name in request.headers}
    assert sent == {"host", "accept", "accept-encoding", "connection", "user-agent", "if-none-match"}
    trusting = httpx_get(ssl_context=authority.client_context(), trust_env=True)
    refusal(make(http_get=trusting), pool.access_token())
    assert {request.method for request in proxy.requests()} == {"CONNECT"}
