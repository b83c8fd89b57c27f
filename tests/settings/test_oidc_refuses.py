"""A provider whose settings cannot be right is refused by the name of the setting that is wrong."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from refusal import assert_refused

from jwtmr import UNCHECKED, Authority, HttpAnswer, Issuer, JwksEndpoint, LegacyIssuer, OidcProvider, TokenValidator
from jwtmr.issuers import ALGORITHMS, as_audience, in_precedence

HOUSE = "https://login.example/tenant"
OLD = "https://old.example"
DAY = datetime(2027, 1, 31, tzinfo=UTC)
NAIVE = DAY.replace(tzinfo=None)
SEVERAL = "must be a list, tuple or set of strings"
URLS = [
    ("", "absolute URL"),
    ("a.example", "absolute URL"),
    ("http://a.example", "must be https"),
    ("https://a@a.example", "user info"),
    ("https://a.example#a", "fragment"),
    ("https://a.example\n", "printable ASCII"),
    (7, "printable ASCII"),
]


def provider(issuer_url: object = HOUSE, **changes: object) -> OidcProvider:
    """A sound provider with these settings laid over it."""
    usual: dict[str, object] = {"audience": "https://api", "client_ids": ["app"], "token_type": "at+jwt"}
    return OidcProvider(issuer_url, **{**usual, **changes})


@pytest.mark.parametrize("missing", ["audience", "client_ids", "token_type"])
def test_what_would_be_wrong_for_somebody_has_no_default(missing: str) -> None:
    """Audience, clients and type must be said."""
    given = {"audience": UNCHECKED, "client_ids": UNCHECKED, "token_type": UNCHECKED}
    assert OidcProvider(HOUSE, **given).id == HOUSE
    del given[missing]
    with pytest.raises(TypeError, match=missing):
        OidcProvider(HOUSE, **given)


ROWS: list[tuple[dict[str, object], str, str]] = [
    *(({"audience": value}, "audience", SEVERAL) for value in (None, 7, b"a", {"a": 1}, iter("a"), False)),
    *(({"audience": value}, "audience", "non-empty strings") for value in ("", [""], [None], ("a", 7), [UNCHECKED])),
    *(({"audience": value}, "audience", "jwtmr.UNCHECKED") for value in ([], (), set(), frozenset())),
    *(({"client_ids": value}, "client_ids", SEVERAL) for value in (None, "app", "", 7, b"app", {"app": 1}, iter("a"))),
    *(({"client_ids": value}, "client_ids", "non-empty strings") for value in ([""], [None], ["app", 7], [UNCHECKED])),
    *(({"client_ids": value}, "client_ids", "jwtmr.UNCHECKED") for value in ([], (), set(), frozenset())),
    *(
        ({"token_type": value}, "token_type", "non-empty string")
        for value in (None, "", ["at+jwt"], ("at+jwt", "JWT"), {"JWT"}, 7, True, b"JWT", [UNCHECKED])
    ),
    *(
        ({parameter: value}, parameter, "non-empty string")
        for parameter in ("client_claim", "scope_claim", "groups_claim", "username_claim")
        for value in ("", 7, b"scp", ["scp"], True, UNCHECKED)
    ),
    ({"client_claim": None}, "client_claim", "non-empty string"),
    *(({"algorithms": value}, "algorithms", SEVERAL) for value in ("RS256", None, UNCHECKED, 256, {"RS256": 1})),
    *(({"algorithms": value}, "algorithms", "must not be empty") for value in ([], (), set())),
    *(({"algorithms": value}, "algorithms", "non-empty strings") for value in ([""], [None], ["RS256", 7])),
    *(
        ({"algorithms": ["RS256", value]}, "algorithms", f"not {value!r}")
        for value in ("HS256", "HS384", "HS512", "none", "None", "rs256", "RS255", "ES256K", "Ed25519", "RSA-OAEP")
    ),
    *(
        ({"required_claims": value}, "required_claims", SEVERAL)
        for value in ("email", "", None, UNCHECKED, {"email": True}, 7)
    ),
    *(({"required_claims": value}, "required_claims", "non-empty strings") for value in ([""], [7], ["email", None])),
    *(({"jwks_uris": value}, "jwks_uris", SEVERAL) for value in ("https://a.example", "", 7, UNCHECKED, False)),
    *(({"jwks_uris": value}, "jwks_uris", "order") for value in ({"https://a.example"}, frozenset(), set())),
    *(({"jwks_uris": value}, "jwks_uris", "must not be empty") for value in ([], ())),
    ({"jwks_uris": ["https://a.example", None]}, "jwks_uris", "non-empty strings"),
    *(({"jwks_uris": ["https://b.example", url]}, "jwks_uris", says) for url, says in URLS if url and url != 7),
    *(({"stable_issuer": url}, "stable_issuer", says) for url, says in URLS),
    ({"accept_until": NAIVE}, "accept_until", "must have a time zone"),
    *(({"accept_until": value}, "accept_until", "must be a datetime") for value in (DAY.timestamp(), "2027", True)),
    *(
        ({"legacy_issuers": value}, "legacy_issuers", "a list or a tuple of LegacyIssuer")
        for value in (
            *(None, OLD, [OLD], LegacyIssuer(OLD, DAY), {LegacyIssuer(OLD, DAY)}, [LegacyIssuer(OLD, DAY), None]),
            [Issuer(OLD, "legacy", None, DAY)],
        )
    ),
    ({"legacy_issuers": [LegacyIssuer(HOUSE, DAY)]}, "legacy_issuers", "twice"),
    ({"legacy_issuers": [LegacyIssuer(OLD, DAY), LegacyIssuer(OLD, DAY, DAY)]}, "legacy_issuers", "twice"),
]


@pytest.mark.parametrize(
    ("changes", "parameter", "says"), ROWS, ids=lambda value: ascii(value).partition(" at 0x")[0][:60]
)
def test_refuses(changes: dict[str, object], parameter: str, says: str) -> None:
    """One wrong setting is refused where the provider is made; ``parameter`` is the name that the caller wrote."""
    assert provider().id == HOUSE
    assert_refused(lambda: provider(**changes), parameter, says)


@pytest.mark.parametrize(
    "changes",
    [
        {"audience": ["a", "b"]},
        {"client_ids": {"app"}},
        {"token_type": "JWT"},
        {"token_type": "other+jwt"},
        {"client_claim": "cid", "scope_claim": "scp", "groups_claim": "roles", "username_claim": "sub"},
        {"scope_claim": None, "groups_claim": None, "username_claim": None},
        {"algorithms": sorted(ALGORITHMS)},
        *({"algorithms": [alg]} for alg in sorted(ALGORITHMS)),
        {"required_claims": ["email"]},
        {"required_claims": ()},
        {"jwks_uris": ["https://a.example"]},
        {"stable_issuer": OLD},
        {"stable_issuer": None, "accept_until": None, "jwks_uris": None, "legacy_issuers": ()},
        {"accept_until": DAY},
        {"legacy_issuers": [LegacyIssuer(OLD, DAY), LegacyIssuer(OLD + "/", DAY)]},
    ],
    ids=lambda value: ascii(value)[:60],
)
def test_takes(changes: dict[str, object]) -> None:
    """The good twins of the rows above."""
    assert provider(**changes).id == HOUSE


@pytest.mark.parametrize(("url", "says"), URLS)
def test_names_that_are_no_urls(url: object, says: str) -> None:
    """Every name is checked as what it was given as."""
    assert_refused(lambda: provider(url), "issuer_url", says)
    assert_refused(lambda: provider(url, jwks_uris=["https://a.example"]), "issuer_url", says)
    assert_refused(lambda: JwksEndpoint.discovered(url), "issuer_url", says)
    assert_refused(lambda: LegacyIssuer(url, accept_until=DAY), "url", says)


@pytest.mark.parametrize("url", [HOUSE + "?p=policy", HOUSE + "?", HOUSE + "/?a"])
def test_a_query_has_no_document(url: str) -> None:
    """No well-known path can be put behind a query; with ``jwks_uris`` none is needed."""
    assert_refused(lambda: provider(url), "issuer_url", "no query")
    assert_refused(lambda: JwksEndpoint.discovered(url), "issuer_url", "no query")
    assert provider(url, jwks_uris=["https://a.example"]).id == url


@pytest.mark.parametrize("value", ["", 7, True, b"https://a.example", [OLD], UNCHECKED])
def test_an_endpoint_discovers_an_issuer(value: object) -> None:
    """The issuer that a document must name is a name, or there is no document."""
    assert_refused(lambda: JwksEndpoint("https://a.example", discovers=value), "discovers", "must be")
    assert JwksEndpoint("https://a.example", discovers=OLD).discovers == OLD
    assert JwksEndpoint("https://a.example", discovers=None).discovers is None


@pytest.mark.parametrize(
    ("window", "parameter", "says"),
    [
        ({"accept_until": None}, "accept_until", "must be given"),
        ({"accept_until": NAIVE}, "accept_until", "must have a time zone"),
        ({"accept_until": DAY.date()}, "accept_until", "must be a datetime, not date"),
        ({"accept_until": "2027-01-31"}, "accept_until", "must be a datetime, not str"),
        ({"accept_until": UNCHECKED}, "accept_until", "must be a datetime, not Unchecked"),
        ({"accept_until": DAY, "issued_before": NAIVE}, "issued_before", "must have a time zone"),
        ({"accept_until": DAY, "issued_before": 0}, "issued_before", "must be a datetime, not int"),
    ],
    ids=repr,
)
def test_a_former_name_has_a_window(window: dict[str, object], parameter: str, says: str) -> None:
    """Accepted for ever is no migration, and a moment that nobody knows is no end."""
    assert LegacyIssuer(OLD, accept_until=DAY, issued_before=DAY).url == OLD
    assert_refused(lambda: LegacyIssuer(OLD, **window), parameter, says)
    with pytest.raises(TypeError, match="accept_until"):
        LegacyIssuer(OLD)


SHARED = [("app", ["app"]), (["https://api", "app"], ["app"]), ({"a", "b"}, ("b", "c"))]


@pytest.mark.parametrize(("audience", "client_ids"), SHARED)
@pytest.mark.parametrize("token_type", ["JWT", "jwt", "application/jwt", "APPLICATION/JWT"])
def test_an_audience_that_is_a_client_needs_a_type(token_type: str, audience: object, client_ids: object) -> None:
    """Under ``JWT`` the client's ID tokens would be tokens for this API; the text says what to write."""
    changes = {"audience": audience, "client_ids": client_ids}
    assert_refused(lambda: provider(token_type=token_type, **changes), "token_type", "at+jwt, or jwtmr.UNCHECKED")
    for other in ("at+jwt", "application/at+jwt", UNCHECKED):
        assert provider(token_type=other, **changes).token_type == other


