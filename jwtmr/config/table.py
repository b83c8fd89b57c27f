"""Every setting there is. The file, the variables, the options and the page of the docs all come from this table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final

POOL: Final = "cognito_user_pool"
PROVIDER: Final = "oidc_provider"
LEGACY: Final = "oidc_provider.legacy_issuers"
VALIDATOR: Final = "validator"
KEY_POLICY: Final = "validator.key_policy"
TOKEN_CACHE: Final = "validator.token_cache"

_PREFIXES: Final = {KEY_POLICY: "key_policy_", TOKEN_CACHE: "token_cache_"}
"""Of names that say too little away from their table: ``wait``, ``ttl``."""


class Kind(Enum):
    """What a value is made of, and how it is written as text."""

    TEXT = "text"
    NAMES = "several texts"
    ONE_OR_MORE = "one text or several"
    MOMENT = "a date and time with its offset"
    FLAG = "true or false"
    SECONDS = "a number of seconds"
    COUNT = "a whole number"
    LEGACY_ISSUERS = "issuers with their windows"


SEVERAL: Final = frozenset({Kind.NAMES, Kind.ONE_OR_MORE, Kind.LEGACY_ISSUERS})
"""Lists: separated by commas in a variable, repeated as an option."""


class Required(Enum):
    """The type of :data:`REQUIRED`."""

    REQUIRED = "required"


REQUIRED: Final = Required.REQUIRED
"""In place of a default: the setting must be given."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of one table of the file."""

    table: str
    name: str
    """In the file, and of the parameter that it becomes."""
    kind: Kind
    help: str
    """What it does, with its unit and its bounds."""
    default: str | float | bool | tuple[str, ...] | Required | None = REQUIRED
    uncheckable: bool = False
    """Whether ``UNCHECKED`` leaves its check out."""
    nullable: bool = False
    """Whether ``NONE`` takes its default away."""
    metavar: str = ""

    @property
    def required(self) -> bool:
        """Whether it must be given."""
        return self.default is REQUIRED

    @property
    def shown_default(self) -> str:
        """The default as it would be written; empty where leaving the setting out means something of its own."""
        if self.required or self.default is None or self.default == ():
            return ""
        if isinstance(self.default, bool):
            return str(self.default).lower()
        return self.default[0] if isinstance(self.default, tuple) else str(self.default)

    @property
    def key(self) -> str:
        """Its name away from the file; a pool and a provider share some."""
        return _PREFIXES.get(self.table, "") + self.name

    @property
    def variable(self) -> str:
        """The environment variable."""
        return f"JWTMR_{self.key.upper()}"

    @property
    def option(self) -> str:
        """The option, which is in the singular where it can be repeated."""
        name = self.key.removesuffix("s") if self.kind in SEVERAL else self.key
        return "--" + name.replace("_", "-")


CLIENTS: Final = "clients whose tokens are accepted, or UNCHECKED"

_POOL: Final = (
    Setting(POOL, "user_pool_id", Kind.TEXT, "id of the Cognito user pool, such as us-east-1_Ab12Cd34", metavar="ID"),
    Setting(POOL, "issuer_type", Kind.TEXT, "what the pool is set to: original or updated", metavar="TYPE"),
    Setting(POOL, "client_ids", Kind.NAMES, CLIENTS, uncheckable=True, metavar="ID"),
    Setting(
        POOL, "token_use", Kind.ONE_OR_MORE, "what tokens are for: access, id or both; UNCHECKED is both, written down",
        uncheckable=True, metavar="USE",
    ),
    Setting(
        POOL, "audience", Kind.ONE_OR_MORE,
        "what aud of access tokens must hold, one of several, or UNCHECKED; without it they must name no audience",
        None, uncheckable=True, metavar="AUD",
    ),
    Setting(POOL, "replica_regions", Kind.NAMES, "regions of the pool's replicas", (), metavar="REGION"),
    Setting(
        POOL, "accept_legacy_until", Kind.MOMENT,
        "until when tokens of the original issuer are accepted; without it they are refused", None, metavar="MOMENT",
    ),
    Setting(
        POOL, "legacy_issued_before", Kind.MOMENT,
        "when the pool was switched: tokens of the original issuer that were issued later are refused",
        None, metavar="MOMENT",
    ),
    Setting(
        POOL, "accept_replica_issuers", Kind.FLAG, "accept the original issuer form of each replica region as well",
        False,
    ),
    Setting(
        POOL, "issuer_url", Kind.TEXT, "the exact issuer of new tokens, in place of the one made from the pool id",
        None, metavar="URL",
    ),
    Setting(
        POOL, "legacy_issuer_urls", Kind.NAMES,
        "the exact issuers before the switch, in place of the one made from the pool id", None, metavar="URL",
    ),
    Setting(
        POOL, "jwks_uris", Kind.NAMES, "where the keys are, best first, in place of the URLs made from the pool id",
        None, metavar="URL",
    ),
    Setting(
        POOL, "stable_issuer", Kind.TEXT,
        "what Principal.issuer says; without it the original issuer of the primary region", None, metavar="URL",
    ),
    Setting(POOL, "dns_suffix", Kind.TEXT, "DNS suffix of the AWS partition", "amazonaws.com", metavar="NAME"),
)  # fmt: skip

