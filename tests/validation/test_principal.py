"""What a verified token says, and that nobody but verification says it."""

from __future__ import annotations

import copy
import gc
import pickle
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from weakref import ref

import pytest
from validation_kit import claims_of

from jwtmr import AuthError, ConfigurationError, Principal, TokenValidator
from jwtmr.testing import MISSING, RegionalIssuer


@pytest.fixture
def principal(shared_issuer: RegionalIssuer, shared_validator: TokenValidator) -> Principal:
    """A user with two scopes and two groups."""
    token = shared_issuer.access_token(subject="s-1", username="u-1", scopes=["a", "b/c"], groups=["g", "h"])
    return shared_validator.validate(token)


def test_access_token(shared_issuer: RegionalIssuer, shared_validator: TokenValidator) -> None:
    """Every property of a user's access token."""
    token = shared_issuer.access_token(subject="s-1", username="u-1", scopes=["a", "b/c"], groups=["g", "h"])
    said, one = claims_of(token), shared_validator.validate(token)
    assert (one.subject, one.username, one.client_id) == ("s-1", "u-1", shared_issuer.client_id)
    assert (one.issuer, one.token_issuer) == (shared_issuer.original_issuer, shared_issuer.updated_issuer)
    assert (one.issuer_kind, one.issuer_region) == ("current", "us-east-1")
    assert (one.token_use, one.token_id) == ("access", said["jti"])
    assert (one.scopes, one.groups) == (frozenset({"a", "b/c"}), frozenset({"g", "h"}))
    assert one.expires_at == datetime.fromtimestamp(said["exp"], UTC)
    assert one.issued_at == datetime.fromtimestamp(said["iat"], UTC)
    assert one.expires_at.tzinfo is UTC
    assert one.claims == said


def test_id_token(shared_issuer: RegionalIssuer, shared_validator: TokenValidator) -> None:
    """An ID token has its own claims for client and user, and grants no scope even if it names one."""
    token = shared_issuer.id_token(
        username="u-1", issuer=shared_issuer.original_issuer, claims={"scope": "a", "client_id": "x", "username": "y"}
    )
    one = shared_validator.validate(token)
    assert (one.token_use, one.client_id, one.username) == ("id", shared_issuer.client_id, "u-1")
    assert (one.scopes, one.groups) == (frozenset(), frozenset())
    assert (one.issuer_kind, one.token_issuer) == ("legacy", shared_issuer.original_issuer)
    assert one.issuer == shared_issuer.original_issuer


def test_machine_token(shared_issuer: RegionalIssuer, shared_validator: TokenValidator) -> None:
    """A machine is its client and has no user name."""
    one = shared_validator.validate(shared_issuer.machine_token())
    assert one.subject == one.client_id == shared_issuer.client_id
    assert (one.username, one.scopes) == (None, {"orders/read"})


def test_absent_claims_are_none(shared_issuer: RegionalIssuer, shared_validator: TokenValidator) -> None:
    """What a token need not say is None or empty, and the times may have fractions and reach to the end of time."""
    bare = dict.fromkeys(("jti", "username", "scope", "iat"), MISSING)
    one = shared_validator.validate(shared_issuer.access_token(claims={**bare, "exp": 253402300799}))
    assert (one.token_id, one.username, one.issued_at) == (None, None, None)
    assert (one.scopes, one.groups) == (frozenset(), frozenset())
    assert one.expires_at == datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    fraction = shared_validator.validate(shared_issuer.access_token(claims={"iat": 1.5, "exp": 253402300799.0}))
    assert fraction.issued_at == datetime(1970, 1, 1, 0, 0, 1, 500000, tzinfo=UTC)
    assert fraction.expires_at == one.expires_at


@pytest.mark.parametrize(
    ("scope", "scopes"),
    [
        ("a b", {"a", "b"}),
        (" a  b ", {"a", "b"}),
        ("", set()),
        ("   ", set()),
        ("a\tb", {"a\tb"}),
        ("a\nb c", {"a\nb", "c"}),
        ("a\u00a0b", {"a\u00a0b"}),
        ("a\u2028b", {"a\u2028b"}),
        ("a,b", {"a,b"}),
        ("a a A", {"a", "A"}),
    ],
    ids=lambda value: ascii(value) if isinstance(value, str) else "scopes",
)
def test_scopes_are_split_at_spaces_only(
    shared_issuer: RegionalIssuer, shared_validator: TokenValidator, scope: str, scopes: set[str]
) -> None:
    """Nothing but the space separates scopes (RFC 6749 section 3.3)."""
    assert shared_validator.validate(shared_issuer.access_token(claims={"scope": scope})).scopes == scopes


def test_claims_are_ones_own(shared_issuer: RegionalIssuer, shared_validator: TokenValidator) -> None:
    """Changing one principal's claims changes neither what it is nor anybody else's, of the same token too."""
    token = shared_issuer.access_token(subject="s-1", groups=["g"])
    one, two = shared_validator.validate(token), shared_validator.validate(token)
    assert one.claims is one.claims
    one.claims["sub"] = "admin"
    one.claims["cognito:groups"].append("admins")
    one.claims["scope"] = "everything"
    assert (one.subject, one.groups, one.scopes) == ("s-1", {"g"}, {"aws.cognito.signin.user.admin"})
    assert two.claims == claims_of(token)
    assert shared_validator.validate(token).claims == claims_of(token)


@pytest.mark.parametrize("copying", [pickle.dumps, copy.copy, copy.deepcopy, lambda one: one.__reduce_ex__(4)])
def test_cannot_be_stored_or_copied(principal: Principal, copying: Callable[[Principal], object]) -> None:
    """A stored principal would outlive its token."""
    with pytest.raises(TypeError, match="cannot be pickled or copied"):
        copying(principal)


