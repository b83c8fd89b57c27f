"""Tokens of a certified OpenID provider, oidc-provider, each had from its token endpoint by client credentials.

They are access tokens of RFC 9068 for a resource of RFC 8707, and validated with the keys that its discovery document
or a configured URI leads to.
"""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime

import pytest
from oidc_server import ALGORITHMS, BILLING, INTRUDER, ORDERS, PAYROLL, SHOP, STOCK, OidcServer, trusted
from verdicts import accepted, claims_of, header_of, refusal, tampered

from jwtmr import UNCHECKED, TokenValidator

pytestmark = pytest.mark.system("oidc-provider")

RESOURCES = [ORDERS, BILLING, STOCK]
"""One for each algorithm."""


def validator_of(server: OidcServer, resource: str = ORDERS, **settings: object) -> closing[TokenValidator]:
    """A validator for the tokens of ``new`` for ``resource``."""
    return closing(TokenValidator(trusted(server.urls["new"], resource, **settings)))


@pytest.mark.parametrize("discovery", [True, False], ids=["discovery", "jwks_uris"])
@pytest.mark.parametrize("resource", RESOURCES, ids=ALGORITHMS.get)
def test_token_of_each_algorithm(house: OidcServer, resource: str, discovery: bool) -> None:
    """The principal is what the token says, whichever algorithm signed it and however its key was found."""
    token = house.token("new", resource, scope="read write")
    said = claims_of(token)
    assert header_of(token)["alg"] == ALGORITHMS[resource]
    where = {} if discovery else {"jwks_uris": [house.discovered("new")["jwks_uri"]]}
    with validator_of(house, resource, **where) as validator:
        principal = accepted(validator, token)
    assert (principal.issuer, principal.token_issuer) == (house.urls["new"], house.urls["new"])
    assert (principal.subject, principal.client_id) == (SHOP, SHOP)
    assert (principal.token_use, principal.issuer_kind) == ("access", "current")
    assert (principal.username, principal.groups) == (None, frozenset())
    assert principal.scopes == {"read", "write"}
    assert principal.claims == said
    assert (said["aud"], principal.token_id) == (resource, said["jti"])
    assert principal.expires_at == datetime.fromtimestamp(said["exp"], UTC)
    assert principal.issued_at == datetime.fromtimestamp(said["iat"], UTC)


def test_scopes_that_were_not_granted_are_missing(house: OidcServer) -> None:
    """What the client did not ask for it did not get, and what asks for it is refused."""
    token = house.token("new", scope="read")
    with validator_of(house) as validator:
        assert accepted(validator, token, scopes=("read",)).scopes == {"read"}
        assert refusal(validator, token, scopes=("read", "write")) == "insufficient_scope"


@pytest.mark.parametrize("audience", [ORDERS, [PAYROLL, ORDERS], UNCHECKED], ids=["one", "several", "unchecked"])
def test_token_for_this_resource(house: OidcServer, audience: object) -> None:
    """A token for this API passes: for its one name, for one of its names, or where nobody asks."""
    with validator_of(house, audience=audience) as validator:
        accepted(validator, house.token("new", ORDERS))


@pytest.mark.parametrize("audience", [PAYROLL, [PAYROLL, BILLING]], ids=["one", "several"])
def test_token_for_another_resource_is_refused(house: OidcServer, audience: object) -> None:
    """The same client's token for another API of the same provider, with the same key, is none for this one."""
    with validator_of(house, audience=audience) as validator:
        accepted(validator, house.token("new", PAYROLL))
        assert refusal(validator, house.token("new", ORDERS)) == "wrong_audience"


def test_token_of_another_client_is_refused(house: OidcServer) -> None:
    """A client of the same provider is a stranger unless it is named, or nobody asks."""
    token = house.token("new", client=INTRUDER)
    with validator_of(house) as validator:
        assert refusal(validator, token) == "wrong_client"
    for client_ids in ([SHOP, INTRUDER], UNCHECKED):
        with validator_of(house, client_ids=client_ids) as validator:
            assert accepted(validator, token).client_id == INTRUDER


@pytest.mark.parametrize("resource", RESOURCES, ids=ALGORITHMS.get)
def test_token_of_an_algorithm_that_is_not_allowed_is_refused(house: OidcServer, resource: str) -> None:
    """A key that the provider does publish is of no use for an algorithm that this API does not take."""
    token = house.token("new", resource)
    others = tuple(alg for alg in ("RS256", "ES256", "EdDSA") if alg != ALGORITHMS[resource])
    with validator_of(house, resource, algorithms=others) as validator:
        assert refusal(validator, token) == "unsupported_token"
    with validator_of(house, resource, algorithms=(*others, ALGORITHMS[resource])) as validator:
        accepted(validator, token)


def test_token_of_another_type_is_refused(house: OidcServer) -> None:
    """Its access tokens are ``at+jwt`` (RFC 9068), and nothing else where something else is meant."""
    token = house.token("new")
    with validator_of(house, token_type="JWT") as validator:
        assert refusal(validator, token) == "unsupported_token"
    with validator_of(house, token_type=UNCHECKED) as validator:
        accepted(validator, token)


@pytest.mark.parametrize("resource", RESOURCES, ids=ALGORITHMS.get)
@pytest.mark.parametrize("claims", [{"scope": "read write admin"}, {}], ids=["claim", "signature"])
def test_token_that_was_tampered_with_is_refused(house: OidcServer, resource: str, claims: dict[str, object]) -> None:
    """One changed claim, or one changed character of the signature, and the signature does not verify."""
    with validator_of(house, resource) as validator:
        assert refusal(validator, tampered(house.token("new", resource), **claims)) == "invalid_signature"


def test_required_claims(house: OidcServer) -> None:
    """A claim that every token must have is there, or the token is refused."""
    token = house.token("new")
    with validator_of(house, required_claims=["jti"]) as validator:
        accepted(validator, token)
    with validator_of(house, required_claims=["jti", "tenant"]) as validator:
        assert refusal(validator, token) == "invalid_claim"


def test_rsa_key_that_names_no_algorithm_serves_one_at_most(house: OidcServer, neighbour: OidcServer) -> None:
    """An RSA key without ``alg`` serves nobody who takes RS and PS, for it could be either; with ``alg`` it is told."""
    either = ("RS256", "PS256", "ES256")
    with closing(TokenValidator(trusted(house.urls["new"], algorithms=either))) as validator:
        assert refusal(validator, house.token("new")) == "unknown_key"
    with closing(TokenValidator(trusted(neighbour.urls["own"], algorithms=either))) as validator:
        accepted(validator, neighbour.token("own"))
