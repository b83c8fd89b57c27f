"""Settings that cannot be right are refused by the name that their user wrote, and no error repeats a value."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from config_kit import (
    POOL,
    PROVIDER,
    SECRET,
    from_options,
    options_of,
    refused,
    toml_of,
    variables_of,
    write,
)
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from jwtmr import ConfigurationError
from jwtmr.config import Settings
from jwtmr.config.environment import VARIABLES
from jwtmr.config.table import KEYS, Kind
from jwtmr.config.table import POOL as POOL_TABLE
from jwtmr.config.table import PROVIDER as PROVIDER_TABLE

WRONG: list[tuple[str, str, str]] = [
    ("user_pool_id", SECRET, "must look like us-east-1_Ab12Cd34"),
    ("issuer_type", "Updated", "must be 'original' or 'updated'"),
    ("client_ids", "unchecked", "UNCHECKED, in upper case and alone"),
    ("token_use", "refresh", 'must be "access", "id"'),
    ("token_use", "Unchecked", "UNCHECKED, in upper case and alone"),
    ("replica_regions", "us-east-1", "must not hold the primary region"),
    ("replica_regions", "UNCHECKED", "is no check that can be left out"),
    ("accept_legacy_until", "2027-01-31T00:00:00", "such as 2027-01-31T00:00:00Z"),
    ("accept_legacy_until", "2027-01-31", "such as 2027-01-31T00:00:00Z"),
    ("accept_legacy_until", "next week", "such as 2027-01-31T00:00:00Z"),
    ("legacy_issued_before", "2027-01-31T00:00:00Z", "has no effect without accept_legacy_until"),
    ("accept_replica_issuers", "true", "needs replica_regions"),
    ("issuer_url", f"http://{SECRET}.example", "must be https"),
    ("issuer_url", "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Ab12Cd34", "must not name a URL twice"),
    ("legacy_issuer_urls", "ftp://a.example", "must be https"),
    ("jwks_uris", "keys.json", "must be an absolute URL"),
    ("stable_issuer", "a", "must be an absolute URL"),
    ("dns_suffix", "com", "must be a DNS suffix"),
    ("leeway", "301", "must be between 0 and 300 seconds"),
    ("leeway", "nan", "must be a number of seconds, such as"),
    ("leeway", "-1", "must be a number of seconds, such as"),
    ("leeway", "1e2", "must be a number of seconds, such as"),
    ("max_token_bytes", "1_000", "must be a whole number"),
    ("max_token_bytes", "255", "must be an int between"),
    ("key_policy_max_stale", "60", "must be 0 or at least 1800"),
    ("key_policy_wait", "0", "must be between 0.1 and 30"),
    ("key_policy_refresh", "Inline", "'background' or 'inline'"),
    ("token_cache_max_entries", "0", "must be an int between"),
    ("token_cache_ttl", "0.5", "must be between 1 and 3600"),
]
WRONG_PROVIDER: list[tuple[str, str, str]] = [
    ("issuer_url", "id.example", "must be an absolute URL"),
    ("issuer_url", "https://id.example/?tenant=a", "must have no query"),
    ("token_type", "JWT", "must be at+jwt, or UNCHECKED"),
    ("algorithms", SECRET, "must be among ES256"),
    ("scope_claim", "none", "must be NONE in upper case"),
    ("accept_until", "soon", "such as 2027-01-31T00:00:00Z"),
    ("legacy_issuers", "https://a.example", "until when it is accepted"),
    ("legacy_issuers", "https://a.example soon", "such as 2027-01-31T00:00:00Z"),
    ("legacy_issuers", f"http://{SECRET} 2027-01-31T00:00:00Z", "must be https"),
    ("legacy_issuers", "https://id.example/ 2027-01-31T00:00:00Z", "must not name an issuer twice"),
]
ROWS = [(POOL, *row) for row in WRONG] + [({**PROVIDER, "audience": ["app"]}, *row) for row in WRONG_PROVIDER]


@pytest.mark.parametrize(("usual", "key", "text", "says"), ROWS)
def test_a_wrong_text_is_refused_by_the_name_that_was_typed(
    usual: dict[str, Any], key: str, text: str, says: str
) -> None:
    """As an option, as a variable, and as an option beside variables."""
    setting = KEYS[key][0]
    said = {**usual, key: text}
    refused(lambda: Settings.load(environ=variables_of(said)), setting.variable, says)
    if setting.kind is Kind.FLAG:
        words, environ = [*options_of(usual), setting.option], {}
    else:
        words, environ = [f"{setting.option}={text}"], variables_of({k: v for k, v in usual.items() if k != key})
    refused(lambda: from_options(words, environ), setting.option, says)


@pytest.mark.parametrize(("usual", "table"), [(POOL, POOL_TABLE), (PROVIDER, PROVIDER_TABLE)])
def test_what_must_be_given_is_named_as_it_would_have_been(usual: dict[str, Any], table: str, tmp_path: Path) -> None:
    """By the way in which the rest was given; and the text tells all three."""
    path = str(tmp_path / "jwtmr.toml")
    for missing in [*usual][1:] if usual is PROVIDER else [*usual]:
        rest = {key: value for key, value in usual.items() if key != missing}
        setting = KEYS[missing][0]
        ways = (setting.option, setting.variable, f"[{table}]")
        refused(lambda rest=rest: from_options(options_of(rest)), setting.option, "must be given", *ways)
        refused(lambda rest=rest: Settings.load(environ=variables_of(rest)), setting.variable, "must be given", *ways)
        refused(lambda rest=rest: from_options([], variables_of(rest)), setting.variable, "must be given", *ways)
        refused(lambda rest=rest: Settings.load(environ={}, overrides=rest), missing, "must be given", *ways)
        write(tmp_path, toml_of(table, rest))
        refused(lambda: Settings.load(path, environ={}), f"{path}: {table}.{missing}", "must be given", *ways)


def test_all_that_is_missing_is_named_at_once() -> None:
    """Nobody has to run it four times to learn of four settings."""
    said = "must be given: as --issuer-type,"
    refused(
        lambda: from_options(["--pool-id=us-east-1_Ab12Cd34"]),
        "--issuer-type",
        said,
        "So must --client-id and --token-use",
    )


def test_no_authority_at_all(tmp_path: Path) -> None:
    """The three ways to give one are told; what would suit a pool and a provider is none."""
    ways = ("--user-pool-id", "JWTMR_USER_POOL_ID", "--issuer-url", "JWTMR_ISSUER_URL", "--config", "JWTMR_CONFIG")
    path = write(tmp_path, "[validator]\nleeway = 1\n")
    refused(lambda: Settings.load(environ={}), "authorities", *ways)
    refused(lambda: Settings.load(path, environ={}), "authorities", *ways)
    refused(lambda: from_options(["--client-id", "a", "--leeway", "1"]), "authorities", *ways)


def test_which_authority(tmp_path: Path) -> None:
    """Options and variables are about one, of the kind that it is."""
    provider = ["--token-type", "at+jwt"]
    refused(lambda: from_options(options_of(POOL) + provider), "--token-type", "--user-pool-id", "only a file")
    refused(lambda: from_options(provider, variables_of(POOL)), "--token-type", "JWTMR_USER_POOL_ID", "only a file")
    path = write(tmp_path, toml_of(POOL_TABLE, POOL))
    refused(
        lambda: from_options([*provider, "--config", path]), "--token-type", "no setting of a Cognito user pool", path
    )
    both = write(tmp_path, toml_of(POOL_TABLE, POOL) + toml_of(PROVIDER_TABLE, PROVIDER))
    refused(
        lambda: from_options(["--config", both, "--client-id=a"]), "--client-id", "which of the 2 authorities", both
    )
    refused(lambda: Settings.load(both, environ={"JWTMR_CLIENT_IDS": "a"}), "JWTMR_CLIENT_IDS", "set it there")
    twice = toml_of(POOL_TABLE, POOL).replace("[cog", "[[cog").replace("ol]", "ol]]")
    write(tmp_path, twice + twice)
    refused(lambda: Settings.load(path, environ={}), path, "must not share an id")


@pytest.mark.parametrize(
    ("variable", "nearest"),
    [
        ("JWTMR_USER_POL_ID", "JWTMR_USER_POOL_ID"),
        ("JWTMR_CLIENT_ID", "JWTMR_CLIENT_IDS"),
        ("JWTMR_CONF", "JWTMR_CONFIG"),
    ],
)
def test_an_unknown_variable_is_an_error(variable: str, nearest: str) -> None:
    """It names the nearest and shows no value; what does not begin with JWTMR_ is none of ours."""
    refused(lambda: Settings.load(environ={**variables_of(POOL), variable: SECRET}), variable, f"nearest is {nearest}")
    Settings.load(environ={**variables_of(POOL), "ORDERS_JWTMR_STARTUP": "lazy", "jwtmr_x": "", "JWTMR": ""})


@pytest.mark.parametrize("variable", [*VARIABLES, "JWTMR_CONFIG"])
def test_an_empty_variable_or_option_is_no_absent_one(variable: str) -> None:
    """Somebody meant to set it."""
    refused(lambda: Settings.load(environ={variable: ""}), variable, "must not be empty", "unset it")
    setting = VARIABLES.get(variable)
    if setting is None or setting.kind is not Kind.FLAG:
        option = "--config" if setting is None else setting.option
        refused(lambda: from_options([f"{option}="]), option, "must not be empty")


def test_odd_words() -> None:
    """An item too many, a word twice, a flag that is none, a setting that a program misspells."""
    usual = variables_of(POOL)
    refused(lambda: Settings.load(environ={**usual, "JWTMR_CLIENT_IDS": "a,,b"}), "JWTMR_CLIENT_IDS", "not be empty")
    refused(lambda: Settings.load(environ={**usual, "JWTMR_DRAIN": "True"}), "JWTMR_DRAIN", "must be true or false")
    refused(lambda: from_options(["--pool-id=a", "--user-pool-id=a"]), "--user-pool-id", "must be given once")
    refused(lambda: from_options(["--drain", "--no-drain"]), "--no-drain", "must be given once")
    refused(lambda: from_options(["--config=a", "--config=a"]), "--config", "must be given once")
    refused(lambda: from_options(["--pool-id", SECRET], usual), "--pool-id", "must look like")
    refused(lambda: Settings.load(environ=usual, overrides={"client_id": 1}), "client_id", "nearest is client_ids")
    refused(lambda: Settings.load(environ=usual, overrides={"leeway": None}), "leeway", "must be a number")
    refused(lambda: Settings.load(environ=usual, overrides={"token_cache": 1}), "token_cache", "must be true or false")
    refused(lambda: Settings.load(environ=usual, overrides={"client_ids": {"unchecked"}}), "client_ids", "UNCHECKED")


@profile(max_examples=150)
@given(key=st.sampled_from([*KEYS]), text=st.text(max_size=30))
def test_no_text_is_more_than_refused(key: str, text: str) -> None:
    """Whatever a variable or an option says, it is taken or refused by its own name; and a value is never repeated."""
    setting = KEYS[key][0]
    usual = {**(PROVIDER if setting.table == PROVIDER_TABLE else POOL), key: SECRET + text}
    loads = [lambda: Settings.load(environ=variables_of(usual))]
    if setting.kind is not Kind.FLAG:
        loads.append(lambda: from_options(options_of(usual)))
    for load in loads:
        error = error_of(load)
        if error is not None:
            assert error.parameter in (setting.variable, setting.option)
            assert SECRET not in str(error)


def error_of(load: Callable[[], object]) -> ConfigurationError | None:
    """The error with which ``load`` is refused, if it is."""
    try:
        load()
    except ConfigurationError as error:
        return error
    return None
