"""The programs of the system tests as processes.

Each is waited for within a bound, shows its output where it fails, and is ended by its own pid.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

READY_WITHIN = 60.0
"""Seconds. It takes about one; a loaded machine takes longer."""
END_WITHIN = 10.0
"""Seconds after which a program that was told to end is killed."""


def free_port() -> int:
    """A port of loopback that nobody has at this moment, for programs that must be told one."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def kept_port() -> Iterator[int]:
    """A port of loopback that nobody else is given before the end, also while the program that it is for is down."""
    with socket.socket() as keeper:
        keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        keeper.bind(("127.0.0.1", 0))
        port: int = keeper.getsockname()[1]
        if sys.platform != "linux":  # elsewhere a socket that never listens would keep the program out as well
            keeper.close()
        yield port


@contextmanager
def listening(
    command: Sequence[str], directory: Path, port: int, environment: Mapping[str, str] | None = None
) -> Iterator[None]:
    """Run ``command`` in ``directory``, with its output there, from when it listens on ``port`` to the end."""
    output = directory / "output"
    with output.open("wb") as file:
        process = subprocess.Popen(
            command, cwd=directory, env={**os.environ, **(environment or {})}, stdout=file, stderr=subprocess.STDOUT
        )
        try:
            await_port(port, process, output)
            yield
        finally:
            end(process)


def await_port(port: int, process: subprocess.Popen[bytes], output: Path) -> None:
    """Wait until somebody listens on ``port``; fail with the program's output when it ends or time is over."""
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)  # another program's start is nothing that a clock or an event here could tell
        else:
            return
    fail(process, output, "is not ready")


def fail(process: subprocess.Popen[bytes], output: Path, what: str) -> NoReturn:
    """Fail the test with the end of the program's output."""
    told = output.read_text(errors="replace")[-4000:]
    pytest.fail(f"{process.args!r} {what} (exit code {process.poll()}):\n{told}")


def end(process: subprocess.Popen[bytes]) -> None:
    """Terminate the process; kill it if it does not obey."""
    process.terminate()
    try:
        process.wait(timeout=END_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(timeout=END_WITHIN)
