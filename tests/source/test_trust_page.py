"""What ``docs/trust.md`` says of mistakes is true: each row of its tables is made here, and found when the page says.

The rows are tied to the page by their first column: a row without a test, or a test without a row, is a failure.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from certificates import LOOPBACK, certificate
from source_kit import RawServer

from jwtmr import (
    UNCHECKED,
    AuthError,
    Authority,
    CognitoUserPool,
    ConfigurationError,
    KeysUnavailable,
    LegacyIssuer,
    OidcProvider,
    TokenValidator,
    ValidatorStatus,
)
from jwtmr.http import httpx_get
from jwtmr.testing import OidcIssuer, RegionalIssuer, SettableClock, validator_for

PAGE: Final = (Path(__file__).resolve().parents[2] / "docs" / "trust.md").read_text(encoding="utf-8")
HTTP_GET: Final = httpx_get()
SOON: Final = datetime(2100, 1, 1, tzinfo=UTC)
GONE: Final = datetime(2020, 1, 1, tzinfo=UTC)


def rows(heading: str) -> list[str]:
    """The first column of the table under ``heading``, without marks."""
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    cells = re.findall(r"^\| (.*?) \|", section, re.MULTILINE)
    return [cell.replace("`", "") for cell in cells[1:]]


def provider(issuer_url: str = "https://login.example", **changes: object) -> OidcProvider:
    """A provider that is in order, but for the changes."""
    usual: dict[str, object] = {"audience": "orders", "client_ids": ["web"], "token_type": "at+jwt"}
    return OidcProvider(issuer_url, **{**usual, **changes})


def pool(**changes: object) -> CognitoUserPool:
    """A pool that is in order, but for the changes."""
    usual: dict[str, object] = {"issuer_type": "original", "client_ids": ["web"], "token_use": "access"}
    return CognitoUserPool("us-east-1_Ab12Cd34", **{**usual, **changes})


def unverifying() -> ssl.SSLContext:
    """A context that takes every certificate."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


AT_CONSTRUCTION: Final[dict[str, list[Callable[[], object]]]] = {
    "one string where several names are meant": [
        lambda: pool(client_ids="web"), lambda: provider(client_ids="web"), lambda: provider(algorithms="RS256"),
    ],
    "no clients, no audience, or an empty list of either": [
        lambda: pool(client_ids=[]), lambda: provider(client_ids=None), lambda: provider(audience=None),
        lambda: provider(audience=[]),
    ],
    "a legacy issuer without an end": [
        lambda: LegacyIssuer("https://old.example", None),
    ],
    "a moment without a time zone": [
        lambda: LegacyIssuer("https://old.example", datetime(2027, 1, 1)),  # noqa: DTZ001
        lambda: pool(issuer_type="updated", accept_legacy_until=datetime(2027, 1, 1)),  # noqa: DTZ001
    ],
    "plain http off loopback, user info or a fragment in a URL": [
        lambda: provider("http://login.example"), lambda: provider(jwks_uris=["http://login.example/keys"]),
        lambda: provider("https://me@login.example"), lambda: provider(jwks_uris=["https://login.example/keys#1"]),
    ],
    "HS256 or none": [lambda: provider(algorithms=["HS256"]), lambda: provider(algorithms=["RS256", "none"])],
    'token_type="JWT" where an audience is also a client': [
        lambda: provider(token_type="JWT", audience=["orders", "web"]),
    ],
    'client_claim="aud" with token_type="JWT"': [lambda: provider(token_type="JWT", client_claim="aud")],
    "the same issuer in two authorities": [
        lambda: TokenValidator(provider(), provider(), http_get=HTTP_GET),
        lambda: TokenValidator(
            provider(), provider("https://b.example", legacy_issuers=[LegacyIssuer("https://login.example", SOON)]),
            http_get=HTTP_GET,
        ),
    ],
    "a legacy window for a pool that is on its original issuer": [lambda: pool(accept_legacy_until=SOON)],
    "accept_replica_issuers without replica_regions": [lambda: pool(accept_replica_issuers=True)],
    "an issuer with a query whose keys are to be discovered": [lambda: provider("https://login.example?tenant=1")],
    "a ssl_context that does not verify": [lambda: httpx_get(ssl_context=unverifying())],
}  # fmt: skip


