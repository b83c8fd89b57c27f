"""Settings of the validator: bounds, types, and authorities that could be taken for each other."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pytest
from refusal import assert_refused

from jwtmr import CognitoUserPool, HttpAnswer, KeyPolicy, TokenValidator, ValidatorClosed


def nobody(url: str, *, headers: Mapping[str, str], timeout: float, max_bytes: int) -> HttpAnswer:
    """Stand in for a client in tests that never ask."""
    raise AssertionError("nothing here may cause a request")


def pool(user_pool_id: str = "us-east-1_Ab12Cd34", **changes: object) -> CognitoUserPool:
    """A sound pool with these settings laid over it."""
    usual: dict[str, object] = {"issuer_type": "updated", "client_ids": ["app"], "token_use": "access"}
    return CognitoUserPool(user_pool_id, **{**usual, **changes})


def make(*authorities: object, **changes: object) -> None:
    """Make a validator and close it."""
    TokenValidator(*(authorities or (pool(),)), **{"http_get": nobody, **changes}).close()


@pytest.mark.parametrize(
    "changes",
    [
        {"leeway": 0},
        {"leeway": 0.5},
        {"leeway": 300},
        {"max_token_bytes": 256},
        {"max_token_bytes": 1048576},
        {"key_policy": KeyPolicy(wait=1)},
        {"observers": []},
    ],
    ids=repr,
)
def test_takes_what_is_within_bounds(changes: dict[str, object]) -> None:
    """The bounds themselves are allowed."""
    make(**changes)


@pytest.mark.parametrize(
    ("changes", "parameter", "says"),
    [
        *(({"leeway": value}, "leeway", "between 0 and 300 seconds") for value in (-0.001, -1, 300.001, 301)),
        *(({"leeway": value}, "leeway", "seconds") for value in (True, None, "30", math.nan, math.inf, 10**400)),
        *(
            ({"max_token_bytes": value}, "max_token_bytes", "between 256 and 1048576")
            for value in (255, 1048577, 0, -1, True, None, "16384", 16384.0)
        ),
        *(({"key_policy": value}, "key_policy", "KeyPolicy") for value in (None, {}, "inline", KeyPolicy)),
        *(({"observers": value}, "observers", "") for value in (5, None, [print], [7], "abc")),
        *(({"http_get": value}, "http_get", "") for value in (5, "https://a.example", {})),
        *(({"clock": value}, "clock", "") for value in (5, None, "noon")),
    ],
    ids=lambda value: repr(value)[:50],
)
def test_refuses(changes: dict[str, object], parameter: str, says: str) -> None:
    """Out of bounds, or of a type that could never work, is refused when the validator is made."""
    assert_refused(lambda: make(**changes), parameter, says)


@pytest.mark.parametrize("authorities", [["pool"], [None], [[pool()]], [pool(), "pool"], [CognitoUserPool], [{}]])
def test_refuses_what_is_no_authority(authorities: list[object]) -> None:
    """Authorities are passed one by one."""
    assert_refused(lambda: make(*authorities), "authorities", "CognitoUserPool")


def test_refuses_no_authority() -> None:
    """A validator without an authority would refuse everything."""
    assert_refused(lambda: TokenValidator(http_get=nobody), "authorities", "one or more")


def test_refuses_authorities_that_share_a_name() -> None:
    """Two with one id, or with one issuer of whichever kind, could be taken for each other."""
    first, other = pool(), pool("us-east-1_Other")
    make(first, other)
    assert_refused(lambda: make(first, first), "authorities", "id")
    assert_refused(lambda: make(first, pool(issuer_url="https://a.example")), "authorities", "id")
    for shared in ({"issuer_url": first.issuers[0].url}, {"issuer_url": first.issuers[1].url}):
        assert_refused(lambda shared=shared: make(first, pool("us-east-1_Other", **shared)), "authorities", "issuer")
    legacy = {"legacy_issuer_urls": [first.issuers[1].url]}
    assert_refused(lambda: make(pool("us-east-1_Other", **legacy), first), "authorities", "issuer")


def test_a_closed_validator_says_so() -> None:
    """After ``close()``, which may be called again, every call is the programmer's mistake and not a refusal."""
    validator = TokenValidator(pool(), http_get=nobody)
    validator.close()
    validator.close()
    for call in (lambda: validator.validate("x"), validator.status, validator.warm_up):
        with pytest.raises(ValidatorClosed):
            call()


@pytest.mark.parametrize("require", ["Any", "", True, 1, "none"])
def test_warm_up_knows_two_requirements(require: object) -> None:
    """``warm_up`` requires any authority or all of them; another word is refused before anything is asked."""
    validator = TokenValidator(pool(), http_get=nobody)
    assert_refused(lambda: validator.warm_up(require), "require", "'any' or 'all'")
    validator.close()
