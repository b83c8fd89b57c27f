"""How commands speak: data on stdout, as lines for people or as one JSON document; talk and progress on stderr.

Whatever is shown may come from a stranger: a token, an answer of a server. So every character that could do anything
to a terminal but be seen there is shown as its escape.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import textwrap
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import IO, ClassVar, Final, Literal, Protocol, TypeAlias

from jwtmr.config.given import shown

Tone: TypeAlias = Literal["plain", "good", "bad", "doubtful", "strong"]
"""What a line means. On a terminal it has a colour; the words alone must say it too."""

_COLOURS: Final[Mapping[Tone, str]] = {"good": "32", "bad": "31", "doubtful": "33", "strong": "1"}
PIPE_WIDTH: Final = 100
"""Columns where there is no terminal to ask."""
MIN_WIDTH: Final = 40
"""Columns that a page takes at least: narrower terminals break lines by themselves."""
MAX_TEXT: Final = 20_000
"""Characters of one text on a page: more than a token has; wrapping megabytes takes minutes. ``--json`` has all."""
GAP: Final = "  "
"""Between two columns of a table."""
TOKEN: Final = re.compile(r"eyJ[\w-]{8,}(?:\.[\w-]*){2,4}|e[wy][\w-]{8,}\.e[wy][\w-]*\.[\w-]*", re.ASCII)
"""What looks like a JWS or JWE (RFC 7515 section 3.1, RFC 7516 section 3.1): a JSON object begins so in base64url."""
_USER_INFO: Final = re.compile(r"(?<=://)\S*@")


class Unwritten(Exception):
    """The answer could not be written; the text is the system's reason."""


class Result(Protocol):
    """What a command found out."""

    schema: ClassVar[str]
    """Names the form of the document, as in ``jwtmr.decode/1``. A form grows by members; else the number changes."""

    def document(self) -> Mapping[str, object]:
        """As JSON; the member ``schema`` is added."""
        ...

    def write(self, page: Page) -> None:
        """For people."""
        ...


class Page:
    """Lines for people, no wider than ``width`` columns."""

    def __init__(self, width: int, *, colours: bool) -> None:
        self.width: Final = max(width, MIN_WIDTH)
        self.lines: Final[list[str]] = []
        self._colours: Final = colours

    def line(self, text: str = "", tone: Tone = "plain", *, indent: int = 0) -> None:
        """A paragraph, wrapped; every line of it begins ``indent`` columns from the left."""
        for part in _wrapped(shown(text), self.width - indent):
            self.lines.append(" " * indent + self._toned(part, tone) if part else "")

    def item(self, label: str, text: str, tone: Tone = "plain", *, width: int = 0, indent: int = 0) -> None:
        """``text`` beside a ``label`` of at least ``width`` columns; only the label has the tone."""
        head = shown(label).ljust(width)
        left = self.width - indent - len(head) - len(GAP)
        if left < MIN_WIDTH // 2:  # no room beside it
            self.line(label, tone, indent=indent)
            self.line(text, indent=indent + 2)
            return
        first, *more = _wrapped(shown(text), left)
        self.lines.append((" " * indent + self._toned(head, tone) + GAP + first).rstrip())
        self.lines.extend(" " * (indent + len(head)) + GAP + part for part in more)

    def table(self, headers: Sequence[str], rows: Sequence[Sequence[str]], *, indent: int = 0) -> None:
        """Columns under ``headers``. Where they are too wide together, the widest cells are wrapped."""
        cells = [[shown(cell) for cell in row] for row in (headers, *rows)]
        columns = list(zip(*cells, strict=True))
        widths = _fitting(
            [max(map(len, column)) for column in columns],
            [max(map(_longest_word, column)) for column in columns],
            self.width - indent - len(GAP) * (len(headers) - 1),
        )
        for number, row in enumerate(cells):
            parts = [_wrapped(cell, width) for cell, width in zip(row, widths, strict=True)]
            for height in range(max(map(len, parts))):
                pieces = [part[height] if height < len(part) else "" for part in parts]
                text = GAP.join(cell.ljust(width) for cell, width in zip(pieces, widths, strict=True)).rstrip()
                self.lines.append(" " * indent + self._toned(text, "plain" if number else "strong"))

    def _toned(self, text: str, tone: Tone) -> str:
        colour = _COLOURS.get(tone) if self._colours else None
        return text if colour is None else f"\x1b[{colour}m{text}\x1b[0m"


