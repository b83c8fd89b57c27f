"""The loopback server: what it answers and records, how it goes down, and that it leaves nothing behind."""

from __future__ import annotations

import contextlib
import http.client
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from jwtmr import ConfigurationError
from jwtmr.testing import Answer, LoopbackServer, Outage, RecordedRequest
from jwtmr.testing.wire import MAX_HEAD_BYTES

pytestmark = pytest.mark.slow  # seconds of real silence

SILENCE = 0.3
"""Seconds without an answer that count as silence. Loopback answers in less than one millisecond."""

DEADLINE = 10.0
"""Seconds in which something has to happen on a machine of any speed."""

GET = b"GET /path HTTP/1.1\r\nHost: test\r\n\r\n"


def echo(request: RecordedRequest) -> Answer:
    """Answer with the path."""
    return 200, {"Content-Type": "text/plain"}, request.path.encode()


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    """A started server."""
    with LoopbackServer(echo) as started:
        yield started


def address(server: LoopbackServer) -> tuple[str, int]:
    """Where ``server`` listens."""
    host, _, port = server.url.removeprefix("http://").partition(":")
    return host, int(port)


def connect(server: LoopbackServer, timeout: float = DEADLINE) -> socket.socket:
    """Open a connection."""
    return socket.create_connection(address(server), timeout)


def ask(server: LoopbackServer, path: str = "/path", method: str = "GET") -> tuple[int, bytes]:
    """Ask once over a connection of its own."""
    with contextlib.closing(http.client.HTTPConnection(*address(server), timeout=DEADLINE)) as client:
        client.request(method, path)
        answer = client.getresponse()
        return answer.status, answer.read()


def exchange(server: LoopbackServer, sent: bytes) -> bytes:
    """Send bytes, say that there are no more, and return all that comes back."""
    with connect(server) as client:
        client.sendall(sent)
        client.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: client.recv(65536), b""))


def serves_nobody() -> bool:
    """Wait until no connection is served; return False if that takes too long."""
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        if not [thread for thread in threading.enumerate() if thread.name == "jwtmr-testing-serve"]:
            return True
    return False


def hear(server: LoopbackServer) -> bytes:
    """Connect, ask, and return the beginning of the answer, if one comes soon."""
    with connect(server, SILENCE) as client:
        client.sendall(GET)
        return client.recv(1)


def is_silent(client: socket.socket) -> bool:
    """Whether nothing comes, not even an end."""
    client.settimeout(SILENCE)
    try:
        client.recv(1)
    except TimeoutError:
        return True
    finally:
        client.settimeout(DEADLINE)
    return False


def test_answers_with_what_its_handler_says(server: LoopbackServer) -> None:
    """Status, headers and body are the handler's; the length is added."""
    assert exchange(server, GET) == b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\n/path"


def test_keeps_a_connection_for_further_requests(server: LoopbackServer) -> None:
    """Clients pool connections, so one connection carries many requests, pipelined too."""
    assert exchange(server, GET * 3).count(b"HTTP/1.1 200 OK") == 3
    assert server.count() == 3


@pytest.mark.parametrize("sent", [GET[:-2] + b"Connection: close\r\n\r\n", b"GET /path HTTP/1.0\r\n\r\n"])
def test_ends_a_connection_when_asked(server: LoopbackServer, sent: bytes) -> None:
    """A client that wants no further answer gets an end, and what follows is not read."""
    answer = exchange(server, sent + GET)
    assert b"\r\nConnection: close\r\n" in answer
    assert server.count() == 1


def test_head_gets_no_body(server: LoopbackServer) -> None:
    """HEAD has the headers of GET and nothing after them."""
    assert exchange(server, GET.replace(b"GET", b"HEAD")).endswith(b"Content-Length: 5\r\n\r\n")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ((304, {"ETag": '"a"'}, b"ignored"), b'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n'),
        ((204, {}, b""), b"HTTP/1.1 204 No Content\r\n\r\n"),
        ((599, {}, b"x"), b"HTTP/1.1 599 Unknown\r\nContent-Length: 1\r\n\r\nx"),
        ((200, {"content-length": "9"}, b"short"), b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort"),
    ],
)
def test_writes_what_it_is_given(answer: Answer, expected: bytes) -> None:
    """Answers without a body have none, unknown codes pass, and a handler may lie about the length."""
    with LoopbackServer(lambda _: answer) as server:
        assert exchange(server, GET) == expected