@pytest.mark.parametrize(
    "changes",
    [
        {"audience": "App"},
        {"audience": ["https://api", "ap"]},
        {"audience": UNCHECKED},
        {"client_ids": UNCHECKED},
        {"audience": UNCHECKED, "client_ids": UNCHECKED},
    ],
    ids=repr,
)
def test_what_does_not_overlap_needs_none(changes: dict[str, object]) -> None:
    """Names that differ, or one of the two left out by the one word, are no contradiction."""
    assert provider(token_type="JWT", **changes).must_tell_id_tokens


@pytest.mark.parametrize("client_ids", [["app"], UNCHECKED], ids=repr)
def test_a_client_in_the_audience_needs_a_type(client_ids: object) -> None:
    """``client_claim="aud"`` is how ID tokens say it."""
    changes = {"client_claim": "aud", "client_ids": client_ids}
    assert_refused(lambda: provider(token_type="JWT", **changes), "token_type", "ID token")
    assert provider(token_type="at+jwt", **changes).claim_rules[None].client_claim == "aud"
    assert provider(token_type=UNCHECKED, **changes).claim_rules[None].client_claim == "aud"


@pytest.mark.parametrize("given", [None, "", [], [""], 7, b"a", ["a", None], {"a": 1}], ids=repr)
def test_audiences_as_such(given: object) -> None:
    """One audience or several, and nothing that only looks like it."""
    assert_refused(lambda: as_audience(given), "audience", "must")


@pytest.mark.parametrize("given", ["a", {"a", "b"}, frozenset({"a"}), [], [""], None, UNCHECKED])
def test_precedence_as_such(given: object) -> None:
    """A set has no order, and a bare string is letters."""
    assert_refused(lambda: in_precedence("some_uris", given), "some_uris", "must")


def nowhere(url: str, **_: object) -> HttpAnswer:
    """Nobody is asked."""
    raise AssertionError(url)


def validator(*houses: Authority) -> TokenValidator:
    """A validator of these houses that must not ask anybody."""
    return TokenValidator(*houses, http_get=nowhere)


def test_two_houses_do_not_share_a_name() -> None:
    """One provider twice, or an old house that the new one calls a former name of its own, is a mistake."""
    new, old = provider(), provider(OLD, accept_until=DAY, stable_issuer=HOUSE)
    validator(new, old).close()
    assert_refused(lambda: validator(new, provider()), "authorities", "must not share an id")
    renamed = provider(legacy_issuers=[LegacyIssuer(OLD, DAY)])
    assert_refused(lambda: validator(renamed, old), "authorities", "must not share an issuer")
    validator(renamed, provider(OLD + "/", accept_until=DAY)).close()
