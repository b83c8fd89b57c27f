"""The options that stand for settings, the same for every command, from the table of :mod:`jwtmr.config`."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from jwtmr.config import Settings
from jwtmr.config.environment import VARIABLES
from jwtmr.config.given import Given
from jwtmr.config.loaded import load_given
from jwtmr.config.table import CONFIG_OPTION, CONFIG_VARIABLE, KEYS, PROVIDER, SEVERAL, Kind, Setting
from jwtmr.config.words import from_texts
from jwtmr.errors import ConfigurationError

ALIASES: Final = {"user_pool_id": ("--pool-id",)}
_CONFIG: Final = "config"
_DEST: Final = "given_settings"


@dataclass(frozen=True, slots=True)
class _Said:
    """One option as it was typed."""

    key: str
    option: str
    value: Any


def _keep(namespace: argparse.Namespace, said: _Said) -> None:
    setattr(namespace, _DEST, [*getattr(namespace, _DEST, []), said])


class SettingAction(argparse.Action):
    """An option that is a setting."""


class _Text(SettingAction):
    """Keeps which of its names an option was given by, for errors."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,  # noqa: ARG002
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        _keep(namespace, _Said(self.dest, option_string or self.option_strings[0], values))


class _Flag(argparse.BooleanOptionalAction, SettingAction):
    """The same for ``--drain`` and ``--no-drain``."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,  # noqa: ARG002
        namespace: argparse.Namespace,
        values: object,  # noqa: ARG002
        option_string: str | None = None,
    ) -> None:
        said = option_string or self.option_strings[0]
        _keep(namespace, _Said(self.dest, said, not said.startswith("--no-")))


def add_settings_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--config`` and an option for every setting. ``parser`` should have ``allow_abbrev=False``."""
    group = parser.add_argument_group("settings", "Each goes before its variable, and that before the file.")
    group.add_argument(
        CONFIG_OPTION, action=_Text, dest=_CONFIG, metavar="FILE", default=argparse.SUPPRESS,
        help=f"TOML file with settings (variable: {CONFIG_VARIABLE})",
    )  # fmt: skip
    for key, settings in KEYS.items():
        names = (*ALIASES.get(key, ()), settings[0].option)
        if settings[0].kind is Kind.FLAG:
            group.add_argument(*names, action=_Flag, dest=key, default=argparse.SUPPRESS, help=_help(settings))
        else:
            group.add_argument(
                *names, action=_Text, dest=key, metavar=settings[0].metavar, default=argparse.SUPPRESS,
                help=_help(settings),
            )  # fmt: skip


def _help(settings: Sequence[Setting]) -> str:
    text = settings[0].help
    if settings[0].table == PROVIDER:
        text = f"provider: {text}"
    elif settings[-1].help != text:
        text = f"pool: {text}; provider: {settings[-1].help}"
    notes = ["repeatable"] if settings[0].kind in SEVERAL else []
    if settings[0].kind is Kind.MOMENT:
        notes.append("as in 2027-01-31T00:00:00Z")
    default = settings[0].shown_default
    if default:
        notes.append(f"default: {default}")
    return (text + (f" ({', '.join(notes)})" if notes else "")).replace("%", "%%")


def settings_from(args: argparse.Namespace, environ: Mapping[str, str]) -> Settings:
    """The settings of the options in ``args``, of ``JWTMR_*`` in ``environ`` and of the file, checked.

    Raises :class:`ConfigurationError`; its ``parameter`` is the option as typed, the variable, or the file and the name
    in it. The variable that ``--token-env`` names is no setting, whatever it is called.
    """
    token = getattr(args, "token_env", None)
    environ = {name: text for name, text in environ.items() if name != token or name in VARIABLES}
    said: dict[str, list[_Said]] = {}
    for one in getattr(args, _DEST, []):
        said.setdefault(one.key, []).append(one)
    config = said.pop(_CONFIG, None)
    file = None if config is None else _given(config, None)
    overrides = {key: _given(several, KEYS[key][0]) for key, several in said.items()}
    return load_given(file, environ, overrides, lambda setting: setting.option)


def _given(said: Sequence[_Said], setting: Setting | None) -> Given:
    """The value of one option; ``setting`` is None for ``--config``."""
    option = said[-1].option
    if len(said) > 1 and (setting is None or setting.kind not in SEVERAL):
        raise ConfigurationError(option, "must be given once")
    if setting is None or setting.kind is Kind.FLAG:
        value: object = said[0].value
        if value == "":
            raise ConfigurationError(option, "must not be empty")
    else:
        value = from_texts(setting, [one.value for one in said], option)
    return Given(value, option, option)