def test_a_body_is_skipped(server: LoopbackServer) -> None:
    """The body of a request is no second request."""
    body = b"POST /first HTTP/1.1\r\nContent-Length: 40\r\n\r\n" + b"G" * 40
    assert exchange(server, body + GET).endswith(b"/path")
    assert [(request.method, request.path) for request in server.requests()] == [("POST", "/first"), ("GET", "/path")]


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /path\r\n\r\n",
        b"GET /path HTTP/2\r\n\r\n",
        b"GET /path HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET /path HTTP/1.1\r\nspace : x\r\n\r\n",
        b"GET /path HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"GET /path HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n",
        (b"GET /" + b"x" * MAX_HEAD_BYTES)[:MAX_HEAD_BYTES],
        (b"GET /path HTTP/1.1\r\n" + b"a: b\r\n" * MAX_HEAD_BYTES)[:MAX_HEAD_BYTES],
    ],
)
def test_refuses_what_is_no_request(server: LoopbackServer, sent: bytes) -> None:
    """Bytes that are no HTTP get a 400 and an end, and are not recorded."""
    assert exchange(server, sent).startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert server.requests() == []


@pytest.mark.parametrize(
    "sent", [b"", b"\r\n", GET[:-2], GET[:7], b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nshort"]
)
def test_a_client_may_hang_up_at_any_byte(server: LoopbackServer, sent: bytes) -> None:
    """An incomplete request is neither answered nor recorded, and the next client is served."""
    assert exchange(server, sent) == b""
    assert server.requests() == []
    assert ask(server) == (200, b"/path")


def test_a_chunked_request_is_answered_and_the_last(server: LoopbackServer) -> None:
    """A body of unknown length is not read, so nothing can follow it."""
    answer = exchange(server, GET[:-2] + b"Transfer-Encoding: chunked\r\n\r\n")
    assert b"\r\nConnection: close\r\n" in answer


def test_records_requests(server: LoopbackServer) -> None:
    """A record says what was asked, of whom and when; names of headers are in lower case and repeated ones joined."""
    before = time.monotonic()
    exchange(server, b"GET /a?b=c HTTP/1.1\r\nX-One: 1\r\nx-one:  2 \r\n\r\n")
    (request,) = server.requests()
    assert (request.method, request.path, request.url) == ("GET", "/a?b=c", server.url + "/a?b=c")
    assert request.headers == {"x-one": "1, 2"}
    assert before <= request.time <= time.monotonic()
    assert request.fault is None
    server.forget_requests()
    assert (server.count(), server.requests()) == (0, [])


def test_a_request_is_recorded_before_it_is_answered() -> None:
    """Who has an answer finds its request in the record, so tests need not wait."""
    seen: list[int] = []

    def handler(_: RecordedRequest) -> Answer:
        seen.append(counting.count())
        return 200, {}, b""

    with LoopbackServer(handler) as counting:
        ask(counting)
    assert seen == [1]


def test_a_handler_that_fails_tells_the_client(capfd: pytest.CaptureFixture[str]) -> None:
    """The traceback of a handler is in the answer and never on stderr."""

    def handler(_: RecordedRequest) -> Answer:
        raise LookupError("of this test")

    with LoopbackServer(handler) as server:
        status, body = ask(server)
    assert status == 500
    assert b"LookupError: of this test" in body
    assert capfd.readouterr() == ("", "")


def test_refuse_refuses_and_ends_open_connections(server: LoopbackServer) -> None:
    """A port that refuses answers connecting with an error at once, and drops those that it has."""
    with connect(server) as pooled:
        pooled.sendall(GET)
        assert pooled.recv(65536)
        server.take_down("refuse")
        assert pooled.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        connect(server)
    assert server.outage == "refuse"


def test_drop_syn_answers_no_attempt_to_connect(server: LoopbackServer) -> None:
    """Any number of clients try to connect and none hears anything."""
    server.take_down("drop_syn")
    for _ in range(3):
        with pytest.raises(TimeoutError):
            connect(server, SILENCE)


def test_accept_silent_reads_and_says_nothing(server: LoopbackServer) -> None:
    """Connecting works, the request is recorded with its fault, and nothing comes back until the server is up."""
    server.take_down("accept_silent")
    with connect(server) as client:
        client.sendall(GET)
        assert is_silent(client)
        client.sendall(GET)
        assert is_silent(client)
        (request,) = server.requests()
        assert (request.path, request.fault) == ("/path", "accept_silent")
        server.bring_up()
        assert client.recv(1) == b""


@pytest.mark.parametrize("how", ["drop_syn", "accept_silent"])
def test_open_connections_fall_silent(server: LoopbackServer, how: Outage) -> None:
    """A pooled connection gets no answer either, and ends without one when the server is back."""
    with connect(server) as pooled:
        pooled.sendall(GET)
        assert pooled.recv(65536)
        server.take_down(how)
        pooled.sendall(GET)
        assert is_silent(pooled)
        assert server.requests()[-1].fault == how
        server.bring_up()
        assert pooled.recv(1) == b""


def test_a_held_client_may_hang_up(server: LoopbackServer) -> None:
    """Clients that give up leave no connection behind while the server is silent."""
    server.take_down("accept_silent")
    for _ in range(20):
        assert exchange(server, GET) == b""
    assert serves_nobody()


def test_what_filled_the_queue_is_gone_when_the_server_is_back(server: LoopbackServer) -> None:
    """No connection of the server to itself is left over from dropping."""
    server.take_down("drop_syn")
    server.bring_up()
    assert ask(server) == (200, b"/path")
    assert serves_nobody()


def test_a_default_timeout_of_the_process_does_not_end_connections(server: LoopbackServer) -> None:
    """Connections may idle, whatever the process has set for its sockets."""
    socket.setdefaulttimeout(SILENCE / 10)
    try:
        server.take_down("refuse")
        server.bring_up()
        with connect(server) as client:
            assert is_silent(client)
            client.sendall(GET)
            assert client.recv(65536)
    finally:
        socket.setdefaulttimeout(None)


@pytest.mark.parametrize("how", ["refuse", "drop_syn", "accept_silent"])
def test_comes_back_on_the_same_port(server: LoopbackServer, how: Outage) -> None:
    """Whatever the outage was, the same URL answers again, time after time."""
    url = server.url
    for path in ("/first", "/second"):
        server.take_down(how)
        server.bring_up()
        assert (server.url, server.outage) == (url, None)
        assert ask(server, path) == (200, path.encode())


@pytest.mark.parametrize("first", ["refuse", "drop_syn", "accept_silent"])
@pytest.mark.parametrize("then", ["refuse", "drop_syn", "accept_silent"])
def test_one_outage_can_follow_another(server: LoopbackServer, first: Outage, then: Outage) -> None:
    """The later way of being down holds, and coming back works from there."""
    server.take_down(first)
    server.take_down(then)
    expected = {"refuse": ConnectionRefusedError, "drop_syn": TimeoutError, "accept_silent": TimeoutError}
    with pytest.raises(expected[then]):
        hear(server)
    server.bring_up()
    assert ask(server) == (200, b"/path")


def test_the_port_stays_taken_while_it_refuses(server: LoopbackServer) -> None:
    """Nobody who asks for a free port gets this one while it refuses."""
    server.take_down("refuse")
    with contextlib.ExitStack() as held:
        others = [held.enter_context(LoopbackServer(echo)) for _ in range(50)]
        assert server.url not in {other.url for other in others}


def test_an_unknown_outage_is_refused(server: LoopbackServer) -> None:
    """A misspelt outage is an error and not a server that stays up."""
    with pytest.raises(ConfigurationError, match=r"^how: must be 'refuse' or 'drop_syn' or 'accept_silent'"):
        server.take_down("refused")  # type: ignore[arg-type]
    assert ask(server) == (200, b"/path")


def test_says_when_a_queue_cannot_be_filled(server: LoopbackServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a system where no number of connections fills the queue, dropping is an error and not a server that is up."""
    monkeypatch.setattr("jwtmr.testing.port.MAX_FILLERS", 0)
    with pytest.raises(OSError, match="drop_syn is not available"):
        server.take_down("drop_syn")


def test_many_clients_at_once(server: LoopbackServer) -> None:
    """Fifty clients that come at the same moment are all served and all recorded."""
    barrier = threading.Barrier(50)
    answers: list[tuple[int, bytes]] = []

    def client(number: int) -> None:
        barrier.wait(DEADLINE)
        answers.append(ask(server, f"/{number}"))

    threads = [threading.Thread(target=client, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == sorted((200, f"/{number}".encode()) for number in range(50))
    assert server.count() == 50


def test_takes_the_port_that_is_named() -> None:
    """Once it is free; while somebody else listens there, starting fails, and the server can be closed all the same."""
    with LoopbackServer(echo) as first:
        second = LoopbackServer(echo, port=first.port)
        with pytest.raises(OSError, match="in use"):
            second.start()
        second.close()
    with LoopbackServer(echo, port=first.port) as third:
        assert (third.url, ask(third)[0]) == (first.url, 200)


def test_forgetting_tells_what_is_forgotten(server: LoopbackServer) -> None:
    """Whoever counts beyond it loses nothing."""
    ask(server, "/first")
    assert [request.path for request in server.forget_requests()] == ["/first"]
    assert (server.forget_requests(), server.count()) == ([], 0)


def test_starts_once_and_closes_any_number_of_times() -> None:
    """A server has one life; what belongs to it is an error before and after."""
    server = LoopbackServer(echo)
    server.close()
    for call in (lambda: server.url, server.take_down, server.bring_up):
        with pytest.raises(RuntimeError, match="not"):
            call()
    server.start()
    server.close()
    server.close()
    for call in (server.start, server.take_down, server.bring_up):
        with pytest.raises(RuntimeError, match=r"started before|not running"):
            call()
    with pytest.raises(ConnectionRefusedError):
        connect(server)


@pytest.mark.parametrize("how", [None, "refuse", "drop_syn", "accept_silent"])
def test_closing_is_quick_and_leaves_no_thread(how: Outage | None) -> None:
    """With connections that are idle, in the middle of a request and held, closing ends them and every thread."""
    before = set(threading.enumerate())
    server = LoopbackServer(echo)
    server.start()
    with connect(server) as idle, connect(server) as halfway, connect(server) as held:
        halfway.sendall(GET[:9])
        held.sendall(GET)
        assert held.recv(65536)
        if how:
            server.take_down(how)
        started = time.monotonic()
        server.close()
        assert time.monotonic() - started < 0.5
        assert set(threading.enumerate()) == before
        for client in (idle, halfway, held):
            assert client.recv(1) == b""


def test_a_client_that_does_not_read_does_not_keep_it_open() -> None:
    """An answer that nobody takes is given up when the server closes."""
    writing = threading.Event()

    def handler(_: RecordedRequest) -> Answer:
        writing.set()
        return 200, {}, bytes(64 * 1024 * 1024)

    server = LoopbackServer(handler)
    server.start()
    with connect(server) as client:
        client.sendall(GET)
        assert writing.wait(DEADLINE)
        started = time.monotonic()
        server.close()
        assert time.monotonic() - started < 0.5


SCRIPT = """
import socket
from jwtmr.testing import LoopbackServer, RegionalIssuer
for how in (None, "refuse", "drop_syn", "accept_silent"):
    with LoopbackServer(lambda request: (200, {}, b"")) as server:
        client = socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])))
        if how: server.take_down(how)
        client.close()
