"""The order of the checks: of two things wrong the earlier decides, and nothing before step 5 causes a request."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import combinations
from typing import Any

import pytest
from spoilt_tokens import WITHOUT_A_KEY, Spoil
from validation_kit import HTTP_GET, claims_of, clock_of, code_of

from jwtmr import TokenValidator
from jwtmr.testing import RegionalIssuer, SigningKey, validator_for

Spoiler = Callable[["Draft"], None]
"""Spoils one thing in a draft."""

FORGER = SigningKey.generate()


@dataclass
class Draft:
    """A token that is being spoilt."""

    header: dict[str, Any]
    claims: dict[str, Any]
    key: SigningKey
    end: str = ""
    wanted: dict[str, Any] = field(default_factory=dict)


def shape(draft: Draft) -> None:
    """Step 1."""
    draft.end = "="


def head(draft: Draft) -> None:
    """Step 2."""
    draft.header["typ"] = "dpop+jwt"


def stranger(draft: Draft) -> None:
    """Step 3, the issuer itself."""
    draft.claims["iss"] += "x"


def retired(draft: Draft) -> None:
    """Step 3, the window: the original issuer is known and not accepted."""
    draft.claims["iss"] = draft.claims["iss"].replace("issuer-cognito-idp", "cognito-idp")


def expired(draft: Draft) -> None:
    """Step 4, time."""
    draft.claims["exp"] = draft.claims["iat"] - 1000


def client(draft: Draft) -> None:
    """Step 4, client."""
    draft.claims["client_id"] = "stranger"


def kid(draft: Draft) -> None:
    """Step 5."""
    draft.header["kid"] = "nobody"


def signature(draft: Draft) -> None:
    """Step 6."""
    draft.key = replace(draft.key, private_key=FORGER.private_key)


def scope(draft: Draft) -> None:
    """Step 7."""
    draft.wanted["scopes"] = ["orders/write"]


IN_ORDER = {
    shape: (1, "malformed_token"),
    head: (2, "unsupported_token"),
    stranger: (3, "untrusted_issuer"),
    retired: (3, "legacy_issuer_retired"),
    expired: (4, "expired"),
    client: (4, "wrong_client"),
    kid: (5, "unknown_key"),
    signature: (6, "invalid_signature"),
    scope: (7, "insufficient_scope"),
}
PAIRS = [(one, two) for one, two in combinations(IN_ORDER, 2) if IN_ORDER[one][0] < IN_ORDER[two][0]]


@pytest.fixture(scope="module")
def closed_window(shared_issuer: RegionalIssuer) -> Iterator[TokenValidator]:
    """A validator that knows the legacy issuer and refuses it."""
    with closing(validator_for(shared_issuer, http_get=HTTP_GET)) as made:
        yield made


@pytest.fixture(scope="module")
def cold(shared_issuer: RegionalIssuer) -> Iterator[TokenValidator]:
    """A validator that has asked for nothing, and with a window that is open."""
    shared_issuer.forget_requests()
    until = clock_of(shared_issuer).now() + timedelta(days=1)
    with closing(validator_for(shared_issuer, accept_legacy_until=until, leeway=0, http_get=HTTP_GET)) as made:
        yield made


def outcome(issuer: RegionalIssuer, validator: TokenValidator, how: str, *spoils: Spoiler) -> str | None:
    """The code of a token that all ``spoils`` have spoilt."""
    draft = Draft({"kid": issuer.access_kid, "alg": "RS256"}, claims_of(issuer.access_token()), issuer.access_key)
    for spoil in spoils:
        spoil(draft)
    token = issuer.sign(draft.claims, draft.header, draft.key) + draft.end
    return code_of(validator, token, how, **draft.wanted)


@pytest.mark.parametrize("spoil", IN_ORDER, ids=lambda spoil: spoil.__name__)
def test_each_alone(shared_issuer: RegionalIssuer, closed_window: TokenValidator, spoil: Spoiler) -> None:
    """Each of the things that the pairs are made of is refused with its own code, and without it there is none."""
    assert outcome(shared_issuer, closed_window, "sync") is None
    assert outcome(shared_issuer, closed_window, "sync", spoil) == IN_ORDER[spoil][1]


@pytest.mark.parametrize("how", ["sync", "async"])
@pytest.mark.parametrize(("early", "late"), PAIRS, ids=lambda spoil: spoil.__name__)
def test_the_earlier_decides(
    shared_issuer: RegionalIssuer, closed_window: TokenValidator, early: Spoiler, late: Spoiler, how: str
) -> None:
    """Of two things wrong, the one of the earlier step is the answer, whichever was done first."""
    assert outcome(shared_issuer, closed_window, how, early, late) == IN_ORDER[early][1]
    assert outcome(shared_issuer, closed_window, how, late, early) == IN_ORDER[early][1]


@pytest.mark.parametrize("how", ["sync", "async"])
@pytest.mark.parametrize(("spoil", "code"), WITHOUT_A_KEY.values(), ids=WITHOUT_A_KEY.keys())
def test_refusals_before_the_key_ask_nobody(
    shared_issuer: RegionalIssuer, cold: TokenValidator, spoil: Spoil, code: str, how: str
) -> None:
    """On a validator without any keys, what steps 1 to 4 refuse causes no request; so it is 401 in an outage too."""
    for iss in (shared_issuer.updated_issuer, shared_issuer.original_issuer):
        assert code_of(cold, spoil(shared_issuer, iss), how) == code
    assert shared_issuer.count() == 0  # none since it was made: it has no keys yet


def test_windows_ask_nobody(issuer: RegionalIssuer) -> None:
    """A retired legacy issuer, and a token from after the cut-over, cause no request; a good token does."""
    clock = clock_of(issuer)
    legacy = issuer.access_token(issuer=issuer.original_issuer)
    for window, code in (
        ({}, "legacy_issuer_retired"),
        ({"accept_legacy_until": clock.now()}, "legacy_issuer_retired"),
        (
            {"accept_legacy_until": clock.now() + timedelta(1), "legacy_issued_before": clock.now()},
            "issued_after_cutover",
        ),
    ):
        with closing(validator_for(issuer, http_get=HTTP_GET, **window)) as validator:
            assert code_of(validator, legacy) == code
            assert issuer.count() == 0
            assert code_of(validator, issuer.access_token()) is None
            assert issuer.count() > 0
            issuer.forget_requests()


def test_an_outage_is_no_refusal(issuer: RegionalIssuer) -> None:
    """With every host down a good token is 503 with ``Retry-After``, and a bad one still what it is."""
    for region in issuer.regions:
        issuer.take_down(region)
    with closing(validator_for(issuer, http_get=HTTP_GET)) as validator:
        assert code_of(validator, issuer.access_token(expires_in=-60)) == "expired"
        for how in ("sync", "async"):
            assert code_of(validator, issuer.access_token(), how) == "keys_unavailable"


def test_signatures_are_checked_before_requirements(shared_issuer: RegionalIssuer, cold: TokenValidator) -> None:
    """A forged token learns nothing of what a call asks for."""
    wanted = {"scopes": ["secret/scope"], "any_group": ["secret"], "token_use": "id"}
    assert code_of(cold, shared_issuer.forged_token(), **wanted) == "invalid_signature"
