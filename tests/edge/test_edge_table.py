"""The table against every adapter, over real sockets: HTTP and WebSocket."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from edge_adapters import ALL, SETUPS, PortOf, Served
from edge_checks import leaks, sent_words, unprintable
from edge_sources import SOURCES
from edge_stamp import STAMP
from edge_table import ACCEPTED, CREDENTIALS, NO_ANSWER, OUTAGE, SUBJECT, TOKENS, Row
from edge_tokens import EXCEPTIONS, Town
from edge_wire import Client, Reply

from jwtmr import CODES

ROWS = [*ACCEPTED, *CREDENTIALS, *TOKENS, *OUTAGE, *SOURCES]
CASES = [
    pytest.param(adapter, row, over, id=f"{adapter.name}-{over}-{row.name}")
    for adapter in ALL
    for row in ROWS
    for over in sorted(row.over & adapter.over)
    if over == "http" or (row.method == "GET" and not row.body)
]
RETRY_AFTER = re.compile(r"[1-9][0-9]{0,2}", re.ASCII)
SILENCE = 1.0
"""Seconds after which a server that may say nothing has said nothing."""
LATER = {"revoked", "revocation_unavailable"}
"""Codes of what does not exist yet."""


def send(town: Town, port: int, row: Row, over: str) -> Reply:
    """Send the request of ``row``."""
    path, lines = town.fill_in(row.path), [town.fill_in(line) for line in row.lines]
    client = Client(port, SILENCE if NO_ANSWER in row.server else None)
    if over == "websocket":
        return client.websocket(path, lines)
    return client.http(row.method, path, lines, town.fill_in(row.body))


@pytest.mark.parametrize(("adapter", "row", "over"), CASES)
def test_the_answer_is_that_of_the_table(town: Town, port_of: PortOf, adapter: Served, row: Row, over: str) -> None:
    """Status, challenge, code and text are the row's, and nothing of the request or of this side is in the answer."""
    reply = send(town, port_of(adapter, row.setup), row, over)
    if row.status == 200:
        assert_served(reply, row, over)
    elif not reply.values(STAMP):
        assert reply.status in row.server  # refused by the server, before the application saw it
        assert not reply.values("www-authenticate")
        assert not leaks(reply, [*sent_words(town, row), *town.names()])  # a server may speak of errors
    else:
        assert_refused(reply, row, adapter)
        assert not leaks(reply, [*sent_words(town, row), *town.names(), *EXCEPTIONS])
    assert not unprintable(reply)


def assert_served(reply: Reply, row: Row, over: str) -> None:
    """The application saw the caller, and no token among the subprotocols."""
    assert reply.values(STAMP)
    assert reply.status == (200 if over == "http" else 101)
    assert not [name for name, _ in reply.headers if name in ("www-authenticate", "retry-after")]
    assert reply.values("sec-websocket-protocol") == ([row.subprotocol] if row.subprotocol else [])
    if row.method != "HEAD":
        assert reply.content["subject"] == SUBJECT
    if row.setup == "subprotocol":
        seen = [row.subprotocol] if row.subprotocol else []
        assert reply.content["offered"] == seen
        assert reply.content["headers"] in ([], seen)  # wsproto keeps this header to itself


def assert_refused(reply: Reply, row: Row, adapter: Served) -> None:
    """Exactly the row's refusal."""
    assert (reply.status, reply.values("www-authenticate")) == (row.status, [row.challenge] if row.challenge else [])
    after = reply.values("retry-after")
    assert len(after) == (row.status == 503)
    assert all(RETRY_AFTER.fullmatch(seconds) for seconds in after)
    assert reply.values("content-type") == ["application/json"]
    assert not reply.values("sec-websocket-protocol")
    assert row.code is not None
    if row.method == "HEAD":
        assert reply.body == b""
    else:
        assert adapter.content(reply.content) == {"code": row.code, "message": CODES[row.code].message}


def test_names_of_rows_are_unique() -> None:
    """A failure names one row."""
    assert [name for name, times in Counter(row.name for row in ROWS).items() if times > 1] == []


def test_every_code_and_every_setup_is_in_the_table() -> None:
    """A code or a configuration that no row has is one that no adapter was asked for."""
    assert {row.code for row in ROWS} - {None} == set(CODES) - LATER
    assert {row.setup for row in ROWS} == set(SETUPS)


@pytest.mark.parametrize("adapter", [pytest.param(adapter, id=adapter.name) for adapter in ALL])
def test_every_row_runs_over_all_that_it_is_meant_for(adapter: Served) -> None:
    """No row is filtered away, for no adapter."""
    begin = f"{adapter.name}-"
    ran = {case.id.removeprefix(begin) for case in CASES if isinstance(case.id, str) and case.id.startswith(begin)}
    assert ran >= {
        f"{over}-{row.name}"
        for row in ROWS
        for over in row.over & adapter.over
        if over == "http" or row.method == "GET"
    }


@pytest.mark.parametrize("place", ["head", "body"])
def test_a_leak_would_be_seen(town: Town, place: str) -> None:
    """The check finds a token, a host and an exception, in a header or in the body."""
    row = next(row for row in TOKENS if row.code == "expired")
    words = [*sent_words(town, row), *town.names(), *EXCEPTIONS]
    payload = town.tokens["expired"].split(".")[1]
    clean = Reply(401, b'HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Bearer realm="api"', b'{"code": "expired"}')
    assert leaks(clean, words) == []
    for planted in (payload, town.hosts[0], "Evil.example", "KeyError"):
        dirty = {"head": clean.head, "body": clean.body}
        dirty[place] += planted.encode()
        assert leaks(Reply(401, **dirty), words)


def test_an_unprintable_header_would_be_seen() -> None:
    """The check finds a byte that is not ASCII, and a control character."""
    assert unprintable(Reply(401, b"HTTP/1.1 401 Unauthorized\r\na: b", b"\xff")) == []
    assert unprintable(Reply(401, b"HTTP/1.1 401 Unauthorized\r\na: \xe9\r\nb: \x01\r\nc: d", b"")) == [
        b"a: \xe9",
        b"b: \x01",
    ]
