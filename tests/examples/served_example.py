"""An example as a reader runs it: by the command at its top, on any free port, until Ctrl-C."""

from __future__ import annotations

import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Final

import httpx

LIMIT: Final = 30
"""Seconds for a start or an end, also on a busy machine."""


@contextmanager
def running(example: ModuleType) -> Iterator[list[str]]:
    """The lines that it prints until it serves. Ctrl-C ends it well."""
    script = Path(str(example.__file__))
    written = re.search(r"^    (\.venv/bin/python .*)$", example.__doc__ or "", re.MULTILINE)
    assert written is not None
    assert shlex.split(written[1]) == [".venv/bin/python", f"examples/{script.name}"]
    with started([sys.executable, "-W", "error", str(script), "--port=0"]) as child:
        try:
            assert child.stdout is not None
            lines: list[str] = []
            for line in child.stdout:
                lines.append(line.rstrip("\n"))
                if "Ctrl-C" in line:
                    break
            yield lines
        finally:
            child.send_signal(signal.SIGINT)
            try:
                _, complaints = child.communicate(timeout=LIMIT)
            finally:
                child.kill()  # the tests must not wait for ever
    logged = [line for line in complaints.splitlines() if " HTTP/1.1" not in line]  # what servers say of requests
    assert (child.returncode, logged) == (0, [])


def started(command: list[str]) -> subprocess.Popen[str]:
    """Start it so that Ctrl-C counts: what runs in the background is told to ignore it, and so are its children."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    finally:
        signal.signal(signal.SIGINT, before)


def try_requests(lines: Sequence[str]) -> list[int]:
    """Send each printed command, and see that it is answered with the status above it; those statuses."""
    found = [(int(status[2:]), command) for status, command in zip(lines[:-2:2], lines[1:-2:2], strict=True)]
    with httpx.Client(trust_env=False, timeout=LIMIT) as client:
        for status, command in found:
            words = shlex.split(command)
            assert words[:2] == ["curl", "-i"]
            method = words[words.index("-X") + 1] if "-X" in words else "GET"
            name, _, value = (words[words.index("-H") + 1] if "-H" in words else "accept: */*").partition(": ")
            assert client.request(method, words[-1], headers={name: value}).status_code == status, command
    return [status for status, _ in found]
