"""How the demo looks: colour and marks on a terminal, plain words in a pipe or under ``NO_COLOR``."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Sequence
from typing import Final, TextIO

GREEN: Final = "32"
RED: Final = "31"
BOLD: Final = "1"
DIM: Final = "2"


class Console:
    """Writes one line a step. On a terminal a line is cut at the edge; elsewhere, and for failures, nothing is cut."""

    def __init__(self, stream: TextIO, *, name_width: int) -> None:
        """``name_width``: columns of the longest name of a step."""
        self._stream = stream
        self._name_width = name_width
        self._width = _columns(stream) if stream.isatty() else None
        self._fancy = stream.isatty() and _wants_colour() and _can_write("✓✗…", stream)

    def note(self, text: str) -> None:
        """Say something beside the story. It is not cut: there may be a URL in it."""
        self._write(text)

    def headline(self, text: str) -> None:
        """Announce what comes next."""
        self._write("\n" + self._styled(self._cut(text), BOLD))

    def step(self, name: str, measured: str, failures: Sequence[str]) -> None:
        """Show how one step came out: what was measured, and what was expected in vain."""
        mark, colour = self._mark(good=not failures)
        left = f"  {mark} {name:<{self._name_width}}"
        line = self._cut(f"{left}  {measured}".rstrip())
        shown = line[2 + len(mark) : len(left)], line[len(left) :]
        self._write(f"  {self._styled(mark, colour)}{shown[0]}{self._styled(shown[1], DIM)}")
        for failure in failures:
            indent = " " * (4 + len(mark))
            self._write(textwrap.fill(failure, self._width or 10**6, initial_indent=indent, subsequent_indent=indent))

    def summary(self, text: str, *, good: bool) -> None:
        """Say how it all came out."""
        mark, colour = self._mark(good=good)
        self._write(f"\n{self._styled(mark, colour)} {text}")

    def _mark(self, *, good: bool) -> tuple[str, str]:
        if self._fancy:
            return ("✓", GREEN) if good else ("✗", RED)
        return ("ok    ", GREEN) if good else ("FAILED", RED)

    def _cut(self, line: str) -> str:
        if self._width is None or len(line) <= self._width:
            return line
        end = "…" if self._fancy else "..."
        return line[: max(self._width - len(end), 0)] + end

    def _styled(self, text: str, style: str) -> str:
        return f"\033[{style}m{text}\033[0m" if self._fancy and text else text

    def _write(self, text: str) -> None:
        print(text, file=self._stream, flush=True)


def _columns(stream: TextIO) -> int:
    """The width of a terminal; one that does not know its own is taken for an ordinary one."""
    return os.get_terminal_size(stream.fileno()).columns or 80


def _wants_colour() -> bool:
    """See https://no-color.org: set and not empty means no, whatever the value."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _can_write(marks: str, stream: TextIO) -> bool:
    try:
        marks.encode(stream.encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True
