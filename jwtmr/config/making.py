"""From settings to what they are for: authorities, and the keywords of a validator. All errors name a place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeVar

from jwtmr.cache import TokenCache
from jwtmr.cognito import CognitoUserPool
from jwtmr.config.given import Given, renamed
from jwtmr.config.table import KEY_POLICY, LEGACY, POOL, PROVIDER, TOKEN_CACHE, VALIDATOR, Setting, named
from jwtmr.errors import ConfigurationError
from jwtmr.issuers import Authority
from jwtmr.oidc import OidcProvider
from jwtmr.settings import KeyPolicy

_MAKERS: Final[Mapping[str, Callable[..., Authority]]] = MappingProxyType(
    {POOL: CognitoUserPool, PROVIDER: OidcProvider}
)
_NAMES: Final = {"issuers": "issuer_url", "endpoints": "jwks_uris"}
"""What an ``Authority`` calls what it is told by these."""

_T = TypeVar("_T")


def made(kind: Callable[..., _T], *positional: object, **keywords: object) -> _T:
    """``kind(…)`` with values that nobody has checked yet: it does that itself, for callers without types."""
    return kind(*positional, **keywords)


@dataclass(frozen=True, slots=True)
class Section:
    """The settings of one table, by name."""

    table: str
    values: Mapping[str, Given]
    prefix: str = ""
    """What an error puts before a name that was not given: in a file its place there. Empty: see ``spelling``."""
    at: str = ""
    """The table as it is counted in its file."""
    spelling: Callable[[Setting], str] = lambda setting: setting.key
    """How a setting that was not given would have been given, where there is no file."""

    def keywords(self) -> dict[str, object]:
        """The values by name."""
        return {name: given.value for name, given in self.values.items()}

    def place(self, name: str) -> str:
        """What an error about ``name`` names, whether that was given or not; of no single setting, the first."""
        settings = named(self.table)
        setting = settings.get(_NAMES.get(name, name), next(iter(settings.values())))
        if setting.name in self.values:
            return self.values[setting.name].place
        return self.prefix + setting.name if self.prefix else self.spelling(setting)


def check_required(section: Section) -> None:
    """Raise :class:`ConfigurationError` for the first setting that must be given and was not; it names the others."""
    required = [setting for setting in named(section.table).values() if setting.required]
    missing = [setting for setting in required if setting.name not in section.values]
    if not missing:
        return
    first, *others = missing
    spelt = [setting.name if section.prefix else section.spelling(setting) for setting in others]
    also = f". So must {' and '.join(spelt)}" if spelt else ""
    raise ConfigurationError(section.place(first.name), f"must be given{_ways(first)}{also}")


def _ways(setting: Setting) -> str:
    if setting.table == LEGACY:
        return ""
    return f": as {setting.option}, as {setting.variable}, or as {setting.name} under [{setting.table}] in a file"


def authority_of(section: Section) -> Authority:
    """The authority that ``section`` describes."""
    check_required(section)
    with renamed(section.place):
        return made(_MAKERS[section.table], **section.keywords())


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings of a validator."""

    keywords: Mapping[str, object]
    key_policy: KeyPolicy
    cache: Mapping[str, object] | None
    """Of the cache; None: there is none. A cache belongs to one validator, so each gets one of its own."""

    def token_cache(self) -> TokenCache | None:
        """A new cache, where there shall be one."""
        return None if self.cache is None else made(TokenCache, **self.cache)


def rules_of(given: Mapping[str, Given]) -> Rules:
    """The settings of a validator, by key, as far as they can be checked without one."""
    policy, cache = section_of(KEY_POLICY, given), section_of(TOKEN_CACHE, given)
    keywords = section_of(VALIDATOR, given).keywords()
    wanted = keywords.pop("token_cache", bool(cache.values))
    if type(wanted) is not bool:
        raise ConfigurationError(given["token_cache"].place, "must be true or false")
    with renamed(policy.place):
        key_policy = made(KeyPolicy, **policy.keywords())
    with renamed(cache.place):
        made(TokenCache, **cache.keywords())
    return Rules(keywords, key_policy, cache.keywords() if wanted else None)


def section_of(table: str, given: Mapping[str, Given]) -> Section:
    """The settings of one table, out of all by key."""
    return Section(table, {name: given[one.key] for name, one in named(table).items() if one.key in given})