def _wrapped(text: str, width: int) -> list[str]:
    """``text`` in lines of at most ``width`` columns; one at least. URLs and tokens break only where they must."""
    if len(text) > MAX_TEXT:
        text = f"{text[:MAX_TEXT]}... ({len(text) - MAX_TEXT} more characters)"
    return _Wrapper(max(width, 1), break_on_hyphens=False).wrap(text) or [""]


class _Wrapper(textwrap.TextWrapper):
    """Breaks a URL that is too long behind a slash, if there is one that leaves more than its scheme."""

    def _handle_long_word(self, reversed_chunks: list[str], cur_line: list[str], cur_len: int, width: int) -> None:
        word, room = reversed_chunks[-1], width - cur_len
        cut = word.rfind("/", 0, room) + 1
        if "://" not in word[:room] or cut <= word.index("://") + 3:
            super()._handle_long_word(reversed_chunks, cur_line, cur_len, width)
            return
        cur_line.append(word[:cut])
        reversed_chunks[-1] = word[cut:]


def _longest_word(text: str) -> int:
    return max(map(len, text.split()), default=0)


def _fitting(widths: list[int], words: list[int], room: int) -> list[int]:
    """Widths that fit into ``room`` together, by taking from the widest: if it can be no word is broken for it."""
    fitted = [min(width, max(room, 1)) for width in widths]
    for least in (words, [1] * len(words)):
        while sum(fitted) > room:
            wide = [place for place, width in enumerate(fitted) if width > least[place]]
            if not wide:
                break
            fitted[max(wide, key=fitted.__getitem__)] -= 1
    return fitted


def told(text: str) -> str:
    """One line of talk: hostile characters escaped, and without the secrets that people type in the wrong place."""
    return shown(_USER_INFO.sub("...@", TOKEN.sub("(a token)", text)))


def folded(line: str, stream: IO[str]) -> str:
    """A line of talk in as many as it takes where ``stream`` is a terminal; elsewhere it stays one, for searching."""
    return "\n".join(_wrapped(line, _columns())) if stream.isatty() else line


def _columns() -> int:
    return shutil.get_terminal_size((PIPE_WIDTH, 24)).columns


def give_up(stream: IO[str]) -> None:
    """Let what is left for ``stream`` go nowhere: Python would complain of it once more when it ends."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


class Output:
    """Where one run of a command speaks.

    ``stdout`` and ``stderr`` are text streams. ``as_json``: stdout is for a program. ``environ`` is asked for
    ``NO_COLOR`` and ``COLUMNS``.
    """

    def __init__(self, stdout: IO[str], stderr: IO[str], environ: Mapping[str, str], *, as_json: bool = False) -> None:
        self._stdout: Final = stdout
        self._stderr: Final = stderr
        self.as_json: Final = as_json
        self.terminal: Final = stdout.isatty()
        self._colours: Final = self.terminal and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"
        self._progress: Final = stderr.isatty() and environ.get("TERM") != "dumb"
        self._progressing = False

    @property
    def width(self) -> int:
        """Columns of the terminal now, or of ``COLUMNS``; ``PIPE_WIDTH`` where there is neither."""
        return _columns()

    def show(self, result: Result) -> None:
        """Print ``result``, as the caller wants it."""
        self.end_progress()
        if self.as_json:
            self.print(json.dumps({"schema": result.schema, **result.document()}, indent=2))
            return
        page = Page(self.width, colours=self._colours)
        result.write(page)
        self.print("\n".join(page.lines))

    def print(self, text: str) -> None:
        """Print ``text`` on stdout as it is, with a line end. Raises :class:`Unwritten`, and ``BrokenPipeError``."""
        try:
            self._stdout.write(text + "\n")
            self._stdout.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise Unwritten(error.strerror or "no reason was given") from None

    def talk(self, *lines: str) -> None:
        """Tell a person something, beside the data."""
        self.end_progress()
        self._aside("".join(f"{folded(told(line), self._stderr)}\n" for line in lines))

    def progress(self, text: str) -> None:
        """Say what goes on, on one line of a terminal that the next one overwrites; elsewhere nothing."""
        if not self._progress:
            return
        self._aside("\r\x1b[K" + shown(text)[: _columns() - 1])
        self._progressing = True

    def end_progress(self) -> None:
        """Take the line of progress away."""
        if self._progressing:
            self._progressing = False
            self._aside("\r\x1b[K")

    def _aside(self, text: str) -> None:
        """Write on stderr. Where nobody reads that, the exit code still says how it ended."""
        try:
            self._stderr.write(text)
            self._stderr.flush()
        except OSError:
            give_up(self._stderr)
