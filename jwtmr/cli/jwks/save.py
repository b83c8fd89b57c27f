"""``jwtmr jwks save``: a key set as a file, exactly as it was served. Whoever reads the file never sees half of it."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from jwtmr.cli.command import UsageError
from jwtmr.cli.jwks.sets import Found
from jwtmr.cli.jwks.show import keys
from jwtmr.cli.output import Page


@dataclass(frozen=True, slots=True)
class Saved:
    """A set that stands in a file now."""

    schema: ClassVar[str] = "jwtmr.jwks.save/1"
    found: Found
    file: str

    def document(self) -> Mapping[str, object]:
        """What was written, and where to."""
        return {
            "source": self.found.source,
            "file": self.file,
            "bytes": len(self.found.body),
            "usable_keys": self.found.count,
            "key_set_hash": self.found.hash,
        }

    def write(self, page: Page) -> None:
        """One line, and the hash."""
        page.line(f"saved {keys(self.found.count)} of {self.found.source} in {self.file}", "good")
        page.item("key set hash", self.found.hash or "")


def check_target(file: str, *, force: bool) -> None:
    """Raise :class:`UsageError` where nothing would be written, before anybody is asked."""
    target = Path(file)
    if file == "-":
        raise UsageError("-: a set is saved in a file; `jwtmr jwks show --json` prints one")
    if os.path.isdir(target):  # noqa: PTH112  # of a name that is too long Path.is_dir() raises
        raise UsageError(f"{file}: is a directory; name a file")
    if not force and os.path.lexists(target):
        raise UsageError(f"{file}: is there already; --force replaces it")
    if os.path.exists(target) and not os.path.isfile(target):  # noqa: PTH110, PTH113
        raise UsageError(f"{file}: is no file but a device or a pipe, and is not replaced")


def write_whole(file: str, content: bytes, *, force: bool) -> None:
    """Write ``content``, so that the file is the old one or the new one at any time. Raises :class:`UsageError`.

    Without ``force`` a file that somebody else makes meanwhile stays as it is.
    """
    target = Path(file)
    part = target.with_name(f".{target.name[:100]}.{secrets.token_hex(8)}")
    try:
        with part.open("xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        if force:
            part.replace(target)
        else:
            target.hardlink_to(part)
    except FileExistsError:
        raise UsageError(f"{file}: is there already; --force replaces it") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"{file}: {getattr(error, 'strerror', None) or 'cannot be written'}") from None
    finally:
        with suppress(OSError, ValueError):
            part.unlink(missing_ok=True)
