"""Faults of connections, hosts and names: what a client is told by the system, and that it is recorded."""

from __future__ import annotations

import math
import socket
from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

import pytest
from faults_client import (
    BODY,
    PATIENCE,
    beside,
    client_of,
    eventually,
    nobody_is_served,
    plain_server,
)

from jwtmr.testing import LoopbackServer
from jwtmr.testing.faults import (
    Fault,
    accept_silent,
    at,
    dns_fails,
    dns_hang,
    drop_syn,
    many_dead_addresses,
    refuse,
    reset,
    status,
)
from jwtmr.testing.faults.connections import When

REAL = socket.getaddrinfo


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    """A started server. Afterwards look-ups are the system's again, whatever was in force."""
    with plain_server() as started:
        yield started
    assert socket.getaddrinfo is REAL


@pytest.mark.parametrize(
    ("when", "heard_of_it"),
    [
        ("accept", b""),
        ("request", b""),
        ("headers", b"\r\n\r\n"),
        ("body", b"\r\n\r\n" + BODY[: len(BODY) // 2]),
    ],
)
def test_a_connection_is_reset(when: When, heard_of_it: bytes, server: LoopbackServer) -> None:
    """The client gets a reset and no end, after just so much."""
    with at(server).let(reset(when)) as injection:
        heard = client_of(server).ask()
        (suffered,) = injection.suffered()
    assert heard.end == "reset"
    assert heard.data.endswith(heard_of_it)
    assert bool(heard.data) == bool(heard_of_it)
    assert (suffered.sent, suffered.client_left_after) == (len(heard.data), math.inf)
    assert server.count() == (when != "accept")


def test_a_connection_that_was_kept_is_reset_later(server: LoopbackServer) -> None:
    """A fault of requests strikes the next one on an open connection, a fault of connections the next connection."""
    with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as kept:
        kept.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert kept.recv(65536).endswith(BODY)
        with at(server).let(reset("accept")):
            kept.sendall(b"GET / HTTP/1.1\r\n\r\n")
            assert kept.recv(65536).endswith(BODY)
            assert client_of(server).ask().end == "reset"
        with at(server).let(reset()):
            kept.sendall(b"GET / HTTP/1.1\r\n\r\n")
            with pytest.raises(ConnectionResetError):
                kept.recv(65536)


@pytest.mark.parametrize(("when", "count"), [("request", 1), ("accept", 0)])
def test_silence(when: Literal["request", "accept"], count: int, server: LoopbackServer) -> None:
    """A client is let in and told nothing, and when it leaves is recorded; a request that was read is, too."""
    with at(server).let(accept_silent(when)) as silent:
        heard = client_of(server).brief.ask()
        (suffered,) = silent.await_left()
    assert (heard.data, heard.end) == (b"", "silence")
    assert suffered.client_left_after <= heard.seconds + 1
    assert [request.fault for request in server.requests()] == ["accept_silent"] * count
    assert nobody_is_served()


def test_a_host_that_is_gone_refuses(server: LoopbackServer) -> None:
    """Nothing arrives, so what is recorded is the look-up; open connections end."""
    with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as kept:
        kept.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert kept.recv(65536).endswith(BODY)
        with at(server).let(refuse()) as gone:
            assert kept.recv(1) == b""
            assert client_of(server).ask().end == "nobody"
            (suffered,) = gone.suffered()
    assert (suffered.fault, suffered.url, suffered.request) == ("refuse", server.url, None)
    assert (suffered.sent, suffered.client_left_after) == (0, math.inf)
    assert server.count() == 1
    assert client_of(server).ask().status == 200


def test_a_host_that_is_gone_says_nothing(server: LoopbackServer) -> None:
    """Attempts to connect get no answer, until the fault ends."""
    with at(server).let(drop_syn()) as gone:
        heard = client_of(server).brief.ask()
    assert (heard.end, gone.times, server.count()) == ("nobody", 1, 0)
    assert heard.seconds >= 0.1
    assert client_of(server).ask().status == 200


def test_an_outage_by_hand_is_none_of_the_kits(server: LoopbackServer) -> None:
    """Who takes a server down brings it up; other faults come and go meanwhile."""
    server.take_down("refuse")
    at(server).let(status(503)).end()
    at(server).heal()
    assert server.outage == "refuse"
    server.bring_up()
    assert client_of(server).ask().status == 200


def test_a_look_up_hangs_until_the_fault_ends(server: LoopbackServer) -> None:
    """Nobody can give up a look-up, so who waits hears of it in the end: that there is no name."""
    hanging = at(server).let(dns_hang())
    clients = [beside(client_of(server).ask) for _ in range(3)]
    hanging.await_struck(3)
    assert not any(client.done() for client in clients)
    hanging.end()
    assert [client.result(PATIENCE).end for client in clients] == ["no name"] * 3
    assert [suffered.request for suffered in hanging.suffered()] == [None] * 3
    assert (server.count(), client_of(server).ask().status) == (0, 200)


@pytest.mark.parametrize("code", [socket.EAI_AGAIN, socket.EAI_NONAME])
def test_a_look_up_fails(code: int, server: LoopbackServer) -> None:
    """At once, with the code that was chosen."""
    with at(server).let(dns_fails(code)) as failing:
        with pytest.raises(socket.gaierror) as failed:
            socket.create_connection(("127.0.0.1", server.port))
        assert failed.value.errno == code
        assert client_of(server).ask().end == "no name"
    assert failing.times == 2


@pytest.mark.parametrize("fault", [dns_fails(), refuse(), many_dead_addresses(1, "refuse")], ids=str)
def test_names_are_those_of_one_server(fault: Fault, server: LoopbackServer) -> None:
    """Look-ups of other ports are neither changed nor recorded."""
    with plain_server() as other, at(server).let(fault) as injection:
        assert client_of(other).ask().status == 200
        assert injection.times == 0
        client_of(server).ask()
        assert injection.times == 1


@pytest.mark.parametrize("count", [1, 8])
def test_addresses_at_which_nobody_is(count: int, server: LoopbackServer) -> None:
    """They come before the one of the server, and a client that tries them one by one gets there."""
    with at(server).let(many_dead_addresses(count, "refuse")) as lost:
        found = [info[4] for info in socket.getaddrinfo("127.0.0.1", server.port, type=socket.SOCK_STREAM)]
        heard = client_of(server).ask()
    assert len(found) == count + 1
    assert found[-1] == ("127.0.0.1", server.port)
    assert found[-1] not in found[:-1]
    assert (heard.status, lost.times) == (200, 2)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(found[0])  # type: ignore[arg-type]


def test_addresses_at_which_nobody_answers(server: LoopbackServer) -> None:
    """By default each costs a client all the time that it has for one."""
    with at(server).let(many_dead_addresses(2)):
        heard = replace(client_of(server), silence=0.15).ask()
    assert heard.status == 200
    assert heard.seconds >= 0.3


def test_what_is_said_of_a_name_ends_with_the_fault(server: LoopbackServer) -> None:
    """Of two faults of one name the later is asked, and the earlier when that is over."""
    with at(server).let(dns_fails(socket.EAI_NONAME)):
        with at(server).let(dns_fails(socket.EAI_AGAIN)), pytest.raises(socket.gaierror, match=str(socket.EAI_AGAIN)):
            socket.create_connection(("127.0.0.1", server.port))
        with pytest.raises(socket.gaierror, match=str(socket.EAI_NONAME)):
            socket.create_connection(("127.0.0.1", server.port))


def test_silence_has_no_end_of_its_own(server: LoopbackServer) -> None:
    """Twenty clients hang in it as long as they like, and none is left behind."""
    silent = at(server).let(accept_silent())
    clients = [beside(replace(client_of(server), silence=0.05).ask) for _ in range(20)]
    assert {client.result(PATIENCE).end for client in clients} == {"silence"}
    assert len(silent.await_left(20)) == 20
    assert eventually(lambda: client_of(server).brief.ask().end == "silence")
    assert nobody_is_served()
