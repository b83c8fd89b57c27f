"""What a user pool derives from its settings: issuers, endpoints, regions, the stable issuer, the rules."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from jwtmr import UNCHECKED, CognitoUserPool
from jwtmr.issuers import NEVER

POOL = "us-east-1_Ab12Cd34"
DAY = datetime(2027, 1, 31, tzinfo=UTC)
CUT = datetime(2027, 1, 30, tzinfo=UTC)
EAST = f"https://cognito-idp.us-east-1.amazonaws.com/{POOL}"
WEST = f"https://cognito-idp.us-west-2.amazonaws.com/{POOL}"
IRELAND = f"https://cognito-idp.eu-west-1.amazonaws.com/{POOL}"
UPDATED = f"https://issuer-cognito-idp.us-east-1.amazonaws.com/{POOL}"
JWKS = "/.well-known/jwks.json"
REPLICAS = ["us-west-2", "eu-west-1"]


def pool(user_pool_id: str = POOL, **changes: object) -> CognitoUserPool:
    """A sound pool with these settings laid over it."""
    usual: dict[str, object] = {"issuer_type": "updated", "client_ids": ["app"], "token_use": "access"}
    return CognitoUserPool(user_pool_id, **{**usual, **changes})


def issuers(made: CognitoUserPool) -> list[tuple[str, str, str | None]]:
    """URL, kind and region of each issuer."""
    return [(issuer.url, issuer.kind, issuer.region) for issuer in made.issuers]


def endpoints(made: CognitoUserPool) -> list[tuple[str, str | None]]:
    """URL and region of each endpoint."""
    return [(endpoint.url, endpoint.region) for endpoint in made.endpoints]


def test_original() -> None:
    """A pool on its original issuer has that one alone, and its keys come from it."""
    made = pool(issuer_type="original")
    assert issuers(made) == [(EAST, "current", "us-east-1")]
    assert endpoints(made) == [(EAST + JWKS, "us-east-1")]
    assert (made.current_issuer, made.stable_issuer) == (EAST, EAST)


def test_original_with_replicas() -> None:
    """Replicas add endpoints in their order, and issuers only where that is asked for, of the same kind."""
    silent = pool(issuer_type="original", replica_regions=REPLICAS)
    asked = pool(issuer_type="original", replica_regions=REPLICAS, accept_replica_issuers=True)
    assert issuers(silent) == [(EAST, "current", "us-east-1")]
    assert issuers(asked) == [
        (EAST, "current", "us-east-1"),
        (WEST, "current", "us-west-2"),
        (IRELAND, "current", "eu-west-1"),
    ]
    for made in (silent, asked):
        assert endpoints(made) == [
            (EAST + JWKS, "us-east-1"),
            (WEST + JWKS, "us-west-2"),
            (IRELAND + JWKS, "eu-west-1"),
        ]
        assert (made.current_issuer, made.stable_issuer) == (EAST, EAST)


def test_updated() -> None:
    """A pool on the updated issuer keeps the original one as legacy, refused unless a window is given."""
    made = pool()
    assert issuers(made) == [(UPDATED, "current", "us-east-1"), (EAST, "legacy", "us-east-1")]
    assert endpoints(made) == [(UPDATED + JWKS, "us-east-1"), (EAST + JWKS, "us-east-1")]
    assert (made.current_issuer, made.stable_issuer) == (UPDATED, EAST)
    assert (made.issuers[1].accept_until, made.issuers[1].issued_before) == (NEVER, None)


def test_updated_with_replicas() -> None:
    """Endpoints: updated, original, replicas; the updated form is never derived for a replica."""
    silent = pool(replica_regions=tuple(REPLICAS))
    asked = pool(replica_regions=REPLICAS, accept_replica_issuers=True, accept_legacy_until=DAY)
    assert issuers(silent) == [(UPDATED, "current", "us-east-1"), (EAST, "legacy", "us-east-1")]
    assert issuers(asked)[2:] == [(WEST, "legacy", "us-west-2"), (IRELAND, "legacy", "eu-west-1")]
    for made in (silent, asked):
        assert endpoints(made) == [
            (UPDATED + JWKS, "us-east-1"),
            (EAST + JWKS, "us-east-1"),
            (WEST + JWKS, "us-west-2"),
            (IRELAND + JWKS, "eu-west-1"),
        ]
        assert made.stable_issuer == EAST
        assert "issuer-cognito-idp.us-west-2" not in repr(made)


def test_the_window_is_every_legacy_issuers() -> None:
    """``accept_legacy_until`` and ``legacy_issued_before`` hold for the original issuer and those of replicas."""
    made = pool(
        replica_regions=REPLICAS, accept_replica_issuers=True, accept_legacy_until=DAY, legacy_issued_before=CUT
    )
    windows = [(issuer.accept_until, issuer.issued_before) for issuer in made.issuers]
    assert windows == [(None, None), *[(DAY, CUT)] * 3]


def test_a_window_in_the_past_is_legal() -> None:
    """Or the service could not restart the day after."""
    assert pool(accept_legacy_until=datetime(2001, 1, 1, tzinfo=UTC)).issuers[1].accept_until_unix == 978307200


@pytest.mark.parametrize("suffix", ["amazonaws.eu", "amazonaws.com.cn", "x-1.example"])
def test_dns_suffix(suffix: str) -> None:
    """The suffix of the partition goes into every derived name."""
    made = pool(dns_suffix=suffix, replica_regions=["us-west-2"], accept_replica_issuers=True)
    derived = [*(url for url, _, _ in issuers(made)), *(url for url, _ in endpoints(made)), made.stable_issuer]
    assert len(derived) == 7
    assert all(f".{suffix}/{POOL}" in url for url in derived)


def test_region_comes_from_the_pool_id() -> None:
    """Before the last underscore stands the primary region, whatever its form."""
    made = pool("us-gov-west-1_9")
    assert issuers(made)[0] == (
        "https://issuer-cognito-idp.us-gov-west-1.amazonaws.com/us-gov-west-1_9",
        "current",
        "us-gov-west-1",
    )


def test_issuer_url() -> None:
    """``issuer_url`` replaces the current issuer alone; as ``original`` it is the stable one too."""
    made = pool(issuer_url="https://id.example/x")
    assert issuers(made) == [("https://id.example/x", "current", "us-east-1"), (EAST, "legacy", "us-east-1")]
    assert endpoints(made) == endpoints(pool())
    assert made.stable_issuer == EAST
    original = pool(issuer_type="original", issuer_url="https://id.example/x")
    assert issuers(original) == [("https://id.example/x", "current", "us-east-1")]
    assert original.stable_issuer == "https://id.example/x"


def test_legacy_issuer_urls() -> None:
    """They replace the legacy issuers; a known one keeps its region, and endpoints stay what they were."""
    made = pool(
        legacy_issuer_urls=["https://old.example", WEST], replica_regions=["us-west-2"], accept_legacy_until=DAY
    )
    assert issuers(made)[1:] == [("https://old.example", "legacy", None), (WEST, "legacy", "us-west-2")]
    assert endpoints(made) == endpoints(pool(replica_regions=["us-west-2"]))
    assert {issuer.accept_until for issuer in made.issuers} == {None, DAY}


@pytest.mark.parametrize(
    "urls", [[EAST, WEST], [WEST, EAST], (IRELAND, WEST, EAST), {EAST, IRELAND}, {EAST, "https://a.example"}]
)
def test_the_stable_issuer_does_not_depend_on_the_order(urls: list[str]) -> None:
    """The original issuer of the primary region stays the stable one, wherever it stands among the legacy ones."""
    assert pool(legacy_issuer_urls=urls, replica_regions=REPLICAS).stable_issuer == EAST


def test_stable_issuer_can_be_given() -> None:
    """``stable_issuer`` goes before what is derived, for both types, and changes nothing else."""
    for issuer_type in ("original", "updated"):
        made = pool(issuer_type=issuer_type, stable_issuer="https://users.example")
        assert made.stable_issuer == "https://users.example"
        assert issuers(made) == issuers(pool(issuer_type=issuer_type))


@pytest.mark.parametrize("kind", [list, tuple])
def test_jwks_uris_take_the_places_of_the_derived(kind: type) -> None:
    """As many as would have been derived: each stands in the region of the one that it replaces, in this order."""
    uris = [f"http://127.0.0.1:{port}/" for port in (3, 1, 2, 4)]
    made = pool(replica_regions=REPLICAS, jwks_uris=kind(uris))
    assert endpoints(made) == list(zip(uris, ["us-east-1", "us-east-1", *REPLICAS], strict=True))
    assert issuers(made) == issuers(pool(replica_regions=REPLICAS))
    original = pool(issuer_type="original", replica_regions=["us-west-2"], jwks_uris=uris[:2])
    assert endpoints(original) == [(uris[0], "us-east-1"), (uris[1], "us-west-2")]


@pytest.mark.parametrize("count", [1, 3])
def test_other_numbers_of_jwks_uris_have_no_region(count: int) -> None:
    """Where their number differs from the derived ones, nobody knows where they stand."""
    uris = [f"https://{number}.example/jwks" for number in range(count)]
    assert endpoints(pool(jwks_uris=uris)) == [(uri, None) for uri in uris]


@pytest.mark.parametrize(
    ("token_use", "uses"),
    [
        ("access", ["access"]),
        ("id", ["id"]),
        (("id",), ["id"]),
        (("access", "id"), ["access", "id"]),
        (("id", "access"), ["access", "id"]),
        (UNCHECKED, ["access", "id"]),
    ],
)
def test_token_uses(token_use: object, uses: list[str]) -> None:
    """Each accepted use has rules of its own; ``UNCHECKED`` is both, written down."""
    made = pool(token_use=token_use)
    assert list(made.claim_rules) == uses
    assert [rules.token_use for rules in made.claim_rules.values()] == uses


@pytest.mark.parametrize(
    ("audience", "expected"),
    [
        (None, None),
        (UNCHECKED, UNCHECKED),
        ("https://api", {"https://api"}),
        (["a", "b"], {"a", "b"}),
        (("a",), {"a"}),
        ({"a"}, {"a"}),
    ],
)
def test_audience_is_the_access_tokens(audience: object, expected: object) -> None:
    """The audience is a rule of access tokens; in an ID token that claim is the client."""
    rules = pool(token_use=("access", "id"), audience=audience).claim_rules
    assert rules["access"].audience == expected
    assert rules["id"].audience is UNCHECKED


def test_claims_are_cognitos() -> None:
    """Each kind of token says things under the names that AWS gives them."""
    rules = pool(token_use=UNCHECKED, client_ids={"a", "b"}).claim_rules
    access, identity = rules["access"], rules["id"]
    assert access.clients == identity.clients == {"a", "b"}
    assert (access.client_claim, identity.client_claim) == ("client_id", "aud")
    assert (access.scope_claim, identity.scope_claim) == ("scope", None)
    assert access.groups_claim == identity.groups_claim == "cognito:groups"
    assert (access.username_claim, identity.username_claim) == ("username", "cognito:username")


def test_everything_unchecked() -> None:
    """Every check that can be left out is left out by the one word, and by nothing else."""
    made = pool(client_ids=UNCHECKED, token_use=UNCHECKED, audience=UNCHECKED)
    assert {rules.clients for rules in made.claim_rules.values()} == {UNCHECKED}
    assert {rules.audience for rules in made.claim_rules.values()} == {UNCHECKED}
    assert (made.algorithms, made.token_type, made.id) == (("RS256",), UNCHECKED, POOL)
