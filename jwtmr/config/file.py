"""Settings from a TOML file. Values keep the types that TOML gives them; the constructors refuse what is wrong."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias, cast

from jwtmr.config.given import Given, renamed, shown, unknown
from jwtmr.config.making import Section, check_required, made
from jwtmr.config.table import (
    CONFIG_OPTION,
    CONFIG_VARIABLE,
    KEY_POLICY,
    LEGACY,
    POOL,
    PROVIDER,
    TABLES,
    TOKEN_CACHE,
    VALIDATOR,
    Kind,
    Setting,
    named,
)
from jwtmr.config.words import from_value
from jwtmr.errors import ConfigurationError
from jwtmr.oidc import LegacyIssuer

MAX_FILE_BYTES: Final = 1024 * 1024
"""Far more than settings can be; a larger file is another one, or has no end."""

Table: TypeAlias = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Filed:
    """What a file holds."""

    name: str = ""
    authorities: tuple[Section, ...] = ()
    rules: Mapping[str, Given] = field(default_factory=dict[str, Given])
    """The settings of the validator, by key."""


def read_file(given: Given) -> Filed:
    """The settings of the file that ``given`` names. :class:`ConfigurationError` for one that cannot be used."""
    path = str(given.value)
    name = shown(path)
    document = _document(_text(path, name, given), name)
    tables = (POOL, PROVIDER, VALIDATOR)
    for table in document:
        if table not in tables:
            raise ConfigurationError(f"{name}: {shown(table)}", _misplaced(table) or unknown("table", table, tables))
    reader = _Reader(name)
    authorities = [section for table in (POOL, PROVIDER) for section in reader.sections(table, document)]
    return Filed(name, tuple(authorities), reader.rules(document))


def _text(path: str, name: str, given: Given) -> str:
    # What a variable holds, or was typed in the wrong place, may be a token, of which none ends like this.
    secret = given.origin in (CONFIG_OPTION, CONFIG_VARIABLE) and not name.endswith(".toml")
    what = "its file" if secret else name
    try:
        with Path(path).open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no such name is possible"
        raise ConfigurationError(given.place, f"{what} cannot be read: {reason}") from None
    if len(content) > MAX_FILE_BYTES:
        raise ConfigurationError(given.place, f"{what} has more than {MAX_FILE_BYTES} bytes")
    try:
        return content.decode("utf-8-sig")  # some editors mark UTF-8 so
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigurationError(name, f"is not UTF-8 (at line {line})") from None


def _document(text: str, name: str) -> Table:
    try:
        return tomllib.loads(text)
    except ValueError as error:  # of tomllib, and of int() for a number of thousands of digits
        raise ConfigurationError(name, f"is no TOML: {shown(str(error))}") from None
    except RecursionError:
        raise ConfigurationError(name, "is no TOML for settings: it is nested too deep") from None


def _misplaced(name: str) -> str:
    """Say where ``name`` belongs, if it is known anywhere."""
    tables = [f"[{table}]" for table in TABLES if name in named(table) or name == table.rpartition(".")[2]]
    return f"belongs to {' or '.join(tables)}" if tables else ""


class _Reader:
    """Reads the tables of one file, whose name every error begins with."""

    def __init__(self, name: str) -> None:
        self._name: Final = name

    def sections(self, table: str, document: Table) -> list[Section]:
        """Each ``[table]`` or ``[[table]]``; several are counted from 1 in errors."""
        given = document.get(table, [])
        several = cast("list[object]", given) if isinstance(given, list) else [given]
        sections: list[Section] = []
        for number, one in enumerate(several, 1):
            at = table if len(several) == 1 else f"{table}[{number}]"
            values = self._values(table, self._table(one, at), at)
            sections.append(Section(table, values, f"{self._name}: {at}.", at))
        return sections

    def rules(self, document: Table) -> dict[str, Given]:
        """The settings of the validator, of its key policy and of its cache."""
        table = dict(self._table(document.get(VALIDATOR, {}), VALIDATOR))
        found: dict[str, Given] = {}
        for inner in (KEY_POLICY, TOKEN_CACHE):
            short = inner.rpartition(".")[2]
            if short in table and not (inner == TOKEN_CACHE and isinstance(table[short], bool)):
                values = self._values(inner, self._table(table.pop(short), inner), inner)
                found |= {named(inner)[name].key: given for name, given in values.items()}
                if inner == TOKEN_CACHE:
                    found[short] = Given(True, self._name, f"{self._name}: {inner}")
        values = self._values(VALIDATOR, table, VALIDATOR, ("key_policy",))
        return found | values

    def _table(self, given: object, at: str) -> Table:
        if not isinstance(given, dict):
            raise ConfigurationError(f"{self._name}: {at}", "must be a table")
        return cast("Table", given)

    def _values(self, table: str, given: Table, at: str, tables: tuple[str, ...] = ()) -> dict[str, Given]:
        values: dict[str, Given] = {}
        for name, value in given.items():
            place = f"{self._name}: {at}.{shown(name)}"
            setting = named(table).get(name)
            if setting is None:
                known = (*named(table), *tables)
                raise ConfigurationError(place, _misplaced(name) or unknown(f"setting of {table}", name, known))
            values[name] = Given(self._value(setting, value, place, at), self._name, place)
        return values

    def _value(self, setting: Setting, value: object, place: str, at: str) -> object:
        if setting.kind is not Kind.LEGACY_ISSUERS:
            return from_value(setting, value, place)
        several = cast("list[object]", value) if isinstance(value, list) else [value]
        inner = f"{at}.legacy_issuers"
        return tuple(
            self._legacy_issuer(one, inner if len(several) == 1 else f"{inner}[{number}]")
            for number, one in enumerate(several, 1)
        )

    def _legacy_issuer(self, given: object, at: str) -> LegacyIssuer:
        values = self._values(LEGACY, self._table(given, at), at)
        section = Section(LEGACY, values, f"{self._name}: {at}.", at)
        check_required(section)
        with renamed(section.place):
            return made(LegacyIssuer, **section.keywords())
