"""What the peers are shown: jwtmr takes the good tokens and none of the spoilt ones."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from cases import cases

from jwtmr import AuthError, CognitoUserPool, OidcProvider, TokenValidator
from jwtmr.http import httpx_get


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, Any], str]]:
    """All cases, and the file of the authority that their servers' certificates are from."""
    with cases(tmp_path_factory.mktemp("cases")) as (file, environment):
        yield json.loads(file.read_text("utf-8")), environment["SSL_CERT_FILE"]


@pytest.mark.parametrize("kind", ["cognito", "resource", "entra"])
def test_each_spoilt_token_is_refused_and_the_good_one_is_not(kind: str, given: tuple[dict[str, Any], str]) -> None:
    """Every one of them has one thing wrong that jwtmr looks at."""
    case = given[0][kind]
    get = httpx_get(ssl_context=ssl.create_default_context(cafile=given[1]))
    with closing(TokenValidator(authority(kind, case), http_get=get)) as validator:
        assert validator.validate(case["token"]).token_issuer == case["issuer"]
        refused = {name: refusal_of(validator, token) for name, token in case["spoilt"].items()}
    assert set(case["must_refuse"]) <= set(refused)
    assert None not in refused.values()
    assert refused["forged"] == "invalid_signature"
    assert refused["expired"] == "expired"
    assert refused["another client's"] == "wrong_client"
    assert refused["another API's"] == "wrong_audience"


def refusal_of(validator: TokenValidator, token: str) -> str | None:
    """The code of the refusal; None for a token that is let in."""
    try:
        validator.validate(token)
    except AuthError as error:
        return error.code
    return None


def authority(kind: str, case: dict[str, Any]) -> CognitoUserPool | OidcProvider:
    """What a service would configure for the tokens of a case."""
    more = case["more"]
    if kind == "entra":
        return OidcProvider(
            case["issuer"], audience=more["audience"], client_ids=[case["client_id"]], token_type="JWT",
            client_claim="azp", scope_claim="scp", jwks_uris=[case["jwks_uri"]],
        )  # fmt: skip
    user_pool_id = case["issuer"].rpartition("/")[2]
    return CognitoUserPool(
        user_pool_id, issuer_type="original", client_ids=[case["client_id"]], token_use="access",
        audience=more.get("audience"), jwks_uris=[case["jwks_uri"]],
    )  # fmt: skip
