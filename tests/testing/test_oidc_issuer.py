"""The generic provider over real sockets: its two documents, replaced answers, outages and the record."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import jwt
import pytest
from oidc_client import WELL_KNOWN, new_client, origin, verified

from jwtmr import ConfigurationError
from jwtmr.testing import Answer, OidcIssuer, Outage, ProviderPart, SettableClock, SigningKey

SILENCE = 0.3
"""Seconds without an answer that count as silence. Loopback answers in less than one millisecond."""


@pytest.fixture
def issuer() -> Iterator[OidcIssuer]:
    """A started provider for tenants, so that its path shows."""
    with OidcIssuer("/tenant", clock=SettableClock()) as started:
        yield started


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    """A client that opens a connection for each request, as one to several outages has to."""
    with new_client() as made:
        yield made


@pytest.mark.parametrize(
    ("path", "well_known"),
    [
        ("", WELL_KNOWN),
        ("/", WELL_KNOWN),
        ("/tenant", "/tenant" + WELL_KNOWN),
        ("/tenant/", "/tenant" + WELL_KNOWN),
        ("/a/b", "/a/b" + WELL_KNOWN),
    ],
)
def test_a_client_finds_the_keys_from_the_name(client: httpx.Client, path: str, well_known: str) -> None:
    """From the name alone, with or without a slash at its end, a client finds document and keys, and verifies."""
    with OidcIssuer(path, algorithms=["ES256", "RS256"]) as issuer:
        server = origin(issuer.discovery_url)
        assert server.startswith("http://127.0.0.1:")
        assert issuer.url == server + path
        assert issuer.discovery_url == server + well_known
        for alg in ("ES256", "RS256"):
            verified(issuer.access_token(alg=alg), client, issuer.url, issuer.discovery_url)
        document = client.get(issuer.discovery_url)
        assert document.headers["content-type"] == "application/json"
        assert document.json() == {
            "issuer": issuer.url,
            "jwks_uri": issuer.jwks_uri,
            "id_token_signing_alg_values_supported": ["ES256", "RS256"],
            "response_types_supported": ["code", "token"],
            "subject_types_supported": ["public"],
        }


def test_documents_and_keys_have_a_server_each(issuer: OidcIssuer, client: httpx.Client) -> None:
    """The two are on different ports of loopback, and neither serves what the other does."""
    assert origin(issuer.jwks_uri) != origin(issuer.discovery_url)
    assert issuer.jwks_uri == origin(issuer.jwks_uri) + "/jwks.json"
    assert client.get(origin(issuer.discovery_url) + "/jwks.json").status_code == 404
    assert client.get(origin(issuer.jwks_uri) + "/tenant" + WELL_KNOWN).status_code == 404


@pytest.mark.parametrize("path", ["/", WELL_KNOWN, "/tenant", "/tenant/", "/Tenant" + WELL_KNOWN, "/tenant//jwks.json"])
def test_other_paths_are_not_found(issuer: OidcIssuer, client: httpx.Client, path: str) -> None:
    """A provider knows its two documents and nothing else."""
    for url in (issuer.discovery_url, issuer.jwks_uri):
        assert client.get(origin(url) + path).status_code == 404


@pytest.mark.parametrize("what", ["discovery_url", "jwks_uri"])
def test_documents_are_read_only(issuer: OidcIssuer, client: httpx.Client, what: str) -> None:
    """GET and HEAD are all that a document allows; a query does not matter."""
    url = getattr(issuer, what) + "?x=y"
    assert client.head(url).status_code == 200
    refused = client.post(url)
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")


def test_what_is_unchanged_is_not_sent_again(issuer: OidcIssuer, client: httpx.Client) -> None:
    """Both documents have an ETag of their own, that changes with them."""
    for url, change in (
        (issuer.jwks_uri, issuer.rotate),
        (issuer.discovery_url, lambda: issuer.move_keys("/other")),
    ):
        etag = client.get(url).headers["etag"]
        again = client.get(url, headers={"If-None-Match": etag})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
        change()
        anew = client.get(url, headers={"If-None-Match": etag})
        assert anew.status_code == 200
        assert anew.headers["etag"] != etag


@pytest.mark.parametrize(("max_age", "header"), [(60, "public, max-age=60"), (0, "public, max-age=0"), (None, None)])
def test_cache_headers_can_be_set(
    issuer: OidcIssuer, client: httpx.Client, max_age: int | None, header: str | None
) -> None:
    """How long answers may be kept is up to the test, and so is whether they say it at all."""
    assert client.get(issuer.jwks_uri).headers["cache-control"] == "public, max-age=900"
    issuer.max_age = max_age
    for url in (issuer.jwks_uri, issuer.discovery_url):
        assert client.get(url).headers.get("cache-control") == header


def test_answers_are_dated_by_the_clock(client: httpx.Client) -> None:
    """``Date`` is the moment of the issuer's clock, and so is ``iat``."""
    clock = SettableClock(1_800_000_000)
    with OidcIssuer(clock=clock) as issuer:
        clock.advance(90)
        for url in (issuer.jwks_uri, issuer.discovery_url):
            assert parsedate_to_datetime(client.get(url).headers["date"]).timestamp() == 1_800_000_090
        assert jwt.decode(issuer.access_token(), options={"verify_signature": False})["iat"] == 1_800_000_090


