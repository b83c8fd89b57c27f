"""``examples/asgi_app.py``: started as its first lines say, and asked what it prints."""

from __future__ import annotations

import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "asgi_app.py"
READY_WITHIN = 30.0


@pytest.fixture
def printed() -> Iterator[list[str]]:
    """The commands that the running example prints."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, str(EXAMPLE), "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield [process.stdout.readline() for _ in range(5)]
        process.terminate()
        process.wait(READY_WITHIN)


def run(command: str) -> httpx.Response:
    """What the printed curl command would be answered; waits until somebody listens."""
    words = shlex.split(command)
    url, headers = words[2], dict(word.split(": ", 1) for word in words[4:])
    deadline = time.monotonic() + READY_WITHIN
    while True:
        try:
            return httpx.get(url, headers=headers, trust_env=False)
        except httpx.ConnectError:
            assert time.monotonic() < deadline
            time.sleep(0.05)  # another process starts: nothing here could tell


def test_it_answers_as_it_promises(printed: list[str]) -> None:
    """The open path, nobody, somebody, somebody without the scope, and somebody with it."""
    answers = [run(command) for command in printed]
    assert [answer.status_code for answer in answers] == [200, 401, 200, 403, 200]
    assert answers[0].json() == {"subject": None}
    assert answers[2].json()["subject"]
    assert answers[3].headers["www-authenticate"].endswith('scope="orders/read"')
    assert answers[4].json() == ["an order"]
