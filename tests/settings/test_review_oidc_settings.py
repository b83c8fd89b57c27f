"""Settings of providers and hand-made authorities that a review found to pass, and to do something else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum

import pytest
from refusal import assert_refused

from jwtmr import (
    UNCHECKED,
    Authority,
    ClaimRules,
    HttpAnswer,
    Issuer,
    JwksEndpoint,
    LegacyIssuer,
    OidcProvider,
    TokenValidator,
)
from jwtmr._token.header import HeaderRules
from jwtmr.settings import ConfigurationError

HOUSE = "https://a.example"
DAY = datetime(2030, 1, 31, tzinfo=UTC)
RULES = ClaimRules(token_use=None, clients={"app"}, client_claim="client_id", audience={"api"})


class Kind(StrEnum):
    """Types of tokens as an application may name them."""

    ACCESS = "at+jwt"
    PLAIN = "JWT"


def provider(**changes: object) -> OidcProvider:
    """A sound provider with these settings laid over it."""
    usual: dict[str, object] = {"audience": "api", "client_ids": ["app"], "token_type": "at+jwt"}
    return OidcProvider(HOUSE, **{**usual, **changes})


def authority(**changes: object) -> Authority:
    """A sound authority with these settings laid over it."""
    usual: dict[str, object] = {
        "id": "house",
        "issuers": (Issuer(HOUSE),),
        "endpoints": (JwksEndpoint(HOUSE + "/jwks"),),
        "algorithms": ("RS256",),
        "token_type": UNCHECKED,
        "claim_rules": {None: RULES},
        "stable_issuer": HOUSE,
    }
    return Authority(**{**usual, **changes})


def types_of(house: Authority) -> frozenset[str | None]:
    """The kinds of tokens that are let through."""
    return HeaderRules.of(house.algorithms, house.token_type, only_id_tokens=False).types


@pytest.mark.parametrize("kind", Kind)
def test_a_type_may_be_a_kind_of_str(kind: Kind) -> None:
    """It means what it says, and is not the empty type that every ``typ`` stands for that is no string."""
    plain = provider(token_type=kind.value)
    assert types_of(provider(token_type=kind)) == types_of(plain)
    assert provider(token_type=kind).must_tell_id_tokens is plain.must_tell_id_tokens
    assert provider(token_type=kind).claim_rules[None].token_use == plain.claim_rules[None].token_use


@pytest.mark.parametrize("token_type", ["application/", "APPLICATION/"])
def test_a_type_is_not_empty(token_type: str) -> None:
    """With nothing behind the slash it would be met by ``null``, by a number and by a list."""
    assert_refused(lambda: provider(token_type=token_type), "token_type", "must")


@pytest.mark.parametrize(
    ("parameter", "given"),
    [
        ("issuers", (Issuer(HOUSE), LegacyIssuer("https://old.example", DAY))),
        ("issuers", (JwksEndpoint(HOUSE),)),
        ("issuers", (HOUSE,)),
        ("issuers", Issuer(HOUSE)),
        ("endpoints", (HOUSE + "/jwks",)),
        ("endpoints", (Issuer(HOUSE),)),
        ("endpoints", {JwksEndpoint(HOUSE + "/jwks")}),
        ("claim_rules", [RULES]),
        ("id", 7),
        ("id", ["house"]),
        ("stable_issuer", 7),
    ],
    ids=repr,
)
def test_an_authority_refuses_what_is_of_another_type(parameter: str, given: object) -> None:
    """Here, and not as an ``AttributeError`` out of ``validate`` when the first old token comes."""
    assert_refused(lambda: authority(**{parameter: given}), parameter, "must")


@pytest.mark.parametrize(
    ("parameter", "first", "later"),
    [
        ("issuers", Issuer(HOUSE), Issuer("https://b.example")),
        ("endpoints", JwksEndpoint(HOUSE + "/jwks"), JwksEndpoint("https://b.example/jwks")),
        ("algorithms", "ES256", "RS256"),
    ],
)
def test_an_authority_is_not_changed_from_outside(parameter: str, first: object, later: object) -> None:
    """A list that was given goes on to be the caller's, and what was checked is what holds."""
    given = [first]
    house = authority(**{parameter: given})
    given.append(later)
    assert list(getattr(house, parameter)) == [first]


@pytest.mark.parametrize("discovers", ["pool", "http://a.example", "https://a@a.example"])
def test_what_is_discovered_is_an_issuer(discovers: str) -> None:
    """A name that no issuer can have would allow the document of a remote host to lead to plain http on loopback."""
    with pytest.raises(ConfigurationError):
        JwksEndpoint("https://a.example/.well-known/openid-configuration", discovers=discovers)


def nowhere(url: str, **_: object) -> HttpAnswer:
    """Nobody is asked."""
    raise AssertionError(url)


@pytest.mark.parametrize("hours", [0, 14])
def test_the_first_moment_of_all_can_be_reported(hours: int) -> None:
    """However long ago a window closed, ``status()`` says so and does not raise."""
    closed = datetime.min.replace(tzinfo=timezone(timedelta(hours=hours)))
    house = provider(legacy_issuers=[LegacyIssuer("https://old.example", closed)])
    validator = TokenValidator(house, http_get=nowhere)
    assert "https://old.example" in validator.status().authorities[0].problems[0]
    validator.close()
