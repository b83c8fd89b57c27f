"""When may the old issuer go? What was accepted of each issuer, as evidence that merges across workers and hosts.

Nothing here changes what is trusted. Reports are JSON; :meth:`DrainReport.merge` of any of them, in any order and with
repetitions, says the same. What a process has not seen it cannot tell of, so a verdict names how many processes have
watched, and since when.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import msgspec

from jwtmr._evidence import IssuerDrain, ProcessDrain, Seen, one_of_each
from jwtmr._verdict import DrainState, DrainVerdict, verdict_of
from jwtmr.errors import ConfigurationError

__all__ = ["DrainReport", "DrainState", "DrainVerdict", "IssuerDrain", "ProcessDrain", "Seen"]

SCHEMA: Final = 1
"""The form of the JSON. It grows by fields that may be missing; anything else is another number."""
MAX_JSON_CHARACTERS: Final = 64 * 1024 * 1024
"""Of a report that is read. A thousand processes with a hundred clients each take a third of that."""


class _Head(msgspec.Struct):
    """What the JSON of every schema has."""

    schema: int


@dataclass(frozen=True, slots=True)
class DrainReport:
    """What one or many processes have accepted. ``TokenValidator.drain_report()`` makes one."""

    processes: tuple[ProcessDrain, ...]
    """Each of them once, by name."""
    schema: int = SCHEMA

    def __post_init__(self) -> None:
        object.__setattr__(self, "processes", one_of_each(self.processes))

    @property
    def issuers(self) -> tuple[IssuerDrain, ...]:
        """Each issuer, over all processes."""
        merged: dict[tuple[str, str], IssuerDrain] = {}
        for process in self.processes:
            for one in process.issuers:
                known = merged.get((one.authority, one.issuer))
                merged[one.authority, one.issuer] = one if known is None else known + one
        return tuple(merged[name].bounded() for name in sorted(merged))

    @classmethod
    def merge(cls, reports: Iterable[DrainReport]) -> DrainReport:
        """All of ``reports`` as one. Of several reports of one process the last counts."""
        return cls(tuple(process for report in reports for process in report.processes))

    def to_json(self) -> str:
        """As JSON that :meth:`from_json` reads."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> DrainReport:
        """Read a report. Raises :class:`ConfigurationError` for what is none, or one of another schema."""
        if not isinstance(text, (str, bytes)) or len(text) > MAX_JSON_CHARACTERS:
            raise ConfigurationError("report", f"must be a str or bytes, and not longer than {MAX_JSON_CHARACTERS}")
        try:
            schema = msgspec.json.decode(text, type=_Head).schema
            if schema == SCHEMA:
                return msgspec.json.decode(text, type=cls)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            raise ConfigurationError("report", "must be the JSON of a DrainReport") from None
        raise ConfigurationError("report", f"must have schema {SCHEMA}")

    def verdict(self, now: float) -> DrainVerdict:
        """Whether the legacy issuers can go, as these processes can tell at the Unix time ``now``."""
        return verdict_of(self.processes, now)
