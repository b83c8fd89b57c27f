"""Servers that speak TLS, rightly and wrongly, as clients with and without care see them."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest
from faults_client import (
    PATIENCE,
    REGION,
    Client,
    beside,
    eventually,
    nobody_is_served,
    pool_and_client,
    threads,
)

from jwtmr import OidcProvider, TokenValidator
from jwtmr.http import httpx_get
from jwtmr.testing import LoopbackServer, OidcIssuer, RegionalIssuer, validator_for
from jwtmr.testing.faults import BadTls, TlsAuthority, accept_silent, at, bad_tls, drip, hold, huge, reset

CUT = ("reset", "closed")
"""A connection that was cut off. Under TLS, Python tells a reset as an end."""


@pytest.fixture(scope="module")
def authority() -> TlsAuthority:
    """One that all servers of these tests share."""
    return TlsAuthority()


@pytest.fixture
def server(authority: TlsAuthority) -> Iterator[LoopbackServer]:
    """A server that speaks TLS."""
    with LoopbackServer(lambda _: (200, {}, b"{}"), tls=authority) as started:
        yield started


@pytest.fixture
def client(server: LoopbackServer, authority: TlsAuthority) -> Client:
    """A client that trusts it."""
    return Client(server.port, tls=authority.client_context())


def careless() -> ssl.SSLContext:
    """What no client should have: nothing is verified."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def test_a_server_speaks_tls(server: LoopbackServer, client: Client) -> None:
    """It says so in its URL, is trusted by who trusts its authority, and by nobody else, and is nothing without TLS."""
    assert server.url == f"https://127.0.0.1:{server.port}"
    assert client.ask().body == b"{}"
    assert replace(client, tls=ssl.create_default_context()).ask().end == "no tls"
    assert replace(client, tls=None).ask().end in CUT
    assert [request.url for request in server.requests()] == [server.url + "/path"]


@pytest.mark.parametrize("kind", ["expired", "not_yet_valid", "wrong_host", "self_signed", "old_protocol"])
def test_bad_tls(kind: BadTls, server: LoopbackServer, client: Client) -> None:
    """A client that looks gets no further, and nothing is read of it; afterwards all is well."""
    with at(server).let(bad_tls(kind)) as bad:
        assert client.ask().end == "no tls"
        (suffered,) = bad.suffered()
    assert (suffered.fault, suffered.url, suffered.request) == ("bad_tls", server.url, None)
    assert server.count() == 0
    assert client.ask().status == 200


@pytest.mark.parametrize("kind", ["expired", "not_yet_valid", "wrong_host", "self_signed"])
def test_who_does_not_look_is_answered(kind: BadTls, server: LoopbackServer, client: Client) -> None:
    """The fault is in the certificate alone, so that a client which takes it shows, and is on record."""
    with at(server).let(bad_tls(kind)):
        assert replace(client, tls=careless()).ask().status == 200
    assert server.count() == 1


def test_of_two_certificates_the_latest_counts(server: LoopbackServer, client: Client) -> None:
    """A connection has one."""
    old = at(server).let(bad_tls("old_protocol"))
    with at(server).let(bad_tls("expired")):
        assert replace(client, tls=careless()).ask().status == 200
    assert (old.times, client.ask().end, old.times) == (0, "no tls", 1)


def test_a_handshake_without_an_answer(server: LoopbackServer, client: Client) -> None:
    """Silence before anything is read is silence in the handshake."""
    with at(server).let(accept_silent("accept")) as silent:
        assert client.brief.ask().end == "nobody"
        (suffered,) = silent.await_left()
    assert suffered.client_left_after < 1
    assert nobody_is_served()


def test_faults_act_on_what_is_secure(server: LoopbackServer, client: Client) -> None:
    """Under TLS the other faults are as without: pauses, floods, resets, and clients that leave."""
    with at(server).let(reset()):
        heard = client.ask()
        assert (heard.data, heard.end in CUT) == (b"", True)
    with at(server).let(huge()) as flood:
        assert replace(client, enough=1_000_000).ask().end == "enough"
        assert flood.await_left()[0].sent >= 1_000_000
    with at(server).let(drip(20)) as slow:
        assert replace(client, longest=0.2).ask().data.startswith(b"HT")
        assert slow.await_left()[0].client_left_after < 2
    with at(server).let(hold()) as held:
        late = beside(client.ask)
        held.await_struck()
    assert late.result(PATIENCE).body == b"{}"


def test_an_outage_ends_secure_connections(server: LoopbackServer, client: Client) -> None:
    """Going down hangs up under TLS too, on clients that wait for an answer and on those that never shake hands."""
    with at(server).let(hold()) as held, socket.create_connection(("127.0.0.1", server.port), PATIENCE) as mute:
        heard = beside(client.ask)
        held.await_struck()
        server.take_down("refuse")
        assert heard.result(PATIENCE).data == b""
        assert mute.recv(1) == b""
        server.bring_up()
    assert client.ask().status == 200


def test_closing_ends_secure_connections(authority: TlsAuthority) -> None:
    """So does closing, at once."""
    server = LoopbackServer(lambda _: (200, {}, b"{}"), tls=authority)
    server.start()
    with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as mute:
        assert eventually(lambda: "jwtmr-testing-serve" in threads())
        started = time.monotonic()
        server.close()
        assert time.monotonic() - started < 0.5
        assert mute.recv(1) == b""


def test_validators_trust_a_pool_that_is_secure() -> None:
    """A pool with TLS has https URLs, and a validator that knows the authority gets its keys."""
    with pool_and_client(secure=True) as (pool, client):
        assert client.tls is not None
        assert {endpoint.url.split(":")[0] for endpoint in pool.endpoints} == {"https"}
        with closing(validator_for(pool, issuer_type="original", http_get=httpx_get(client.tls))) as validator:
            validator.validate(pool.access_token())


def test_validators_trust_a_provider_that_is_secure(authority: TlsAuthority) -> None:
    """So does a provider: its name is an https URL, and what is discovered there, too."""
    with OidcIssuer(algorithms=["ES256"], tls=authority) as issuer:
        assert issuer.url.startswith("https://")
        provider = OidcProvider(
            issuer.url,
            audience="https://api.example.com",
            client_ids=[issuer.client_id],
            token_type="at+jwt",
            algorithms=["ES256"],
        )
        with closing(TokenValidator(provider, http_get=httpx_get(authority.client_context()))) as validator:
            validator.validate(issuer.access_token())


def test_the_login_of_a_pool_needs_no_tls() -> None:
    """Browsers of tests know no authority of ours."""
    with RegionalIssuer([REGION], tls=TlsAuthority()) as pool:
        assert pool.domain.startswith("http://")
