"""Files that a simulator writes and may write again: settings, and where it is. Never over a file of anybody else."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final

from jwtmr.cli.command import UsageError

_LOOKED_AT: Final = 4096
"""Bytes in which a file of ours says that it is one."""


def write_own(option: str, name: str, text: str, mark: str) -> None:
    """Write whole or not at all, as a program may wait for the file; and over none that has no ``mark`` of ours.

    Others may write in the same directory, as in ``/tmp``. So what is written first has a name that nobody can guess
    and must be new, and no link is followed when it is written. :class:`UsageError` names ``option``.
    """
    path = Path(name)
    try:
        if os.path.lexists(path) and not _is_ours(path, mark):
            raise UsageError(f"{option}: {name} is there, and was not written by this command: take another name")
        part = path.with_name(f".{path.name[:100]}.{secrets.token_hex(8)}")
        try:
            with part.open("x", encoding="utf-8") as file:
                file.write(text)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except (OSError, ValueError) as error:
        raise UsageError(f"{option}: {name}: {getattr(error, 'strerror', None) or 'cannot be written'}") from None


def take_away(name: str, text: str) -> None:
    """Remove the file that holds ``text``, unless it is that of another simulator by now."""
    path = Path(name)
    with suppress(OSError):
        if path.is_file() and path.read_bytes() == text.encode():
            path.unlink()


def _is_ours(path: Path, mark: str) -> bool:
    if path.is_symlink() or not path.is_file():  # a pipe would make us wait for whoever writes into it
        return False
    with path.open("rb") as file:
        return mark.encode() in file.read(_LOOKED_AT)
