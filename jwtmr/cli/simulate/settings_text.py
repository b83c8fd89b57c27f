"""The settings of a service that is developed against a simulator, in the forms in which one would write them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from jwtmr.cli.simulate.words import SETTINGS, WINDOW
from jwtmr.settings import one_of
from jwtmr.testing import RegionalIssuer

HEAD: Final = "A made-up user pool, played by `jwtmr simulate`: for development alone."
"""How each of them begins, so that nobody takes it for what runs in production."""

_BOTH: Final = ["access", "id"]
"""Uses of tokens. In a program it is a tuple of both."""

_PYTHON: Final = """\
from datetime import datetime

from jwtmr import CognitoUserPool, TokenValidator

validator = TokenValidator(
    CognitoUserPool(
{arguments}
    )
)
"""


def settings_text(issuer: RegionalIssuer, form: str) -> str:
    """The settings as ``toml``, as ``env`` or as ``python``: a service in the middle of its migration.

    It expects the updated issuer, and accepts the original one for two weeks from now.
    """
    one_of("form", form, SETTINGS)
    values = _values(issuer)
    if form == "env":
        return f"# {HEAD}\n" + "".join(f"export JWTMR_{name.upper()}='{_plain(values[name])}'\n" for name in values)
    if form == "toml":
        lines = "".join(f"{name} = {_toml(value)}\n" for name, value in values.items())
        return f"# {HEAD}\n[cognito_user_pool]\n{lines}"
    arguments = "\n".join(f"        {name}={_python(value)}," for name, value in values.items())
    return f"# {HEAD}\n{_PYTHON.format(arguments=arguments)}"


def _values(issuer: RegionalIssuer) -> Mapping[str, str | list[str] | datetime]:
    ends = datetime.fromtimestamp(int(issuer.clock.wall()) + WINDOW, UTC)
    values: dict[str, str | list[str] | datetime] = {
        "user_pool_id": issuer.user_pool_id,
        "issuer_type": "updated",
        "client_ids": [issuer.client_id],
        "token_use": _BOTH,
        "replica_regions": list(issuer.replica_regions),
        "accept_legacy_until": ends,
        "jwks_uris": issuer.jwks_uris,
    }
    return {name: value for name, value in values.items() if value}


def _plain(value: str | list[str] | datetime) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, str) else ",".join(value)


def _toml(value: str | list[str] | datetime) -> str:
    """JSON writes strings and lists as TOML does, as far as the names of pools go: they are ASCII without controls."""
    return value.isoformat() if isinstance(value, datetime) else _listed(value, "    ")


def _python(value: str | list[str] | datetime) -> str:
    if isinstance(value, datetime):
        return f'datetime.fromisoformat("{value.isoformat()}")'
    return repr(tuple(value)) if value == _BOTH else _listed(value, " " * 12)


def _listed(value: str | list[str], indent: str) -> str:
    """As JSON; URLs get a line each."""
    if isinstance(value, str) or "://" not in value[0]:
        return json.dumps(value)
    return "[\n" + "".join(f"{indent}{json.dumps(each)},\n" for each in value) + indent[4:] + "]"
