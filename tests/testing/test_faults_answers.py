"""Faults in what is answered, byte for byte as a client hears them."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import pytest
from faults_client import BODY, REGION, Client, client_of, plain_server, pool_and_client

from jwtmr import ConfigurationError
from jwtmr.testing import LoopbackServer, RegionalIssuer
from jwtmr.testing.faults import TRAP, Coding, age, at, body, gzip_bomb, lag, many_headers, redirect, status

MIB = 1024 * 1024


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    """A started server."""
    with plain_server() as started:
        yield started


@pytest.fixture
def world() -> Iterator[tuple[RegionalIssuer, Client]]:
    """A pool, and a client that asks for its keys."""
    with pool_and_client() as made:
        yield made


def etag_of(client: Client) -> str:
    """The header of a conditional request for what the client hears now."""
    return f"If-None-Match: {client.ask().header('ETag')}"


@pytest.mark.parametrize("code", [200, 204, 304, 403, 404, 429, 500, 503, 599])
def test_a_status_comes_with_the_usual_answer(code: int, server: LoopbackServer) -> None:
    """All but the status is as ever, so that a client which does not look at it takes the body."""
    usual = client_of(server).ask()
    with at(server).let(status(code, retry_after=7)):
        heard = client_of(server).ask()
    assert heard.status == code
    assert heard.body == (b"" if code in (204, 304) else usual.body)
    assert heard.header("Cache-Control") == usual.header("Cache-Control")
    assert heard.header("Retry-After") == "7"


@pytest.mark.parametrize(
    ("told", "header"),
    [
        (None, None),
        (0, "0"),
        (120, "120"),
        ("soon", "soon"),
        (datetime(2027, 1, 31, 12, tzinfo=UTC), "Sun, 31 Jan 2027 12:00:00 GMT"),
    ],
)
def test_retry_after_is_seconds_or_a_moment_or_junk(
    told: int | str | datetime | None, header: str | None, server: LoopbackServer
) -> None:
    """RFC 9110 section 10.2.3 knows two forms; hosts send others too, or none."""
    with at(server).let(status(503, retry_after=told)):
        assert client_of(server).ask().header("Retry-After") == header


def test_a_moment_without_a_zone_is_refused() -> None:
    """Nobody knows when that is."""
    with pytest.raises(ConfigurationError, match="retry_after"):
        status(503, retry_after=datetime(2027, 1, 31))  # noqa: DTZ001


def test_a_status_can_have_a_body_of_its_own(server: LoopbackServer) -> None:
    """An error page is no JSON, and is not sent under the ``ETag`` of the keys."""
    with at(server).let(status(502, body="down")):
        heard = client_of(server).ask()
    assert (heard.status, heard.body, heard.header("ETag")) == (502, b"down", None)


@pytest.mark.parametrize("fault", [status(503), body("x"), gzip_bomb(MIB)], ids=str)
def test_what_needs_a_body_meets_conditional_requests_too(fault: object, world: tuple[RegionalIssuer, Client]) -> None:
    """A client that has the keys asks whether they changed, and suffers no less."""
    pool, client = world
    condition = etag_of(client)
    assert client.ask(condition).status == 304
    with at(pool).let(fault):  # type: ignore[arg-type]
        heard = client.ask(condition)
    assert heard.status in (200, 503)
    assert heard.body != b""
    assert pool.requests()[-1].headers["if-none-match"] == condition.split(": ")[1]


@pytest.mark.parametrize("code", [300, 301, 302, 303, 307, 308])
def test_a_redirect_leads_to_a_trap(code: int, world: tuple[RegionalIssuer, Client]) -> None:
    """Who follows finds valid keys, and is on record, unhurt."""
    pool, client = world
    with at(pool).let(redirect(code=code)):
        heard = client.ask()
        assert (heard.status, heard.body, heard.header("Location")) == (code, b"", f"{client.path}?{TRAP}")
        followed = Client(client.port, heard.header("Location") or "").ask()
    assert (followed.status, json.loads(followed.body)) == (200, pool.jwks())
    assert [(TRAP in request.path, request.fault) for request in pool.requests()] == [(False, "redirect"), (True, None)]


def test_a_redirect_leads_anywhere(server: LoopbackServer) -> None:
    """What is told is not looked at."""
    for to in ("http://169.254.169.254/", "file:///etc/passwd", "//", ""):
        with at(server).let(redirect(to)):
            assert client_of(server).ask().header("Location") == to


@pytest.mark.parametrize(
    ("content", "sent"),
    [
        (b"\xff\xfe", b"\xff\xfe"),
        (b"", b""),
        ("<html>é", "<html>é".encode()),
        ({"keys": []}, b'{"keys": []}'),
        ([None], b"[null]"),
        (None, b"null"),
    ],
)
def test_a_body_is_bytes_or_text_or_json(content: object, sent: bytes, server: LoopbackServer) -> None:
    """Anything can be sent with 200 and as JSON, to be cached like the keys."""
    with at(server).let(body(content)):
        heard = client_of(server).ask()
    assert (heard.status, heard.body, heard.header("Content-Length")) == (200, sent, str(len(sent)))
    assert heard.header("Content-Type") == "application/json"
    assert (heard.header("Cache-Control"), heard.header("ETag")) == ("max-age=900", None)


@pytest.mark.parametrize("content_type", [None, "text/html", "application/json; charset=utf-16"])
def test_a_body_is_called_anything(content_type: str | None, server: LoopbackServer) -> None:
    """The type may be wrong or missing."""
    with at(server).let(body(BODY, content_type=content_type)):
        assert client_of(server).ask().header("Content-Type") == content_type


def test_a_body_hides_that_a_host_is_not_enabled() -> None:
    """Whatever a host would say, it says this, with 200."""
    with RegionalIssuer([REGION]) as pool, at(pool, form="updated").let(body("x")):
        (server,) = pool.servers(form="updated")
        assert client_of(server).ask().status == 200


def test_an_answer_grows_old(world: tuple[RegionalIssuer, Client]) -> None:
    """A cache tells how long it has had the answer and when it was made, also of one that has not changed."""
    pool, client = world
    condition = etag_of(client)
    with at(pool).let(age(600)):
        heard, unchanged = client.ask(), client.ask(condition)
    assert (heard.header("Age"), unchanged.header("Age"), unchanged.status) == ("600", "600", 304)
    assert parsedate_to_datetime(heard.header("Date") or "").timestamp() == pool.clock.wall() - 600


def test_a_cache_of_yesterday(world: tuple[RegionalIssuer, Client]) -> None:
    """Age and lag together are an old copy: the keys of then, under an ``ETag`` of their own."""
    pool, client = world
    before = client.ask()
    with at(pool).let(lag(), age(86_400)):
        pool.rotate()
        heard = client.ask()
    assert (heard.body, heard.header("ETag"), heard.header("Age")) == (before.body, before.header("ETag"), "86400")


def test_an_age_needs_no_date(server: LoopbackServer) -> None:
    """A handler without ``Date`` gets none."""
    with at(server).let(age(1.9)):
        heard = client_of(server).ask()
    assert (heard.header("Age"), heard.header("Date")) == ("1", None)


@pytest.mark.parametrize(("count", "size"), [(10_000, 10), (1, MIB), (3, 0)])
def test_many_headers(count: int, size: int, server: LoopbackServer) -> None:
    """They come before the usual body, all of them."""
    with at(server).let(many_headers(count, size)):
        heard = client_of(server).ask()
    assert heard.top.count(b"\r\nX-Header-") == count
    assert heard.header(f"X-Header-{count - 1}") == "x" * size
    assert (heard.status, heard.body) == (200, BODY)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "gzip, gzip"])
def test_a_bomb_is_small_until_it_is_opened(coding: Coding, server: LoopbackServer) -> None:
    """A thousandth is sent of what comes out, and that is JSON: the usual body with blanks behind it."""
    with at(server).let(gzip_bomb(8 * MIB, coding=coding)):
        heard = client_of(server).ask()
    assert (heard.end, heard.header("Content-Encoding")) == ("closed", coding)
    assert len(heard.body) < 8 * MIB // 500
    inner = zlib.decompress(heard.body, 31) if coding == "gzip, gzip" else heard.body
    opened = zlib.decompressobj(15 if coding == "deflate" else 31).decompress(inner)
    assert len(opened) == 8 * MIB + len(BODY)
    assert json.loads(opened) == json.loads(BODY)
