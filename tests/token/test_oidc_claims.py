"""Steps 2 and 4 of the checks for any provider: its ``typ``, its names of claims, and what is no access token."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from silence import MARKER, assert_silent

from jwtmr import UNCHECKED, AuthError, ClaimRules, OidcProvider
from jwtmr._token.claims import check_claims, check_no_id_token, rules_for
from jwtmr._token.header import HeaderRules, check_header
from jwtmr.errors import BoundToken, InvalidClaim, UnsupportedToken, WrongAudience, WrongClient, WrongTokenUse
from jwtmr.principal import Principal, VerifiedFacts
from jwtmr.testing import MISSING as ABSENT

PROVIDER = OidcProvider(
    "https://a.example", audience=["https://api", "api2"], client_ids=["app", "other app"], token_type="JWT",
    client_claim="cid", scope_claim="scp", groups_claim="roles", username_claim="name",
)  # fmt: skip
RULES = PROVIDER.claim_rules[None]
OPEN = replace(RULES, clients=UNCHECKED, audience=UNCHECKED)
BARE = replace(RULES, scope_claim=None, groups_claim=None, username_claim=None)
Check = Callable[[Mapping[str, object], ClaimRules], None]


def access(**changes: object) -> dict[str, object]:
    """Good claims of an access token with these laid over them; ``ABSENT`` leaves one out."""
    usual = {"aud": "https://api", "cid": "app", "scp": "a b", "roles": ["g"], "name": "u", "jti": "j"}
    return {name: value for name, value in {**usual, **changes}.items() if value is not ABSENT}


def outcome(check: Check, payload: Mapping[str, object], rules: ClaimRules = RULES) -> type[AuthError] | None:
    """How the claims are refused, if they are; and never with a word of theirs."""
    try:
        check(payload, rules)
    except AuthError as error:
        assert_silent(error, "stranger", "somebody else")
        return type(error)
    return None


NO_TEXTS = [7, True, None, 1.5, {MARKER: 1}, [], ["app"], [["app"]]]
NO_LISTS = [7, True, None, 1.5, {"a": 1}, [1], ["a", None], ["a", ["b"]], [[]], [True], [{}], [{"a": "b"}]]


@pytest.mark.parametrize("name", ["cid", "name", "jti"])
@pytest.mark.parametrize("value", NO_TEXTS, ids=repr)
def test_texts(name: str, value: object) -> None:
    """What a principal shows as text is a string where it is present, under the names that are configured."""
    for rules in (RULES, OPEN):
        assert outcome(check_claims, access(**{name: value}), rules) is InvalidClaim
    assert outcome(check_claims, access(**{name: ABSENT}), OPEN) is None
    assert outcome(check_claims, access(**{name: ""}), OPEN) is None


@pytest.mark.parametrize("value", ["", " ", "a", "a b", "a  b", [], ["a"], ["a", "b c"], [""], ABSENT], ids=repr)
def test_scopes_are_a_string_or_a_list(value: object) -> None:
    """Providers write them either way; where lists are not allowed for, only a string will do."""
    assert outcome(check_claims, access(scp=value)) is None
    strict = InvalidClaim if type(value) is list else None
    assert outcome(check_claims, access(scp=value), replace(RULES, scope_lists=False)) is strict


@pytest.mark.parametrize("value", NO_LISTS, ids=repr)
@pytest.mark.parametrize("name", ["scp", "roles", "aud"])
def test_lists_hold_strings(name: str, value: object) -> None:
    """Scopes, groups and audiences of any other shape are refused, also in part."""
    assert outcome(check_claims, access(**{name: value})) is InvalidClaim
    assert outcome(check_claims, access(**{name: ["https://api", "a"]})) is None


def test_groups_are_no_string() -> None:
    """One string could be one group or several, so it is neither."""
    assert outcome(check_claims, access(roles="g")) is InvalidClaim
    assert outcome(check_claims, access(roles=["g"])) is None


@pytest.mark.parametrize("value", [*NO_TEXTS, *NO_LISTS, "g", ABSENT], ids=repr)
@pytest.mark.parametrize("name", ["scp", "roles", "name"])
def test_claims_that_are_left_out_may_be_anything(name: str, value: object) -> None:
    """With ``None`` for its name a claim is nobody's business; so are the names of the other providers."""
    assert outcome(check_claims, access(**{name: value}), BARE) is None
    others = dict.fromkeys(("scope", "groups", "preferred_username", "client_id", "azp"), value)
    assert outcome(check_claims, access(**{name: value}, **others), BARE) is None
    assert outcome(check_claims, {**access(), **others}) is None


