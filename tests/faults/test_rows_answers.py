"""Answers that are no key set: redirects, other statuses, and bodies that are not the JSON that they should be."""

from __future__ import annotations

import json
import socket
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import pytest
from fire_kit import HTTP_GET, Recorder, outcome
from key_rows_kit import pass_time
from outage_rows_kit import (
    AFTER_REFRESH,
    Making,
    asked_in_vain,
    outcomes,
    refreshed_in_vain,
    refusal,
    spoilt,
    warm,
)

from jwtmr import UNCHECKED, OidcProvider, TokenValidator
from jwtmr.testing import LoopbackServer, OidcIssuer, RegionalIssuer, SettableClock
from jwtmr.testing.faults import TRAP, Fault, Wire, at, body, redirect, status


@pytest.mark.row("redirect-same")
@pytest.mark.parametrize("code", [300, 301, 302, 303, 305, 307, 308])
def test_a_redirect_on_the_same_host(pool: RegionalIssuer, make: Making, clock: SettableClock, code: int) -> None:
    """It is a failed fetch and is not followed, though the new keys are there."""
    assert refreshed_in_vain(pool, make, clock, redirect(code=code)) == {"redirect"}
    assert [request for request in pool.requests() if TRAP in request.path] == []


@pytest.fixture
def looked_up(monkeypatch: pytest.MonkeyPatch) -> set[tuple[Any, ...]]:
    """Hosts and ports that were looked up, as each connection begins with."""
    asked: set[tuple[Any, ...]] = set()
    usual = socket.getaddrinfo

    def noting(host: Any, port: Any, *rest: Any, **more: Any) -> Any:  # noqa: ANN401 - as it comes
        asked.add((host, port))
        return usual(host, port, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", noting)
    return asked


@pytest.mark.row("redirect-host")
@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:{port}/jwks.json",
        "http://localhost:{port}/jwks.json",
        "//127.0.0.1:{port}/jwks.json",
        "https://127.0.0.1:{port}/jwks.json",
        "http://169.254.169.254/latest/meta-data/",
        "file:///etc/hostname",
        "",
    ],
)
def test_a_redirect_to_another_host(
    pool: RegionalIssuer, make: Making, clock: SettableClock, target: str, looked_up: set[tuple[Any, ...]]
) -> None:
    """Nobody is asked there, and no name is looked up, though a key set is there."""
    with LoopbackServer(lambda _: (200, {}, json.dumps(pool.jwks()).encode())) as trap:
        fault = redirect(target.format(port=trap.port))
        assert refreshed_in_vain(pool, make, clock, fault) == {"redirect"}
        assert trap.count() == 0
    assert looked_up == {("127.0.0.1", urlsplit(url).port) for url in pool.jwks_uris}


STATUSES = {
    "server_error": [201, 202, 203, 204, 205, 206, 226, 408, 425, 429, 500, 501, 502, 503, 504, 599],
    "client_error": [400, 401, 402, 403, 404, 405, 410, 418, 451],
    "redirect": [304],
}
EVERY_STATUS = [(code, ended) for ended, codes in STATUSES.items() for code in codes]


@pytest.mark.row("status-codes")
@pytest.mark.parametrize(("code", "ended"), EVERY_STATUS)
def test_a_status_that_is_no_success(pool: RegionalIssuer, make: Making, code: int, ended: str) -> None:
    """It is 503 at a cold start, though the keys come with it: nobody but 200 brings any."""
    assert asked_in_vain(pool, make, status(code)) == {ended}


@pytest.mark.row("status-codes")
@pytest.mark.parametrize(
    ("code", "ended"), [(204, "server_error"), (206, "server_error"), (304, "redirect"), (401, "client_error")]
)
def test_a_status_in_a_refresh(pool: RegionalIssuer, make: Making, clock: SettableClock, code: int, ended: str) -> None:
    """It changes nothing; a 304 that names another ``ETag`` than was asked about confirms nothing either."""
    assert refreshed_in_vain(pool, make, clock, status(code)) == {ended}


@pytest.mark.row("status-codes", fault=None)
def test_a_304_to_a_conditional_request(pool: RegionalIssuer, make: Making, clock: SettableClock) -> None:
    """It is the one other success: the keys that it confirms begin a new lifetime."""
    recorder = Recorder()
    validator = make(observers=[recorder])
    warm(validator, pool.access_token())
    pass_time(clock, validator, AFTER_REFRESH)
    assert sorted(outcomes(recorder)) == ["not_modified", "ok", "ok", "ok"]
    assert (validator.status().authorities[0].endpoints[0].age or 0) < 60


def interim(wire: Wire) -> None:
    """Send an interim answer."""
    wire.send(b"HTTP/1.1 103 Early Hints\r\nLink: </jwks.json>\r\n\r\n")


def nothing_else(wire: Wire) -> None:
    """Send an interim answer, and end the connection."""
    interim(wire)
    wire.hang_up()


@pytest.mark.row("status-codes")
def test_interim_answers_alone(pool: RegionalIssuer, make: Making, clock: SettableClock) -> None:
    """Without a final answer they are a failed fetch; before one they are nothing."""
    alone = Fault(name="interim_alone", text="interim_alone()", wait=nothing_else)
    assert refreshed_in_vain(pool, make, clock, alone) == {"network"}
    with at(pool).let(Fault(name="interim", text="interim()", wait=interim)):
        assert outcome(make(), pool.access_token()) == "ok"


