"""Faults in how an answer comes: what a client hears, when, and what the server says of it."""

from __future__ import annotations

import http.client
import json
import math
import socket
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from faults_client import (
    BODY,
    PATIENCE,
    beside,
    client_of,
    eventually,
    nobody_is_served,
    plain_server,
    pool_and_client,
)

from jwtmr.testing import LoopbackServer
from jwtmr.testing.faults import Fault, Injection, Length, Part, at, delay, drip, hold, huge, informational

MIB = 1024 * 1024


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    """A started server."""
    with plain_server() as started:
        yield started


def is_stuck(flood: Injection) -> bool:
    """Whether the client has taken what the system keeps for it, and takes no more."""
    before = flood.suffered()[0].sent
    time.sleep(0.05)
    return before == flood.suffered()[0].sent


def parsed(server: LoopbackServer) -> tuple[int, bytes]:
    """Status and body as the standard library reads them, which knows chunks, trailers and interim answers."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    try:
        connection.request("GET", "/path")
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_a_delay_is_a_delay(server: LoopbackServer) -> None:
    """The answer comes whole, so many seconds late."""
    with at(server).let(delay(0.2)):
        heard = client_of(server).ask()
    assert (heard.status, heard.body) == (200, BODY)
    assert 0.2 <= heard.seconds < 2


@pytest.mark.parametrize("fault", [delay(0), drip(100_000)], ids=str)
def test_a_connection_ends_with_what_was_slow(fault: Fault, server: LoopbackServer) -> None:
    """The client is told so, and its next request needs a new one; without a fault it would have been kept."""
    with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as client:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert b"Connection" not in client.recv(65536)
        with at(server).let(fault):
            client.sendall(b"GET / HTTP/1.1\r\n\r\n")
            last = b"".join(iter(lambda: client.recv(65536), b""))
    assert b"\r\nConnection: close\r\n" in last
    assert last.endswith(BODY)


def test_a_delay_ends_with_the_fault(server: LoopbackServer) -> None:
    """What was to come late comes when the fault is over."""
    with at(server).let(delay(3600)) as late:
        heard = beside(client_of(server).ask)
        late.await_struck()
    assert heard.result(PATIENCE).status == 200


def test_answers_are_held(server: LoopbackServer) -> None:
    """As long as the fault is in force nothing is said; then those that wait are answered, and those that come."""
    held = at(server).let(hold())
    heard = beside(client_of(server).ask)
    held.await_struck()
    assert client_of(server).brief.ask().data == b""
    assert not heard.done()
    held.end()
    assert heard.result(PATIENCE).body == BODY
    assert client_of(server).ask().body == BODY


@pytest.mark.parametrize("of", ["headers", "body", "chunk", "trailer"])
def test_a_fast_drip_is_an_answer(of: Part, server: LoopbackServer) -> None:
    """All that drips is valid: who has the patience reads the usual body."""
    started = time.monotonic()
    with at(server).let(drip(100_000, of=of)):
        assert parsed(server) == (200, BODY)
    assert (0.09 if of in ("chunk", "trailer") else 0) < time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        ("headers", b"HTTP/1.1"),
        ("body", BODY),
        ("chunk", b"%x;xxx" % len(BODY)),
        ("trailer", b"%x\r\n%s\r\n0\r\nX-Traile" % (len(BODY), BODY)),
    ],
)
def test_what_drips_comes_byte_by_byte(of: Part, expected: bytes, server: LoopbackServer) -> None:
    """What is before the slow part comes at once; of the slow part, a byte each twentieth of a second."""
    with at(server).let(drip(20, of=of)) as slow:
        heard = replace(client_of(server), longest=0.25).ask()
        (suffered,) = slow.await_left()
    got = heard.data if of == "headers" else heard.body
    fast = expected.rfind(b"0\r\n") + 3 if of == "trailer" else 0
    assert heard.end == "more"
    assert 2 <= len(got) - fast <= 20 * heard.seconds + 1
    assert got.startswith(expected[: len(got)])
    assert len(heard.data) <= suffered.sent <= len(heard.data) + 2
    assert suffered.client_left_after < 2


@pytest.mark.parametrize("of", ["headers", "body", "chunk", "trailer"])
def test_the_rest_of_a_drip_comes_when_it_ends(of: Part, server: LoopbackServer) -> None:
    """A drip of hours is a valid answer at once."""
    slow = at(server).let(drip(0.001, of=of))
    answer = beside(lambda: parsed(server))
    slow.await_struck()
    slow.end()
    assert answer.result(PATIENCE) == (200, BODY)


@pytest.mark.parametrize(
    ("length", "header", "value"),
    [
        ("declared", "Content-Length", str(2 * MIB + 7)),
        ("chunked", "Transfer-Encoding", "chunked"),
        ("none", "Connection", "close"),
    ],
)
def test_a_huge_body_is_as_huge_as_it_says(length: Length, header: str, value: str, server: LoopbackServer) -> None:
    """Who takes it all has valid JSON of exactly that size, whatever tells the client where it ends."""
    with at(server).let(huge(2 * MIB + 7, length=length)) as flood:
        heard = client_of(server).ask()
        status, body = parsed(server)
    assert (heard.status, heard.end, heard.header(header)) == (200, "closed", value)
    assert heard.header("Content-Length") == (value if length == "declared" else None)
    assert (status, len(body), json.loads(body)) == (200, 2 * MIB + 7, json.loads(BODY))
    assert [suffered.client_left_after for suffered in flood.suffered()] == [math.inf, math.inf]


@pytest.mark.parametrize("length", ["declared", "chunked", "none"])
def test_a_flood_stops_when_the_client_leaves(length: Length, server: LoopbackServer) -> None:
    """The record says how many bytes it took: those that it read, and what the system kept for it."""
    with at(server).let(huge(length=length)) as flood:
        heard = replace(client_of(server), enough=MIB).ask()
        (suffered,) = flood.await_left()
    assert heard.end == "enough"
    assert MIB <= suffered.sent < 40 * MIB
    assert suffered.client_left_after < 5


def test_a_flood_stops_when_the_fault_ends(server: LoopbackServer) -> None:
    """In the middle, so who reads on finds that it is cut off."""
    flood = at(server).let(huge())
    heard = beside(replace(client_of(server), enough=200 * MIB).ask)
    flood.await_struck()
    flood.end()
    assert (heard.result(PATIENCE).end, len(heard.result().data) < 190 * MIB) == ("closed", True)


def test_a_flood_stops_when_nobody_reads(server: LoopbackServer) -> None:
    """A client that takes nothing does not keep it up beyond its end, and is not said to have left."""
    with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as client:
        with at(server).let(huge()) as flood:
            client.sendall(b"GET / HTTP/1.1\r\n\r\n")
            flood.await_struck()
            assert eventually(lambda: is_stuck(flood))
        assert nobody_is_served()
    (suffered,) = flood.suffered()
    assert (suffered.client_left_after, suffered.sent < 200 * MIB) == (math.inf, True)


@pytest.mark.parametrize(("code", "line"), [(100, b"HTTP/1.1 100 Continue"), (103, b"HTTP/1.1 103 Early Hints")])
def test_interim_answers_go_on(code: int, line: bytes, server: LoopbackServer) -> None:
    """One follows the other, at a rate, and each is complete; the final one is last."""
    more = at(server).let(informational(code, per_second=20))
    answer = beside(client_of(server).ask)
    more.await_struck()
    assert eventually(lambda: more.suffered()[0].sent >= 3 * len(line + b"\r\n\r\n"))
    more.end()
    heard = answer.result(PATIENCE)
    *interim, final = heard.data.removesuffix(b"\r\n\r\n" + BODY).split(b"\r\n\r\n")
    assert set(interim) == {line}
    assert 3 <= len(interim) <= 20 * heard.seconds + 2
    assert final.startswith(b"HTTP/1.1 200 OK\r\n")


def test_interim_answers_flood(server: LoopbackServer) -> None:
    """Without a rate they come as fast as the client takes them, until it leaves."""
    with at(server).let(informational()) as flood:
        heard = replace(client_of(server), enough=100_000).ask()
        (suffered,) = flood.await_left()
    assert heard.data.count(b"HTTP/1.1 100 Continue\r\n\r\n") >= 100_000 // 26
    assert suffered.sent >= len(heard.data)


@pytest.mark.parametrize("fault", [hold(), delay(3600), drip(0.001), informational(per_second=20)], ids=str)
def test_a_client_that_leaves_is_seen_at_once(fault: Fault, server: LoopbackServer) -> None:
    """Not with the next byte, which may be an hour away, nor only when the fault ends."""
    injection = at(server).let(fault)
    left = replace(client_of(server).brief, longest=0.1).ask().seconds
    (suffered,) = injection.await_left(within=2)
    assert suffered.client_left_after <= left + 0.5
    assert nobody_is_served()


def test_a_client_that_had_more_to_say_is_seen_to_leave(server: LoopbackServer) -> None:
    """What it sent behind its request, and nobody read, does not hide that it left."""
    with at(server).let(hold()) as held:
        with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as client:
            client.sendall(b"GET / HTTP/1.1\r\n\r\n" + b"x" * 100_000)
            held.await_struck()
        held.await_left(within=2)


def test_a_server_that_goes_down_is_first(server: LoopbackServer) -> None:
    """Whom the server hangs up on has not left."""
    with at(server).let(hold()) as held:
        heard = beside(client_of(server).ask)
        held.await_struck()
        server.take_down("refuse")
        assert heard.result(PATIENCE).data == b""
        assert nobody_is_served()
        assert held.suffered()[0].client_left_after == math.inf
        server.bring_up()


def test_pauses_and_ways_to_send_add_up(server: LoopbackServer) -> None:
    """A delayed drip is late and slow."""
    with at(server).let(delay(0.1), drip(1000, of="body")):
        heard = client_of(server).ask()
    assert (heard.status, heard.body) == (200, BODY)
    assert heard.seconds >= 0.1 + len(BODY) / 1000
    assert server.requests()[0].fault == "delay+drip"


def test_only_what_needs_a_body_gets_one() -> None:
    """Delays and slow headers leave a 304 what it is; a slow or huge body needs a body."""
    with pool_and_client() as (pool, client):
        condition = f"If-None-Match: {client.ask().header('ETag')}"
        for fault, status in [(delay(0), 304), (drip(9000), 304), (drip(90000, of="body"), 200), (huge(MIB), 200)]:
            with at(pool).let(fault):
                assert client.ask(condition).status == status, str(fault)
