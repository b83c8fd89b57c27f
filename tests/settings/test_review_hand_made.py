"""Rules, authorities and clients made by hand: what a review found to pass that could not be meant."""

from __future__ import annotations

import ssl

import pytest
from refusal import assert_refused

from jwtmr import UNCHECKED, Authority, ClaimRules, Issuer, JwksEndpoint
from jwtmr.http import httpx_get

NO_NAMES = ["abcdef", "", b"abc", 7, True, {"a": "b"}, [""], [1], {None}]
NO_TEXT = ["", 7, True, b"sub", ["scope"], UNCHECKED]


def rules(**changes: object) -> ClaimRules:
    """Sound rules with these settings laid over them."""
    usual: dict[str, object] = {
        "token_use": None, "clients": {"app"}, "client_claim": "client_id", "audience": None
    }  # fmt: skip
    return ClaimRules(**{**usual, **changes})


def authority(**changes: object) -> Authority:
    """A sound authority with these settings laid over it."""
    usual: dict[str, object] = {
        "id": "house",
        "issuers": (Issuer("https://a.example"),),
        "endpoints": (JwksEndpoint("https://a.example/jwks"),),
        "algorithms": ("RS256",),
        "token_type": UNCHECKED,
        "claim_rules": {None: rules()},
        "stable_issuer": "https://a.example",
    }
    return Authority(**{**usual, **changes})


@pytest.mark.parametrize("parameter", ["clients", "audience"])
@pytest.mark.parametrize("given", [["b", "a"], ("a", "b"), {"a", "b"}, frozenset({"a", "b"})])
def test_rules_keep_names_as_a_set(parameter: str, given: object) -> None:
    """Whatever collection they came in, so that nobody changes them afterwards."""
    assert getattr(rules(**{parameter: given}), parameter) == frozenset({"a", "b"})
    assert type(getattr(rules(**{parameter: given}), parameter)) is frozenset


@pytest.mark.parametrize("parameter", ["clients", "audience"])
@pytest.mark.parametrize("given", NO_NAMES, ids=repr)
def test_rules_refuse_what_is_no_collection_of_names(parameter: str, given: object) -> None:
    """Above all a bare string, in which ``in`` would look for a part."""
    assert_refused(lambda: rules(**{parameter: given}), parameter, "must")


@pytest.mark.parametrize("parameter", ["clients", "audience"])
@pytest.mark.parametrize("given", [[], (), set(), frozenset()], ids=repr)
def test_rules_refuse_an_empty_set(parameter: str, given: object) -> None:
    """There is one word for leaving the check out, and the text says it."""
    assert_refused(lambda: rules(**{parameter: given}), parameter, "jwtmr.UNCHECKED")
    assert getattr(rules(**{parameter: UNCHECKED}), parameter) is UNCHECKED


def test_only_an_audience_may_be_none() -> None:
    """No audience is a rule; no clients would be none."""
    assert rules(audience=None).audience is None
    assert_refused(lambda: rules(clients=None), "clients", "not NoneType")


@pytest.mark.parametrize("parameter", ["client_claim", "scope_claim", "groups_claim", "username_claim"])
@pytest.mark.parametrize("given", NO_TEXT, ids=repr)
def test_rules_refuse_what_names_no_claim(parameter: str, given: object) -> None:
    """A claim has a name, or there is none such; the client's always has one."""
    assert_refused(lambda: rules(**{parameter: given}), parameter, "non-empty string")
    if parameter == "client_claim":
        assert_refused(lambda: rules(client_claim=None), parameter, "non-empty string")
    else:
        assert getattr(rules(**{parameter: None}), parameter) is None


@pytest.mark.parametrize("given", NO_NAMES, ids=repr)
def test_rules_refuse_required_claims_that_have_no_names(given: object) -> None:
    """Above all a bare string, of which every letter would be required; none at all is no mistake."""
    assert rules(required_claims=["tenant", "tenant"]).required_claims == ("tenant",)
    assert rules(required_claims=()).required_claims == ()
    assert_refused(lambda: rules(required_claims=given), "required_claims", "must")


@pytest.mark.parametrize("given", ["false", "true", "", 0, 1, None, [], UNCHECKED], ids=repr)
def test_rules_refuse_what_is_no_flag(given: object) -> None:
    """Scopes may be lists or may not."""
    assert rules(scope_lists=True, scope_claim="scp").scope_lists
    assert_refused(lambda: rules(scope_lists=given), "scope_lists", "must be a bool")


@pytest.mark.parametrize("given", [None, "", [], ["JWT"], ("at+jwt",), b"JWT", True, 0], ids=repr)
def test_an_authority_refuses_what_is_no_token_type(given: object) -> None:
    """One ``typ``, or ``UNCHECKED``."""
    assert authority(token_type="at+jwt").token_type == "at+jwt"
    assert_refused(lambda: authority(token_type=given), "token_type", "non-empty string")


