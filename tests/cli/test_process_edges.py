"""Where a process ends: streams that are closed, full or unread, names that no file can have, bugs and secrets."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final

import pytest
from cli_world import jwtmr
from place import Place

from jwtmr.cli.app import main, run
from jwtmr.testing import SettableClock

TOKEN: Final = f"eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.{'c2ln' * 10}"
POOL: Final = "--pool-id us-east-1_Ab12Cd34 --client-id a --token-use access --issuer-type updated"


class _Full(io.StringIO):
    """A stream whose disk is full."""

    def flush(self) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")


class _Gone(io.BytesIO):
    """A terminal that went away."""

    def read(self, size: int | None = -1) -> bytes:  # noqa: ARG002
        raise OSError(errno.EIO, "Input/output error")


@contextmanager
def unread() -> Generator[IO[str]]:
    """The writing end of a pipe that nobody reads."""
    reader, writer = os.pipe()
    os.close(reader)
    stream = os.fdopen(writer, "w", encoding="utf-8")
    try:
        yield stream
    finally:
        with suppress(BrokenPipeError):
            stream.close()


@pytest.mark.parametrize(("line", "code"), [("--token-file token.txt", 0), ("--token-file none", 2), ("", 2)])
def test_closed_streams_say_neither_yes_nor_no(
    place: Place, monkeypatch: pytest.MonkeyPatch, line: str, code: int
) -> None:
    """A cron job may close all three; Python's own exit code for the crash of that was 1, a no."""
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    try:
        assert main(["decode", *line.split()]) == code
    finally:
        for stream in (sys.stdin, sys.stdout, sys.stderr):
            stream.close()


def test_a_listener_who_left_changes_no_exit_code(place: Place) -> None:
    """Of stderr; one who left stdout has ended the command."""
    for line, code in (("decode --token-file none", 2), ("decode --token-file README.md", 1), ("decode", 2)):
        with unread() as stderr:
            assert run(line.split(), {}, io.BytesIO(), io.StringIO(), stderr) == code


def test_an_answer_that_cannot_be_written_is_no_answer(place: Place) -> None:
    """A full disk is no bug of jwtmr, and no yes."""
    stderr = io.StringIO()
    assert run(["decode", "--token-file", "token.txt"], {}, io.BytesIO(), _Full(), stderr) == 3
    assert "the answer cannot be written: No space left" in stderr.getvalue()


def test_stdin_that_cannot_be_read_is_usage(place: Place) -> None:
    """It may be a directory, or a terminal that went away."""
    for line in ("decode", "jwks show -", "drain -", "status -"):
        assert run(line.split(), {}, _Gone(), io.StringIO(), io.StringIO()) == 2


@pytest.mark.parametrize(
    "line", ["decode --token-file {}", "drain {}", "jwks show {}", "jwks save keys.json {}", "doctor --config {}"]
)
def test_names_that_no_file_can_have(place: Place, line: str) -> None:
    """They are too long, or hold a zero byte; either is a usage error, as any other wrong name."""
    for name in ("a" * 5000, "a\0b", "\udcff"):
        ran = jwtmr(line.format(f"'{name}'"))
        if name != "\udcff" or "save" not in line:  # which is the name of a file
            assert (ran.code, ran.out) == (2, ""), ran.err


@pytest.mark.parametrize(
    "line",
    [
        f"decode --token-file {TOKEN}", f"decode --token-env {TOKEN}", f"jwks show {TOKEN}", f"drain {TOKEN}",
        f"drain --metrics {TOKEN}", f"status {TOKEN}", f"doctor --config {TOKEN}", f"doctor {POOL} --ca-file {TOKEN}",
        f"doctor {POOL} --mcp {TOKEN}", f"jwks save {TOKEN} file", f"decode {TOKEN}",
        f"jwks show keys.json --alg {TOKEN}",
        "status https://user:hunter2c2lnc2ln@host/", "jwks show https://u:hun/c2lnc2ln@host/",
        "doctor https://user:hunter2c2lnc2ln@host/",
    ],
)  # fmt: skip
def test_a_secret_in_the_wrong_place_is_not_repeated(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever types a token where a file belongs finds neither it nor a password in a log."""
    ran = jwtmr(line)
    said = ran.out + ran.err + "".join(capsys.readouterr())
    assert ran.code == 2
    assert "c2lnc2ln" not in said


@pytest.mark.parametrize("line", ["decode --token-file=--", "jwks show a --timeout=--", "validate --require-scope=--"])
def test_two_hyphens_are_no_value(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    """As argparse makes an empty list of them."""
    assert jwtmr(line).code == 2
    assert "-- is no value" in capsys.readouterr().err


def test_a_host_with_a_long_name_is_no_token(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever gives one too many learns which."""
    assert jwtmr("decode production-users-api.eu-central-1.example.com").code == 2
    assert "production-users-api.eu-central-1" in capsys.readouterr().err


def test_lines_cannot_be_made_up(capsys: pytest.CaptureFixture[str]) -> None:
    """A name with a line end in it cannot say something in the name of jwtmr, nor move the cursor."""
    for line in ("drain '{}'", "status '{}'", "decode --token-file '{}'", "decode '{}'"):
        ran = jwtmr(line.format("a\njwtmr: all is well \x1b[2J\u202e\x85"))
        said = ran.err + capsys.readouterr().err
        assert "\njwtmr: all" not in said
        assert said.replace("\n", "").isprintable()


def test_a_bug_tells_where_and_not_what(place: Place) -> None:
    """It is not the exit code of a no, and what an exception says may be what nobody may read."""

    class Broken(SettableClock):
        def wall(self) -> float:
            raise KeyError(TOKEN)

    ran = jwtmr("decode", stdin=TOKEN, clock=Broken())
    assert ran.code == 3
    assert "decode.py" in ran.err
    assert "KeyError" in ran.err
    assert "c2lnc2ln" not in ran.err


def test_no_device_is_replaced(place: Place) -> None:
    """``--force`` means a file: root, who saves in /dev/null to see whether it works, still has that afterwards."""
    os.mkfifo("pipe")
    ran = jwtmr("jwks save keys.json pipe --force")
    assert ran.code == 2
    assert "is not replaced" in ran.err
    assert Path("pipe").is_fifo()
