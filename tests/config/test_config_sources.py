"""The same validator from options, from variables and from a file; and which of them goes first."""

from __future__ import annotations

from argparse import Namespace
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from config_kit import (
    POOL,
    PROVIDER,
    assert_same,
    fields_of,
    from_options,
    options_of,
    toml_of,
    variables_of,
    write,
)
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from jwtmr import UNCHECKED, CognitoUserPool, LegacyIssuer, OidcProvider
from jwtmr.cli.options import settings_from
from jwtmr.config import Settings
from jwtmr.config.table import KEYS
from jwtmr.config.table import POOL as POOL_TABLE
from jwtmr.config.table import PROVIDER as PROVIDER_TABLE
from jwtmr.errors import Expired
from jwtmr.testing import RegionalIssuer, SettableClock

DAY = datetime(2027, 1, 31, tzinfo=UTC)
CUT = datetime(2027, 1, 30, 12, tzinfo=UTC)

FULL_POOL: dict[str, Any] = {
    **POOL,
    "token_use": ["id", "access"],
    "audience": ["orders", "https://api.example"],
    "replica_regions": ["us-west-2", "eu-west-1"],
    "accept_legacy_until": "2027-01-31T00:00:00Z",
    "legacy_issued_before": "2027-01-30T13:00:00+01:00",
    "accept_replica_issuers": True,
    "issuer_url": "https://new.example",
    "legacy_issuer_urls": ["https://old.example", "https://older.example"],
    "jwks_uris": ["https://keys.example/a", "https://keys.example/b"],
    "stable_issuer": "https://stable.example",
    "dns_suffix": "amazonaws.com.cn",
}
FULL_PROVIDER: dict[str, Any] = {
    **PROVIDER,
    "client_claim": "azp",
    "scope_claim": "scp",
    "groups_claim": "NONE",
    "username_claim": "upn",
    "jwks_uris": ["https://keys.example/a"],
    "algorithms": ["ES256", "EdDSA"],
    "stable_issuer": "https://stable.example",
    "required_claims": ["tid", "oid"],
}
RULES: dict[str, Any] = {
    "leeway": 12.5,
    "max_token_bytes": 4096,
    "token_cache": True,
    "drain": False,
    "removal_dry_run": True,
    "key_policy_max_stale": 7200,
    "key_policy_wait": 0.5,
    "key_policy_refresh": "inline",
    "token_cache_max_entries": 500,
    "token_cache_ttl": 30,
}
RULES_FILE = """
[validator]
leeway = 12.5
max_token_bytes = 4096
drain = false
removal_dry_run = true
key_policy = { max_stale = 7200, wait = 0.5, refresh = "inline" }
[validator.token_cache]
max_entries = 500
ttl = 30
"""


@pytest.mark.parametrize(("table", "said"), [(POOL_TABLE, FULL_POOL), (PROVIDER_TABLE, FULL_PROVIDER)])
def test_the_same_from_everywhere(table: str, said: dict[str, Any], tmp_path: Path) -> None:
    """Every setting of an authority and of the validator, given in each of the three ways."""
    path = write(tmp_path, toml_of(table, said) + RULES_FILE)
    filed = Settings.load(path, environ={})
    everywhere = [
        from_options(options_of({**said, **RULES})),
        from_options(["--config", path]),
        Settings.load(environ=variables_of({**said, **RULES})),
        Settings.load(environ={"JWTMR_CONFIG": path}),
        Settings.load(path, environ={"JWTMR_CONFIG": "/does/not/exist"}),
        from_options(options_of(said), variables_of(RULES)),
    ]
    for settings in everywhere:
        assert_same(settings, filed)
    assert {*everywhere[0].origins} == {*said, *RULES}
    assert everywhere[0].origins["client_ids"] == "--client-id"
    assert everywhere[2].origins["client_ids"] == "JWTMR_CLIENT_IDS"
    assert {*filed.origins.values()} == {path}