@pytest.mark.parametrize("value", [*NO_TEXTS, *NO_LISTS, ABSENT], ids=repr)
def test_unchecked_audiences_may_be_anything(value: object) -> None:
    """``UNCHECKED`` is whatever it says."""
    assert outcome(check_claims, access(aud=value), replace(RULES, audience=UNCHECKED)) is None


@pytest.mark.parametrize(
    ("client", "refused"),
    [
        ("app", None),
        ("other app", None),
        *((client, WrongClient) for client in ("App", "app ", "", "other", "stranger", MARKER, ABSENT)),
    ],
)
@pytest.mark.parametrize("claim", ["azp", "cid", "client_id", "appid"])
def test_the_client_is_where_it_is_configured(claim: str, client: object, refused: type[AuthError] | None) -> None:
    """Compared exactly, in the one claim that says it, and the other names do not count."""
    rules = replace(RULES, client_claim=claim)
    assert outcome(check_claims, access(**{"cid": ABSENT, claim: client}), rules) is refused
    elsewhere = {name: "app" for name in ("azp", "cid", "client_id", "appid", "aud") if name != claim}
    assert outcome(check_claims, access(**elsewhere, **{claim: ABSENT}), replace(rules, audience=UNCHECKED)) is (
        WrongClient
    )
    assert outcome(check_claims, access(**{"cid": ABSENT, claim: client}), replace(rules, clients=UNCHECKED)) is None


@pytest.mark.parametrize("aud", ["https://api", "api2", ["api2"], ["somebody else", "https://api"]], ids=repr)
def test_one_audience_suffices(aud: object) -> None:
    """``aud`` is one name or a list, and one of them must be one of ours."""
    assert outcome(check_claims, access(aud=aud)) is None


@pytest.mark.parametrize(
    "aud", ["https://API", "https://api/", "https://ap", "", [], [""], ["somebody else"], "app", MARKER, ABSENT]
)
def test_other_audiences_are_refused(aud: object) -> None:
    """Compared exactly; an audience that is the client is no audience of this API."""
    assert outcome(check_claims, access(aud=aud)) is WrongAudience


@pytest.mark.parametrize(
    ("value", "refused"),
    [(ABSENT, InvalidClaim), (None, InvalidClaim), *((v, None) for v in (False, 0, "", [], {}, 0.0, "x", [None]))],
    ids=repr,
)
def test_required_claims(value: object, refused: type[AuthError] | None) -> None:
    """A required claim is there and not null; what it says is the caller's affair."""
    rules = replace(RULES, required_claims=("tenant", "jti"))
    assert outcome(check_claims, access(tenant=value), rules) is refused
    assert outcome(check_claims, access(tenant=value)) is None
    assert outcome(check_claims, access(tenant=1, jti=ABSENT), rules) is InvalidClaim


@pytest.mark.parametrize("value", [{"jkt": MARKER}, {}, None, "", False], ids=repr)
def test_a_bound_token_is_refused(value: object) -> None:
    """``cnf`` binds a token to a key that nobody checks here, whoever issued it and whatever is left out."""
    for rules in (RULES, OPEN, BARE):
        assert outcome(check_claims, access(cnf=value), rules) is BoundToken


@pytest.mark.parametrize("payload", [{}, {"token_use": "id"}, {"token_use": ["id"]}, {"token_use": "refresh"}])
def test_token_use_is_no_claim_of_a_provider(payload: dict[str, object]) -> None:
    """Where rules stand under None a token does not choose them."""
    assert rules_for(payload, PROVIDER.claim_rules) is RULES


# -- ID tokens --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "app"},
        {"aud": ["app"]},
        {"aud": ["https://api", "app"]},
        {"aud": "web", "azp": "web"},
        {"aud": ["https://api", "web"], "azp": "web"},
        {"aud": ["web"], "azp": "web", "cid": ABSENT},
        *({claim: value} for claim in ("at_hash", "c_hash") for value in ("x", "", None, 7, [])),
    ],
    ids=repr,
)
def test_told_by_its_claims(changes: dict[str, object]) -> None:
    """A token whose client is in its audience, or that holds a hash, is an ID token, whatever else is unchecked."""
    for rules in (RULES, OPEN, BARE):
        assert outcome(check_no_id_token, access(**changes), rules) is WrongTokenUse


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"azp": "app"},
        {"aud": ["https://api", "https://tenant.example/userinfo"], "azp": "app"},
        {"aud": ["account"], "azp": "web"},
        {"aud": "App"},
        {"aud": ["app ", "ap"]},
        {"aud": "web", "client_id": "web"},
        {"aud": ABSENT},
        {"aud": []},
        {"cid": ABSENT},
        {"cid": ["app"], "azp": {"app": 1}},
        {"nonce": "n", "auth_time": 1, "acr": "1", "amr": ["pwd"], "sid": "s"},
    ],
    ids=repr,
)
def test_no_id_token(changes: dict[str, object]) -> None:
    """What access tokens hold as well tells nothing: they name their client, how its user signed in, and audiences."""
    assert outcome(check_no_id_token, access(**changes)) is None


