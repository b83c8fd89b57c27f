"""How the demo looks on terminals of several kinds and widths."""

from __future__ import annotations

import os
import pty
import re
import termios

import pytest
from demo_console import Console
from pseudo_terminal import read_on


@pytest.fixture(autouse=True)
def no_wishes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment says nothing about looks."""
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)


def shown(*, columns: int = 0, encoding: str = "utf-8", measured: str = "", failure: str = "") -> str:
    """Return what a failed step looks like on a terminal. One of 0 columns is one that does not know."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, columns))
    with os.fdopen(theirs, "w", encoding=encoding) as stream:
        Console(stream, name_width=10).step("a step", measured, [failure])
    return read_on(ours).decode().replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("variables", "encoding", "fancy"),
    [
        ({}, "utf-8", True),
        ({"TERM": "xterm"}, "utf-8", True),
        ({"NO_COLOR": ""}, "utf-8", True),
        ({"NO_COLOR": "0"}, "utf-8", False),
        ({"TERM": "dumb"}, "utf-8", False),
        ({}, "ascii", False),
    ],
)
def test_looks(variables: dict[str, str], encoding: str, fancy: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Colour and marks need a terminal that has them and a user who does not object."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    text = shown(encoding=encoding, measured="in 2 ms", failure="code: expected 1, saw 2")
    if fancy:
        assert text == ("  \x1b[31m✗\x1b[0m a step    \x1b[2m  in 2 ms\x1b[0m\n     code: expected 1, saw 2\n")
    else:
        assert text == "  FAILED a step      in 2 ms\n          code: expected 1, saw 2\n"


@pytest.mark.parametrize(
    ("columns", "line"),
    [
        (41, "  ✗ a step      " + "x" * 25),
        (40, "  ✗ a step      " + "x" * 23 + "…"),
        (17, "  ✗ a step      …"),
        (8, "  ✗ a s…"),
    ],
)
def test_edge(columns: int, line: str) -> None:
    """A line that ends at the edge is whole, a longer one is cut there, and a failure goes on in the next line."""
    text = shown(columns=columns, measured="x" * 25, failure="y " * 100)
    first, *failures = re.sub(r"\x1b\[\d+m", "", text).splitlines()
    assert first == line
    assert max(map(len, failures)) <= columns
    assert "".join(failures).count("y") == 100


def test_plain_edge(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal that does not know its width is taken to have 80 columns; where it is plain, so is the cut."""
    monkeypatch.setenv("NO_COLOR", "1")
    assert shown(measured="x" * 59).splitlines()[0] == "  FAILED a step      " + "x" * 59
    assert shown(measured="x" * 60).splitlines()[0] == "  FAILED a step      " + "x" * 56 + "..."