ANSWERS: list[Answer] = [
    (503, {"Retry-After": "7"}, b""),
    (200, {"Content-Type": "text/html"}, b"<html>"),
    (302, {"Location": "https://elsewhere.example.com"}, b""),
]


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: str(answer[0]))
@pytest.mark.parametrize("what", ["discovery", "keys"])
def test_one_part_can_answer_anything(
    issuer: OidcIssuer, client: httpx.Client, what: ProviderPart, answer: Answer
) -> None:
    """The answer of one part can be replaced as a whole; the other part and unknown paths are as before."""
    url, other = issuer.discovery_url, issuer.jwks_uri
    if what == "keys":
        url, other = other, url
    usual = client.get(url).json()
    issuer.replace_answer(what, answer)
    replaced = client.get(url)
    assert (replaced.status_code, replaced.content) == (answer[0], answer[2])
    assert replaced.headers.items() >= {(name.lower(), value) for name, value in answer[1].items()}
    assert "etag" not in replaced.headers
    assert client.get(other).status_code == 200
    assert client.get(origin(url) + "/unknown").status_code == 404
    issuer.replace_answer(what, None)
    issuer.replace_answer(what, None)
    assert client.get(url).json() == usual


def outcome(client: httpx.Client, url: str, patience: float = 10) -> int | str:
    """A status, or the kind of silence after ``patience`` seconds."""
    try:
        return client.get(url, timeout=patience).status_code
    except httpx.TransportError as problem:
        return type(problem).__name__


@pytest.mark.parametrize(
    ("how", "silence"), [("refuse", "ConnectError"), ("drop_syn", "ConnectTimeout"), ("accept_silent", "ReadTimeout")]
)
@pytest.mark.parametrize("what", ["discovery", "keys", None])
def test_each_part_goes_down_and_comes_back(
    issuer: OidcIssuer, client: httpx.Client, what: ProviderPart | None, how: Outage, silence: str
) -> None:
    """One part, or both, fail in the way asked and return on the same URLs."""
    urls: dict[ProviderPart, str] = {"discovery": issuer.discovery_url, "keys": issuer.jwks_uri}
    issuer.take_down(how, what)
    for part, url in urls.items():
        if what in (None, part):
            assert outcome(client, url, SILENCE) == silence
        else:
            assert outcome(client, url) == 200
    issuer.bring_up(what)
    assert (issuer.discovery_url, issuer.jwks_uri) == tuple(urls.values())
    assert [outcome(client, url) for url in urls.values()] == [200, 200]


def test_parts_come_back_one_by_one(issuer: OidcIssuer, client: httpx.Client) -> None:
    """Of two parts that are down one can return alone; without a word about how, connections are refused."""
    issuer.take_down()
    issuer.bring_up("keys")
    assert outcome(client, issuer.discovery_url) == "ConnectError"
    assert outcome(client, issuer.jwks_uri) == 200


