"""A user pool whose settings cannot be right is refused by the name of the setting that is wrong."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from refusal import assert_refused

from jwtmr import UNCHECKED, CognitoUserPool

POOL = "us-east-1_Ab12Cd34"
DAY = datetime(2027, 1, 31, tzinfo=UTC)
NAIVE = DAY.replace(tzinfo=None)
ORIGINAL = f"https://cognito-idp.us-east-1.amazonaws.com/{POOL}"
UPDATED = f"https://issuer-cognito-idp.us-east-1.amazonaws.com/{POOL}"


def pool(user_pool_id: object = POOL, **changes: object) -> CognitoUserPool:
    """A sound pool with these settings laid over it."""
    usual: dict[str, object] = {"issuer_type": "updated", "client_ids": ["app"], "token_use": "access"}
    return CognitoUserPool(user_pool_id, **{**usual, **changes})


@pytest.mark.parametrize(
    "user_pool_id",
    [
        *("", "us-east-1", "_Ab12Cd34", "us-east-1_", "us-east-1_Ab-12", "us-east-1_Ab12/..", "us-east-1_Äb", "a_b\n"),
        *(" us-east-1_Ab12Cd34", "us-east-1_" + "a" * 46, None, 7, b"us-east-1_Ab12Cd34", ["us-east-1_Ab12Cd34"]),
    ],
)
def test_user_pool_id(user_pool_id: object) -> None:
    """An id without AWS's shape is refused, so no URL is ever made of it."""
    assert pool("us-east-1_" + "a" * 45).id == "us-east-1_" + "a" * 45
    assert_refused(lambda: pool(user_pool_id), "user_pool_id", "us-east-1_Ab12Cd34")


@pytest.mark.parametrize("user_pool_id", ["local_Ab12", "US-EAST-1_Ab12", "us-east_Ab12", "us_east-1_Ab12"])
def test_user_pool_id_begins_with_a_region(user_pool_id: str) -> None:
    """Where names are derived from it, the id must begin with a region; with ``issuer_url`` it need not."""
    assert_refused(lambda: pool(user_pool_id), "user_pool_id", "issuer_url must be given")
    assert pool(user_pool_id, issuer_url="https://a.example").id == user_pool_id