def test_a_file_means_what_the_class_means(tmp_path: Path) -> None:
    """The pool of a file is the one that a program makes of the same words."""
    filed = Settings.load(write(tmp_path, toml_of(POOL_TABLE, FULL_POOL)), environ={})
    words = {**FULL_POOL, "token_use": ("id", "access"), "accept_legacy_until": DAY, "legacy_issued_before": CUT}
    made = CognitoUserPool(**words)
    assert fields_of(filed.authorities[0]) == fields_of(made)


def test_a_provider_and_the_issuers_that_it_was(tmp_path: Path) -> None:
    """Former issuers are tables in a file, and texts elsewhere."""
    text = toml_of("oidc_provider", PROVIDER) + (
        '[[oidc_provider.legacy_issuers]]\nurl = "https://a.example"\naccept_until = 2027-01-31T00:00:00Z\n'
        '[[oidc_provider.legacy_issuers]]\nurl = "https://b.example"\naccept_until = 2027-01-31T00:00:00Z\n'
        "issued_before = 2027-01-30T13:00:00+01:00\n"
    )
    former = ["https://a.example 2027-01-31T00:00:00Z", "https://b.example 2027-01-31T00:00Z 2027-01-30T12:00Z"]
    said = {**PROVIDER, "legacy_issuers": former}
    made = OidcProvider(
        PROVIDER["issuer_url"],
        audience="orders",
        client_ids=["app"],
        token_type="at+jwt",
        legacy_issuers=[LegacyIssuer("https://a.example", DAY), LegacyIssuer("https://b.example", DAY, CUT)],
    )
    loaded = [
        Settings.load(write(tmp_path, text), environ={}),
        from_options(options_of(said)),
        Settings.load(environ=variables_of(said)),
    ]
    for settings in loaded:
        assert fields_of(settings.authorities[0]) == fields_of(made)


@pytest.mark.parametrize("key", [key for key, settings in KEYS.items() if settings[0].uncheckable])
def test_a_check_is_left_out_by_one_word(key: str, tmp_path: Path) -> None:
    """UNCHECKED does it in all three, and in a program both the word and the object."""
    table, usual = (PROVIDER_TABLE, PROVIDER) if key in PROVIDER else (POOL_TABLE, POOL)
    said = {**usual, key: "UNCHECKED"}
    filed = Settings.load(write(tmp_path, toml_of(table, said)), environ={})
    for settings in (
        from_options(options_of(said)),
        Settings.load(environ=variables_of(said)),
        Settings.load(environ=variables_of(usual), overrides={key: UNCHECKED}),
        Settings.load(environ=variables_of(usual), overrides={key: "UNCHECKED"}),
    ):
        assert_same(settings, filed)
    assert fields_of(filed.authorities[0]) != fields_of(Settings.load(environ=variables_of(usual)).authorities[0])


def test_each_setting_has_its_own_precedence(tmp_path: Path) -> None:
    """Options go before variables, and these before the file, whatever else each of them says."""
    path = write(tmp_path, toml_of("cognito_user_pool", POOL) + "[validator]\nleeway = 1\nmax_token_bytes = 4096\n")
    environ = {"JWTMR_CLIENT_IDS": "from-variable", "JWTMR_LEEWAY": "2", "JWTMR_CONFIG": "/does/not/exist"}
    settings = from_options(["--config", path, "--pool-id", "eu-west-1_Other", "--leeway", "3"], environ)
    assert settings.authorities[0].id == "eu-west-1_Other"
    assert settings.authorities[0].claim_rules["access"].clients == {"from-variable"}
    assert settings.origins == {
        "user_pool_id": "--pool-id",
        "issuer_type": path,
        "client_ids": "JWTMR_CLIENT_IDS",
        "token_use": path,
        "leeway": "--leeway",
        "max_token_bytes": path,
    }
    in_program = Settings.load(path, environ=environ, overrides={"client_ids": ["mine"], "leeway": 4})
    assert in_program.origins["client_ids"] == "client_ids"
    assert in_program.authorities[0].claim_rules["access"].clients == {"mine"}


