"""Look-ups that hang, fail and find dead addresses: what clients over real sockets and validators make of them."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence

import httpx
import pytest
from fault_hosts import PATIENCE, Town, eventually, port_of, ruled

from jwtmr import ConfigurationError
from jwtmr.testing import LoopbackServer
from jwtmr.testing.names import AddressInfo, Switchboard, dead_addresses, fail, hang

REAL = socket.getaddrinfo
HOST = "127.0.0.1"
SOON = 0.2
"""Seconds that show that something hangs. A look-up of loopback needs less than one millisecond."""


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    """Every test leaves the system's own function behind."""
    assert socket.getaddrinfo is REAL
    yield
    found, socket.getaddrinfo = socket.getaddrinfo, REAL
    assert found is REAL


@pytest.fixture
def board() -> Switchboard:
    """A switchboard without rules."""
    return Switchboard()


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    """A pool whose keys are to be had."""
    with Town() as started:
        yield started


@pytest.fixture
def live() -> Iterator[LoopbackServer]:
    """A server that answers."""
    with LoopbackServer(lambda _: (200, {}, b"live")) as started:
        yield started


def asked(server: LoopbackServer, host: str = HOST) -> bytes:
    """What ``server`` answers to httpx."""
    with httpx.Client(timeout=PATIENCE, trust_env=False) as client:
        return client.get(f"http://{host}:{port_of(server.url)}/").content


def stream(port: int, host: str = HOST) -> Sequence[AddressInfo]:
    """Look up as clients of TCP do."""
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)


# Validators


@pytest.mark.parametrize("how", ["sync", "async"])
def test_a_validator_whose_resolver_hangs(how: str, town: Town, board: Switchboard) -> None:
    """It answers 503 within its wait and not before, and works when look-ups do."""
    ended, port = threading.Event(), port_of(town.keys_url)
    with town.validator(town.keys_url, wait=0.3) as asking:
        with ruled(board, port, hang(ended), ended):
            started = time.monotonic()
            code = (
                town.outcome(asking.validator) if how == "sync" else asyncio.run(town.outcome_async(asking.validator))
            )
            assert 0.3 <= time.monotonic() - started < 1.3
            assert (code, asking.outcomes, board.count(port)) == ("keys_unavailable", [], 1)
        town.pass_the_back_off()
        assert town.outcome(asking.validator) == "ok"
        assert asking.outcomes == ["network", "ok"]


@pytest.mark.parametrize("code", [socket.EAI_AGAIN, socket.EAI_NONAME])
def test_a_validator_whose_resolver_fails(code: int, town: Town, board: Switchboard) -> None:
    """A look-up that fails is a failed fetch at once, and the next one that succeeds gets the keys."""
    with town.validator(town.keys_url) as asking:
        with ruled(board, port_of(town.keys_url), fail(code)):
            assert town.outcome(asking.validator) == "keys_unavailable"
        town.pass_the_back_off()
        assert town.outcome(asking.validator) == "ok"
        assert asking.outcomes == ["network", "ok"]


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 2])
def test_a_validator_passes_dead_addresses(count: int, town: Town, board: Switchboard) -> None:
    """With one or two addresses that never answer before the live one, an attempt still gets the keys."""
    with LoopbackServer(lambda _: (200, {}, b"")) as dead, town.validator(town.keys_url, wait=5) as asking:
        dead.take_down("drop_syn")
        rule = dead_addresses([(HOST, port_of(dead.url))] * count)
        with ruled(board, port_of(town.keys_url), rule):
            assert town.outcome(asking.validator) == "ok"
        assert (asking.outcomes, board.count(port_of(town.keys_url))) == (["ok"], 1)


# Clients