@pytest.mark.parametrize("mistake", rows("Mistakes that are refused at construction"))
def test_mistake_is_refused_at_construction(mistake: str) -> None:
    """Nothing is made, and the error says which parameter it was."""
    (
        provider(),
        pool(),
        provider(token_type="JWT"),
        provider("https://login.example?t=1", jwks_uris=["https://a.example"]),
    )
    for make in AT_CONSTRUCTION[mistake]:
        with pytest.raises(ConfigurationError) as caught:
            make()
        assert caught.value.parameter


def test_each_mistake_at_construction_is_on_the_page() -> None:
    """The page and this file name the same ones."""
    assert rows("Mistakes that are refused at construction") == list(AT_CONSTRUCTION)


@contextmanager
def warmed(authority: Authority, clock: SettableClock | None = None) -> Iterator[ValidatorStatus]:
    """The report of a warm-up, which asks for nothing and so raises nothing."""
    validator = TokenValidator(authority, http_get=HTTP_GET, clock=clock or SettableClock())
    with closing(validator):
        status = validator.warm_up()
        if status.authorities[0].state not in ("ok", "degraded") and not status.authorities[0].refuses_everything:
            with pytest.raises(KeysUnavailable):
                validator.warm_up(require="all")
        yield status


def shown(issuer: OidcIssuer, **changes: object) -> str:
    """The report for ``issuer`` as an operator reads it; by its name unless another ``issuer_url`` is given."""
    with warmed(provider(**{"issuer_url": issuer.url, **changes})) as status:
        return str(status)


def slash() -> str:
    """The name of the provider, but for a slash."""
    with OidcIssuer() as issuer:
        said = shown(issuer, issuer_url=issuer.url + "/")
        assert issuer.count("keys") == 0
        assert repr(issuer.url) in said
        return said


def wrong_path() -> str:
    """A path where nothing is."""
    with OidcIssuer("/tenant") as issuer:
        return shown(issuer, issuer_url=issuer.url.replace("tenant", "tennant"))


def wrong_host() -> str:
    """A port where nobody listens."""
    with OidcIssuer() as issuer:
        issuer.take_down("refuse")
        return shown(issuer)


def wrong_certificate() -> str:
    """A host whose certificate nobody here knows."""
    with TemporaryDirectory() as folder:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate(Path(folder), LOOPBACK))
        with RawServer(lambda connection, _: None, context) as server, OidcIssuer() as issuer:
            return shown(issuer, issuer_url=f"https://127.0.0.1:{urlsplit(server.url).port}")


def a_page() -> str:
    """HTML where a key set should be."""
    with OidcIssuer() as issuer:
        issuer.replace_answer("keys", (200, {"Content-Type": "text/html"}, b"<!doctype html><p>Welcome"))
        said = shown(issuer)
        assert "no JWK Set" in said
        return said


def other_algorithms() -> str:
    """Keys for EdDSA where RS256 is configured."""
    with OidcIssuer(algorithms=("EdDSA",)) as issuer:
        said = shown(issuer)
        assert "alg is not allowed" in said
        return said


def unnamed_algorithms() -> str:
    """RSA keys that could be meant for both."""
    with OidcIssuer(name_alg=False) as issuer:
        said = shown(issuer, algorithms=["RS256", "PS256"])
        assert "both RS and PS would fit" in said
        assert "!" not in shown(issuer, algorithms=["RS256"])
        return said


def not_switched(until: datetime | None = None) -> str:
    """A pool on its original issuer, configured as updated."""
    with RegionalIssuer() as issuer, closing(validator_for(issuer, accept_legacy_until=until)) as validator:
        return str(validator.warm_up())


