"""Step 4 of the checks: what the claims say, for a Cognito pool's access and ID tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from silence import MARKER, assert_silent

from jwtmr import UNCHECKED, AuthError, ClaimRules, CognitoUserPool
from jwtmr._token.claims import check_claims, rules_for
from jwtmr.errors import BoundToken, InvalidClaim, WrongAudience, WrongClient, WrongTokenUse
from jwtmr.testing import MISSING as ABSENT

POOL = CognitoUserPool(
    "us-east-1_Ab12Cd34", issuer_type="updated", client_ids=["app", "other app"], token_use=("access", "id")
)
ACCESS, ID = POOL.claim_rules["access"], POOL.claim_rules["id"]
API = replace(ACCESS, audience=frozenset({"https://api", "https://api2"}))
ANY_AUDIENCE = replace(ACCESS, audience=UNCHECKED)


def access(**changes: object) -> dict[str, object]:
    """Good claims of an access token with these laid over them; ``ABSENT`` leaves one out."""
    usual = {"client_id": "app", "scope": "a b", "cognito:groups": ["g"], "username": "u", "jti": "j"}
    return {name: value for name, value in {**usual, **changes}.items() if value is not ABSENT}


def identity(**changes: object) -> dict[str, object]:
    """Good claims of an ID token with these laid over them."""
    usual = {"aud": "app", "cognito:groups": ["g"], "cognito:username": "u", "jti": "j"}
    return {name: value for name, value in {**usual, **changes}.items() if value is not ABSENT}


def outcome(payload: Mapping[str, object], rules: ClaimRules) -> type[AuthError] | None:
    """How the claims are refused, if they are; and never with a word of theirs."""
    try:
        check_claims(payload, rules)
    except AuthError as error:
        assert_silent(error, "stranger", "somebody else")
        return type(error)
    return None


@pytest.mark.parametrize("value", [7, True, None, ["a"], {MARKER: 1}, 1.5])
@pytest.mark.parametrize("name", ["scope", "username", "jti", "client_id"])
def test_texts_of_access_tokens(name: str, value: object) -> None:
    """Every text that a principal shows of an access token is a string where it is present."""
    assert outcome(access(**{name: value}), ACCESS) is InvalidClaim
    assert outcome(access(**{name: value}), replace(ANY_AUDIENCE, clients=UNCHECKED)) is InvalidClaim
    assert outcome(access(**{name: ABSENT}), replace(ACCESS, clients=UNCHECKED)) is None


@pytest.mark.parametrize("value", [7, True, None, ["app"], {MARKER: 1}])
@pytest.mark.parametrize("name", ["aud", "cognito:username", "jti"])
def test_texts_of_id_tokens(name: str, value: object) -> None:
    """The same of an ID token, whose client is its ``aud``: one string, no list."""
    assert outcome(identity(**{name: value}), ID) is InvalidClaim
    assert outcome(identity(**{name: ABSENT}), replace(ID, clients=UNCHECKED)) is None


@pytest.mark.parametrize("value", ["g", 7, None, True, {"g": 1}, [1], ["g", None], ["g", ["h"]], [True], [{}]])
@pytest.mark.parametrize("rules", [ACCESS, ID], ids=["access", "id"])
def test_groups_are_a_list_of_strings(rules: ClaimRules, value: object) -> None:
    """Groups of another shape are refused; none, an absent claim and empty names are not."""
    make = access if rules is ACCESS else identity
    assert outcome(make(**{"cognito:groups": value}), rules) is InvalidClaim
    for fine in (ABSENT, [], ["g", "h"], [""]):
        assert outcome(make(**{"cognito:groups": fine}), rules) is None


def test_claims_that_are_not_shown_may_be_anything() -> None:
    """Claims of the other kind of token, and unknown ones, are nobody's business."""
    assert outcome(access(**{"cognito:username": 7, "email": [], "scopes": 1}), ACCESS) is None
    assert outcome(identity(scope=7, username=[], client_id=True), ID) is None


@pytest.mark.parametrize(
    ("client", "refused"),
    [
        ("app", None),
        ("other app", None),
        ("App", WrongClient),
        ("app ", WrongClient),
        ("", WrongClient),
        ("stranger", WrongClient),
        (MARKER, WrongClient),
        (ABSENT, WrongClient),
    ],
)
def test_client(client: object, refused: type[AuthError] | None) -> None:
    """The client is one of those configured, compared exactly, in the claim that belongs to the kind of token."""
    assert outcome(access(client_id=client), ACCESS) is refused
    assert outcome(identity(aud=client), ID) is refused
    assert outcome(access(client_id=client), replace(ACCESS, clients=UNCHECKED)) is None
    assert outcome(identity(aud=client), replace(ID, clients=UNCHECKED)) is None