_PROVIDER: Final = (
    Setting(PROVIDER, "issuer_url", Kind.TEXT, "the exact issuer of its tokens", metavar="URL"),
    Setting(
        PROVIDER, "audience", Kind.ONE_OR_MORE, "what this API is called in aud, one of several, or UNCHECKED",
        uncheckable=True, metavar="AUD",
    ),
    Setting(PROVIDER, "client_ids", Kind.NAMES, CLIENTS, uncheckable=True, metavar="ID"),
    Setting(
        PROVIDER, "token_type", Kind.TEXT, "typ that every token must have, such as at+jwt, or UNCHECKED",
        uncheckable=True, metavar="TYP",
    ),
    Setting(PROVIDER, "client_claim", Kind.TEXT, "claim that names the client", "client_id", metavar="CLAIM"),
    Setting(
        PROVIDER, "scope_claim", Kind.TEXT, "claim that holds the scopes, or NONE", "scope",
        nullable=True, metavar="CLAIM",
    ),
    Setting(
        PROVIDER, "groups_claim", Kind.TEXT, "claim that holds the groups, or NONE", "groups",
        nullable=True, metavar="CLAIM",
    ),
    Setting(
        PROVIDER, "username_claim", Kind.TEXT, "claim that holds the name of the user, or NONE", "preferred_username",
        nullable=True, metavar="CLAIM",
    ),
    Setting(
        PROVIDER, "jwks_uris", Kind.NAMES,
        "where the keys are, best first; without it where the provider's discovery document says",
        None, metavar="URL",
    ),
    Setting(PROVIDER, "algorithms", Kind.NAMES, "algorithms of its signatures", ("RS256",), metavar="ALG"),
    Setting(
        PROVIDER, "legacy_issuers", Kind.LEGACY_ISSUERS,
        "issuers that it was before: URL, until when accepted and, where given, when it moved, with spaces between",
        (), metavar="ISSUER",
    ),
    Setting(
        PROVIDER, "accept_until", Kind.MOMENT, "makes it the old house: until when its tokens are accepted",
        None, metavar="MOMENT",
    ),
    Setting(
        PROVIDER, "stable_issuer", Kind.TEXT, "what Principal.issuer says; without it issuer_url",
        None, metavar="URL",
    ),
    Setting(
        PROVIDER, "required_claims", Kind.NAMES, "further claims without which a token is refused", (),
        metavar="CLAIM",
    ),
)  # fmt: skip

LEGACY_SETTINGS: Final = (
    Setting(LEGACY, "url", Kind.TEXT, "the exact issuer of the old tokens"),
    Setting(LEGACY, "accept_until", Kind.MOMENT, "until when they are accepted"),
    Setting(
        LEGACY, "issued_before", Kind.MOMENT, "when the provider moved: old-style tokens issued later are refused", None
    ),
)
"""In the file only; elsewhere each of ``legacy_issuers`` is one text."""

_VALIDATOR: Final = (
    Setting(
        VALIDATOR, "leeway", Kind.SECONDS, "seconds, 0 to 300, by which clocks may differ", 30, metavar="SECONDS"
    ),
    Setting(
        VALIDATOR, "max_token_bytes", Kind.COUNT, "bytes, 256 to 1048576; longer tokens are refused unread", 16384,
        metavar="BYTES",
    ),
    Setting(
        VALIDATOR, "token_cache", Kind.FLAG,
        "remember verified tokens: so it is where a setting of the cache is given and this is not false", False,
    ),
    Setting(VALIDATOR, "drain", Kind.FLAG, "count accepted tokens by issuer and client", True),
    Setting(
        VALIDATOR, "removal_dry_run", Kind.FLAG,
        "tell which tokens would be refused if legacy issuers were retired now", False,
    ),
    Setting(
        KEY_POLICY, "max_stale", Kind.SECONDS,
        "seconds that keys serve after the last success of their endpoint: 0, or 1800 to 86400", 3600,
        metavar="SECONDS",
    ),
    Setting(
        KEY_POLICY, "wait", Kind.SECONDS, "seconds, 0.1 to 30, that one call waits for keys at most", 2,
        metavar="SECONDS",
    ),
    Setting(
        KEY_POLICY, "refresh", Kind.TEXT,
        "background, or inline: in the request that finds the keys due, for AWS Lambda", "background", metavar="HOW",
    ),
    Setting(
        TOKEN_CACHE, "max_entries", Kind.COUNT, "tokens remembered, 1 to 1000000; one takes about 3 kB", 10000,
        metavar="TOKENS",
    ),
    Setting(
        TOKEN_CACHE, "ttl", Kind.SECONDS, "seconds, 1 to 3600, for which a token is remembered at most", 60,
        metavar="SECONDS",
    ),
)  # fmt: skip

SETTINGS: Final = (*_POOL, *_PROVIDER, *_VALIDATOR)
"""Those that can come from anywhere."""


def named(table: str) -> Mapping[str, Setting]:
    """The settings of one table of the file, by name."""
    return _BY_NAME[table]


TABLES: Final = (POOL, PROVIDER, LEGACY, VALIDATOR, KEY_POLICY, TOKEN_CACHE)
_BY_NAME: Final = {
    table: MappingProxyType({one.name: one for one in (*SETTINGS, *LEGACY_SETTINGS) if one.table == table})
    for table in TABLES
}

KEYS: Final[Mapping[str, tuple[Setting, ...]]] = MappingProxyType(
    {key: tuple(one for one in SETTINGS if one.key == key) for key in dict.fromkeys(one.key for one in SETTINGS)}
)
"""By key: two where a pool and a provider share it. These differ in nothing but the help text and whether they must be
given."""

CONFIG_VARIABLE: Final = "JWTMR_CONFIG"
CONFIG_OPTION: Final = "--config"
