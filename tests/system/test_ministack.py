"""Tokens that nobody here made: those of ministack, an emulator of Cognito, started as a real server.

Pools, clients, users and groups are made through boto3, as with AWS; the tokens are signed by ministack and validated
with the keys of its JWKS endpoint. Its ``iss`` is the original issuer as AWS writes it, so ``jwks_uris`` alone is
overridden.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from emulator import REGION, Pool, TokenName, make_pool, running_ministack
from verdicts import claims_of, refusal, tampered

from jwtmr import AuthError, CognitoUserPool, TokenUse, TokenValidator

pytestmark = pytest.mark.system("ministack")

EXAMPLE = Path(__file__).parents[2] / "examples" / "validate_token.py"


@pytest.fixture(scope="module")
def ministack(needs: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a running ministack that listens on loopback and on nothing else."""
    with running_ministack(needs("ministack"), tmp_path_factory.mktemp("ministack")) as url:
        yield url


@pytest.fixture(scope="module")
def pool(ministack: str) -> Pool:
    """A pool with tokens."""
    return make_pool(ministack, "first", with_machine=True)


@pytest.fixture(scope="module")
def other_pool(ministack: str) -> Pool:
    """Another pool of the same emulator, in the same region."""
    return make_pool(ministack, "second", with_machine=True)


def test_access_token_of_a_user(pool: Pool) -> None:
    """A sign-in's access token says who, through which client, in which groups and for which scopes."""
    with pool.validator("access") as validator:
        principal = validator.validate(pool.tokens["access"])
    assert (principal.subject, principal.username) == (pool.subject, "alice")
    assert (principal.client_id, principal.token_use) == (pool.web, "access")
    assert principal.groups == {"admins"}
    assert principal.scopes == {"aws.cognito.signin.user.admin"}
    assert (principal.issuer, principal.token_issuer) == (pool.issuer, pool.issuer)
    assert (principal.issuer_kind, principal.issuer_region) == ("current", REGION)


def test_id_token_of_a_user(pool: Pool) -> None:
    """The same sign-in's ID token names the client in ``aud`` and the user in ``cognito:username``; it has no scope."""
    with pool.validator("id") as validator:
        principal = validator.validate(pool.tokens["id"])
    assert (principal.subject, principal.username) == (pool.subject, "alice")
    assert (principal.client_id, principal.token_use) == (pool.web, "id")
    assert principal.groups == {"admins"}
    assert principal.scopes == frozenset()


def test_token_of_a_machine(pool: Pool) -> None:
    """Client credentials give an access token whose subject is the client, with the scopes that it asked for."""
    with pool.validator("access") as validator:
        principal = validator.validate(pool.tokens["machine"], scopes=["orders/read"])
        with pytest.raises(AuthError) as caught:
            validator.validate(pool.tokens["machine"], scopes=["orders/write"])
    assert (principal.subject, principal.client_id) == (pool.machine, pool.machine)
    assert (principal.username, principal.token_use) == (None, "access")
    assert (principal.groups, principal.scopes) == (frozenset(), {"orders/read"})
    assert caught.value.code == "insufficient_scope"


@pytest.mark.parametrize("name", ["access", "id", "machine"])
def test_both_ways_to_validate_agree_with_the_token(pool: Pool, name: TokenName) -> None:
    """``validate`` and ``validate_async`` expose what the token says, times and identifier included."""
    token = pool.tokens[name]
    said = claims_of(token)
    with pool.validator() as validator:
        both = [validator.validate(token), asyncio.run(validator.validate_async(token))]
    for principal in both:
        assert principal.claims == said
        assert principal.token_id == said["jti"]
        assert principal.expires_at == datetime.fromtimestamp(said["exp"], UTC)
        assert principal.issued_at == datetime.fromtimestamp(said["iat"], UTC)