def test_cannot_be_made_up(principal: Principal) -> None:
    """No constructor, no attribute, no equality that an application could use to make one."""
    for given in ((), (None,), (principal,), (principal.claims,), ("admin",), ({"sub": "admin"}, "admin")):
        with pytest.raises(TypeError):
            Principal(*given)
    for name in ("subject", "groups", "claims", "anything"):
        with pytest.raises(AttributeError):
            setattr(principal, name, "admin")
    assert not hasattr(principal, "__dict__")


def test_equality_is_identity(shared_issuer: RegionalIssuer, shared_validator: TokenValidator) -> None:
    """Two principals of one token are two."""
    token = shared_issuer.access_token()
    one, two = shared_validator.validate(token), shared_validator.validate(token)
    assert one == one  # noqa: PLR0124 - that is the question
    assert one != two
    assert len({one, two}) == 2


def test_shows_nothing_of_who(principal: Principal, shared_issuer: RegionalIssuer) -> None:
    """``repr`` and ``str`` name what is configured, and nothing that the token says."""
    for shown in (repr(principal), str(principal), f"{principal}"):
        assert shared_issuer.user_pool_id in shown
        assert "current" in shown
        for secret in ("s-1", "u-1", "b/c", principal.token_id):
            assert str(secret) not in shown


MET: list[dict[str, Any]] = [
    {},
    {"scopes": ()},
    {"scopes": ["a"]},
    {"scopes": ["b/c", "a"]},
    {"scopes": {"a"}, "any_group": {"h", "x"}, "token_use": "access"},
    {"any_group": ("g",)},
    {"any_group": frozenset({"x", "g"})},
    {"token_use": "access"},
    {"scopes": ["a"], "any_group": None, "token_use": None},
]
UNMET: list[tuple[dict[str, Any], str]] = [
    ({"scopes": ["c"]}, "insufficient_scope"),
    ({"scopes": ["a", "c"]}, "insufficient_scope"),
    ({"scopes": ["A"]}, "insufficient_scope"),
    ({"scopes": ["a b/c"]}, "insufficient_scope"),
    ({"scopes": ["g"]}, "insufficient_scope"),
    ({"any_group": ["x"]}, "insufficient_groups"),
    ({"any_group": ["G"]}, "insufficient_groups"),
    ({"any_group": ["a"]}, "insufficient_groups"),
    ({"token_use": "id"}, "wrong_token_use"),
    ({"scopes": ["a"], "any_group": ["x"]}, "insufficient_groups"),
    ({"scopes": ["c"], "any_group": ["g"]}, "insufficient_scope"),
    ({"scopes": ["a"], "any_group": ["g"], "token_use": "id"}, "wrong_token_use"),
]
WRONG: list[tuple[dict[str, Any], str]] = [
    *(
        ({"scopes": value}, "scopes")
        for value in ("a", "", ["a", ""], [None], [1], 7, b"a", {"a": 1}, None, 0, {}, b"")
    ),
    *(({"any_group": value}, "any_group") for value in ("g", "", [], (), set(), ["g", None], 7, False)),
    *(({"token_use": value}, "token_use") for value in ("Access", "", "refresh", ("access",), True, 7)),
]


@pytest.mark.parametrize("wanted", MET)
def test_requirements_that_are_met(principal: Principal, wanted: dict[str, Any]) -> None:
    """All scopes, any of the groups, and the use: what is granted passes, and nothing is returned."""
    assert principal.require(**wanted) is None


@pytest.mark.parametrize(("wanted", "code"), UNMET, ids=repr)
def test_requirements_that_are_not(principal: Principal, wanted: dict[str, Any], code: str) -> None:
    """Each requirement is enforced on its own; the scopes that were asked go with the refusal, and nothing else."""
    with pytest.raises(AuthError) as caught:
        principal.require(**wanted)
    assert caught.value.code == code
    assert caught.value.required_scopes == frozenset(wanted["scopes"] if code == "insufficient_scope" else ())
    assert "s-1" not in caught.value.detail


@pytest.mark.parametrize(("wanted", "parameter"), WRONG, ids=repr)
def test_requirements_that_make_no_sense(principal: Principal, wanted: dict[str, Any], parameter: str) -> None:
    """A bare string, no group at all, an unknown use: the programmer hears of it, and nobody is let in."""
    with pytest.raises(ConfigurationError) as caught:
        principal.require(**wanted)
    assert caught.value.parameter == parameter


@pytest.mark.parametrize(("wanted", "parameter"), WRONG[:6] + WRONG[-6:], ids=repr)
def test_the_validator_refuses_the_same(
    shared_issuer: RegionalIssuer, shared_validator: TokenValidator, wanted: dict[str, Any], parameter: str
) -> None:
    """``validate`` takes the same requirements in the same way."""
    with pytest.raises(ConfigurationError) as caught:
        shared_validator.validate(shared_issuer.access_token(), **wanted)
    assert caught.value.parameter == parameter


def test_a_refusal_keeps_nobody(shared_issuer: RegionalIssuer, shared_validator: TokenValidator) -> None:
    """Who was asked in vain goes with the error, and so does what that passed: nothing waits for a collector."""

    def ask() -> ref[Principal]:
        asked = shared_validator.validate(shared_issuer.access_token())
        with pytest.raises(AuthError):
            asked.require(scopes=["nobody has it"])
        return ref(asked)

    ask()
    gc.disable()
    try:
        assert ask()() is None
    finally:
        gc.enable()