LoopbackServer(lambda request: (200, {}, b""))
RegionalIssuer(["eu-west-1"])
with RegionalIssuer() as issuer:
    issuer.forged_token(), issuer.foreign_token()
    issuer.take_down("us-east-1", "drop_syn")
"""


def test_nothing_is_left_unclosed() -> None:
    """In development mode with warnings as errors a process that used servers ends without a word."""
    done = subprocess.run([sys.executable, "-X", "dev", "-W", "error", "-c", SCRIPT], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


CROWDED = """
import resource, sys, time
from jwtmr.testing import LoopbackServer

with LoopbackServer(lambda _: (200, {}, b"")) as server:
    resource.setrlimit(resource.RLIMIT_NOFILE, (30, 30))
    print(server.port, flush=True)
    sys.stdin.readline()
    began = time.process_time()
    time.sleep(0.4)
    print(time.process_time() - began, flush=True)
    sys.stdin.readline()
"""


def test_more_connections_than_the_system_can_give() -> None:
    """It waits for some of them to end and burns no processor for it; then it answers again."""
    command = [sys.executable, "-c", CROWDED]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        port = int(process.stdout.readline())
        with contextlib.ExitStack() as held:
            for _ in range(40):
                held.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5))
            process.stdin.write("\n")
            spent = float(process.stdout.readline())
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE)) as connection:
            connection.request("GET", "/")
            assert connection.getresponse().status == 200
        process.stdin.write("\n")
    assert process.returncode == 0
    assert spent < 0.2
