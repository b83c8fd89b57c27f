"""A file with settings that cannot be right is refused by the place in it, and no value is made into another type."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from config_kit import POOL, PROVIDER, SECRET, from_options, options_of, refused, toml_of, write
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from jwtmr import ConfigurationError
from jwtmr.config import Settings
from jwtmr.config.file import MAX_FILE_BYTES
from jwtmr.config.table import KEYS
from jwtmr.config.table import POOL as POOL_TABLE
from jwtmr.config.table import PROVIDER as PROVIDER_TABLE

FILES: list[tuple[str, str, str]] = [
    ("client_ids = 'a'", "client_ids", "must be a list"),
    ("client_ids = 'unchecked'", "client_ids", "UNCHECKED, in upper case and alone"),
    ("client_ids = ['UNCHECKED']", "client_ids", "UNCHECKED, in upper case and alone"),
    ("client_ids = ['a', 7]", "client_ids", "non-empty strings"),
    ("client_ids = []", "client_ids", "to leave a check out write UNCHECKED"),
    ("client_ids = ['']", "client_ids", "non-empty strings"),
    ("token_use = []", "token_use", "UNCHECKED"),
    ("token_use = [['access']]", "token_use", '"access", "id", both, or UNCHECKED'),
    ("user_pool_id = 7", "user_pool_id", "must look like"),
    ("issuer_type = ''", "issuer_type", "'original' or 'updated'"),
    ("accept_legacy_until = 2027-01-31T00:00:00", "accept_legacy_until", "must have a time zone, as in 2027-01-31T00"),
    ("accept_legacy_until = 2027-01-31", "accept_legacy_until", "without quotes), not date"),
    (
        "accept_legacy_until = '2027-01-31T00:00:00Z'",
        "accept_legacy_until",
        "must be a date and time, as in 2027-01-31T00:00:00Z (in a file without quotes), not str",
    ),
    ("accept_replica_issuers = 'true'", "accept_replica_issuers", "must be a bool, not str"),
    ("issuer_url = {}", "issuer_url", "must be a URL"),
    ("client_id = ['a']", "client_id", "is no setting of cognito_user_pool; the nearest is client_ids"),
    ("token_type = 'JWT'", "token_type", "belongs to [oidc_provider]"),
    ("leeway = 30", "leeway", "belongs to [validator]"),
    ('"a\\u001b" = 1', "a\\x1b", "is no setting"),
]


@pytest.mark.parametrize(("line", "name", "says"), FILES)
def test_a_wrong_line_of_a_file_is_refused_by_its_place(line: str, name: str, says: str, tmp_path: Path) -> None:
    """No value of TOML is made into another type; of several pools the one is named."""
    usual = {key: value for key, value in POOL.items() if not line.startswith(f"{key} =")}
    table = toml_of(POOL_TABLE, usual) + line + "\n"
    path = write(tmp_path, table)
    refused(lambda: Settings.load(path, environ={}), f"{path}: cognito_user_pool.{name}", says)
    sound = toml_of(POOL_TABLE, POOL).replace("[cog", "[[cog").replace("ol]", "ol]]")
    write(tmp_path, sound + table.replace("[cog", "[[cog").replace("ol]", "ol]]"))
    refused(lambda: Settings.load(path, environ={}), f"{path}: cognito_user_pool[2].{name}", says)


TEXTS: list[tuple[str, str, str]] = [
    ("[validator]\nleeway = '30'", "validator.leeway", "must be a number of seconds, not str"),
    ("[validator]\nleeway = 1e999", "validator.leeway", "must be a number of seconds"),
    ("[validator]\nleeway = true", "validator.leeway", "must be a number of seconds, not bool"),
    ("[validator]\ndrain = 1", "validator.drain", "must be a bool, not int"),
    ("[validator]\ntoken_cache = 1", "validator.token_cache", "must be a table"),
    ("[validator]\nkey_policy = 1", "validator.key_policy", "must be a table"),
    ("[validator]\nkey_polizy = {}", "validator.key_polizy", "the nearest is key_policy"),
    ("[validator]\nwait = 1", "validator.wait", "belongs to [validator.key_policy]"),
    ("[validator.key_policy]\nwait = 31", "validator.key_policy.wait", "between 0.1 and 30"),
    ("[validator.key_policy]\nwai = 1", "validator.key_policy.wai", "the nearest is wait"),
    ("[validator.token_cache]\nttl = 0", "validator.token_cache.ttl", "between 1 and 3600"),
    ("[validators]", "validators", "is no table; the nearest is validator"),
    ("[key_policy]", "key_policy", "belongs to [validator.key_policy]"),
    ("client_ids = ['a']", "client_ids", "belongs to [cognito_user_pool] or [oidc_provider]"),
    ("cognito_user_pool = 1", "cognito_user_pool", "must be a table"),
    ("validator = []", "validator", "must be a table"),
]


@pytest.mark.parametrize(("text", "place", "says"), TEXTS)
def test_a_wrong_table_is_refused_by_its_place(text: str, place: str, says: str, tmp_path: Path) -> None:
    """The validator's settings, and tables that nobody knows."""
    path = write(tmp_path, text)
    refused(lambda: from_options(["--config", path, *options_of(POOL)]), f"{path}: {place}", says)


