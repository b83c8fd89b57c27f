"""The table of settings is complete, and means one thing wherever it is used."""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections.abc import Callable

import pytest
from config_kit import Parser

from jwtmr import CognitoUserPool, KeyPolicy, LegacyIssuer, OidcProvider, TokenCache, TokenValidator, Unchecked
from jwtmr.cli.options import add_settings_options
from jwtmr.config.environment import VARIABLES
from jwtmr.config.table import (
    KEY_POLICY,
    KEYS,
    LEGACY,
    POOL,
    PROVIDER,
    REQUIRED,
    SETTINGS,
    TOKEN_CACHE,
    VALIDATOR,
    Kind,
    Setting,
    named,
)

NO_TEXT = {"authorities", "observers", "http_get", "clock"}
"""Objects, which only a program can give; authorities are what the other tables make."""
TABLES_OF_THEIR_OWN = {"key_policy"}
OFF = {"token_cache": None}
"""The default of the class, where the table has False."""

OWNERS = {
    POOL: CognitoUserPool,
    PROVIDER: OidcProvider,
    LEGACY: LegacyIssuer,
    VALIDATOR: TokenValidator,
    KEY_POLICY: KeyPolicy,
    TOKEN_CACHE: TokenCache,
}


def parameters_of(owner: Callable[..., object]) -> dict[str, inspect.Parameter]:
    """The parameters that can be given as text."""
    left_out = NO_TEXT | TABLES_OF_THEIR_OWN
    return {name: one for name, one in inspect.signature(owner).parameters.items() if name not in left_out}


@pytest.mark.parametrize("table", OWNERS)
def test_no_setting_is_missing_and_none_is_too_many(table: str) -> None:
    """Each parameter is a setting in its order, with its default; what has none must be given."""
    parameters = parameters_of(OWNERS[table])
    assert [*named(table)] == [*parameters]
    for name, setting in named(table).items():
        default = parameters[name].default
        if setting.required:
            assert default is inspect.Parameter.empty
        else:
            assert default == OFF.get(name, setting.default), name


@pytest.mark.parametrize("table", OWNERS)
def test_what_can_be_left_out_or_be_none_can_be_written(table: str) -> None:
    """A check that the class can leave out can be left out here, and a default other than None can be taken away."""
    for name, parameter in parameters_of(OWNERS[table]).items():
        setting = named(table)[name]
        assert setting.uncheckable == (Unchecked.__name__ in parameter.annotation), name
        can_be_none = parameter.annotation.endswith("| None") and setting.default not in (None, False)
        assert setting.nullable == can_be_none, name


def test_settings_that_share_a_name_are_written_alike() -> None:
    """A variable is read before it is known whether it is about a pool or about a provider."""
    shared = [settings for settings in KEYS.values() if len(settings) > 1]
    assert [settings[0].name for settings in shared] == [
        *("client_ids", "audience", "issuer_url", "jwks_uris", "stable_issuer")
    ]
    for first, second in shared:
        assert {first.table, second.table} == {POOL, PROVIDER}
        assert (first.kind, first.uncheckable, first.nullable) == (second.kind, second.uncheckable, second.nullable)


def test_every_setting_has_a_variable_and_an_option() -> None:
    """No two settings share one, and the parser has them all."""
    parser = Parser()
    add_settings_options(parser)
    there = {option for action in parser._actions for option in action.option_strings}  # noqa: SLF001
    assert {one.option for one in SETTINGS} <= there
    assert len({settings[0].option for settings in KEYS.values()}) == len(KEYS) == len(VARIABLES)
    assert all(one.option in parser.format_help() for one in SETTINGS)


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: f"{setting.table}.{setting.name}")
def test_every_help_text_says_what_is_needed(setting: Setting) -> None:
    """A phrase without a full stop; numbers have a unit and bounds, and what can be left out says so."""
    assert setting.help == setting.help.strip().removesuffix(".")
    assert setting.required == (setting.default is REQUIRED)
    if setting.kind in (Kind.SECONDS, Kind.COUNT):
        assert any(unit in setting.help for unit in ("seconds", "bytes", "tokens"))
        assert sum(character.isdigit() for character in setting.help) > 1
    assert setting.uncheckable == ("UNCHECKED" in setting.help)
    assert setting.nullable == ("NONE" in setting.help)


def test_importing_jwtmr_does_not_load_this() -> None:
    """Who needs no settings from text does not pay for them; and these need no HTTP client."""
    script = (
        "import sys, jwtmr; assert not {'jwtmr.config', 'tomllib', 'argparse'} & {*sys.modules}; "
        "import jwtmr.config; assert not {'jwtmr.cli', 'argparse', 'httpx'} & {*sys.modules}"
    )
    subprocess.run([sys.executable, "-I", "-c", script], check=True, timeout=60)
