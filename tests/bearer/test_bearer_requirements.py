"""``Requirements``: said once, checked at every request."""

from __future__ import annotations

import pytest

from jwtmr import AuthError, ConfigurationError
from jwtmr.bearer import Requirements
from jwtmr.testing import make_principal

CALLER = make_principal(scopes=["orders/read", "orders/write"], groups=["staff"])


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({}, None),
        ({"scopes": ["orders/read"]}, None),
        ({"scopes": ["orders/read", "orders/write"]}, None),
        ({"scopes": ["orders/read", "orders/delete"]}, "insufficient_scope"),
        ({"any_group": ["admins", "staff"]}, None),
        ({"any_group": ["admins"]}, "insufficient_groups"),
        ({"token_use": "access"}, None),
        ({"token_use": "id"}, "wrong_token_use"),
        ({"scopes": ["orders/read"], "any_group": ["admins"]}, "insufficient_groups"),
        ({"scopes": ["orders/read"], "any_group": ["staff"], "token_use": "id"}, "wrong_token_use"),
    ],
)
def test_each_requirement_is_enforced(asked: dict[str, object], code: str | None) -> None:
    """All scopes, one group, the use; who has them is returned, and without a principal a token is missing."""
    requirements = Requirements(**asked)  # type: ignore[arg-type]
    assert bool(requirements) == bool(asked)
    if code is None:
        assert requirements.enforce(CALLER) is CALLER
    else:
        with pytest.raises(AuthError) as caught:
            requirements.enforce(CALLER)
        assert caught.value.code == code
    with pytest.raises(AuthError) as nobody:
        requirements.enforce(None)
    assert nobody.value.code == "missing_token"


def test_the_refusal_names_the_scopes_asked() -> None:
    """All of them, for the challenge."""
    with pytest.raises(AuthError) as caught:
        Requirements(scopes=["orders/read", "x"]).enforce(CALLER)
    assert caught.value.required_scopes == {"orders/read", "x"}


@pytest.mark.parametrize(
    ("asked", "parameter"),
    [
        ({"scopes": "orders/read"}, "scopes"),
        ({"scopes": [""]}, "scopes"),
        ({"scopes": None}, "scopes"),
        ({"scopes": ["orders/read orders/write"]}, "scopes"),
        ({"scopes": ["ok", 'a"b']}, "scopes"),
        ({"scopes": ["a\\b"]}, "scopes"),
        ({"scopes": ["t\xf6n"]}, "scopes"),
        ({"any_group": "staff"}, "any_group"),
        ({"any_group": []}, "any_group"),
        ({"token_use": "refresh"}, "token_use"),
        ({"token_use": ["access"]}, "token_use"),
    ],
)
def test_a_bad_requirement_is_refused_when_it_is_made(asked: dict[str, object], parameter: str) -> None:
    """A bare string, and no group at all, are found when the application starts."""
    with pytest.raises(ConfigurationError) as caught:
        Requirements(**asked)  # type: ignore[arg-type]
    assert caught.value.parameter == parameter