@pytest.mark.parametrize("aud", [value for value in NO_LISTS if value != []], ids=repr)
def test_an_audience_that_tells_nothing(aud: object) -> None:
    """Where ID tokens must be told by their audience, one of another shape is refused even if it is unchecked."""
    assert outcome(check_no_id_token, access(aud=aud), OPEN) is InvalidClaim


# -- typ --------------------------------------------------------------------------------------------------------------


def header_outcome(token_type: object, typ: object) -> type[AuthError] | None:
    """How a header with this ``typ`` is refused, if it is."""
    rules = HeaderRules.of(("ES256",), token_type, only_id_tokens=False)
    header = {"alg": "ES256", "kid": "k", **({} if typ is ABSENT else {"typ": typ})}
    try:
        assert check_header(header, rules) == ("k", "ES256")
    except AuthError as error:
        assert_silent(error)
        return type(error)
    return None


ACCESS_TYPES = ["at+jwt", "AT+JWT", "At+Jwt", "application/at+jwt", "APPLICATION/AT+JWT"]
JWT_TYPES = ["JWT", "jwt", "Jwt", "application/jwt", "application/JWT"]
OTHERS = [
    *("", " at+jwt", "at+jwt ", "atjwt", "at jwt", "jwt+at", "text/at+jwt", "application/application/at+jwt"),
    *("dpop+jwt", "logout+jwt", "id+jwt", "JWS", "JOSE", "at+jwt\x00", MARKER, "application/", "unchecked"),
    *(None, 7, True, ["at+jwt"], {"at+jwt": 1}, [], {}),
]


@pytest.mark.parametrize("token_type", ACCESS_TYPES)
@pytest.mark.parametrize("typ", [*ACCESS_TYPES, *JWT_TYPES, *OTHERS, ABSENT], ids=repr)
def test_access_token_type(token_type: str, typ: object) -> None:
    """With ``at+jwt`` every spelling of it passes, and nothing else (RFC 9068 section 4)."""
    assert header_outcome(token_type, typ) is (None if typ in ACCESS_TYPES else UnsupportedToken)


@pytest.mark.parametrize("typ", [*ACCESS_TYPES, *JWT_TYPES, *OTHERS, ABSENT], ids=repr)
def test_other_token_types(typ: object) -> None:
    """``JWT`` must be present and equal; ``UNCHECKED`` takes both and neither, and still no other kind of token."""
    assert header_outcome("JWT", typ) is (None if typ in JWT_TYPES else UnsupportedToken)
    known = typ is ABSENT or typ in [*ACCESS_TYPES, *JWT_TYPES]
    assert header_outcome(UNCHECKED, typ) is (None if known else UnsupportedToken)


# -- hostility --------------------------------------------------------------------------------------------------------

TEXTS = st.text(st.characters(), max_size=8) | st.sampled_from(["app", "https://api", "\ud800", "a" * 10000])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
CLAIMS = ("aud", "azp", "cid", "scp", "roles", "name", "jti", "tenant", "at_hash", "cnf")


@given(st.dictionaries(st.sampled_from(CLAIMS), VALUES))
@example({"aud": [["app"]], "cid": ["app"]})
@example({"scp": "a  b "})
@example({"scp": ["", "a"]})
@example({"aud": ["\ud800"], "cid": "\ud800", "azp": "\ud800"})
def test_no_claim_is_a_crash(changes: dict[str, object]) -> None:
    """No value of any type in any claim raises anything but an ``AuthError``; of what passes a principal is made."""
    demanding = replace(RULES, required_claims=("tenant",))
    payload = {"sub": "s", "exp": 1, **access(tenant=1), **changes}
    for rules in (demanding, OPEN, BARE, replace(demanding, client_claim="azp", scope_lists=False)):
        refused = {outcome(check, payload, rules) for check in (check_claims, check_no_id_token)}
        assert all(code is None or issubclass(code, AuthError) for code in refused)
        if outcome(check_claims, payload, rules) is None:
            principal = Principal(VerifiedFacts(PROVIDER, PROVIDER.issuers[0], rules, payload, b"{}"))
            said = (principal.client_id, principal.username, principal.token_id)
            assert {type(text) for text in said} <= {str, type(None)}
            assert {type(text) for text in principal.scopes | principal.groups} <= {str}
            assert "" not in principal.scopes
