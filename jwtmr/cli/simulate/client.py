"""Gives orders to a simulator that runs, for the command line."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Generator, Mapping
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException, IncompleteRead
from pathlib import Path
from typing import Any, Final

from jwtmr._strictjson import object_of
from jwtmr.cli.command import CannotTell, UsageError
from jwtmr.cli.simulate.words import MAX_PORT

TIMEOUT: Final = 10.0
"""Seconds for any one answer. The slowest order, to rotate keys, takes less than one."""

MAX_ANSWER: Final = 1024 * 1024
"""Bytes of an answer, and of a file that says where a simulator is."""

_PAUSE: Final = 0.02
"""Seconds between looks whether it has stopped. It takes some milliseconds."""

_PORT: Final = re.compile(r"[0-9]{1,5}", re.ASCII)
_URL: Final = re.compile(r"http://(?:127\.0\.0\.1|localhost):([0-9]{1,5})/?", re.ASCII)


class Client:
    """One simulator, by the URL of its control page, by the port of it, or by the file that ``--ready-file`` wrote."""

    def __init__(self, where: str) -> None:
        """:class:`UsageError` for what is none of them."""
        url = f"http://127.0.0.1:{where}" if _PORT.fullmatch(where) else where if "://" in where else _url_in(where)
        match = _URL.fullmatch(url)
        if match is None or not 0 < int(match[1]) <= MAX_PORT:
            raise UsageError(
                "--control: must be http://127.0.0.1:PORT, as `jwtmr simulate` shows it, or PORT, or its ready file"
            )
        self.url: Final = url.rstrip("/")
        self._port: Final = int(match[1])

    def state(self) -> Mapping[str, Any]:
        """What it is now. Raises :class:`CannotTell` where nobody, or somebody else, answers."""
        return self._ask("GET", "/state")

    def order(self, name: str, members: Mapping[str, object]) -> Mapping[str, Any]:
        """Have it do something. :class:`UsageError` says what would be right where it will not."""
        return self._ask("POST", f"/orders/{name}", json.dumps(members))

    def stop(self) -> Mapping[str, Any]:
        """Have it stop, and wait until nobody listens at its port. :class:`CannotTell` where it goes on."""
        self.state()  # so that whoever was not there is not said to have stopped
        with suppress(CannotTell):  # its end may overtake its answer
            self.order("stop", {})
        until = time.monotonic() + TIMEOUT
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", self._port), timeout=TIMEOUT).close()
            except OSError:
                return {"says": "the simulator has stopped"}
            time.sleep(_PAUSE)
        raise CannotTell(f"it was told to stop, and still listens at {self.url}")

    def _ask(self, method: str, path: str, body: str | None = None) -> Mapping[str, Any]:
        headers = {} if body is None else {"Content-Type": "application/json"}
        try:
            with closing(HTTPConnection("127.0.0.1", self._port, timeout=TIMEOUT)) as connection, _ending(connection):
                connection.request(method, path, body, headers)
                answer = connection.getresponse()
                status, content = answer.status, answer.read(MAX_ANSWER)
                if answer.length:
                    raise IncompleteRead(content, answer.length)
        except (OSError, HTTPException, ValueError) as error:
            raise CannotTell(f"no simulator answers at {self.url}: {str(error) or type(error).__name__}") from None
        told = object_of(content)
        if told is None or not isinstance(told.get("error", ""), str):
            raise CannotTell(f"what answers at {self.url} is no simulator")
        if status == 400:
            raise UsageError(told.get("error", "the order was refused"))
        if status != 200:
            raise CannotTell(f"{self.url} answers {status}: {told.get('error', 'no reason given')}")
        return told


@contextmanager
def _ending(connection: HTTPConnection) -> Generator[None, None, None]:
    """Connect, and hang up after ``TIMEOUT`` however busily somebody answers: else each byte had as long by itself."""
    connection.connect()
    timer = threading.Timer(TIMEOUT, _hang_up, [connection.sock])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _hang_up(connected: socket.socket) -> None:
    with suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)


def _url_in(name: str) -> str:
    """The URL of the control page in a ready file."""
    try:
        with Path(name).open("rb") as file:
            told = object_of(file.read(MAX_ANSWER))
    except (OSError, ValueError):
        raise UsageError(f"--control: {name} is no port, no URL and no file that can be read") from None
    url = None if told is None else told.get("control")
    if not isinstance(url, str):
        raise UsageError(f"--control: {name} is no file that `jwtmr simulate --ready-file` wrote")
    return url
