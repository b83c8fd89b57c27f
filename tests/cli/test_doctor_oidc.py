"""Doctor on providers of OpenID Connect: the discovery document, the place that it names, and a name that moves."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from cli_world import Ran, jwtmr

from jwtmr.testing import MISSING, OidcIssuer, SettableClock


@pytest.fixture
def issuer() -> Iterator[OidcIssuer]:
    """A provider on loopback."""
    with OidcIssuer("/tenant") as provider:
        yield provider


def _doctor(issuer: OidcIssuer, **options: str) -> Ran:
    usual = {"issuer-url": issuer.url, "audience": "api", "client-id": issuer.client_id, "token-type": "UNCHECKED"}
    given = {**usual, **{name.replace("_", "-"): value for name, value in options.items()}}
    words = [word for name, value in given.items() for word in (f"--{name}", value)]
    return jwtmr(f"doctor {shlex.join(words)} --json")


def test_a_provider_without_a_fault_has_no_finding(issuer: OidcIssuer) -> None:
    """The document is asked, and then the place that it names; there is nothing to switch."""
    ran = _doctor(issuer)
    (authority,) = ran.document["authorities"]
    (endpoint,) = authority["endpoints"]
    assert [step["url"] for step in endpoint["steps"]] == [issuer.discovery_url, issuer.jwks_uri]
    assert len(endpoint["keys"]) == 1
    assert ran.document["findings"] == []
    assert {verdict["question"]: verdict["answer"] for verdict in ran.document["verdicts"]} == {
        "now": "yes", "switch": "no", "refuse-legacy": "no",
    }  # fmt: skip


def _document(**members: object) -> Callable[[OidcIssuer], None]:
    return lambda issuer: issuer.discovery.update(members)


SPOILT: dict[str, tuple[Callable[[OidcIssuer], object], set[str], tuple[str, ...]]] = {
    "another issuer": (
        _document(issuer="https://\x1b[2J.example"), {"wrong_document", "no_keys"}, ("names another issuer", "\\x1b"),
    ),
    "no place": (_document(jwks_uri=MISSING), {"wrong_document", "no_keys"}, ("no usable jwks_uri",)),
    "a place on plain http": (_document(jwks_uri="http://a.example"), {"wrong_document", "no_keys"}, ("jwks_uri",)),
    "a place that is gone": (
        lambda issuer: issuer.replace_answer("keys", (404, {}, b"")), {"refused_by_host", "no_keys"}, ("404",),
    ),
    "no document": (
        lambda issuer: issuer.replace_answer("discovery", (404, {}, b"")), {"refused_by_host", "no_keys"}, ("404",),
    ),
    "a server in trouble": (
        lambda issuer: issuer.replace_answer("keys", (503, {}, b"")), {"server_error", "no_keys"}, ("503",),
    ),
    "other algorithms": (
        _document(id_token_signing_alg_values_supported=["ES256"]), {"algorithms_differ"}, ("RS256", "algorithms"),
    ),
    "no JSON": (
        lambda issuer: issuer.replace_answer("discovery", (200, {}, b"[1]")), {"wrong_document", "no_keys"},
        ("no JSON object",),
    ),
    "no keys": (
        lambda issuer: issuer.replace_answer("keys", (200, {}, b"{}")), {"no_key_set", "no_keys"}, ("RFC 7517",),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("spoil", "codes", "words"), SPOILT.values(), ids=SPOILT.keys())
def test_what_is_wrong_with_a_provider_is_named(
    issuer: OidcIssuer, spoil: Callable[[OidcIssuer], object], codes: set[str], words: tuple[str, ...]
) -> None:
    """One thing is spoilt, and it has a name and an explanation."""
    spoil(issuer)
    findings = _doctor(issuer).document["findings"]
    assert {finding["code"] for finding in findings} == codes
    said = " ".join(finding[part] for finding in findings for part in ("what", "why", "do"))
    assert all(word in said for word in words), said


def test_a_new_name_that_is_not_there_yet(issuer: OidcIssuer) -> None:
    """While the new name answers 404 the old one counts; its keys have to be given, or there are none."""
    window = (datetime.now(UTC) + timedelta(days=30)).isoformat(timespec="seconds")
    old = issuer.url
    ran = _doctor(issuer, issuer_url=f"{old}/new", legacy_issuer=f"{old} {window}")
    assert {finding["code"] for finding in ran.document["findings"]} == {"not_switched_yet", "no_keys"}
    assert ran.code == 1


@pytest.mark.parametrize(
    ("leeway", "code"), [("0", "clock_skew"), ("30", None)], ids=["without leeway", "within leeway"]
)
def test_the_leeway_of_the_settings_is_what_counts(leeway: str, code: str | None) -> None:
    """A clock that is ten seconds off is a problem where nothing is forgiven."""
    with OidcIssuer(clock=SettableClock(datetime.now(UTC) - timedelta(seconds=10))) as issuer:
        found = [finding["code"] for finding in _doctor(issuer, leeway=leeway).document["findings"]]
    assert found == ([] if code is None else [code])
