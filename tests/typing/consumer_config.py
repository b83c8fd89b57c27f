"""Who loads settings, as mypy and pyright must accept it in their strictest mode. Never run."""

# pyright: strict, reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import assert_type

from jwtmr import UNCHECKED, Authority, Observer, TokenValidator
from jwtmr.config import Settings


def loaded(path: Path, environ: Mapping[str, str], observer: Observer) -> TokenValidator:
    """From everywhere at once."""
    settings = Settings.load(path, environ=environ, overrides={"client_ids": UNCHECKED, "leeway": 5})
    assert_type(settings, Settings)
    assert_type(settings.authorities, tuple[Authority, ...])
    assert_type(settings.origins, Mapping[str, str])
    assert_type(Settings.load().validator(), TokenValidator)
    return settings.validator(observers=[observer])