@pytest.mark.parametrize(
    "given",
    [
        {"access": rules()},
        {None: rules(token_use="access")},
        {"id": rules(token_use="access")},
        {"access": rules(token_use="access"), "id": rules(token_use="access")},
        {None: None},
        {None: {"clients": UNCHECKED}},
        {None: ClaimRules},
        {"access": "access"},
    ],
    ids=lambda given: " ".join(map(str, given)),
)
def test_an_authority_refuses_rules_in_the_wrong_place(given: object) -> None:
    """Rules stand under the use that they are for, and are ``ClaimRules``."""
    assert_refused(lambda: authority(claim_rules=given), "claim_rules", "under its own token_use")


@pytest.mark.parametrize("token_type", ["at+jwt", "AT+JWT", "application/at+jwt"])
def test_a_type_tells_the_use_of_an_access_token(token_type: str) -> None:
    """Where the ``typ`` says it, rules for all tokens may say that they are access tokens, or leave it open."""
    for use in ("access", None):
        made = authority(token_type=token_type, claim_rules={None: rules(token_use=use)})
        assert made.claim_rules[None].token_use == use


@pytest.mark.parametrize(
    ("token_type", "use"),
    [
        *((typ, "access") for typ in (UNCHECKED, "JWT", "x+jwt", "text/at+jwt")),
        *((typ, "id") for typ in ("at+jwt", "JWT")),
    ],
)
def test_no_other_type_tells_a_use(token_type: object, use: str) -> None:
    """``JWT`` is the type of both kinds, and no type is that of ID tokens."""
    by_type = {None: rules(token_use=use)}
    assert_refused(lambda: authority(token_type=token_type, claim_rules=by_type), "claim_rules", "its own token_use")
    assert authority(token_type=token_type, claim_rules={use: rules(token_use=use)}).token_type == token_type
    crossed = {"id": rules(token_use="access")}
    assert_refused(lambda: authority(token_type=token_type, claim_rules=crossed), "claim_rules", "its own token_use")


@pytest.mark.parametrize("changes", [{"clients": {"a", "app"}, "audience": {"app", "b"}}, {"client_claim": "aud"}])
def test_an_authority_that_cannot_tell_id_tokens(changes: dict[str, object]) -> None:
    """Under ``JWT`` neither an audience that is a client nor a client that is the audience will do; by use they do."""
    given = {None: rules(**changes)}
    assert_refused(lambda: authority(token_type="JWT", claim_rules=given), "token_type", "ID token")
    for token_type in ("at+jwt", UNCHECKED):
        assert authority(token_type=token_type, claim_rules=given).claim_rules == given
    by_use = {"access": rules(token_use="access", **changes)}
    assert authority(token_type="JWT", claim_rules=by_use).claim_rules == by_use


def test_tokens_have_a_use_or_have_none() -> None:
    """Both at once would let a token choose its rules by leaving the claim out."""
    by_use = {"access": rules(token_use="access"), "id": rules(token_use="id")}
    assert authority(claim_rules=by_use).claim_rules == by_use
    for use, one in by_use.items():
        mixed = {use: one, None: rules()}
        assert_refused(lambda mixed=mixed: authority(claim_rules=mixed), "claim_rules", "None alone")


@pytest.mark.parametrize("given", ["RS256", "RS", b"RS256", {"RS256": True}, 256], ids=repr)
def test_an_authority_refuses_a_bare_algorithm(given: object) -> None:
    """Several are meant, also where it is one."""
    assert_refused(lambda: authority(algorithms=given), "algorithms", "must be a list, tuple or set")


@pytest.mark.parametrize("given", ["false", "true", "", 0, 1, None])
def test_a_client_refuses_what_is_no_flag(given: object) -> None:
    """``"false"`` would count as true."""
    assert_refused(lambda: httpx_get(trust_env=given), "trust_env", "must be a bool")


@pytest.mark.parametrize("given", [True, False, "", "ca.pem", ssl.PROTOCOL_TLS_CLIENT, ssl.SSLContext], ids=repr)
def test_a_client_refuses_what_is_no_context(given: object) -> None:
    """``verify=False`` of other libraries has no place here, and neither has a file name."""
    assert callable(httpx_get(ssl_context=ssl.create_default_context()))
    assert_refused(lambda: httpx_get(ssl_context=given), "ssl_context", "SSLContext")


@pytest.mark.parametrize(
    "given", ["", "nonsense", "http://a:b", "a.example:3128", "ftp://a.example", "http://", 7, b"http://a.example"]
)
@pytest.mark.parametrize("trust_env", [True, False])
def test_a_client_refuses_what_is_no_proxy(given: object, trust_env: bool) -> None:
    """Here and now, and not at the first fetch; an empty one must not mean none."""
    assert callable(httpx_get(proxy="http://127.0.0.1:3128"))
    assert_refused(lambda: httpx_get(proxy=given, trust_env=trust_env), "proxy", "the URL of a proxy")
