"""A second emulator of Cognito, made by other people: moto, started as a real server.

moto signs the tokens of all pools with one key and serves it under the name of any pool, so here it is the issuer, the
client and nothing else that keep pools apart. It has no token endpoint, hence no token of a machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import httpx
import pytest
from emulator import REGION, Pool, TokenName, cognito_at, make_pool, running_moto
from verdicts import accepted, claims_of, header_of, refusal, tampered

from jwtmr import CognitoUserPool, TokenUse, TokenValidator

pytestmark = pytest.mark.system("moto_server")


@pytest.fixture(scope="module")
def moto(needs: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a running moto that listens on loopback."""
    with running_moto(needs("moto_server"), tmp_path_factory.mktemp("moto")) as url:
        yield url


@pytest.fixture(scope="module")
def pool(moto: str) -> Pool:
    """A pool with tokens."""
    return make_pool(moto, "first", with_machine=False)


@pytest.fixture(scope="module")
def other_pool(moto: str) -> Pool:
    """Another pool of the same server, in the same region."""
    return make_pool(moto, "second", with_machine=False)


def test_access_token_of_a_user(pool: Pool) -> None:
    """A sign-in's access token says who, through which client, in which groups and for which scopes."""
    with pool.validator("access") as validator:
        principal = accepted(validator, pool.tokens["access"])
    assert (principal.subject, principal.username) == (pool.subject, "alice")
    assert (principal.client_id, principal.token_use) == (pool.web, "access")
    assert principal.groups == {"admins"}
    assert principal.scopes == {"aws.cognito.signin.user.admin"}
    assert (principal.issuer, principal.token_issuer) == (pool.issuer, pool.issuer)
    assert (principal.issuer_kind, principal.issuer_region) == ("current", REGION)


def test_id_token_of_a_user(pool: Pool) -> None:
    """The same sign-in's ID token names the client in ``aud`` and the user in ``cognito:username``; it has no scope."""
    with pool.validator("id") as validator:
        principal = accepted(validator, pool.tokens["id"])
    assert (principal.subject, principal.username) == (pool.subject, "alice")
    assert (principal.client_id, principal.token_use) == (pool.web, "id")
    assert (principal.groups, principal.scopes) == ({"admins"}, frozenset())


@pytest.mark.parametrize("name", ["access", "id"])
def test_the_principal_agrees_with_the_token(pool: Pool, name: TokenName) -> None:
    """What the token says is exposed, its identifier and its times included."""
    said = claims_of(pool.tokens[name])
    with pool.validator() as validator:
        principal = accepted(validator, pool.tokens[name])
    assert (principal.claims, principal.token_id) == (said, said["jti"])
    assert principal.expires_at == datetime.fromtimestamp(said["exp"], UTC)
    assert principal.issued_at == datetime.fromtimestamp(said["iat"], UTC)


@pytest.mark.parametrize(("accepted_use", "name"), [("id", "access"), ("access", "id")])
def test_token_for_another_use_is_refused(pool: Pool, accepted_use: TokenUse, name: TokenName) -> None:
    """Where only ID tokens are meant an access token is none, and the other way round."""
    with pool.validator(accepted_use) as validator:
        assert refusal(validator, pool.tokens[name]) == "wrong_token_use"


@pytest.mark.parametrize("claims", [{"cognito:groups": ["owners"]}, {}], ids=["claim", "signature"])
def test_token_that_was_tampered_with_is_refused(pool: Pool, claims: dict[str, object]) -> None:
    """One changed claim, or one changed character of the signature, and the signature does not verify."""
    with pool.validator() as validator:
        assert refusal(validator, tampered(pool.tokens["access"], **claims)) == "invalid_signature"


def test_all_pools_have_one_key(pool: Pool, other_pool: Pool) -> None:
    """What the tests below rest on: no signature tells these pools apart."""
    tokens = [each.tokens[name] for each in (pool, other_pool) for name in ("access", "id")]
    key_sets = [httpx.get(each.jwks_uri, timeout=30, trust_env=False).json() for each in (pool, other_pool)]
    assert len({header_of(token)["kid"] for token in tokens}) == 1
    assert key_sets[0] == key_sets[1]


@pytest.mark.parametrize("name", ["access", "id"])
def test_token_of_another_pool_is_refused_for_its_issuer(pool: Pool, other_pool: Pool, name: TokenName) -> None:
    """The other pool's token verifies with this pool's key and names a client of this one's list; its name decides."""
    clients = [pool.web, other_pool.web]
    with pool.validator(clients=clients) as validator:
        accepted(validator, pool.tokens[name])
        assert refusal(validator, other_pool.tokens[name]) == "untrusted_issuer"


@pytest.mark.parametrize("name", ["access", "id"])
def test_clients_of_two_pools_in_one_validator_do_not_cross(pool: Pool, other_pool: Pool, name: TokenName) -> None:
    """Each pool's token passes for its own client, and not for a client that only the other pool lists."""
    with closing(TokenValidator(pool.authority(), other_pool.authority())) as validator:
        assert accepted(validator, pool.tokens[name]).issuer == pool.issuer
        assert accepted(validator, other_pool.tokens[name]).issuer == other_pool.issuer
    exchanged = pool.authority(clients=[other_pool.web]), other_pool.authority(clients=[pool.web])
    with closing(TokenValidator(*exchanged)) as validator:
        assert refusal(validator, pool.tokens[name]) == "wrong_client"
        assert refusal(validator, other_pool.tokens[name]) == "wrong_client"


def test_its_tokens_are_legacy_ones_once_the_pool_is_configured_as_updated(pool: Pool) -> None:
    """Inside the window moto's tokens are accepted as legacy, under the same stable issuer; without it they are not."""
    common: dict[str, Any] = {
        "issuer_type": "updated", "client_ids": [pool.web], "token_use": "access", "jwks_uris": [pool.jwks_uri],
    }  # fmt: skip
    window = datetime.now(UTC) + timedelta(hours=1)
    with closing(TokenValidator(CognitoUserPool(pool.id, accept_legacy_until=window, **common))) as validator:
        principal = accepted(validator, pool.tokens["access"])
    assert (principal.issuer, principal.issuer_kind) == (pool.issuer, "legacy")
    with closing(TokenValidator(CognitoUserPool(pool.id, **common))) as validator:
        assert refusal(validator, pool.tokens["access"]) == "legacy_issuer_retired"


@pytest.mark.parametrize(("before", "after"), [("ORIGINAL", "UPDATED"), ("UPDATED", "ORIGINAL")])
def test_the_pool_says_which_issuer_it_was_told(
    moto: str, before: Literal["ORIGINAL", "UPDATED"], after: Literal["ORIGINAL", "UPDATED"]
) -> None:
    """``IssuerConfiguration`` is described as it was created, and as it was updated."""
    with cognito_at(moto) as cognito:
        pool_id = cognito.create_user_pool(PoolName="told", IssuerConfiguration={"Type": before})["UserPool"]["Id"]
        said = [cognito.describe_user_pool(UserPoolId=pool_id)["UserPool"]["IssuerConfiguration"]]
        cognito.update_user_pool(UserPoolId=pool_id, PoolName="told", IssuerConfiguration={"Type": after})
        said.append(cognito.describe_user_pool(UserPoolId=pool_id)["UserPool"]["IssuerConfiguration"])
    assert said == [{"Type": before}, {"Type": after}]
