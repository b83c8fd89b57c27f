"""What all settings come to: the authorities, and the validator that they make."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, cast

from jwtmr.config.environment import read_environment
from jwtmr.config.file import Filed, read_file
from jwtmr.config.given import Given, renamed, shown, unknown
from jwtmr.config.making import Rules, Section, authority_of, made, rules_of
from jwtmr.config.merge import sections_of
from jwtmr.config.table import CONFIG_VARIABLE, KEYS, POOL, PROVIDER, Setting, named
from jwtmr.config.words import from_value
from jwtmr.errors import ConfigurationError
from jwtmr.events import Observer
from jwtmr.http import HttpGet
from jwtmr.issuers import Authority
from jwtmr.settings import Clock, SystemClock
from jwtmr.validator import TokenValidator

SYSTEM_CLOCK: Final = SystemClock()
_NO_FETCH: Final = cast("HttpGet", object)
"""For a validator that is thrown away before it asks for anything: one without it would load httpx."""
DEFAULT_LEEWAY: Final = 30.0
"""Seconds; that of ``TokenValidator``."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Settings:
    """Settings that were loaded and checked. Made by :meth:`load`; ``docs/settings.md`` lists them all."""

    authorities: tuple[Authority, ...]
    """In the order of the file, pools first."""
    origins: Mapping[str, str]
    """Where each setting came from, by its name: an option, a variable, a file, or in a program the name itself. Where
    a file holds several authorities, their names begin with the table: ``cognito_user_pool[2].client_ids``."""
    _rules: Rules = field(repr=False)

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str] | None = None,
        *,
        environ: Mapping[str, str] | None = None,
        overrides: Mapping[str, object] | None = None,
    ) -> Settings:
        """Read the TOML file at ``path`` and ``JWTMR_*``, and check everything. Nothing is fetched.

        ``path``: without it the file that ``JWTMR_CONFIG`` names, if any. ``environ``: ``os.environ`` by default.
        ``overrides``: values by the name of the setting, which go before both. Each setting is taken from overrides,
        else from its variable, else from the file.

        Raises :class:`ConfigurationError`; its ``parameter`` is the setting as it was written: ``JWTMR_CLIENT_IDS``, or
        ``jwtmr.toml: cognito_user_pool.client_ids``. A variable ``JWTMR_*`` that is no setting is an error too.
        """
        given: dict[str, Given] = {}
        for key, value in (overrides or {}).items():
            if key not in KEYS:
                raise ConfigurationError(shown(key), unknown("setting", key, KEYS))
            given[key] = Given(from_value(KEYS[key][0], value, key), key, key)
        file = None if path is None else Given(os.fspath(path), "path", "path")
        return load_given(file, os.environ if environ is None else environ, given, lambda setting: setting.key)

    @property
    def leeway(self) -> float:
        """Seconds by which clocks may differ: what was set, or the default of ``TokenValidator``."""
        given = self._rules.keywords.get("leeway", DEFAULT_LEEWAY)
        return float(given) if isinstance(given, (int, float)) else DEFAULT_LEEWAY  # which `load` has seen to

    def validator(
        self, *, observers: Iterable[Observer] = (), http_get: HttpGet | None = None, clock: Clock = SYSTEM_CLOCK
    ) -> TokenValidator:
        """A new validator, with a token cache of its own where there is one. Parameters as of ``TokenValidator``."""
        return made(
            TokenValidator,
            *self.authorities,
            **self._rules.keywords,
            key_policy=self._rules.key_policy,
            token_cache=self._rules.token_cache(),
            observers=observers,
            http_get=http_get,
            clock=clock,
        )


def load_given(
    file: Given | None, environ: Mapping[str, str], overrides: Mapping[str, Given], spelling: Callable[[Setting], str]
) -> Settings:
    """The settings of ``file``, ``environ`` and ``overrides``, which are checked values by key.

    ``spelling`` is how an override is written: for errors about one that was not given.
    """
    found = read_environment(environ)
    if file is None and CONFIG_VARIABLE in environ:
        file = Given(environ[CONFIG_VARIABLE], CONFIG_VARIABLE, CONFIG_VARIABLE)
    filed = Filed() if file is None else read_file(file)
    if not any(_about_authority(key) for key in overrides) and any(_about_authority(key) for key in found):
        spelling = _variable
    said = {**found, **overrides}
    sections = sections_of(filed, said, spelling)
    rules = {**filed.rules, **{key: given for key, given in said.items() if not _about_authority(key)}}
    settings = Settings(
        authorities=tuple(authority_of(section) for section in sections),
        origins=MappingProxyType(_origins(sections, rules)),
        _rules=rules_of(rules),
    )
    with renamed(lambda parameter: rules[parameter].place if parameter in rules else filed.name):
        settings.validator(http_get=_NO_FETCH)  # which checks the rest, and that no two authorities clash
    return settings


def _about_authority(key: str) -> bool:
    return key in named(POOL) or key in named(PROVIDER)


def _variable(setting: Setting) -> str:
    return setting.variable


def _origins(sections: tuple[Section, ...], rules: Mapping[str, Given]) -> dict[str, str]:
    counted = len(sections) > 1
    return {
        f"{section.at}.{name}" if counted else name: given.origin
        for section in sections
        for name, given in section.values.items()
    } | {key: given.origin for key, given in rules.items()}
