"""Issuers, endpoints and authorities: what could not be meant is refused where it is made."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import UTC, datetime, timedelta, timezone, tzinfo

import pytest
from refusal import assert_refused

from jwtmr import UNCHECKED, Authority, ClaimRules, Issuer, JwksEndpoint
from jwtmr.issuers import ALGORITHMS, check_moment, check_url

DAY = datetime(2027, 1, 31, tzinfo=UTC)
NAIVE = DAY.replace(tzinfo=None)
RULES = ClaimRules(token_use=None, clients=UNCHECKED, client_claim="client_id", audience=UNCHECKED)


class Nowhere(tzinfo):
    """A time zone that does not know its offset."""

    def utcoffset(self, _: datetime | None) -> None:
        """Nobody knows."""

    def __repr__(self) -> str:
        return "Nowhere()"


def authority(**changes: object) -> Authority:
    """A sound authority with these settings laid over it."""
    usual: dict[str, object] = {
        "id": "house",
        "issuers": (Issuer("https://new.example"), Issuer("https://old.example", "legacy", None, DAY)),
        "endpoints": (JwksEndpoint("https://new.example/jwks"), JwksEndpoint("https://old.example/jwks")),
        "algorithms": ("RS256",),
        "token_type": UNCHECKED,
        "claim_rules": {None: RULES},
        "stable_issuer": "https://old.example",
    }
    return Authority(**{**usual, **changes})


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "https://example.com/",
        "https://example.com:8443/a/b?c=d",
        "HTTPS://Example.com",
        "https://192.0.2.1/x",
        "https://[2001:db8::1]/x",
        "http://localhost/x",
        "http://localhost:8080",
        "http://LOCALHOST",
        "http://127.0.0.1:1",
        "http://127.8.9.10",
        "http://[::1]:8080/x",
        "https://xn--bcher-kva.example",
    ],
)
def test_takes_urls_that_can_be_asked(url: str) -> None:
    """Absolute https URLs, and http ones of this machine by name or by address."""
    check_url("url", url)
    assert Issuer(url).url == JwksEndpoint(url).url == url


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://example.com", "must be https"),
        ("http://192.0.2.1", "must be https"),
        ("http://[2001:db8::1]", "must be https"),
        ("http://0.0.0.0", "must be https"),
        ("http://127.0.0.1.example.com", "must be https"),
        ("http://localhost.example.com", "must be https"),
        ("http://127.0.0.1@example.com", "must be https"),
        ("http://localhost%2eexample.com", "must be https"),
        ("ftp://example.com", "must be https"),
        ("ws://localhost", "must be https"),
        ("//example.com", "must be https"),
        ("", "absolute URL"),
        ("example.com", "absolute URL"),
        ("https:", "absolute URL"),
        ("https://", "absolute URL"),
        ("https:///path", "absolute URL"),
        ("https:example.com", "absolute URL"),
        ("file:///etc/passwd", "absolute URL"),
        ("https://:443", "absolute URL"),
        ("https://[::1", "absolute URL"),
        ("https://[::g]/", "absolute URL"),
        ("https://example.com:0x1", "absolute URL"),
        ("https://example.com:65536", "absolute URL"),
        ("https://user@example.com", "user info"),
        ("https://user:secret@example.com", "user info"),
        ("https://@example.com", "user info"),
        ("http://user@localhost", "user info"),
        ("https://example.com#fragment", "fragment"),
        ("https://example.com/#", "fragment"),
        ("https://example.com\\@localhost", "backslash"),
        ("https://example.com/a\\b", "backslash"),
        (" https://example.com", "printable ASCII"),
        ("https://example.com\n", "printable ASCII"),
        ("https://exa mple.com", "printable ASCII"),
        ("https://example.com/\x00", "printable ASCII"),
        ("https://example.com/\t", "printable ASCII"),
        ("https://example.com/\x1f", "printable ASCII"),
        ("https://example.com/\x7f", "printable ASCII"),
        ("https://bücher.example", "printable ASCII"),
        ("https://example.com/\u2028", "printable ASCII"),
        (None, "printable ASCII"),
        (b"https://example.com", "printable ASCII"),
        (7, "printable ASCII"),
    ],
    ids=ascii,
)
def test_refuses_other_urls(url: str, says: str) -> None:
    """Plain http, user info, fragments, control characters and what is no absolute URL are refused by their reason."""
    assert_refused(lambda: check_url("some_url", url), "some_url", says)
    assert_refused(lambda: Issuer(url), "issuer", says)
    assert_refused(lambda: JwksEndpoint(url), "jwks_uris", says)


@pytest.mark.parametrize("moment", [DAY, DAY.astimezone(timezone(timedelta(hours=-9)))])
def test_a_moment_has_a_zone(moment: datetime) -> None:
    """An aware datetime names the same Unix second in every zone."""
    assert check_moment("until", moment) == DAY.timestamp()
    assert check_moment("until", None) is None


@pytest.mark.parametrize(
    ("moment", "says"),
    [
        (NAIVE, "must have a time zone"),
        (NAIVE.replace(tzinfo=Nowhere()), "must have a time zone"),
        (DAY.date(), "must be a datetime, not date"),
        (DAY.timestamp(), "must be a datetime, not float"),
        ("2027-01-31", "must be a datetime, not str"),
        (True, "must be a datetime, not bool"),
    ],
    ids=repr,
)
def test_refuses_moments_that_nobody_knows(moment: datetime, says: str) -> None:
    """A naive datetime, a date, a number and a text name no moment."""
    assert_refused(lambda: check_moment("until", moment), "until", says)
    assert_refused(lambda: Issuer("https://old.example", "legacy", None, moment), "accept_until", says)
    assert_refused(lambda: Issuer("https://old.example", "legacy", None, DAY, moment), "issued_before", says)


def test_a_legacy_issuer_has_an_end() -> None:
    """A legacy issuer needs ``accept_until``; accepted for ever is what this library exists to end."""
    assert_refused(lambda: Issuer("https://old.example", "legacy"), "accept_until", "must be given")
    issuer = Issuer("https://old.example", "legacy", "us-east-1", DAY, DAY - timedelta(days=1))
    assert issuer.accept_until_unix - 86400 == issuer.issued_before_unix == DAY.timestamp() - 86400
    with pytest.raises(FrozenInstanceError):
        issuer.accept_until = None


def test_a_current_issuer_has_none() -> None:
    """A window on a current issuer is a mistake, and the setting that was given is the one that is named."""
    assert_refused(lambda: Issuer("https://new.example", accept_until=DAY), "accept_until", "legacy issuers only")
    assert_refused(lambda: Issuer("https://new.example", issued_before=DAY), "issued_before", "legacy issuers only")
    issuer = Issuer("https://new.example")
    assert (issuer.accept_until_unix, issuer.issued_before_unix) == (float("inf"), None)


@pytest.mark.parametrize("kind", ["Legacy", "LEGACY", "old", "", None, True])
def test_there_are_two_kinds_of_issuers(kind: str) -> None:
    """A misspelt kind is refused: neither legacy nor current, its issuer would be accepted for ever."""
    assert_refused(lambda: Issuer("https://old.example", kind), "kind", "'current' or 'legacy'")


@pytest.mark.parametrize(
    ("changes", "parameter", "says"),
    [
        ({"id": ""}, "id", "must be a non-empty string"),
        ({"issuers": ()}, "issuers", "must not be empty"),
        ({"endpoints": ()}, "endpoints", "must not be empty"),
        ({"algorithms": ()}, "algorithms", "must not be empty"),
        ({"claim_rules": {}}, "claim_rules", "not empty"),
        ({"stable_issuer": ""}, "stable_issuer", "must be a non-empty string"),
        ({"issuers": (Issuer("https://new.example"),) * 2}, "issuers", "must not name a URL twice"),
        (
            {"issuers": (Issuer("https://a.example"), Issuer("https://a.example", "legacy", None, DAY))},
            "issuers",
            "must not name a URL twice",
        ),
        (
            {"endpoints": (JwksEndpoint("https://a.example", "x"), JwksEndpoint("https://a.example", "y"))},
            "endpoints",
            "must not name a URL twice",
        ),
        ({"algorithms": ("HS256",)}, "algorithms", "not 'HS256'"),
        ({"algorithms": ("RS256", "none")}, "algorithms", "RS256"),
        ({"algorithms": ("rs256",)}, "algorithms", "not 'rs256'"),
        ({"algorithms": "RS256"}, "algorithms", "must be"),
        ({"token_type": ""}, "token_type", ""),
    ],
    ids=lambda value: str(value)[:40],
)
def test_refuses_unsound_authorities(changes: dict[str, object], parameter: str, says: str) -> None:
    """Nothing may be empty, named twice or out of the asymmetric algorithms."""
    assert authority().current_issuer == "https://new.example"
    assert_refused(lambda: authority(**changes), parameter, says)


def test_algorithms_are_asymmetric() -> None:
    """Every algorithm of the design may be configured, and no other exists."""
    families = {f"{family}{bits}" for family in ("RS", "PS", "ES") for bits in (256, 384, 512)}
    assert families | {"EdDSA"} == ALGORITHMS
    assert authority(algorithms=tuple(sorted(ALGORITHMS))).algorithms == tuple(sorted(ALGORITHMS))


def test_rules_of_an_authority_are_its_own() -> None:
    """Changing the mapping that was passed in changes nothing, and what came out cannot be changed."""
    given = {None: RULES}
    made = authority(claim_rules=given)
    given.clear()
    assert made.claim_rules == {None: RULES}
    with pytest.raises(TypeError):
        made.claim_rules[None] = RULES


def test_current_issuer_is_the_first_current_one() -> None:
    """New tokens name the first current issuer, wherever legacy ones stand."""
    old = Issuer("https://old.example", "legacy", None, DAY)
    issuers = (old, Issuer("https://a.example"), Issuer("https://b.example"))
    assert authority(issuers=issuers).current_issuer == "https://a.example"


def test_an_old_house_has_legacy_issuers_only() -> None:
    """It ends with its windows; what it calls its current issuer is the first of its names."""
    old = (Issuer("https://old.example", "legacy", None, DAY), Issuer("https://older.example", "legacy", None, DAY))
    house = authority(issuers=old)
    assert house.current_issuer == "https://old.example"
    assert house.accepts(DAY.timestamp() - 1)
    assert not house.accepts(DAY.timestamp())
