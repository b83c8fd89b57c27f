"""Settings from ``JWTMR_*``. An unknown one is an error, as it is a check that its owner believes is made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from jwtmr.config.given import Given, shown, unknown
from jwtmr.config.table import CONFIG_VARIABLE, KEYS, SEVERAL
from jwtmr.config.words import from_texts
from jwtmr.errors import ConfigurationError

PREFIX: Final = "JWTMR_"
VARIABLES: Final = {settings[0].variable: settings[0] for settings in KEYS.values()}


def read_environment(environ: Mapping[str, str]) -> dict[str, Given]:
    """The settings of ``environ`` by key. Raises :class:`ConfigurationError` that names the variable alone."""
    found: dict[str, Given] = {}
    for variable in sorted(name for name in environ if name.startswith(PREFIX)):
        text = environ[variable]
        if variable not in VARIABLES and variable != CONFIG_VARIABLE:
            known = (*VARIABLES, CONFIG_VARIABLE)
            raise ConfigurationError(shown(variable), unknown("variable of jwtmr", variable, known))
        if not text:
            raise ConfigurationError(variable, "must not be empty; unset it to leave it out")
        if variable != CONFIG_VARIABLE:
            setting = VARIABLES[variable]
            texts = [part.strip() for part in text.split(",")] if setting.kind in SEVERAL else [text]
            found[setting.key] = Given(from_texts(setting, texts, variable), variable, variable)
    return found