@pytest.mark.parametrize(("accepted", "name"), [("id", "access"), ("id", "machine"), ("access", "id")])
def test_token_for_another_use_is_refused(pool: Pool, accepted: TokenUse, name: TokenName) -> None:
    """Where only ID tokens are meant an access token is none, and the other way round."""
    with pool.validator(accepted) as validator:
        assert refusal(validator, pool.tokens[name]) == "wrong_token_use"


@pytest.mark.parametrize("name", ["access", "id", "machine"])
def test_token_of_a_client_that_is_not_configured_is_refused(pool: Pool, name: TokenName) -> None:
    """A client of the same pool is a stranger unless the configuration names it."""
    foreign = [pool.machine] if name != "machine" else [pool.web]
    with pool.validator(clients=foreign) as validator:
        assert refusal(validator, pool.tokens[name]) == "wrong_client"


@pytest.mark.parametrize("claims", [{"cognito:groups": ["owners"]}, {}], ids=["claim", "signature"])
def test_token_that_was_tampered_with_is_refused(pool: Pool, claims: dict[str, object]) -> None:
    """One changed claim, or one changed character of the signature, and the signature does not verify."""
    with pool.validator() as validator:
        assert refusal(validator, tampered(pool.tokens["access"], **claims)) == "invalid_signature"


def test_token_of_another_pool_is_refused(pool: Pool, other_pool: Pool) -> None:
    """Another pool's name is not trusted, and its signature is none of this pool even under this pool's name."""
    with other_pool.validator(clients=[pool.web]) as validator:
        assert refusal(validator, pool.tokens["access"]) == "untrusted_issuer"
    mistaken = CognitoUserPool(
        pool.id, issuer_type="original", client_ids=[pool.web], token_use="access", jwks_uris=[other_pool.jwks_uri]
    )
    with closing(TokenValidator(mistaken)) as validator:
        assert refusal(validator, pool.tokens["access"]) == "unknown_key"


def test_its_tokens_are_legacy_ones_once_the_pool_is_configured_as_updated(pool: Pool) -> None:
    """Inside the window the emulator's tokens are accepted as legacy, under the same stable issuer; without it not."""
    common: dict[str, Any] = {
        "issuer_type": "updated", "client_ids": [pool.web], "token_use": "access", "jwks_uris": [pool.jwks_uri],
    }  # fmt: skip
    window = datetime.now(UTC) + timedelta(hours=1)
    with closing(TokenValidator(CognitoUserPool(pool.id, accept_legacy_until=window, **common))) as validator:
        principal = validator.validate(pool.tokens["access"])
    assert (principal.issuer, principal.subject) == (pool.issuer, pool.subject)
    assert principal.issuer_kind == "legacy"
    with closing(TokenValidator(CognitoUserPool(pool.id, **common))) as validator:
        assert refusal(validator, pool.tokens["access"]) == "legacy_issuer_retired"


@pytest.mark.parametrize(
    ("name", "use", "expected", "said"),
    [
        ("access", "access", 0, ["valid", "user name     alice", "groups        admins"]),
        ("id", "any", 0, ["valid", "user name     alice", "use           id"]),
        ("machine", "access", 0, ["valid", "user name     -", "scopes        orders/read"]),
        ("id", "access", 1, ["refused: wrong_token_use (401)"]),
    ],
)
def test_the_example_says_what_the_library_says(
    pool: Pool, name: TokenName, use: str, expected: int, said: list[str]
) -> None:
    """``examples/validate_token.py`` judges the emulator's tokens by its command line alone, and never prints one."""
    settings = ["--user-pool-id", pool.id, "--issuer-type", "original", "--jwks-uri", pool.jwks_uri]
    rules = ["--client-id", pool.web, "--client-id", pool.machine, "--token-use", use]
    ran = subprocess.run(
        [sys.executable, str(EXAMPLE), *settings, *rules],
        input=pool.tokens[name], capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (ran.returncode, ran.stderr) == (expected, "")
    assert all(words in ran.stdout for words in said), ran.stdout
    assert pool.tokens[name].split(".")[2] not in ran.stdout
