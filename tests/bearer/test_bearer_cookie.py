"""The cookie as a source: what it may hold, and who may have sent it."""

from __future__ import annotations

import pytest

from jwtmr import AuthError, ConfigurationError
from jwtmr.bearer import FromCookie, RequestHead

TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ6In0.c2ln"
ORIGIN = "https://app.example.com"
SOURCE = FromCookie("session", allowed_origins=[ORIGIN, "http://localhost:8080"])
SAFE = ["GET", "HEAD", "OPTIONS", "TRACE"]
UNSAFE = ["POST", "PUT", "PATCH", "DELETE", "CONNECT", "PROPFIND", "get", "Head", "", None]


def outcome(cookies: list[str], method: str | None = "GET", origins: list[str] | None = None) -> str:
    """The token of a request with these ``Cookie`` and ``Origin`` headers, or the code of its refusal."""
    headers = {"cookie": cookies, "origin": origins or []}
    try:
        return SOURCE.token(RequestHead(method, lambda name: headers.get(name, [])))
    except AuthError as error:
        return error.code


@pytest.mark.parametrize(
    "cookies",
    [
        [f"session={TOKEN}"],
        [f"theme=dark; session={TOKEN}; lang=de"],
        [f"theme=dark;session={TOKEN};lang"],
        [f" session={TOKEN} "],
        [f"session = {TOKEN} ;"],
        ["theme=dark", f"session={TOKEN}"],
        [f"session={TOKEN}", "session2=x", "Session=x", "xsession=x"],
        [f"; ;=;session={TOKEN}"],
    ],
)
def test_the_cookie_is_found_by_its_exact_name(cookies: list[str]) -> None:
    """Among others, in one header or in several; names have a case."""
    assert outcome(cookies) == TOKEN


@pytest.mark.parametrize("token", ["abc=", "abc==", "a~b+c/d"])
def test_a_value_may_have_equals_signs(token: str) -> None:
    """Only the first one ends the name."""
    assert outcome([f"session={token}"]) == token


@pytest.mark.parametrize(
    "cookies", [[], [""], ["session"], ["session="], ["session= "], ["session=; session="], ["theme=dark"], [TOKEN],
                [f"Session={TOKEN}"], [f"session2={TOKEN}"], [f"x=session={TOKEN}"], ["session=", "session="]]
)  # fmt: skip
def test_no_cookie_or_a_cleared_one_is_no_credentials(cookies: list[str]) -> None:
    """An empty value is how a cookie is cleared."""
    assert outcome(cookies) == "missing_token"


@pytest.mark.parametrize(
    "cookies",
    [
        [f"session={TOKEN}; session={TOKEN}"],
        [f"session={TOKEN}; session=abc"],
        [f"session={TOKEN}; session="],
        [f"session=; session={TOKEN}"],
        [f"session={TOKEN}", f"session={TOKEN}"],
        [f"session={TOKEN}", "theme=dark; session=abc"],
        [f'session="{TOKEN}"'],
        [f"session=Bearer {TOKEN}"],
        [f"session={TOKEN},{TOKEN}"],
        ["session=t\xf6ken"],
        [f"session={TOKEN}\n"],
        ["session=a\x00b"],
        ["session=="],
    ],
    ids=ascii,
)
def test_two_cookies_or_junk_are_an_invalid_request(cookies: list[str]) -> None:
    """A page on a sibling domain can set a second cookie of the name; nobody guesses which is meant."""
    assert outcome(cookies) == "invalid_request"


@pytest.mark.parametrize("method", SAFE)
@pytest.mark.parametrize("origins", [[], [ORIGIN], ["https://evil.example"], ["null"], [ORIGIN, ORIGIN]])
def test_safe_methods_need_no_origin(method: str, origins: list[str]) -> None:
    """They change nothing, so a foreign page gains nothing by sending them."""
    assert outcome([f"session={TOKEN}"], method, origins) == TOKEN


@pytest.mark.parametrize("method", UNSAFE)
@pytest.mark.parametrize(
    "origin", [ORIGIN, "https://APP.example.com", "HTTPS://app.example.com", "http://localhost:8080"]
)
def test_unsafe_methods_and_websockets_pass_from_an_allowed_origin(method: str | None, origin: str) -> None:
    """One of the configured ones, whatever its case."""
    assert outcome([f"session={TOKEN}"], method, [origin]) == TOKEN


