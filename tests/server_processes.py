"""Servers in processes of their own: gunicorn, and uvicorn with several workers."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

START_WITHIN: Final = 60.0
"""Seconds that a server has to start, also on a busy machine: every worker of uvicorn imports everything anew."""
END_WITHIN: Final = 30.0
"""Seconds after which one that was told to end is killed with all its workers."""


@contextmanager
def gunicorn(
    options: Sequence[str],
    app: str,
    listening: Sequence[socket.socket],
    folders: Sequence[Path],
    environment: Mapping[str, str],
    *,
    output: IO[bytes] | None = None,
) -> Iterator[int]:
    """Gunicorn with an ``app`` that is in one of ``folders``, on sockets that listen; its process id.

    Only errors are written, to ``output`` or to where ours are. It ends with the block.
    """
    command = [sys.executable, "-m", "gunicorn", "--no-control-socket", "--log-level", "error", *options]
    binds = [word for each in listening for word in ("--bind", f"fd://{each.fileno()}")]
    descriptors = [each.fileno() for each in listening]
    with _running([*command, *binds, app], folders, environment, stderr=output, pass_fds=descriptors) as process:
        yield process.pid


@contextmanager
def uvicorn(
    options: Sequence[str], app: str, folders: Sequence[Path], environment: Mapping[str, str], output: Path
) -> Iterator[int]:
    """Uvicorn with an ``app`` that is in one of ``folders``; the port. It ends with the block.

    What it says is written to ``output``: that is where it tells the port.
    """
    command = [sys.executable, "-m", "uvicorn", "--port", "0", "--no-access-log", "--no-use-colors", *options, app]
    with output.open("wb") as file, _running(command, folders, environment, stderr=file) as process:

        def port() -> str | None:
            said = output.read_text("utf-8")
            assert process.poll() is None, said
            found = re.search(r"running on http://127\.0\.0\.1:(\d+) ", said)
            return found and found[1]

        wait_until(port, "uvicorn has not started")
        yield int(port() or "")


def importing_from(*folders: Path) -> dict[str, str]:
    """The environment of a Python that can import what is in ``folders``."""
    path = [*map(str, folders), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path)}


def wait_until(condition: Callable[[], object], complaint: str) -> None:
    """Wait for what another process does, of which no event tells."""
    deadline = time.monotonic() + START_WITHIN
    while not condition():
        assert time.monotonic() < deadline, complaint
        time.sleep(0.01)


@contextmanager
def _running(
    command: Sequence[str],
    folders: Sequence[Path],
    environment: Mapping[str, str],
    **options: Any,  # noqa: ANN401 - those of Popen
) -> Iterator[subprocess.Popen[bytes]]:
    env = {**importing_from(*folders), **environment}
    with subprocess.Popen(command, env=env, start_new_session=True, **options) as process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(END_WITHIN)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)  # a session of its own: the workers are in it, and nobody else
                raise