def test_the_other_kinds_client_does_not_count() -> None:
    """An access token is not let in by its ``aud``, nor an ID token by its ``client_id``."""
    assert outcome(access(client_id="stranger", aud="app"), ANY_AUDIENCE) is WrongClient
    assert outcome(access(client_id=ABSENT, aud="app"), ANY_AUDIENCE) is WrongClient
    assert outcome(identity(aud="stranger", client_id="app"), ID) is WrongClient
    assert outcome(identity(aud=ABSENT, client_id="app"), ID) is WrongClient


@pytest.mark.parametrize(
    ("aud", "none", "several"),
    [
        (ABSENT, None, WrongAudience),
        ("https://api", WrongAudience, None),
        ("https://api2", WrongAudience, None),
        (["https://api"], WrongAudience, None),
        (["https://somebody", "https://api2"], WrongAudience, None),
        ("https://API", WrongAudience, WrongAudience),
        ("https://api/", WrongAudience, WrongAudience),
        (MARKER, WrongAudience, WrongAudience),
        (["somebody else"], WrongAudience, WrongAudience),
        ("", WrongAudience, WrongAudience),
        ([], WrongAudience, WrongAudience),
        (None, WrongAudience, InvalidClaim),
        (7, WrongAudience, InvalidClaim),
        ({"https://api": 1}, WrongAudience, InvalidClaim),
        (["https://api", 7], WrongAudience, InvalidClaim),
        ([["https://api"]], WrongAudience, InvalidClaim),
    ],
    ids=repr,
)
def test_audience(aud: object, none: type[AuthError] | None, several: type[AuthError] | None) -> None:
    """``None``: no audience may be named; several: one of them must be; ``UNCHECKED``: whatever it says."""
    assert outcome(access(aud=aud), ACCESS) is none
    assert outcome(access(aud=aud), API) is several
    assert outcome(access(aud=aud), ANY_AUDIENCE) is None


@pytest.mark.parametrize("value", [{"jkt": MARKER}, {}, None, "", False])
def test_a_bound_token_is_refused(value: object) -> None:
    """``cnf`` binds a token to a key that nobody checks here, whatever it says."""
    assert outcome(access(cnf=value), ACCESS) is BoundToken
    assert outcome(identity(cnf=value), ID) is BoundToken
    assert outcome(access(cnf=value), replace(ANY_AUDIENCE, clients=UNCHECKED)) is BoundToken
    assert outcome(access(CNF=value), ACCESS) is None


def use_of(payload: Mapping[str, object], rules: Mapping[object, ClaimRules]) -> ClaimRules | type[AuthError]:
    """The rules for these claims, or how they are refused."""
    try:
        return rules_for(payload, rules)
    except AuthError as error:
        assert_silent(error, "refresh")
        return type(error)


@pytest.mark.parametrize("use", ["refresh", "Access", "access ", "", MARKER])
def test_other_token_uses_are_refused(use: str) -> None:
    """A token of another use is refused, compared exactly."""
    assert use_of({"token_use": use}, POOL.claim_rules) is WrongTokenUse


@pytest.mark.parametrize("payload", [{}, *({"token_use": value} for value in (None, 7, True, ["access"], {"id": 1}))])
def test_token_use_is_a_string(payload: dict[str, object]) -> None:
    """A token of a pool always says what it is for."""
    assert use_of(payload, POOL.claim_rules) is InvalidClaim


def test_token_use_picks_the_rules() -> None:
    """Each use has its own rules, and one that is not expected is refused."""
    assert use_of({"token_use": "access"}, POOL.claim_rules) is ACCESS
    assert use_of({"token_use": "id"}, POOL.claim_rules) is ID
    assert use_of({"token_use": "id"}, {"access": ACCESS}) is WrongTokenUse
    assert use_of({"token_use": "access"}, {"id": ID}) is WrongTokenUse
    for payload in ({}, {"token_use": "id"}, {"token_use": 7}):
        assert use_of(payload, {None: ACCESS}) is ACCESS
