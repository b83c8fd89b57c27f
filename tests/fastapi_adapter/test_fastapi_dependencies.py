"""``auth.optional``, ``auth.require`` and the settings of ``BearerAuth``: what they ask, and what cannot be meant."""

from collections.abc import Callable
from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI, Security
from fastapi_kit import Place, a_place, ask, code_of

from jwtmr import ConfigurationError, Principal, TokenValidator
from jwtmr.testing import SUBJECT
from jwtmr_fastapi import BearerAuth, FromHeader, HttpBearer, OAuth2Code

# -- optional ---------------------------------------------------------------------------------------------------------


def optional(auth: BearerAuth, *scopes: str) -> FastAPI:
    """An application that serves anybody, unless ``scopes`` are asked; with a requirement below ``/staff``."""
    app = FastAPI()

    @app.get("/")
    def view(principal: Annotated[Principal | None, Security(auth.optional, scopes=scopes)]) -> str | None:
        return principal and principal.subject

    app.get("/staff", dependencies=[Depends(auth.optional), Depends(auth.require(any_group=["staff"]))])(view)
    return app


@pytest.mark.parametrize("headers", [{}, {"authorization": "Basic dXNlcjpwYXNz"}, {"x-token": "abc"}])
def test_nobody_is_let_in_as_nobody(place: Place, headers: dict[str, str]) -> None:
    """Without credentials of ours there is no principal, and that is fine."""
    answer = ask(optional(place.auth()), headers=headers)
    assert (answer.status_code, answer.json()) == (200, None)


def test_somebody_is_known(place: Place) -> None:
    """A good token is verified as ever."""
    assert ask(optional(place.auth()), headers=place.bearer()).json() == SUBJECT


@pytest.mark.parametrize(
    ("value", "refusal"),
    [
        ("Bearer abc", (401, "malformed_token")),
        ("Bearer", (400, "invalid_request")),
        ("Bearer a b", (400, "invalid_request")),
        ("DPoP abc", (401, "bound_token")),
    ],
)
def test_bad_credentials_are_refused_where_none_would_do(place: Place, value: str, refusal: tuple[int, str]) -> None:
    """Optional means that there may be none, not that they may be bad."""
    assert code_of(ask(optional(place.auth()), headers={"authorization": value})) == refusal


def test_outage_is_no_anonymity() -> None:
    """A caller whose token cannot be checked is not taken for nobody."""
    with a_place() as place:
        for region in place.issuer.regions:
            place.issuer.take_down(region, "refuse")
        assert code_of(ask(optional(place.auth()), headers=place.bearer())) == (503, "keys_unavailable")


def test_optional_with_scopes_is_not_optional(place: Place) -> None:
    """Nobody has no scopes: 401 without credentials, 403 without the scope."""
    app = optional(place.auth(), "a")
    assert code_of(ask(app)) == (401, "missing_token")
    assert code_of(ask(app, headers=place.bearer("b"))) == (403, "insufficient_scope")
    assert ask(app, headers=place.bearer("a")).json() == SUBJECT


def test_optional_beside_a_requirement(place: Place, outcomes: list[str]) -> None:
    """Where groups are asked too, nobody is not enough; the token is verified once for both."""
    app = optional(place.auth())
    assert code_of(ask(app, "/staff")) == (401, "missing_token")
    assert code_of(ask(app, "/staff", place.bearer(groups=["guests"]))) == (403, "insufficient_groups")
    assert ask(app, "/staff", place.bearer(groups=["staff"])).json() == SUBJECT
    assert outcomes == ["accepted", "insufficient_groups", "accepted"]


# -- require ----------------------------------------------------------------------------------------------------------


def requiring(auth: BearerAuth, *outer: str, **asked: Any) -> FastAPI:  # noqa: ANN401 - whatever is to be tried
    """An application that asks for more than a token."""
    app = FastAPI()

    @app.get("/")
    def view(principal: Annotated[Principal, Security(auth.require(**asked), scopes=outer)]) -> str:
        return principal.subject

    return app


@pytest.mark.parametrize(
    ("asked", "claims", "refusal"),
    [
        ({}, {}, None),
        ({"any_group": ["staff", "admins"]}, {"groups": ["guests", "admins"]}, None),
        ({"any_group": {"staff"}}, {"groups": ["guests"]}, (403, "insufficient_groups")),
        ({"any_group": ("staff",)}, {}, (403, "insufficient_groups")),
        ({"token_use": "access"}, {}, None),
        ({"token_use": "id"}, {}, (401, "wrong_token_use")),
        ({"scopes": {"a", "b"}}, {"scopes": ["b", "a", "c"]}, None),
        ({"scopes": ["a", "b"]}, {"scopes": ["a"]}, (403, "insufficient_scope")),
        ({"scopes": ["a"], "any_group": ["g"]}, {"scopes": ["a"]}, (403, "insufficient_groups")),
        ({"scopes": ["a"], "any_group": ["g"]}, {"groups": ["g"]}, (403, "insufficient_scope")),
    ],
)
def test_require(place: Place, asked: dict[str, Any], claims: dict[str, Any], refusal: tuple[int, str] | None) -> None:
    """Scopes, groups and token use are each asked."""
    token = place.issuer.access_token(**claims)
    answer = ask(requiring(place.auth(), **asked), headers={"authorization": f"Bearer {token}"})
    if refusal is None:
        assert answer.json() == SUBJECT
    else:
        assert code_of(answer) == refusal


