"""What goes before what: options before variables before the file, each setting by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from jwtmr.config.file import Filed
from jwtmr.config.given import Given
from jwtmr.config.making import Section
from jwtmr.config.table import POOL, PROVIDER, Setting, named
from jwtmr.errors import ConfigurationError

_KINDS: Final = {POOL: "a Cognito user pool", PROVIDER: "an OIDC provider"}


def sections_of(filed: Filed, said: Mapping[str, Given], spelling: Callable[[Setting], str]) -> tuple[Section, ...]:
    """The authorities of a file with what was ``said`` elsewhere, by key, laid over the one that it is about."""
    about = {key: said[key] for key in (*named(POOL), *named(PROVIDER)) if key in said}
    sections = filed.authorities
    if about and len(sections) > 1:
        raise ConfigurationError(
            next(iter(about.values())).place,
            f"cannot say which of the {len(sections)} authorities in {filed.name} it is about; set it there",
        )
    if about and sections:
        return (_overlaid(sections[0], about, filed.name),)
    kind = _kind_of(about)
    if not sections and kind is None:
        raise ConfigurationError(
            "authorities",
            "there is none. Give --user-pool-id or --issuer-url and what belongs to it; or set JWTMR_USER_POOL_ID or "
            "JWTMR_ISSUER_URL; or write [cognito_user_pool] or [oidc_provider] into a TOML file and name that with "
            "--config or JWTMR_CONFIG",
        )
    return sections if kind is None else (Section(kind, about, spelling=spelling),)


def _overlaid(section: Section, about: Mapping[str, Given], file: str) -> Section:
    for key, given in about.items():
        if key not in named(section.table):
            kind = _KINDS[section.table]
            raise ConfigurationError(given.place, f"is no setting of {kind}, which is what {file} holds")
    return replace(section, values={**section.values, **about})


def _kind_of(about: Mapping[str, Given]) -> str | None:
    """The table that these settings belong to. None: they would suit any, and name none."""
    pool = [given.place for key, given in about.items() if key not in named(PROVIDER)]
    provider = [given.place for key, given in about.items() if key not in named(POOL)]
    if pool and provider:
        raise ConfigurationError(
            provider[0],
            f"belongs to {_KINDS[PROVIDER]}, and {pool[0]} to {_KINDS[POOL]}: only a file can hold both",
        )
    if pool:
        return POOL
    return PROVIDER if provider or "issuer_url" in about else None