@pytest.mark.parametrize("host", [HOST, "localhost"])
def test_httpx_hangs(host: str, board: Switchboard, live: LoopbackServer) -> None:
    """A synchronous client hangs before it connects, and hears of a temporary failure when the fault ends."""
    ended, port = threading.Event(), port_of(live.url)
    errors: list[httpx.ConnectError] = []

    def client() -> None:
        try:
            asked(live, host)
        except httpx.ConnectError as error:
            errors.append(error)

    thread = threading.Thread(target=client, daemon=True)
    with ruled(board, port, hang(ended), ended):
        thread.start()
        eventually(lambda: board.count(port) == 1)
        thread.join(SOON)
        assert thread.is_alive()
    thread.join(PATIENCE)
    (error,) = errors
    assert str(error).startswith(f"[Errno {socket.EAI_AGAIN}]")
    assert live.count() == 0
    assert asked(live, host) == b"live"


def test_asyncio_hangs(board: Switchboard, live: LoopbackServer) -> None:
    """The look-up of a loop and a connection to a name hang, while the loop goes on."""
    ended, port = threading.Event(), port_of(live.url)

    async def ask() -> list[object]:
        loop = asyncio.get_running_loop()
        hanging = [
            asyncio.ensure_future(loop.getaddrinfo(HOST, port, type=socket.SOCK_STREAM)),
            asyncio.ensure_future(asyncio.open_connection("localhost", port)),
        ]
        done, _ = await asyncio.wait(hanging, timeout=SOON)
        assert (done, board.count(port)) == (set(), 2)
        ended.set()
        return await asyncio.wait_for(asyncio.gather(*hanging, return_exceptions=True), PATIENCE)

    with ruled(board, port, hang(ended), ended):
        errors = asyncio.run(ask())
    assert [isinstance(error, socket.gaierror) and error.errno for error in errors] == [socket.EAI_AGAIN] * 2


async def hear(host: str, port: int) -> tuple[str, int]:
    """Connect with asyncio, and return whom one is connected to."""
    _, writer = await asyncio.wait_for(asyncio.open_connection(host, port), PATIENCE)
    try:
        found: tuple[str, int] = writer.get_extra_info("peername")
        return found
    finally:
        writer.close()
        await writer.wait_closed()


def test_asyncio_needs_no_look_up_of_an_address(board: Switchboard, live: LoopbackServer) -> None:
    """A loop connects to an IP address without asking anybody, so no rule sees it."""
    port = port_of(live.url)
    with ruled(board, port, fail()):
        assert asyncio.run(hear(HOST, port)) == (HOST, port)
        assert board.count(port) == 0


@pytest.mark.parametrize("count", [1, 2])
def test_clients_pass_dead_addresses(count: int, board: Switchboard, live: LoopbackServer) -> None:
    """Each dead address costs its time before the live one answers, and with asyncio its error."""
    port = port_of(live.url)
    with LoopbackServer(lambda _: (200, {}, b"dead")) as dead:
        dead.take_down("drop_syn")
        with ruled(board, port, dead_addresses([(HOST, port_of(dead.url))] * count)):
            started = time.monotonic()
            with socket.create_connection(("localhost", port), SOON) as connection:
                assert connection.getpeername() == (HOST, port)
            assert count * SOON <= time.monotonic() - started < (count + 1) * SOON + 1
        dead.take_down("refuse")
        with ruled(board, port, dead_addresses([(HOST, port_of(dead.url))] * count)):
            assert asyncio.run(hear("localhost", port)) == (HOST, port)
            assert asked(live) == b"live"
    assert board.count(port) == 3


# Rules


def test_a_failure_says_its_code(board: Switchboard) -> None:
    """A look-up fails with the code that was given, and without one temporarily; each time anew."""
    for rule, code in [(fail(), socket.EAI_AGAIN), (fail(socket.EAI_NONAME), socket.EAI_NONAME)]:
        errors = []
        with ruled(board, 443, rule):
            for _ in range(2):
                with pytest.raises(socket.gaierror) as caught:
                    stream(443)
                errors.append(caught.value)
        assert [error.errno for error in errors] == [code] * 2
        assert errors[0] is not errors[1]