def test_challenge_of_groups(place: Place) -> None:
    """A lack of groups is told without their names, which are nobody's business."""
    answer = ask(requiring(place.auth(), any_group=["staff"]), headers=place.bearer())
    assert answer.headers["www-authenticate"] == 'Bearer realm="api", error="insufficient_scope"'
    assert "staff" not in answer.text


def test_require_under_security_adds_its_scopes(place: Place) -> None:
    """Scopes of ``Security`` around ``require`` are asked besides its own."""
    app = requiring(place.auth(), "outer", scopes=["inner"])
    assert ask(app, headers=place.bearer("inner", "outer")).json() == SUBJECT
    assert code_of(ask(app, headers=place.bearer("inner"))) == (403, "insufficient_scope")
    assert code_of(ask(app, headers=place.bearer("outer"))) == (403, "insufficient_scope")


@pytest.mark.parametrize(
    ("asked", "parameter"),
    [
        ({"scopes": "orders/read"}, "scopes"),
        ({"scopes": [""]}, "scopes"),
        ({"any_group": "staff"}, "any_group"),
        ({"any_group": []}, "any_group"),
        ({"token_use": "refresh"}, "token_use"),
    ],
)
def test_require_refuses_what_cannot_be_meant(place: Place, asked: dict[str, Any], parameter: str) -> None:
    """A mistake is found when the route is written, not by its first caller."""
    with pytest.raises(ConfigurationError) as caught:
        place.auth().require(**asked)
    assert caught.value.parameter == parameter


# -- settings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "parameter"),
    [
        ({"realm": 'a"b'}, "realm"),
        ({"token_sources": []}, "token_sources"),
        ({"token_sources": [FromHeader(), FromHeader("x-token")]}, "token_sources"),
        ({"resource_metadata": "https://api.example"}, "resource_metadata"),
        ({"startup": "maybe"}, "startup"),
        ({"scheme_name": ""}, "scheme_name"),
        ({"scheme_name": "Bearer Auth"}, "scheme_name"),
        ({"scheme_name": "Bearer\n"}, "scheme_name"),
        ({"scheme_name": None}, "scheme_name"),
        ({"openapi": None}, "openapi"),
        ({"openapi": HttpBearer}, "openapi"),
    ],
)
def test_wrong_settings(place: Place, settings: dict[str, Any], parameter: str) -> None:
    """Settings that cannot be right are refused when they are made."""
    with pytest.raises(ConfigurationError) as caught:
        place.auth(**settings)
    assert caught.value.parameter == parameter


def test_validator_must_be_one() -> None:
    """What is no validator and makes none is refused."""
    with pytest.raises(ConfigurationError, match="validator"):
        BearerAuth("https://issuer.example")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("make", "parameter"),
    [
        (lambda: OAuth2Code(domain="http://auth.example.com"), "domain"),
        (lambda: OAuth2Code(domain="https:///path"), "domain"),
        (lambda: OAuth2Code(domain="auth.example.com"), "domain"),
        (lambda: OAuth2Code(domain="javascript:alert(1)"), "domain"),
        (lambda: OAuth2Code(domain="https://user@auth.example.com"), "domain"),
        (lambda: OAuth2Code(domain="https://auth.example.com?x"), "domain"),
        (lambda: OAuth2Code(domain="https://auth.example.com#x"), "domain"),
        (lambda: OAuth2Code(domain="https://auth.example.com/a b"), "domain"),
        (lambda: OAuth2Code(domain="https://auth.example.com\\evil"), "domain"),
        (lambda: OAuth2Code(domain="https://auth.example.com:port"), "domain"),
        (lambda: OAuth2Code(domain="https://auth.example.com\n"), "domain"),
        (lambda: OAuth2Code(domain="https://äuth.example.com"), "domain"),
        (lambda: OAuth2Code(domain=None), "domain"),
        (lambda: OAuth2Code(domain="https://auth.example.com", scopes="openid"), "scopes"),
        (lambda: OAuth2Code(domain="https://auth.example.com", scopes=[""]), "scopes"),
        (lambda: OAuth2Code(domain="https://auth.example.com", scopes={"": "nothing"}), "scopes"),
        (lambda: OAuth2Code(domain="https://auth.example.com", scopes={"openid": None}), "scopes"),
    ],
)
def test_wrong_domain(make: Callable[[], OAuth2Code], parameter: str) -> None:
    """Swagger would send users there, so it must be a place that can be meant."""
    with pytest.raises(ConfigurationError) as caught:
        make()
    assert caught.value.parameter == parameter


def test_validator_is_made_once_and_when_needed(place: Place) -> None:
    """A function in its place is called by the first request that brings a token, and then never again."""
    made: list[TokenValidator] = []

    def make() -> TokenValidator:
        made.append(place.validator)
        return place.validator

    app = optional(BearerAuth(make))
    assert ask(app).status_code == 200
    assert made == []
    for _ in range(2):
        assert ask(app, headers=place.bearer()).json() == SUBJECT
    assert len(made) == 1
