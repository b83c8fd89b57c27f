"""What every answer must keep to, whatever the row says."""

from __future__ import annotations

import re
from collections.abc import Iterable

from edge_table import Row
from edge_tokens import Town
from edge_wire import Reply

LONG_WORD = re.compile(rb"[A-Za-z0-9_+/=-]{14,}")
"""Of what a client sends, words of this length are tokens and parts of tokens: nothing else is so long."""
PRINTABLE = re.compile(rb"[\x20-\x7e]*")


def sent_words(town: Town, row: Row) -> set[str]:
    """The long words of all that this row sends as values."""
    values = [line.partition(b":")[2] for line in row.lines] + [row.path, row.body]
    return {word.decode() for value in values for word in LONG_WORD.findall(town.fill_in(value))}


def leaks(reply: Reply, words: Iterable[str]) -> list[str]:
    """Those of ``words`` that are anywhere in ``reply``; a word in lower case in any case."""
    text = (reply.head + b"\n" + reply.body).decode("latin-1")
    return sorted(word for word in words if word in text or (word.islower() and word in text.lower()))


def unprintable(reply: Reply) -> list[bytes]:
    """Lines of the head that are not printable ASCII."""
    return [line for line in reply.head.split(b"\r\n") if not PRINTABLE.fullmatch(line)]
