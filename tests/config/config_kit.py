"""What the tests of settings share: sound settings as text, and the three ways to give them."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, NoReturn

import pytest

from jwtmr import Authority, ConfigurationError
from jwtmr.cli.options import add_settings_options, settings_from
from jwtmr.config import Settings
from jwtmr.config.table import KEYS, Kind

POOL: Final = {
    "user_pool_id": "us-east-1_Ab12Cd34",
    "issuer_type": "updated",
    "client_ids": ["app", "other"],
    "token_use": ["access"],
}
PROVIDER: Final = {
    "issuer_url": "https://id.example/",
    "audience": ["orders"],
    "client_ids": ["app"],
    "token_type": "at+jwt",
}
SECRET: Final = "eyJhbGciOiJ.c2VjcmV0.c2lnbmF0dXJl"


class Parser(argparse.ArgumentParser):
    """Raises what it would end with."""

    def error(self, message: str) -> NoReturn:
        """Raise ``message``."""
        raise AssertionError(message)


def from_options(words: list[str], environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of a command line."""
    parser = Parser(allow_abbrev=False)
    add_settings_options(parser)
    return settings_from(parser.parse_args(words), environ or {})


def options_of(said: Mapping[str, Any]) -> list[str]:
    """Settings by key as words of a command line; a list is repeated, and True is a flag."""
    words = []
    for key, value in said.items():
        option = KEYS[key][0].option
        if isinstance(value, bool):
            words.append(option if value else "--no-" + option[2:])
        else:
            words += [f"{option}={one}" for one in (value if isinstance(value, list) else [value])]
    return words


def variables_of(said: Mapping[str, Any]) -> dict[str, str]:
    """The same as environment variables."""
    texts = {key: ",".join(value) if isinstance(value, list) else str(value) for key, value in said.items()}
    return {
        KEYS[key][0].variable: text.lower() if KEYS[key][0].kind is Kind.FLAG else text for key, text in texts.items()
    }


def toml_of(table: str, said: Mapping[str, Any]) -> str:
    """The same as a table of a file. Text that is a moment is written as one."""
    return f"[{table}]\n" + "".join(f"{name} = {toml_value(name, value)}\n" for name, value in said.items())


def toml_value(name: str, value: object) -> str:
    """One value of TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "[" + ", ".join(toml_value("", one) for one in value) + "]"
    if (name in KEYS and KEYS[name][0].kind is Kind.MOMENT) or not isinstance(value, str):
        return str(value)
    escaped = "".join(f"\\U{ord(one):08x}" if one in '"\\' or not one.isprintable() else one for one in value)
    return f'"{escaped}"'


def fields_of(made: Authority | Settings) -> dict[str, object]:
    """All that something is made of: it is not compared by value."""
    return {one.name: getattr(made, one.name) for one in dataclasses.fields(made)}


def assert_same(one: Settings, other: Settings) -> None:
    """Both make the same validator."""
    assert [fields_of(each) for each in one.authorities] == [fields_of(each) for each in other.authorities]
    assert [type(each) for each in one.authorities] == [type(each) for each in other.authorities]
    assert fields_of(one)["_rules"] == fields_of(other)["_rules"]


def refused(load: Callable[[], object], parameter: str, *says: str) -> str:
    """``load`` is refused because of ``parameter``, and the text says all of ``says``; return it."""
    with pytest.raises(ConfigurationError) as caught:
        load()
    text = str(caught.value)
    assert caught.value.parameter == parameter, text
    assert text.startswith(f"{parameter}: ")
    for one in says:
        assert one in text
    assert SECRET not in text
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return text


def write(folder: Path, text: str | bytes) -> str:
    """A file with settings; return its path."""
    path = folder / "jwtmr.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)
