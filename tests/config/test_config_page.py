"""``docs/settings.md`` is true: its tables are the table of settings, its files load, its program runs."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest

from jwtmr import CognitoUserPool, OidcProvider, TokenValidator
from jwtmr.cli.options import ALIASES
from jwtmr.config import Settings
from jwtmr.config.table import LEGACY_SETTINGS, SETTINGS, SEVERAL, Kind, Setting

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "settings.md").read_text(encoding="utf-8")
ROWS = [line for line in PAGE.splitlines() if line.startswith("| `") and line.count("|") >= 5]
FILES = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
PROGRAMS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
SHELL = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)


def row_of(setting: Setting) -> str:
    """The line of the page for one setting."""
    default = "required" if setting.required else f"`{setting.shown_default}`" if setting.shown_default else ""
    if setting in LEGACY_SETTINGS:
        return f"| `{setting.name}` | {setting.help} | {default} | | |"
    options = [*ALIASES.get(setting.key, ()), setting.option]
    if setting.kind is Kind.FLAG:
        options.append("--no-" + setting.option[2:])
    shown = ", ".join(f"`{option}`" for option in options) + (" …" if setting.kind in SEVERAL else "")
    return f"| `{setting.name}` | {setting.help} | {default} | {shown} | `{setting.variable}` |"


def test_the_tables_of_the_page_are_the_table_of_settings() -> None:
    """Every setting has its row, under its own table, in order; and there is no other row."""
    assert [row_of(one) for one in (*SETTINGS, *LEGACY_SETTINGS)] == ROWS


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with the first file of the page, to work in, and no variables of ours."""
    for variable in [*os.environ]:
        if variable.startswith("JWTMR_"):
            monkeypatch.delenv(variable)
    (tmp_path / "jwtmr.toml").write_text(FILES[0], encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("number", "kinds"), [(0, [CognitoUserPool]), (1, [CognitoUserPool, OidcProvider])])
def test_the_files_of_the_page_load(number: int, kinds: list[type], place: Path) -> None:
    """Both hold what the page says."""
    path = place / "other.toml"
    path.write_text(FILES[number], encoding="utf-8")
    assert [type(one) for one in Settings.load(path).authorities] == kinds
    assert len(FILES) == 2


def test_the_program_of_the_page_runs(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It makes a validator from the file and the variables."""
    monkeypatch.setenv("JWTMR_LEEWAY", "5")
    names: dict[str, Any] = {}
    exec(PROGRAMS[0], names)
    assert isinstance(names["validator"], TokenValidator)
    assert names["settings"].origins["leeway"] == "JWTMR_LEEWAY"
    assert len(PROGRAMS) == 1


def test_the_variables_of_the_page_are_the_file(place: Path) -> None:
    """The same pool by variables as by the first file."""
    environ = dict(line.removeprefix("export ").split("=", 1) for line in SHELL[0].splitlines())
    said, filed = Settings.load(environ=environ), Settings.load("jwtmr.toml")
    assert repr(said.authorities) == repr(filed.authorities)
