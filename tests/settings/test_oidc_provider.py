"""What a provider derives from its settings: issuers and windows, endpoints, the stable issuer, the rules."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from jwtmr import UNCHECKED, Authority, ClaimRules, JwksEndpoint, LegacyIssuer, OidcProvider
from jwtmr.issuers import as_audience, in_precedence, media_type, says_access_token

HOUSE = "https://login.example/tenant"
OLD = "https://old.example"
OLDER = "https://older.example/"
DAY = datetime(2027, 1, 31, tzinfo=UTC)
CUT = datetime(2027, 1, 30, tzinfo=UTC)
LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)
WELL_KNOWN = "/.well-known/openid-configuration"


def provider(issuer_url: str = HOUSE, **changes: object) -> OidcProvider:
    """A sound provider with these settings laid over it."""
    usual: dict[str, object] = {"audience": "https://api", "client_ids": ["app"], "token_type": "at+jwt"}
    return OidcProvider(issuer_url, **{**usual, **changes})


def rules(**changes: object) -> ClaimRules:
    """The rules of a provider with these settings."""
    (made,) = provider(**changes).claim_rules.values()
    return made


def issuers(made: Authority) -> list[tuple[str, str, datetime | None, datetime | None]]:
    """URL, kind and window of each issuer; none has a region."""
    assert {issuer.region for issuer in made.issuers} == {None}
    return [(issuer.url, issuer.kind, issuer.accept_until, issuer.issued_before) for issuer in made.issuers]


def test_the_least() -> None:
    """With what must be said and nothing else: one current issuer, its discovery document, RS256, the usual names."""
    made = provider()
    assert isinstance(made, Authority)
    assert issuers(made) == [(HOUSE, "current", None, None)]
    assert made.endpoints == (JwksEndpoint(HOUSE + WELL_KNOWN, None, HOUSE),)
    assert (made.id, made.stable_issuer, made.current_issuer) == (HOUSE, HOUSE, HOUSE)
    assert (made.algorithms, made.token_type) == (("RS256",), "at+jwt")
    assert made.claim_rules == {
        None: ClaimRules(
            token_use="access", clients=frozenset({"app"}), client_claim="client_id",
            audience=frozenset({"https://api"}), scope_claim="scope", groups_claim="groups",
            username_claim="preferred_username", scope_lists=True, required_claims=(),
        )
    }  # fmt: skip


def test_an_old_house_is_a_legacy_issuer() -> None:
    """``accept_until`` makes the provider itself the old house; what it was called is still its name."""
    made = provider(OLD, accept_until=DAY, stable_issuer=HOUSE)
    assert issuers(made) == [(OLD, "legacy", DAY, None)]
    assert (made.id, made.current_issuer, made.stable_issuer) == (OLD, OLD, HOUSE)
    assert made.endpoints == (JwksEndpoint(OLD + WELL_KNOWN, None, OLD),)


def test_former_names_share_the_endpoints() -> None:
    """Each former name has its own window, and no URL is made from one."""
    former = [LegacyIssuer(OLD, accept_until=DAY, issued_before=CUT), LegacyIssuer(OLDER, LONG_AGO)]
    expected = [(OLD, "legacy", DAY, CUT), (OLDER, "legacy", LONG_AGO, None)]
    made = provider(legacy_issuers=former)
    assert issuers(made) == [(HOUSE, "current", None, None), *expected]
    assert made.endpoints == provider().endpoints
    assert (made.current_issuer, made.stable_issuer) == (HOUSE, HOUSE)
    house = provider(legacy_issuers=tuple(former), accept_until=CUT)
    assert issuers(house) == [(HOUSE, "legacy", CUT, None), *expected]
    assert house.current_issuer == HOUSE


def test_accepts_until_the_last_window_closes() -> None:
    """An old house is open as long as one of its names is, to the second; one with a current name is for ever."""
    alone = provider(accept_until=CUT)
    several = provider(accept_until=CUT, legacy_issuers=[LegacyIssuer(OLD, DAY)])
    for house, end in ((alone, CUT), (several, DAY)):
        assert house.accepts(end.timestamp() - 1)
        assert not house.accepts(end.timestamp())
    assert provider(legacy_issuers=[LegacyIssuer(OLD, LONG_AGO)]).accepts(DAY.timestamp())


def test_a_past_window_is_legal() -> None:
    """Or a service could not be restarted the day after."""
    assert LegacyIssuer(OLD, LONG_AGO).accept_until == LONG_AGO
    assert issuers(provider(accept_until=LONG_AGO)) == [(HOUSE, "legacy", LONG_AGO, None)]


def test_a_former_name_is_immutable() -> None:
    """A window is what was checked."""
    former = LegacyIssuer(OLD, accept_until=DAY)
    assert former == LegacyIssuer(OLD, DAY, None)
    with pytest.raises(FrozenInstanceError):
        former.accept_until = DAY + timedelta(days=1)


@pytest.mark.parametrize(
    ("issuer_url", "document"),
    [
        ("https://a.example", "https://a.example" + WELL_KNOWN),
        ("https://a.example/", "https://a.example" + WELL_KNOWN),
        ("https://a.example/b/v2.0", "https://a.example/b/v2.0" + WELL_KNOWN),
        ("https://a.example/b/", "https://a.example/b" + WELL_KNOWN),
        ("https://a.example/b//", "https://a.example/b/" + WELL_KNOWN),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080" + WELL_KNOWN),
    ],
)
def test_where_the_document_is(issuer_url: str, document: str) -> None:
    """Behind the name without one slash at its end (Discovery 1.0 section 4); the name itself stays as written."""
    assert provider(issuer_url).endpoints == (JwksEndpoint.discovered(issuer_url),)
    endpoint = JwksEndpoint.discovered(issuer_url, "eu-west-1")
    assert (endpoint.url, endpoint.region, endpoint.discovers) == (document, "eu-west-1", issuer_url)
    assert provider(issuer_url).issuers[0].url == issuer_url


def test_key_sets_without_discovery() -> None:
    """``jwks_uris`` are asked as they are, in their order, each once; then the name may have a query."""
    uris = ["https://b.example/keys?v=1", "https://a.example/keys", "https://b.example/keys?v=1"]
    for given in (uris, tuple(uris)):
        made = provider(jwks_uris=given)
        assert [(one.url, one.region, one.discovers) for one in made.endpoints] == [
            (uris[0], None, None),
            (uris[1], None, None),
        ]
    assert provider(HOUSE + "?p=policy", jwks_uris=uris).issuers[0].url == HOUSE + "?p=policy"


@pytest.mark.parametrize(
    ("token_type", "use", "must_tell"),
    [
        ("at+jwt", "access", False),
        ("AT+JWT", "access", False),
        ("application/at+jwt", "access", False),
        ("Application/At+Jwt", "access", False),
        ("JWT", None, True),
        ("jwt", None, True),
        ("application/JWT", None, True),
        ("entitlement+jwt", None, False),
        (UNCHECKED, None, False),
    ],
)
def test_what_a_token_type_tells(token_type: object, use: str | None, must_tell: bool) -> None:
    """``at+jwt`` says that it is an access token; under ``JWT`` ID tokens must be told by their claims."""
    made = provider(token_type=token_type)
    assert made.token_type == token_type
    assert rules(token_type=token_type).token_use == use
    assert made.must_tell_id_tokens is must_tell


def test_rules_by_token_use_need_not_tell() -> None:
    """Where every token says its use nothing is guessed, whatever the ``typ``."""
    by_use = ClaimRules(token_use="access", clients=UNCHECKED, client_claim="client_id", audience=UNCHECKED)
    house = Authority(
        id="house", issuers=provider().issuers, endpoints=provider().endpoints, algorithms=("RS256",),
        token_type="JWT", claim_rules={"access": by_use}, stable_issuer=HOUSE,
    )  # fmt: skip
    assert house.must_tell_id_tokens is False


@pytest.mark.parametrize(
    ("typ", "expected"),
    [
        ("JWT", "jwt"),
        ("application/at+JWT", "at+jwt"),
        ("APPLICATION/jwt", "jwt"),
        ("text/at+jwt", "text/at+jwt"),
        ("application/application/jwt", "application/jwt"),
        (" jwt", " jwt"),
        ("", ""),
        *((value, "") for value in (None, 7, True, b"jwt", ["jwt"], UNCHECKED)),
    ],
    ids=repr,
)
def test_media_types(typ: object, expected: str) -> None:
    """Case does not count and ``application/`` is implied (RFC 7515 section 4.1.9); what is no string is no type."""
    assert media_type(typ) == expected
    assert says_access_token(typ) is (expected == "at+jwt")


@pytest.mark.parametrize(
    ("audience", "expected"),
    [
        ("https://api", {"https://api"}),
        ("*", {"*"}),
        *((given, {"a", "b"}) for given in (["a", "b"], ("b", "a", "a"), {"a", "b"}, frozenset({"a", "b"}))),
        (UNCHECKED, UNCHECKED),
    ],
)
def test_audiences(audience: object, expected: object) -> None:
    """One name, several, or the one word."""
    assert rules(audience=audience).audience == expected
    assert as_audience(audience) == expected


@pytest.mark.parametrize("client_ids", [["a", "b"], ("a", "b"), {"a", "b"}, frozenset({"a", "b"})])
def test_clients(client_ids: object) -> None:
    """Whatever collection they came in."""
    assert rules(client_ids=client_ids).clients == frozenset({"a", "b"})
    assert rules(client_ids=UNCHECKED).clients is UNCHECKED


def test_precedence_is_the_order_given() -> None:
    """A list or a tuple says which is first."""
    assert in_precedence("jwks_uris", ["b", "a", "b"]) == in_precedence("jwks_uris", ("b", "a")) == ("b", "a")


@pytest.mark.parametrize("parameter", ["client_claim", "scope_claim", "groups_claim", "username_claim"])
def test_claims_have_the_names_that_are_given(parameter: str) -> None:
    """Each may be called as the provider calls it, and changing one changes no other."""
    usual, made = rules(), rules(**{parameter: "x"})
    names = {"client_claim", "scope_claim", "groups_claim", "username_claim"}
    assert getattr(made, parameter) == "x"
    assert all(getattr(made, other) == getattr(usual, other) for other in names - {parameter})


@pytest.mark.parametrize("parameter", ["scope_claim", "groups_claim", "username_claim"])
def test_claims_may_be_left_out(parameter: str) -> None:
    """``None`` is no such claim, and then nothing asks for its type."""
    made = rules(**{parameter: None})
    assert getattr(made, parameter) is None
    assert None not in made.text_claims
    assert set(made.text_claims) <= set(rules().text_claims)


def test_texts() -> None:
    """Client, user name and ``jti`` are strings; the scopes are too, but where they may also be a list."""
    assert set(rules().text_claims) == {"client_id", "preferred_username", "jti"}
    strict = ClaimRules(
        token_use=None, clients=UNCHECKED, client_claim="azp", audience=None, scope_claim="scope", scope_lists=False
    )
    assert set(strict.text_claims) == {"azp", "scope", "jti"}


@pytest.mark.parametrize("given", [["b", "a", "b"], ("b", "a"), {"a", "b"}, frozenset({"a", "b"})])
def test_required_claims(given: object) -> None:
    """Each once; by default there are none."""
    assert sorted(rules(required_claims=given).required_claims) == ["a", "b"]
    assert rules(required_claims=()).required_claims == rules().required_claims == ()
    by_hand = ClaimRules(
        token_use=None, clients=UNCHECKED, client_claim="azp", audience=None,
        required_claims=cast("tuple[str, ...]", given),
    )  # fmt: skip
    assert type(by_hand.required_claims) is tuple
    assert set(by_hand.required_claims) == {"a", "b"}


def test_what_was_passed_in_can_be_changed_afterwards() -> None:
    """Changing a list that was passed in changes nothing."""
    lists: dict[str, list[object]] = {
        "audience": ["a"], "client_ids": ["c"], "algorithms": ["ES256"], "required_claims": ["r"],
        "jwks_uris": ["https://a.example"], "legacy_issuers": [LegacyIssuer(OLD, DAY)],
    }  # fmt: skip
    made, twin = provider(**lists), provider(**{name: list(given) for name, given in lists.items()})
    for given in lists.values():
        given.clear()
    assert made.claim_rules == twin.claim_rules
    for name in ("issuers", "endpoints", "algorithms"):
        assert getattr(made, name) == getattr(twin, name) != ()


def test_everything_unchecked() -> None:
    """Every check that can be left out is left out by the one word."""
    made = provider(audience=UNCHECKED, client_ids=UNCHECKED, token_type=UNCHECKED)
    assert made.claim_rules[None].audience is made.claim_rules[None].clients is made.token_type is UNCHECKED
    assert made.must_tell_id_tokens is False
