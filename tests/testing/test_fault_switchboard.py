"""The switchboard: which look-ups it answers, how it comes and goes, and that threads and forks cannot confuse it."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from fault_hosts import PATIENCE, ruled

from jwtmr.testing.names import AddressInfo, Lookup, Switchboard, fail

REAL = socket.getaddrinfo
HOST = "127.0.0.1"
ANSWER: list[AddressInfo] = [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.9", 9))]


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


def answer(_: Lookup) -> Sequence[AddressInfo]:
    """A rule that finds what the system never would."""
    return ANSWER


def look_up(port: bytes | str | int | None = 443, **asked: int) -> object:
    """What is found now, or the number of the error."""
    try:
        return socket.getaddrinfo(HOST, port, **asked)
    except socket.gaierror as error:
        return error.errno


USUAL = look_up()


def test_it_comes_with_the_first_rule_and_goes_with_the_last(board: Switchboard) -> None:
    """Only while there is a rule is the system's function replaced, however often rules come, go and are removed."""
    for _ in range(2):
        first, second = board.add(443, answer), board.add(443, answer)
        assert socket.getaddrinfo is not REAL
        for _ in range(2):
            first.remove()
            assert look_up() == ANSWER
        second.remove()
        assert socket.getaddrinfo is REAL
        first.remove()
        assert socket.getaddrinfo is REAL


def test_other_ports_are_left_alone(board: Switchboard) -> None:
    """A rule concerns its port, and look-ups of all ports are counted while there is one."""
    look_up(443)
    with ruled(board, 443, answer):
        assert look_up(444) == REAL(HOST, 444)
        assert look_up(443) == look_up(443) == ANSWER
    look_up(443)
    assert (board.count(443), board.count(444), board.count(445)) == (2, 1, 0)


@pytest.mark.parametrize(
    ("port", "seen"),
    [(443, True), ("443", True), (b"443", True), ("https", False), (None, False), ("-443", False), ("44³", False)],
)
def test_a_port_is_a_number(port: bytes | str | int | None, seen: bool, board: Switchboard) -> None:
    """A port may be written in digits; in other forms a look-up is the system's business and not counted."""
    usual = look_up(port)
    with ruled(board, 443, answer):
        assert look_up(port) == (ANSWER if seen else usual)
    assert board.count(443) == seen


def test_a_look_up_that_asks_nobody_is_left_alone(board: Switchboard) -> None:
    """With ``AI_NUMERICHOST`` no name server is asked, so nothing can go wrong there."""
    with ruled(board, 443, fail()):
        assert look_up(flags=socket.AI_NUMERICHOST) == USUAL
        assert board.count(443) == 0
        assert look_up(flags=socket.AI_PASSIVE) == socket.EAI_AGAIN


@pytest.mark.parametrize("by_name", [True, False])
def test_a_rule_sees_what_is_asked_and_what_is_usual(by_name: bool, board: Switchboard) -> None:
    """All that is asked gets to the rule, and from there to the system, which finds a list."""
    asked = {"family": socket.AF_INET, "type": socket.SOCK_DGRAM, "proto": 17, "flags": socket.AI_CANONNAME}
    seen: list[Lookup] = []

    def rule(lookup: Lookup) -> Sequence[AddressInfo]:
        seen.append(lookup)
        return tuple(lookup.usual())

    with ruled(board, 443, rule):
        found = socket.getaddrinfo(host=HOST, port="443", **asked) if by_name else look_up("443", **asked)
    assert found == REAL(HOST, 443, **asked)
    (lookup,) = seen
    assert (lookup.host, lookup.port) == (HOST, 443)
    assert {name: getattr(lookup, name) for name in asked} == asked
    assert lookup.of("127.0.0.2", 9) == REAL("127.0.0.2", 9, **asked)


def test_the_latest_rule_is_asked_first(board: Switchboard) -> None:
    """Of several rules each can ask the one before it, and the first of them the system."""
    order: list[str] = []

    def noting(name: str, lookup: Lookup) -> Sequence[AddressInfo]:
        order.append(name)
        return lookup.usual()

    handles = [board.add(443, lambda lookup, name=name: noting(name, lookup)) for name in ("a", "b", "c")]
    assert (look_up(), order) == (USUAL, ["c", "b", "a"])
    for handle, left in zip(handles, ["cb", "c", ""], strict=True):
        handle.remove()
        order.clear()
        assert (look_up(), "".join(order)) == (USUAL, left)
    with ruled(board, 443, fail()), ruled(board, 443, answer):
        assert look_up() == ANSWER
    assert board.count(443) == 4