def old_house() -> str:
    """A provider that is left, after its end."""
    with OidcIssuer() as issuer:
        said = shown(issuer, accept_until=GONE)
        assert issuer.count() == 0
        return said


AT_WARM_UP: Final[dict[str, tuple[Callable[[], str], list[str]]]] = {
    "issuer_url is not exactly what the provider calls itself, often by a slash at the end": (
        slash, ["last outcome unusable", "names another issuer"]
    ),
    "nothing is there: a typing error in the path": (wrong_path, [": not_enabled", "last outcome client_error"]),
    "nobody is there: a typing error in the host, or a firewall": (wrong_host, [": down", "last outcome network"]),
    "the certificate is another one's, or its authority is not known here": (
        wrong_certificate, [": down", "last outcome network"]
    ),
    "a jwks_uri that serves a page, or no keys": (a_page, ["last outcome unusable", "! "]),
    "keys of algorithms that are not in algorithms": (other_algorithms, ["last outcome unusable", "! "]),
    "RSA keys that name no alg, where algorithms allows both RS and PS": (
        unnamed_algorithms, ["last outcome unusable", "! "]
    ),
    "a pool that is not switched yet, configured without a window": (not_switched, ["every token will be refused"]),
    "a window that has closed": (lambda: not_switched(GONE), ["closed at 2020-01-01 00:00+00:00"]),
    "an old house whose window has closed": (old_house, ["this authority can be removed"]),
}  # fmt: skip


@pytest.mark.parametrize("mistake", rows("Mistakes that a warm-up shows"))
def test_mistake_is_shown_by_a_warm_up(mistake: str) -> None:
    """The report says what the page says."""
    make, words = AT_WARM_UP[mistake]
    said = make()
    assert [word for word in words if word not in said] == [], said


def test_each_mistake_at_warm_up_is_on_the_page() -> None:
    """The page and this file name the same ones."""
    assert rows("Mistakes that a warm-up shows") == list(AT_WARM_UP)


def test_what_is_in_order_shows_no_problem() -> None:
    """Else the words above would prove nothing."""
    with OidcIssuer() as issuer, warmed(provider(issuer.url)) as status:
        assert [authority.problems for authority in status.authorities] == [()]
        assert "last outcome" not in str(status)


NOT_FOUND: Final[dict[str, tuple[dict[str, Any], str]]] = {
    "a client or an audience with a typing error": ({"audience": "oders"}, "wrong_audience"),
    "jwks_uris of another pool or provider": ({"jwks_uris": "another"}, "unknown_key"),
    "UNCHECKED": ({"audience": UNCHECKED, "client_ids": UNCHECKED, "token_type": UNCHECKED}, "accepted"),
    "a wall clock that is wrong by more than leeway": ({"clock": timedelta(hours=2)}, "expired"),
}
"""The rows that one provider can show, with what its good token is answered."""


@pytest.mark.parametrize("mistake", NOT_FOUND)
def test_mistake_that_nothing_finds(mistake: str) -> None:
    """It stands on the page; the warm-up is content; a real token shows it."""
    assert mistake in rows("Mistakes that nothing finds")
    changes, code = NOT_FOUND[mistake]
    settings, clock = dict(changes), SettableClock()
    with OidcIssuer(client_id="web", clock=clock) as issuer, OidcIssuer(client_id="web", clock=clock) as another:
        if "jwks_uris" in settings:
            settings["jwks_uris"] = [another.jwks_uri]
        token = issuer.access_token(audience="orders")
        clock.advance(settings.pop("clock", timedelta()).total_seconds())
        with closing(TokenValidator(provider(issuer.url, **settings), http_get=HTTP_GET, clock=clock)) as validator:
            assert validator.warm_up(require="all").authorities[0].problems == ()
            assert answer(validator, token) == code


def answer(validator: TokenValidator, token: str) -> str:
    """What the validator says of the token."""
    try:
        validator.validate(token)
    except AuthError as error:
        return error.code
    return "accepted"
