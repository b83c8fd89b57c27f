"""The process edge: each command on a pseudo-terminal and in a pipe, in both outcomes, and how it ends."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from place import Place

from jwtmr.cli.app import COMMANDS
from jwtmr.testing import LoopbackServer

JWTMR: Final = [sys.executable, "-m", "jwtmr"]
ENVIRON: Final = {"PATH": os.environ["PATH"], "TERM": "xterm", "COLUMNS": "", "LINES": ""}
OVERWRITTEN: Final = re.compile(r"[^\n]*\r\x1b\[K")
"""A line of progress that is taken away again."""
ESCAPES: Final = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|\r")

BOTH_OUTCOMES: list[tuple[str, str, int]] = [
    ("validate --config jwtmr.toml --token-file token.txt", "valid", 0),
    ("validate --config jwtmr.toml --token-file README.md", "not valid: malformed_token", 1),
    ("decode --token-file token.txt", "UNVERIFIED", 0),
    ("decode --token-file README.md", "this is no signed JWT", 1),
    ("jwks show --config jwtmr.toml", "usable: 2 keys of 2", 0),
    ("jwks compare keys.json other-keys.json", "different", 1),
    ("drain safe.json", "safe: the legacy issuer can go", 0),
    ("drain reports/", "not yet: safe after", 1),
    ("doctor --config jwtmr.toml --token-file token.txt", "ready to switch the issuer? YES", 0),
    ("doctor --config jwtmr.toml --token-file README.md", "does this configuration work now? NO", 1),
    ("status {well}", "ok: it is ready", 0),
    ("status {unwell}", "unavailable", 1),
    ("simulate state --control {simulator}", "us-east-1", 0),
    ("simulate state --control 1", "no simulator answers", 3),
    ("completion bash", "complete -F", 0),
    ("completion csh", "invalid choice", 2),
]
UNWELL: Final = {"status": "unavailable", "authorities": [{"state": "down", "ready": False, "seconds_left": None}]}


@pytest.fixture
def addresses(place: Place, simulator_file: str) -> Iterator[dict[str, str]]:
    """What stands in a line for where something answers: the health views of two apps, and a simulator."""
    well = (place.directory / "health.json").read_bytes()
    with (
        LoopbackServer(lambda _: (200, {}, well)) as one,
        LoopbackServer(lambda _: (503, {}, json.dumps(UNWELL).encode())) as other,
    ):
        yield {"well": one.url, "unwell": other.url, "simulator": json.loads(simulator_file)["control"]}


def in_pipe(line: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run a command as a script would."""
    return subprocess.run(
        [*JWTMR, *line.split()], input=stdin, capture_output=True, timeout=60, env=ENVIRON, check=False
    )


def on_terminal(line: str, columns: int = 80) -> tuple[int, str]:
    """Run a command as a person would, and return its exit code and what the terminal received."""
    mine, its = pty.openpty()
    os.set_inheritable(its, True)
    with subprocess.Popen(
        [*JWTMR, *line.split()], stdin=its, stdout=its, stderr=its, env={**ENVIRON, "COLUMNS": str(columns)}
    ) as process:
        os.close(its)
        received = b""
        while True:
            try:
                piece = os.read(mine, 65536)
            except OSError:  # Linux: nobody holds the other end any more
                break
            if not piece:
                break
            received += piece
        os.close(mine)
        return process.wait(timeout=60), received.decode()


@pytest.mark.parametrize(("line", "said", "code"), BOTH_OUTCOMES)
def test_in_a_pipe(addresses: dict[str, str], line: str, said: str, code: int) -> None:
    """Plain text without a single escape, and the exit code of the outcome."""
    ran = in_pipe(line.format(**addresses))
    assert ran.returncode == code, ran.stderr
    assert said in (ran.stdout + ran.stderr).decode()
    assert b"\x1b" not in ran.stdout + ran.stderr


@pytest.mark.parametrize(("line", "said", "code"), BOTH_OUTCOMES)
def test_on_a_terminal(addresses: dict[str, str], line: str, said: str, code: int) -> None:
    """The same words, no line wider than the terminal but in a script, and the same exit code."""
    columns = 64
    ended, received = on_terminal(line.format(**addresses), columns)
    assert ended == code, received
    shown = ESCAPES.sub("", OVERWRITTEN.sub("", received))
    assert said in shown
    assert line == "completion bash" or max(len(row) for row in shown.splitlines()) <= columns


def test_each_command_is_among_them() -> None:
    """A new command needs its rows: a yes, and something else."""
    for command in COMMANDS:
        codes = {code for line, _, code in BOTH_OUTCOMES if line.split()[0] == command.name}
        assert 0 in codes, command.name
        assert len(codes) > 1, command.name


def test_a_terminal_without_a_token_says_what_to_do(place: Place) -> None:
    """It does not sit there and wait for a token to be typed."""
    code, received = on_terminal("decode")
    assert code == 2
    assert "no token: pipe one in" in received


def test_whoever_stops_reading_is_no_error(place: Place) -> None:
    """``| head`` ends the command as it ends any other: by SIGPIPE's code, without a traceback."""
    reader, writer = os.pipe()
    os.close(reader)
    with subprocess.Popen(
        [*JWTMR, "decode", "--token-file", "token.txt"], stdout=writer, stderr=subprocess.PIPE, env=ENVIRON
    ) as process:
        os.close(writer)
        assert process.communicate(timeout=60)[1] == b""
        assert process.returncode == 128 + signal.SIGPIPE


def test_help_of_everything(place: Place) -> None:
    """``--help`` lists the commands, ``--version`` the version; both on stdout with exit code 0."""
    helped = in_pipe("--help")
    assert helped.returncode == 0
    assert all(word in helped.stdout for word in (b"validate", b"decode", b"exit codes"))
    assert in_pipe("--version").stdout.startswith(b"jwtmr ")
    assert in_pipe("").returncode == 2


def test_the_script_is_installed() -> None:
    """``jwtmr`` stands beside Python, and is the same command."""
    script = Path(sys.executable).with_name("jwtmr")
    ran = subprocess.run([script, "--version"], capture_output=True, timeout=60, env=ENVIRON, check=True)
    assert ran.stdout.startswith(b"jwtmr ")