def test_records_by_part(issuer: OidcIssuer, client: httpx.Client) -> None:
    """Requests are counted and recorded by part, in the order of their arrival, also unanswered and unknown ones."""
    assert (issuer.requests(), issuer.count()) == ([], 0)
    unknown = origin(issuer.jwks_uri) + "/unknown"
    issuer.take_down("accept_silent", "discovery")
    for url in (issuer.jwks_uri, issuer.discovery_url, unknown):
        outcome(client, url, SILENCE if url == issuer.discovery_url else 10)
    assert [request.url for request in issuer.requests()] == [issuer.jwks_uri, issuer.discovery_url, unknown]
    assert [request.fault for request in issuer.requests()] == [None, "accept_silent", None]
    assert [request.url for request in issuer.requests("keys")] == [issuer.jwks_uri, unknown]
    assert (issuer.count(), issuer.count("keys"), issuer.count("discovery")) == (3, 2, 1)
    issuer.forget_requests()
    assert (issuer.requests(), issuer.count(), issuer.count("discovery")) == ([], 0, 0)


def test_several_providers_in_one_process(client: httpx.Client) -> None:
    """Providers know nothing of each other: each has its own names, keys, client and record."""
    with OidcIssuer("/same") as first, OidcIssuer("/same") as second:
        assert first.client_id != second.client_id
        assert len({first.url, second.url, origin(first.jwks_uri), origin(second.jwks_uri)}) == 4
        for issuer in (first, second):
            verified(issuer.access_token(), client, issuer.url, issuer.discovery_url)
        first.take_down()
        verified(second.access_token(), client, second.url, second.discovery_url)
        assert (first.count(), second.count()) == (2, 4)


KEY = SigningKey.generate("EdDSA")


@pytest.mark.parametrize(
    ("call", "parameter"),
    [
        (lambda _: OidcIssuer("tenant"), "path"),
        (lambda _: OidcIssuer("/tenant?x"), "path"),
        (lambda _: OidcIssuer("/tenant#x"), "path"),
        (lambda _: OidcIssuer("/", issuer_url="https://login.example.com"), "path"),
        (lambda _: OidcIssuer(issuer_url="login.example.com"), "issuer_url"),
        (lambda _: OidcIssuer(issuer_url=""), "issuer_url"),
        (lambda _: OidcIssuer(algorithms="RS256"), "algorithms"),
        (lambda _: OidcIssuer(algorithms=[]), "algorithms"),
        (lambda _: OidcIssuer(algorithms=["HS256"]), "algorithms"),
        (lambda _: OidcIssuer(keys=[]), "keys"),
        (lambda issuer: issuer.move_to("next"), "path"),
        (lambda issuer: issuer.move_keys(""), "path"),
        (lambda issuer: issuer.move_keys("keys"), "path"),
        (lambda issuer: issuer.take_down("off"), "how"),
        (lambda issuer: issuer.take_down("refuse", "jwks"), "what"),
        (lambda issuer: issuer.bring_up("jwks"), "what"),
        (lambda issuer: issuer.count("jwks"), "what"),
        (lambda issuer: issuer.replace_answer("jwks", (200, {}, b"")), "what"),
        (lambda issuer: issuer.replace_answer("jwks", None), "what"),
    ],
)
def test_misspelt_words_are_refused(issuer: OidcIssuer, call: Callable[[Any], object], parameter: str) -> None:
    """A test that names something that is not there fails, and does not pass for nothing."""
    with pytest.raises(ConfigurationError) as refused:
        call(issuer)
    assert refused.value.parameter == parameter


def test_starts_once_and_closes_any_number_of_times() -> None:
    """URLs on loopback exist from the start on; an issuer is not started twice; closing is always safe."""
    issuer = OidcIssuer(keys=[KEY])
    for url in ("url", "discovery_url", "jwks_uri"):
        with pytest.raises(RuntimeError, match="not started"):
            getattr(issuer, url)
    issuer.close()
    issuer.start()
    with pytest.raises(RuntimeError, match="started before"):
        issuer.start()
    issuer.close()
    issuer.close()


@pytest.mark.parametrize("how", [None, "refuse", "drop_syn", "accept_silent"])
def test_closing_is_quick_and_leaves_no_thread(client: httpx.Client, how: Outage | None) -> None:
    """Up or down, a provider is gone at once."""
    before = set(threading.enumerate())
    with OidcIssuer(keys=[KEY]) as issuer:
        client.get(issuer.discovery_url)
        if how:
            issuer.take_down(how)
        started = time.monotonic()
    assert time.monotonic() - started < 0.5
    assert set(threading.enumerate()) == before