ROWS: list[tuple[dict[str, object], str, str]] = [
    ({"issuer_type": "Updated"}, "issuer_type", "'original' or 'updated'"),
    ({"issuer_type": "UPDATED"}, "issuer_type", "'original' or 'updated'"),
    ({"issuer_type": None}, "issuer_type", "'original' or 'updated'"),
    ({"client_ids": "app"}, "client_ids", "must be a list, tuple or set of strings, not str"),
    ({"client_ids": []}, "client_ids", "jwtmr.UNCHECKED"),
    ({"client_ids": set()}, "client_ids", "jwtmr.UNCHECKED"),
    ({"client_ids": None}, "client_ids", "must be a list"),
    ({"client_ids": [""]}, "client_ids", "non-empty strings"),
    ({"client_ids": [None]}, "client_ids", "non-empty strings"),
    ({"client_ids": {"app": 1}}, "client_ids", "must be a list"),
    ({"token_use": "Access"}, "token_use", '"access", "id"'),
    ({"token_use": ()}, "token_use", "jwtmr.UNCHECKED"),
    ({"token_use": None}, "token_use", "jwtmr.UNCHECKED"),
    ({"token_use": ["access"]}, "token_use", "a tuple"),
    ({"token_use": ("access", "refresh")}, "token_use", "a tuple"),
    ({"token_use": (["access"],)}, "token_use", "a tuple"),
    ({"audience": ""}, "audience", "non-empty strings"),
    ({"audience": []}, "audience", "jwtmr.UNCHECKED"),
    ({"audience": [7]}, "audience", "non-empty strings"),
    ({"audience": 7}, "audience", "must be a list"),
    ({"audience": "https://api", "token_use": "id"}, "audience", "access tokens"),
    ({"replica_regions": "us-west-2"}, "replica_regions", "must be a list"),
    ({"replica_regions": None}, "replica_regions", "must be a list"),
    ({"replica_regions": ["us-west"]}, "replica_regions", "us-west-2"),
    ({"replica_regions": ["US-WEST-2"]}, "replica_regions", "us-west-2"),
    ({"replica_regions": ["us-west-2.example.com/"]}, "replica_regions", "us-west-2"),
    ({"replica_regions": ["us-west-2\n"]}, "replica_regions", "us-west-2"),
    ({"replica_regions": ["us-west-2", ""]}, "replica_regions", "non-empty strings"),
    ({"replica_regions": ["us-east-1"]}, "replica_regions", "must not hold the primary region"),
    ({"accept_legacy_until": NAIVE}, "accept_legacy_until", "must have a time zone"),
    ({"accept_legacy_until": DAY.timestamp()}, "accept_legacy_until", "must be a datetime"),
    ({"accept_legacy_until": "2027-01-31"}, "accept_legacy_until", "must be a datetime"),
    ({"accept_legacy_until": DAY, "legacy_issued_before": NAIVE}, "legacy_issued_before", "must have a time zone"),
    ({"accept_legacy_until": DAY, "legacy_issued_before": 1}, "legacy_issued_before", "must be a datetime"),
    ({"legacy_issued_before": DAY}, "legacy_issued_before", "accept_legacy_until"),
    ({"accept_replica_issuers": True}, "accept_replica_issuers", "needs replica_regions"),
    ({"replica_regions": ["us-west-2"], "accept_replica_issuers": "false"}, "accept_replica_issuers", "bool"),
    ({"replica_regions": ["us-west-2"], "accept_replica_issuers": None}, "accept_replica_issuers", "bool"),
    ({"issuer_type": "original", "accept_legacy_until": DAY}, "accept_legacy_until", 'issuer_type="updated"'),
    ({"issuer_type": "original", "legacy_issued_before": DAY}, "legacy_issued_before", 'issuer_type="updated"'),
    ({"issuer_type": "original", "legacy_issuer_urls": [ORIGINAL]}, "legacy_issuer_urls", 'issuer_type="updated"'),
    ({"issuer_type": "original", "legacy_issuer_urls": []}, "legacy_issuer_urls", 'issuer_type="updated"'),
    ({"issuer_url": ""}, "issuer_url", "absolute URL"),
    ({"issuer_url": "http://a.example"}, "issuer_url", "must be https"),
    ({"issuer_url": "https://a@a.example"}, "issuer_url", "user info"),
    ({"issuer_url": "https://a.example#a"}, "issuer_url", "fragment"),
    ({"issuer_url": "https://a.example\n"}, "issuer_url", "printable ASCII"),
    ({"issuer_url": 7}, "issuer_url", "printable ASCII"),
    ({"issuer_url": "http://a.example", "issuer_type": "original"}, "issuer_url", "must be https"),
    ({"issuer_url": "", "issuer_type": "original"}, "issuer_url", "absolute URL"),
    ({"legacy_issuer_urls": ORIGINAL}, "legacy_issuer_urls", "must be a list"),
    ({"legacy_issuer_urls": []}, "legacy_issuer_urls", "must not be empty"),
    ({"legacy_issuer_urls": ["http://a.example"]}, "legacy_issuer_urls", "must be https"),
    ({"legacy_issuer_urls": [ORIGINAL, "https://a@a.example"]}, "legacy_issuer_urls", "user info"),
    ({"legacy_issuer_urls": [UPDATED]}, "legacy_issuer_urls", "twice"),
    ({"jwks_uris": "https://a.example"}, "jwks_uris", "must be a list"),
    ({"jwks_uris": []}, "jwks_uris", "must not be empty"),
    ({"jwks_uris": {"https://a.example"}}, "jwks_uris", "order"),
    ({"jwks_uris": frozenset({"https://a.example"})}, "jwks_uris", "order"),
    ({"jwks_uris": ["http://a.example"]}, "jwks_uris", "must be https"),
    ({"jwks_uris": ["https://a.example", "https://a@b.example"]}, "jwks_uris", "user info"),
    ({"jwks_uris": [7]}, "jwks_uris", "non-empty strings"),
    ({"stable_issuer": ""}, "stable_issuer", "absolute URL"),
    ({"stable_issuer": "http://a.example"}, "stable_issuer", "must be https"),
    ({"stable_issuer": 7}, "stable_issuer", "printable ASCII"),
    ({"dns_suffix": ""}, "dns_suffix", "amazonaws.com"),
    ({"dns_suffix": "com"}, "dns_suffix", "amazonaws.com"),
    ({"dns_suffix": ".amazonaws.com"}, "dns_suffix", "amazonaws.com"),
    ({"dns_suffix": "amazonaws.com/"}, "dns_suffix", "amazonaws.com"),
    ({"dns_suffix": "amazonaws.com:1"}, "dns_suffix", "amazonaws.com"),
    ({"dns_suffix": "amazonaws.com\n"}, "dns_suffix", "amazonaws.com"),
    ({"dns_suffix": None}, "dns_suffix", "amazonaws.com"),
]


@pytest.mark.parametrize(("changes", "parameter", "says"), ROWS, ids=lambda value: ascii(value)[:60])
def test_refuses(changes: dict[str, object], parameter: str, says: str) -> None:
    """One wrong setting is refused where the pool is made; ``parameter`` is the name that the caller wrote."""
    assert pool().id == POOL
    assert_refused(lambda: pool(**changes), parameter, says)


@pytest.mark.parametrize(
    "changes", [{"jwks_uris": []}, {"legacy_issuer_urls": []}], ids=["jwks_uris", "legacy_issuer_urls"]
)
def test_advises_only_what_would_be_right(changes: dict[str, object]) -> None:
    """``UNCHECKED`` is advised only where it is a choice: these settings leave no check out."""
    (parameter,) = changes
    assert_refused(lambda: pool(**{parameter: UNCHECKED}), parameter, "must be a list")
    with pytest.raises(ValueError, match="must not be empty") as caught:
        pool(**changes)
    assert "UNCHECKED" not in str(caught.value)


@pytest.mark.parametrize("missing", ["issuer_type", "client_ids", "token_use"])
def test_what_would_be_wrong_for_somebody_has_no_default(missing: str) -> None:
    """Type, clients and use must be said."""
    given = {"issuer_type": "updated", "client_ids": UNCHECKED, "token_use": UNCHECKED}
    del given[missing]
    with pytest.raises(TypeError, match=missing):
        CognitoUserPool(POOL, **given)
