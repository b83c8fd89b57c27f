"""Principals made for tests: the same claims and identity as those of verified tokens."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from jwtmr import ConfigurationError, Principal
from jwtmr.errors import InsufficientGroups, InsufficientScope, WrongTokenUse
from jwtmr.testing import MISSING, SUBJECT, USERNAME, make_principal

ORIGINAL = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Ab12Cd34E"
UPDATED = "https://issuer-cognito-idp.us-east-1.amazonaws.com/us-east-1_Ab12Cd34E"


def test_a_user() -> None:
    """Without wishes it is the usual user, with an access token of the updated issuer that is valid for an hour."""
    principal = make_principal()
    assert isinstance(principal, Principal)
    assert (principal.subject, principal.username, principal.token_use) == (SUBJECT, USERNAME, "access")
    assert (principal.issuer, principal.token_issuer, principal.issuer_kind) == (ORIGINAL, UPDATED, "current")
    assert (principal.scopes, principal.groups) == (frozenset(), frozenset())
    assert principal.claims["iss"] == UPDATED
    assert principal.issued_at is not None
    assert principal.expires_at - principal.issued_at == timedelta(hours=1)
    assert abs(datetime.now(UTC) - principal.issued_at) < timedelta(minutes=1)


def test_what_is_asked_for_is_there() -> None:
    """Every parameter shows in the principal and, where it is one, in the claim."""
    principal = make_principal(
        subject="s", username="u", client_id="c", scopes=["a", "b/c"], groups=["g"], issuer="https://stable.example"
    )
    assert (principal.subject, principal.username, principal.client_id) == ("s", "u", "c")
    assert (principal.scopes, principal.groups) == (frozenset({"a", "b/c"}), frozenset({"g"}))
    assert principal.issuer == "https://stable.example"
    assert principal.token_issuer == UPDATED
    assert principal.claims["scope"] == "a b/c"
    principal.require(scopes=["a"], any_group=["g"], token_use="access")
    with pytest.raises(InsufficientScope):
        principal.require(scopes=["x"])
    with pytest.raises(InsufficientGroups):
        principal.require(any_group=["x"])
    with pytest.raises(WrongTokenUse):
        principal.require(token_use="id")


def test_a_machine() -> None:
    """Without a user name it is the client itself."""
    principal = make_principal(username=None, client_id="c", scopes=["orders/read"])
    assert (principal.subject, principal.client_id, principal.username) == ("c", "c", None)
    assert principal.scopes == {"orders/read"}


def test_an_id_token() -> None:
    """The principal of an ID token has its client from ``aud``."""
    principal = make_principal(token_use="id", username="u", client_id="c", groups=["g"])
    assert (principal.token_use, principal.username, principal.client_id) == ("id", "u", "c")
    assert (principal.groups, principal.scopes) == (frozenset({"g"}), frozenset())
    assert principal.claims["aud"] == "c"


def test_a_legacy_token_is_the_same_user() -> None:
    """Under the legacy issuer the token names another issuer and the user keeps his."""
    legacy, current = make_principal(issuer_kind="legacy"), make_principal()
    assert (legacy.issuer_kind, legacy.token_issuer) == ("legacy", ORIGINAL)
    assert (legacy.issuer, legacy.subject) == (current.issuer, current.subject)


def test_claims_can_be_changed() -> None:
    """Claims are laid over those of the token, and MISSING leaves one out."""
    principal = make_principal(claims={"custom:tenant": "t", "exp": 2_000_000_000, "jti": MISSING})
    assert principal.claims["custom:tenant"] == "t"
    assert principal.expires_at.timestamp() == 2_000_000_000
    assert principal.token_id is None
    assert "jti" not in principal.claims


@pytest.mark.parametrize(
    ("make", "parameter"),
    [
        (lambda: make_principal(token_use="refresh"), "token_use"),  # type: ignore[arg-type]
        (lambda: make_principal(issuer_kind="old"), "issuer_kind"),  # type: ignore[arg-type]
        (lambda: make_principal(token_use="id", scopes=["a"]), "token_use"),
        (lambda: make_principal(token_use="id", username=None), "token_use"),
        (lambda: make_principal(username=None, groups=["g"]), "groups"),
    ],
)
def test_what_no_token_could_say_is_refused(make: Callable[[], object], parameter: str) -> None:
    """A principal that no verification could give would make a test pass that means nothing."""
    with pytest.raises(ConfigurationError) as refused:
        make()
    assert refused.value.parameter == parameter