def test_a_look_up_ends_by_the_rules_that_it_began_with(board: Switchboard) -> None:
    """A rule that is removed while a look-up is in it goes on, with those before it."""

    def rule(lookup: Lookup) -> Sequence[AddressInfo]:
        latest.remove()
        older.remove()
        return replace(lookup, flags=0).usual()

    older, latest = board.add(443, answer), board.add(443, rule)
    assert look_up() == ANSWER
    assert look_up() == USUAL


def test_what_others_put_over_it_stays(board: Switchboard) -> None:
    """Another patch over ours is neither lost nor made to fail, and a later rule acts in front of it."""
    calls: list[int] = []
    handle = board.add(443, answer)
    ours = socket.getaddrinfo

    def other(host: str, port: int, *asked: int) -> object:
        calls.append(port)
        return ours(host, port, *asked)

    socket.getaddrinfo = other  # type: ignore[assignment]
    assert (look_up(), calls) == (ANSWER, [443])
    handle.remove()
    assert socket.getaddrinfo is other
    assert (look_up(), len(calls), board.count(443)) == (USUAL, 2, 1)
    with ruled(board, 443, answer):
        assert (look_up(), len(calls)) == (ANSWER, 2)
        with ruled(board, 443, Lookup.usual):
            assert look_up() == ANSWER
        with ruled(board, 444, Lookup.usual):
            assert (look_up(444), len(calls), board.count(444)) == (REAL(HOST, 444), 3, 1)
    assert socket.getaddrinfo is other
    socket.getaddrinfo = ours  # as whoever patched puts back what was there
    assert look_up() == USUAL
    with ruled(board, 443, answer):
        assert look_up() == ANSWER
    assert socket.getaddrinfo is ours
    socket.getaddrinfo = REAL


def test_a_rule_brings_it_back_when_others_have_removed_it(board: Switchboard) -> None:
    """Whoever puts the system's function back ends all rules, until another one is added."""
    with ruled(board, 443, answer):
        socket.getaddrinfo = REAL
        assert look_up() == USUAL
        with ruled(board, 444, answer):
            assert look_up(443) == look_up(444) == ANSWER
        assert look_up() == ANSWER
    with ruled(board, 443, answer):
        socket.getaddrinfo = REAL
    assert look_up() == USUAL


def test_two_boards(board: Switchboard) -> None:
    """The rules of one go before those of another that was there first."""
    with ruled(board, 443, answer):
        with ruled(Switchboard(), 443, fail()):
            assert look_up() == socket.EAI_AGAIN
        with ruled(Switchboard(), 443, Lookup.usual):
            assert look_up() == ANSWER
    assert board.count(443) == 1


def test_threads(board: Switchboard) -> None:
    """While rules come and go in some threads, others lose no look-up and no count."""
    wrong: list[object] = []
    barrier = threading.Barrier(8)

    def look() -> None:
        barrier.wait(PATIENCE)
        wrong.extend(found for _ in range(300) if (found := look_up()) != ANSWER)

    def change() -> None:
        barrier.wait(PATIENCE)
        for _ in range(300):
            with ruled(board, 444, fail()), ruled(board, 443, Lookup.usual):
                pass

    threads = [threading.Thread(target=target) for target in [look, change] * 4]
    with ruled(board, 443, answer):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        assert (wrong, board.count(443)) == ([], 1200)


FORKS = """
import os, signal, socket, threading
from jwtmr.testing.names import Switchboard
real, answer = socket.getaddrinfo, [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.9", 9))]
board = Switchboard()
handle = board.add(443, lambda lookup: answer)
socket.getaddrinfo("keys.example", 443)
stopped = threading.Event()

def change():
    while not stopped.is_set():
        board.add(444, lambda lookup: []).remove()

def child():
    signal.alarm(5)
    assert socket.getaddrinfo("keys.example", 443) == answer
    assert board.count(443) == 2
    other = board.add(445, lambda lookup: [])
    handle.remove(), other.remove()
    # One that another thread was adding has nobody here who would remove it.
    assert socket.getaddrinfo is real or {known.port for known in board._handles} == {444}

threading.Thread(target=change, daemon=True).start()
for _ in range(30):
    pid = os.fork()
    if not pid:
        try:
            child()
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitpid(pid, 0)[1] == 0
stopped.set()
assert socket.getaddrinfo("keys.example", 443) == answer and board.count(443) == 2
handle.remove()
"""


def test_forks() -> None:
    """A child of fork has the rules and counts of its parent and changes its own, whatever other threads were at."""
    ignored = "ignore:This process:DeprecationWarning"  # Python 3.12 and newer warn of what this is about
    line = [sys.executable, "-X", "dev", "-W", "error", "-W", ignored, "-c", FORKS]
    done = subprocess.run(line, capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
