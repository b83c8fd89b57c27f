"""Tokens of one pool from three processes of cognito-local: of the updated issuer, the original one, and a replica's.

They have one key, so it is the name, the window and the client and nothing else that tell these tokens apart.
"""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from shared_pool import DOMAINS, OTHER_POOL, POOL, IssuerName, SharedPool, facts_of
from verdicts import accepted, claims_of, header_of, refusal, tampered

from jwtmr import TokenUse, TokenValidator

pytestmark = pytest.mark.system("cognito-local")

NAMES = list(DOMAINS)
every_issuer = pytest.mark.parametrize("name", NAMES)
every_use = pytest.mark.parametrize("use", ["access", "id"])


@every_use
@every_issuer
def test_tokens_of_three_issuers_are_of_one_user(shared_pool: SharedPool, name: IssuerName, use: TokenUse) -> None:
    """Kind and region are those of the issuer that minted the token; stable issuer and subject are the same for all."""
    token = shared_pool.token(name, use)
    with closing(TokenValidator(shared_pool.authority())) as validator:
        principal = accepted(validator, token)
    assert facts_of(principal) == shared_pool.facts()[token]
    assert (principal.username, principal.client_id, principal.groups) == ("alice", shared_pool.web, {"admins"})
    assert principal.scopes == ({"aws.cognito.signin.user.admin"} if use == "access" else frozenset())
    assert principal.claims == claims_of(token)


def test_all_issuers_and_pools_have_one_key(shared_pool: SharedPool) -> None:
    """What the tests below rest on: no signature tells these issuers apart, nor these pools."""
    answers = [
        httpx.get(uri, timeout=30, trust_env=False).json()
        for process in shared_pool.processes.values()
        for uri in (process.jwks_uri, process.jwks_uri.replace(POOL, OTHER_POOL))
    ]
    everything = [*shared_pool.signed_in.values(), *shared_pool.other_signed_in.values()]
    headers = [header_of(tokens[use]) for tokens in everything for use in ("AccessToken", "IdToken")]
    assert all(answer == answers[0] for answer in answers)
    assert {header["kid"] for header in headers} == {key["kid"] for key in answers[0]["keys"]} == {"CognitoLocal"}


@every_use
def test_issuer_of_a_replica_has_to_be_asked_for(shared_pool: SharedPool, use: TokenUse) -> None:
    """Without ``accept_replica_issuers`` its token is refused, though its keys are asked for and its key is known."""
    with closing(TokenValidator(shared_pool.authority(accept_replica_issuers=False))) as validator:
        accepted(validator, shared_pool.token("original", use))
        accepted(validator, shared_pool.token("updated", use))
        assert refusal(validator, shared_pool.token("replica", use)) == "untrusted_issuer"


@every_use
def test_window_that_has_passed(shared_pool: SharedPool, use: TokenUse) -> None:
    """It ends for the original issuer and for the replica's, and not for the updated one."""
    passed = datetime.now(UTC) - timedelta(seconds=1)
    with closing(TokenValidator(shared_pool.authority(accept_legacy_until=passed))) as validator:
        accepted(validator, shared_pool.token("updated", use))
        assert refusal(validator, shared_pool.token("original", use)) == "legacy_issuer_retired"
        assert refusal(validator, shared_pool.token("replica", use)) == "legacy_issuer_retired"


@every_use
@every_issuer
def test_token_minted_by_the_old_name_after_the_switch(
    shared_pool: SharedPool, name: IssuerName, use: TokenUse
) -> None:
    """An old-style token is refused if it was issued at the moment of the switch; a token of the new name is not."""
    token = shared_pool.token(name, use)
    switched = datetime.fromtimestamp(claims_of(token)["iat"], UTC)
    with closing(TokenValidator(shared_pool.authority(legacy_issued_before=switched))) as validator:
        if name == "updated":
            accepted(validator, token)
        else:
            assert refusal(validator, token) == "issued_after_cutover"


@every_issuer
def test_token_of_another_pool_is_refused_for_its_issuer(shared_pool: SharedPool, name: IssuerName) -> None:
    """The other pool's token verifies with this one's key and names a client of the list; its name decides."""
    clients = [shared_pool.web, shared_pool.other_web]
    with closing(TokenValidator(shared_pool.authority(client_ids=clients))) as validator:
        for use in ("AccessToken", "IdToken"):
            accepted(validator, shared_pool.signed_in[name][use])
            assert refusal(validator, shared_pool.other_signed_in[name][use]) == "untrusted_issuer"


@pytest.mark.parametrize(
    "claims",
    [{"cognito:groups": ["owners"]}, {"iss": f"{DOMAINS['updated']}/{POOL}"}, {}],
    ids=["claim", "issuer", "signature"],
)
def test_token_that_was_tampered_with_is_refused(shared_pool: SharedPool, claims: dict[str, object]) -> None:
    """One changed claim, another of the pool's own issuers, or one changed character of the signature."""
    with closing(TokenValidator(shared_pool.authority())) as validator:
        for use in ("access", "id"):
            token = tampered(shared_pool.token("replica", use), **claims)
            assert refusal(validator, token) == "invalid_signature"


def test_refresh_token_is_none_of_these(shared_pool: SharedPool) -> None:
    """The same key signs it, in the name of the pool, but it does not say which key: that is enough."""
    token = shared_pool.signed_in["updated"]["RefreshToken"]
    assert (claims_of(token)["iss"], header_of(token)) == (
        f"{DOMAINS['updated']}/{POOL}",
        {"alg": "RS256", "typ": "JWT"},
    )
    with closing(TokenValidator(shared_pool.authority())) as validator:
        assert refusal(validator, token) == "unsupported_token"