def test_a_hang_that_has_ended_fails(board: Switchboard) -> None:
    """After the end of the fault nobody hangs."""
    ended = threading.Event()
    ended.set()
    with ruled(board, 443, hang(ended)), pytest.raises(socket.gaierror) as caught:
        stream(443)
    assert caught.value.errno == socket.EAI_AGAIN


@pytest.mark.parametrize(
    ("family", "kind"),
    [(0, 0), (0, socket.SOCK_STREAM), (socket.AF_INET, 0), (socket.AF_INET, socket.SOCK_DGRAM)],
)
def test_dead_addresses_have_the_shape_that_is_asked_for(family: int, kind: int, board: Switchboard) -> None:
    """They come first, in their order, for each type of socket that is asked for, followed by what the system says."""
    expected = [
        *REAL("127.0.0.2", 7, family, kind),
        *REAL("127.0.0.3", 8, family, kind),
        *REAL(HOST, 443, family, kind),
    ]
    with ruled(board, 443, dead_addresses([("127.0.0.2", 7), ("127.0.0.3", 8)])):
        assert socket.getaddrinfo(HOST, 443, family, kind) == expected


@pytest.mark.parametrize(
    ("host", "family", "dead"), [(HOST, socket.AF_INET, "127.0.0.2"), ("::1", socket.AF_INET6, "::2")]
)
def test_dead_addresses_are_of_the_family_that_is_asked_for(
    host: str, family: socket.AddressFamily, dead: str, board: Switchboard
) -> None:
    """One of the other family is left out, as the system does it."""
    with ruled(board, 443, dead_addresses([("::2", 9), ("127.0.0.2", 9)])):
        found = socket.getaddrinfo(host, 443, family, socket.SOCK_STREAM)
        both = socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)
    assert [each[4][:2] for each in found] == [(dead, 9), (host, 443)]
    assert [each[4][:2] for each in both] == [("::2", 9), ("127.0.0.2", 9), (host, 443)]
    assert {each[0] for each in found} == {family}


def test_a_name_that_does_not_exist_has_no_dead_addresses(board: Switchboard) -> None:
    """What the system cannot find is not found because of a rule."""
    dead = dead_addresses([(HOST, 9)])
    with ruled(board, 443, fail(socket.EAI_NONAME)), ruled(board, 443, dead), pytest.raises(socket.gaierror):
        stream(443)


@pytest.mark.parametrize(
    ("parameter", "make"),
    [
        ("ended", lambda _: hang(7)),  # type: ignore[arg-type]
        ("code", lambda _: fail("EAI_AGAIN")),  # type: ignore[arg-type]
        ("code", lambda _: fail(True)),
        ("dead", lambda _: dead_addresses([])),
        ("dead", lambda _: dead_addresses([("localhost", 80)])),
        ("dead", lambda _: dead_addresses([(HOST, 0)])),
        ("dead", lambda _: dead_addresses([(HOST, 65536)])),
        ("dead", lambda _: dead_addresses([(HOST, "80")])),  # type: ignore[list-item]
        ("dead", lambda _: dead_addresses([(2130706433, 80)])),  # type: ignore[list-item]
        ("dead", lambda _: dead_addresses([HOST])),  # type: ignore[list-item]
        ("port", lambda board: board.add(0, fail())),
        ("port", lambda board: board.add(65536, fail())),
        ("port", lambda board: board.add("80", fail())),
        ("port", lambda board: board.add(True, fail())),
        ("rule", lambda board: board.add(80, "hang")),
    ],
)
def test_what_cannot_be_right_is_refused(
    parameter: str, make: Callable[[Switchboard], object], board: Switchboard
) -> None:
    """A rule that could not do what it is for is an error where it is made, and nothing is installed."""
    with pytest.raises(ConfigurationError) as caught:
        make(board)
    assert caught.value.parameter == parameter
    assert socket.getaddrinfo is REAL