FORMER: list[tuple[str, str, str]] = [
    ("url = 'https://a.example'", "legacy_issuers.accept_until", "must be given"),
    ("accept_until = 2027-01-31T00:00:00Z", "legacy_issuers.url", "must be given"),
    ("url = 'x'\naccept_until = 2027-01-31T00:00:00Z", "legacy_issuers.url", "must be an absolute URL"),
    ("url = 'https://a.example'\naccept_until = 2027-01-31", "legacy_issuers.accept_until", "must be a date and time"),
    ("uri = 'https://a.example'", "legacy_issuers.uri", "the nearest is url"),
]


@pytest.mark.parametrize(("lines", "place", "says"), FORMER)
def test_a_former_issuer_is_refused_by_its_place(lines: str, place: str, says: str, tmp_path: Path) -> None:
    """Its table has names of its own, and of several it is counted which."""
    text = toml_of(PROVIDER_TABLE, PROVIDER)
    path = write(tmp_path, f"{text}[[oidc_provider.legacy_issuers]]\n{lines}\n")
    refused(lambda: Settings.load(path, environ={}), f"{path}: oidc_provider.{place}", says)
    sound = "[[oidc_provider.legacy_issuers]]\nurl = 'https://b.example'\naccept_until = 2027-01-31T00:00:00Z\n"
    write(tmp_path, f"{text}{sound}[[oidc_provider.legacy_issuers]]\n{lines}\n")
    counted = place.replace("legacy_issuers", "legacy_issuers[2]")
    refused(lambda: Settings.load(path, environ={}), f"{path}: oidc_provider.{counted}", says)
    write(tmp_path, f"{text}legacy_issuers = [1]\n")
    refused(lambda: Settings.load(path, environ={}), f"{path}: oidc_provider.legacy_issuers", "must be a table")


def test_a_file_that_is_marked_as_utf_8(tmp_path: Path) -> None:
    """Some editors begin one with a byte order mark."""
    path = write(tmp_path, b"\xef\xbb\xbf" + toml_of(POOL_TABLE, POOL).encode())
    assert Settings.load(path, environ={}).authorities[0].id == POOL["user_pool_id"]


BYTES: list[tuple[bytes, str]] = [
    (b"[validator]\nleeway = = 3", "is no TOML: Invalid value (at line 2, column 10)"),
    (b"[validator]\n[validator]", "is no TOML: "),
    (b"[validator]\nleeway = 1\xff", "is not UTF-8 (at line 2)"),
    (b"a = 9" + b"9" * 5000, "is no TOML"),
    (b"a = " + b"[" * 20000, "nested too deep"),
]


@pytest.mark.parametrize(("content", "says"), BYTES)
def test_a_file_that_is_no_toml(content: bytes, says: str, tmp_path: Path) -> None:
    """Line and column are told where they are known."""
    path = write(tmp_path, content)
    refused(lambda: Settings.load(path, environ={}), path, says)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    """Whoever named it is told why; what a variable or an option held is not repeated, as it may be a token."""
    for name in (SECRET, f"{SECRET}\0", str(tmp_path)):
        refused(lambda name=name: from_options(["--config", name]), "--config", "its file cannot be read: ")
        refused(lambda name=name: Settings.load(environ={"JWTMR_CONFIG": name}), "JWTMR_CONFIG", "cannot be read: ")
    missing = tmp_path / "missing.toml"
    refused(lambda: from_options(["--config", str(missing)]), "--config", f"{missing} cannot be read: No such file")
    refused(lambda: Settings.load(missing, environ={}), "path", f"{missing} cannot be read: No such file")
    large = write(tmp_path, b"#" * (MAX_FILE_BYTES + 1))
    refused(lambda: Settings.load(large, environ={}), "path", "has more than 1048576 bytes")


VALUES = ["1", "''", "[]", "{}", "[{}]", "true", "1e400", "07:32:00"]


@profile(max_examples=100)
@given(
    name=st.sampled_from([*KEYS]), value=st.sampled_from(["1", "''", "[]", "{}", "[{}]", "true", "1e400", "07:32:00"])
)
def test_no_value_of_toml_is_more_than_refused(name: str, value: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Every type of TOML, where it does not belong too."""
    text = toml_of(POOL_TABLE, {key: one for key, one in POOL.items() if key != name}) + f"{name} = {value}\n"
    with contextlib.suppress(ConfigurationError):
        Settings.load(write(tmp_path_factory.mktemp("values"), text), environ={})