@pytest.mark.parametrize("method", UNSAFE)
@pytest.mark.parametrize(
    "origins",
    [
        [],
        [""],
        ["null"],
        ["NULL"],
        ["*"],
        ["https://evil.example"],
        ["http://app.example.com"],
        ["https://app.example.com:8443"],
        ["https://app.example.com."],
        ["https://app.example.com/"],
        ["https://app.example.com.evil.example"],
        ["https://evil.example/https://app.example.com"],
        ["https://xapp.example.com"],
        ["app.example.com"],
        [f"{ORIGIN}, {ORIGIN}"],
        [f"{ORIGIN} {ORIGIN}"],
        [ORIGIN, ORIGIN],
        [ORIGIN, "https://evil.example"],
    ],
    ids=ascii,
)
def test_unsafe_methods_and_websockets_need_an_allowed_origin(method: str | None, origins: list[str]) -> None:
    """Missing, foreign, opaque, nearly right or given twice: the request may be a foreign page's."""
    assert outcome([f"session={TOKEN}"], method, origins) == "invalid_request"


def test_an_allowed_origin_without_a_cookie_is_no_credentials() -> None:
    """``Origin`` proves nothing of who calls."""
    assert outcome([], "POST", [ORIGIN]) == "missing_token"


def test_a_request_without_a_cookie_is_asked_for_no_origin() -> None:
    """Who sends no credentials is told to, and not that the request is malformed."""
    assert outcome([], "POST") == "missing_token"


def test_allowed_origins_must_be_given() -> None:
    """There is no default that could be right."""
    with pytest.raises(TypeError, match="allowed_origins"):
        FromCookie("session")  # type: ignore[call-arg]


@pytest.mark.parametrize(
    "given", ["https://app.example.com", b"x", None, (), [], [""], [7], {"https://app.example.com": 1}], ids=repr
)
def test_allowed_origins_are_a_collection_of_names(given: object) -> None:
    """A bare string would be a collection of letters, and an empty collection would let nobody in."""
    with pytest.raises(ConfigurationError) as caught:
        FromCookie("session", allowed_origins=given)  # type: ignore[arg-type]
    assert caught.value.parameter == "allowed_origins"


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "*",
        "app.example.com",
        "//app.example.com",
        "https://",
        "https:///path",
        "https://app.example.com/",
        "https://app.example.com/path",
        "https://app.example.com?x",
        "https://app.example.com#x",
        "https://user@app.example.com",
        "https://\xe4pp.example.com",
        "https://app.example.com ",
        " https://app.example.com",
        "https://app.example.com\n",
        "https://app example.com",
        "https://*.example.com",
        "https://app.example.com:port",
        "https://app.example.com:0",
        "https://app.example.com:0443",
        "https://app.example.com:443",
        "http://app.example.com:80",
        "https://app.example.com:65536",
        "https://app.example.com:99999",
        "https://\u212a.example.com",
        "https://app.example.com:",
        "https://[::1",
        "ftp://app.example.com",
        "ws://app.example.com",
        "file://x",
    ],
    ids=ascii,
)
def test_what_no_browser_would_send_as_an_origin_is_refused(origin: str) -> None:
    """It could never match, so the setting is a mistake, and is found when it is made."""
    with pytest.raises(ConfigurationError) as caught:
        FromCookie("session", allowed_origins=[ORIGIN, origin])
    assert caught.value.parameter == "allowed_origins"


@pytest.mark.parametrize(
    "origin",
    [
        "https://app.example.com",
        "http://localhost",
        "http://127.0.0.1:3000",
        "https://[::1]:8443",
        "https://app.example.com:80",
        "http://app.example.com:443",
        "https://a_b-c.example.com:65535",
    ],
)
@pytest.mark.parametrize("collect", [list, tuple, set, frozenset])
def test_origins_come_in_any_collection_and_in_any_case(origin: str, collect: type) -> None:
    """They are kept in lower case, so two spellings are one source."""
    source = FromCookie("session", allowed_origins=collect([origin.upper()]))
    assert source == FromCookie("session", allowed_origins=[origin])
    headers = {"cookie": [f"session={TOKEN}"], "origin": [origin]}
    assert source.token(RequestHead("POST", lambda name: headers[name])) == TOKEN