NOT_JSON = [
    spoilt("HTML", lambda _: b"<!doctype html><title>Sign in</title>"),
    spoilt("empty", lambda _: b""),
    spoilt("truncated", lambda text: text[:-1]),
    spoilt("more behind it", lambda text: text + b"x"),
    spoilt("twice", lambda text: text + text),
    spoilt("an array", lambda text: b"[" + text + b"]"),
    spoilt("a string", lambda text: json.dumps(text.decode()).encode()),
    spoilt("null", lambda _: b"null"),
    spoilt("NaN", lambda text: text[:-1] + b',"x":NaN}'),
    spoilt("Infinity", lambda text: text[:-1] + b',"x":-Infinity}'),
    spoilt("a member twice", lambda text: text[:-1] + b',"x":1,"x":1}'),
    spoilt("single quotes", lambda text: text.replace(b'"', b"'")),
    spoilt("UTF-16", lambda text: text.decode().encode("utf-16")),
    spoilt("UTF-16 without BOM", lambda text: text.decode().encode("utf-16-le")),
    spoilt("UTF-32", lambda text: text.decode().encode("utf-32")),
    spoilt("BOM", lambda text: b"\xef\xbb\xbf" + text),
    spoilt("no UTF-8", lambda text: text[:-1] + b',"x":"\xff"}'),
    spoilt("half a surrogate pair", lambda text: text[:-1] + b',"x":"\\ud800"}'),
]
NO_SET = [
    body({}),
    body({"keys": {}}),
    body({"keys": None}),
    body({"keys": "keys"}),
    body({"Keys": []}),
    body({"keys": [None, 1, "x", [], {}]}),
]


@pytest.mark.row("not-json")
@pytest.mark.parametrize("fault", [*NOT_JSON, *NO_SET], ids=str)
def test_a_body_that_is_no_key_set(pool: RegionalIssuer, make: Making, clock: SettableClock, fault: Fault) -> None:
    """It is a failed fetch: the keys of before serve, though most of it is the new set with one thing spoilt."""
    assert refreshed_in_vain(pool, make, clock, fault) == {"unusable"}


@pytest.mark.row("not-json")
@pytest.mark.parametrize("fault", [*NOT_JSON, *NO_SET], ids=str)
def test_a_body_that_is_no_document(clock: SettableClock, fault: Fault) -> None:
    """It is a failed fetch in place of a discovery document too, and nobody is asked for keys."""
    recorder = Recorder()
    with OidcIssuer(clock=clock) as issuer, at(issuer, part="discovery").let(fault):
        provider = OidcProvider(issuer.url, audience=UNCHECKED, client_ids=UNCHECKED, token_type="at+jwt")
        options: dict[str, Any] = {"clock": clock, "http_get": HTTP_GET, "observers": [recorder]}
        with closing(TokenValidator(provider, **options)) as validator:
            refusal(validator, issuer.access_token())
        assert outcomes(recorder) == ["unusable"]
        assert issuer.count("keys") == 0


DEEP = 100_000
NESTED = {
    "arrays": b"[" * DEEP + b"]" * DEEP,
    "arrays that do not end": b"[" * DEEP,
    "arrays for keys": b'{"keys":' + b"[" * DEEP + b"]" * DEEP + b"}",
    "objects": b'{"":' * DEEP + b"1" + b"}" * DEEP,
    "objects that do not end": b'{"":' * DEEP,
    "both": b'[{"":' * (DEEP // 2) + b"1" + b"}]" * (DEEP // 2),
}


@pytest.mark.row("deep-json")
@pytest.mark.parametrize("nested", NESTED)
def test_a_hundred_thousand_levels(pool: RegionalIssuer, make: Making, clock: SettableClock, nested: str) -> None:
    """They are a failed fetch like any other, within a second: no parser recurses into them."""
    assert refreshed_in_vain(pool, make, clock, body(NESTED[nested])) == {"unusable"}


@pytest.mark.row("content-type")
@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/jwk-set+json",
        "application/json; charset=utf-8",
        "application/json; charset=utf-16",
        "text/plain",
        "text/plain; charset=iso-8859-1",
        "text/html",
        "image/png",
        "",
        "nonsense",
        None,
    ],
)
def test_the_content_decides(pool: RegionalIssuer, make: Making, content_type: str | None) -> None:
    """A key set is one whatever its type is called, and UTF-8 whatever charset is named."""
    with at(pool).let(body(pool.jwks(), content_type=content_type)):
        assert outcome(make(), pool.access_token()) == "ok"


@pytest.mark.row("content-type")
@pytest.mark.parametrize("charset", ["utf-16", "utf-32"])
def test_no_charset_is_believed(pool: RegionalIssuer, make: Making, charset: str) -> None:
    """A body in another encoding is no key set, though its type says which."""
    content = json.dumps(pool.jwks()).encode(charset)
    assert asked_in_vain(pool, make, body(content, content_type=f"application/json; charset={charset}")) == {"unusable"}