def test_a_file_holds_any_number_of_authorities(tmp_path: Path) -> None:
    """Pools come first; their settings are told apart by counting, and the validator's can be given elsewhere."""
    text = f"""
        cognito_user_pool = [
            {{ user_pool_id = "us-east-1_A", issuer_type = "original", client_ids = ["a"], token_use = "access" }},
            {{ user_pool_id = "us-east-1_B", issuer_type = "updated", client_ids = ["b"], token_use = "id" }},
        ]
        {toml_of("oidc_provider", PROVIDER)}"""
    settings = from_options(["--config", write(tmp_path, text), "--leeway=1"])
    assert [one.id for one in settings.authorities] == ["us-east-1_A", "us-east-1_B", PROVIDER["issuer_url"]]
    assert {"cognito_user_pool[2].client_ids", "oidc_provider.client_ids", "leeway"} <= {*settings.origins}
    assert settings.validator().authority_ids == tuple(one.id for one in settings.authorities)


@pytest.mark.parametrize(
    ("text", "said", "cached"),
    [
        ("", {}, False),
        ("[validator.token_cache]", {}, True),
        ("[validator]\ntoken_cache = true", {}, True),
        ("[validator.token_cache]\nttl = 5", {"token_cache": False}, False),
        ("[validator]\ntoken_cache = false", {"token_cache_ttl": 5}, False),
        ("[validator]\ntoken_cache = false", {"token_cache": True}, True),
        ("", {"token_cache": True}, True),
        ("", {"token_cache_max_entries": 5}, True),
    ],
)
def test_there_is_a_token_cache_where_one_is_asked_for(
    text: str, said: dict[str, Any], cached: bool, tmp_path: Path
) -> None:
    """By itself or by any setting of it; ``false`` goes before these. Each validator has one of its own."""
    settings = from_options(["--config", write(tmp_path, toml_of(POOL_TABLE, POOL) + text), *options_of(said)])
    assert (fields_of(settings)["_rules"].cache is not None) is cached  # type: ignore[attr-defined]
    settings.validator()
    settings.validator()


def test_the_variable_with_the_token_is_no_setting() -> None:
    """A command may take its token from ``JWTMR_TOKEN``, and ``--token-env`` is what says so."""
    environ = {**variables_of(POOL), "JWTMR_TOKEN": "x"}
    assert settings_from(Namespace(token_env="JWTMR_TOKEN"), environ).origins["client_ids"] == "JWTMR_CLIENT_IDS"


def test_what_is_loaded_validates_tokens() -> None:
    """Leeway and keys are those that the variables say, over a real socket."""
    clock = SettableClock()
    with RegionalIssuer(clock=clock) as issuer:
        environ = {
            "JWTMR_USER_POOL_ID": issuer.user_pool_id,
            "JWTMR_ISSUER_TYPE": "original",
            "JWTMR_JWKS_URIS": ",".join(issuer.jwks_uris_for("original")),
            "JWTMR_CLIENT_IDS": "UNCHECKED",
            "JWTMR_TOKEN_USE": "access",
            "JWTMR_LEEWAY": "0",
        }
        token = issuer.access_token()
        with closing(Settings.load(environ=environ).validator(clock=clock)) as validator:
            principal = validator.validate(token)
            clock.set(principal.expires_at.timestamp() + 1)
            with pytest.raises(Expired):
                validator.validate(token)
        with closing(Settings.load(environ={**environ, "JWTMR_LEEWAY": "2"}).validator(clock=clock)) as validator:
            assert validator.validate(token).subject == principal.subject


NAMES = st.lists(st.text(min_size=1).filter(lambda text: text.upper() not in ("UNCHECKED", "--")), min_size=1)
"""What argparse makes of ``--client-id=--`` is no value; the parser of the command line refuses it."""


@profile(max_examples=40)
@given(names=NAMES)
def test_any_names_come_out_as_they_went_in(names: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    """Through options and TOML; through a variable too, as far as they hold no comma and no space at an end."""
    said = {**POOL, "client_ids": names}
    loaded = [
        from_options(options_of(said)),
        Settings.load(write(tmp_path_factory.mktemp("names"), toml_of(POOL_TABLE, said)), environ={}),
    ]
    if all("," not in name and name.strip() == name for name in names):
        loaded.append(Settings.load(environ=variables_of(said)))
    for settings in loaded:
        assert settings.authorities[0].claim_rules["access"].clients == {*names}
