"""Where a token is looked for: a header, a WebSocket subprotocol, one place in all."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from jwtmr import AuthError, ConfigurationError
from jwtmr.bearer import FromCookie, FromHeader, FromSubprotocol, RequestHead
from jwtmr.bearer.sources import one_source

TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ6In0.c2ln"
AMZN = "x-amzn-oidc-accesstoken"
COOKIE = FromCookie("session", allowed_origins=["https://app.example.com"])


def head(method: str | None = "GET", subprotocols: Sequence[str] = (), **headers: str | list[str]) -> RequestHead:
    """A request with these headers; ``_`` in a name stands for ``-``. A name not in lower case finds nothing."""
    held = {name.replace("_", "-"): [value] if isinstance(value, str) else value for name, value in headers.items()}
    return RequestHead(method, lambda name: held.get(name, []), subprotocols)


def outcome(source: FromHeader | FromCookie | FromSubprotocol, request: RequestHead) -> str:
    """The token that ``source`` finds, or the code of its refusal."""
    try:
        return source.token(request)
    except AuthError as error:
        return error.code


@pytest.mark.parametrize("name", ["authorization", "Authorization", "AUTHORIZATION"])
def test_authorization_is_asked_for_in_lower_case_and_has_a_scheme(name: str) -> None:
    """However it was spelt in the settings, it is that header, and it needs ``Bearer``."""
    source = FromHeader(name)
    assert source == FromHeader()
    assert outcome(source, head(authorization=f"Bearer {TOKEN}")) == TOKEN
    assert outcome(source, head(authorization=TOKEN)) == "missing_token"
    assert outcome(source, head(authorization=["Basic YQ==", f"Bearer {TOKEN}"])) == "invalid_request"
    assert outcome(source, head()) == "missing_token"


@pytest.mark.parametrize("name", [AMZN, "X-Amzn-Oidc-Accesstoken"])
@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([TOKEN], TOKEN),
        ([], "missing_token"),
        ([""], "invalid_request"),
        ([f"Bearer {TOKEN}"], "invalid_request"),
        ([TOKEN, TOKEN], "invalid_request"),
        ([f"{TOKEN},{TOKEN}"], "invalid_request"),
    ],
)
def test_another_header_holds_the_bare_token(name: str, values: list[str], expected: str) -> None:
    """Such as the one that an Application Load Balancer sets; a scheme has no place there."""
    assert outcome(FromHeader(name), head(x_amzn_oidc_accesstoken=values)) == expected


def test_only_the_configured_header_is_looked_at() -> None:
    """A good token in another header is no credential, in either direction."""
    assert outcome(FromHeader(AMZN), head(authorization=f"Bearer {TOKEN}")) == "missing_token"
    assert outcome(FromHeader(), head(x_amzn_oidc_accesstoken=TOKEN)) == "missing_token"
    assert outcome(FromHeader(), head(cookie=f"session={TOKEN}", subprotocols=[f"bearer.{TOKEN}"])) == "missing_token"


def test_header_source_does_not_care_for_method_and_origin() -> None:
    """What a browser does not send by itself needs no ``Origin``."""
    for method in ("POST", "DELETE", None):
        assert (
            outcome(FromHeader(), head(method, authorization=f"Bearer {TOKEN}", origin="https://evil.example")) == TOKEN
        )


@pytest.mark.parametrize("name", ["", "a b", "a:b", "a\n", "a\r\nb", "n\xe4me", "a=b", "a;b", 'a"', None, 7, b"cookie"])
def test_a_name_that_no_header_or_cookie_can_have_is_refused(name: object) -> None:
    """Both kinds of names are tokens of RFC 9110, and refused where they are configured."""
    with pytest.raises(ConfigurationError) as caught:
        FromHeader(name)  # type: ignore[arg-type]
    assert caught.value.parameter == "name"
    with pytest.raises(ConfigurationError) as caught:
        FromCookie(name, allowed_origins=["https://app.example.com"])  # type: ignore[arg-type]
    assert caught.value.parameter == "name"


@pytest.mark.parametrize(
    ("offers", "expected"),
    [
        ([f"bearer.{TOKEN}"], TOKEN),
        (["chat.v2", f"bearer.{TOKEN}"], TOKEN),
        ([f"bearer.{TOKEN}", "chat.v2", "bearer"], TOKEN),
        ([], "missing_token"),
        (["chat.v2"], "missing_token"),
        (["bearer", TOKEN], "missing_token"),
        ([f"xbearer.{TOKEN}"], "missing_token"),
        (["bearer."], "invalid_request"),
        ([f"bearer.{TOKEN}", f"bearer.{TOKEN}"], "invalid_request"),
        ([f"bearer.{TOKEN}", "bearer.abc"], "invalid_request"),
        ([f"bearer.{TOKEN}", "bearer."], "invalid_request"),
        ([f"bearer.Bearer {TOKEN}"], "invalid_request"),
        (["bearer.t\xf6ken"], "invalid_request"),
        ([f"bearer.{TOKEN}\n"], "invalid_request"),
    ],
    ids=ascii,
)
def test_subprotocol_holds_the_token(offers: list[str], expected: str) -> None:
    """``bearer.<token>`` among what the client offers; two of them are a malformed request."""
    assert outcome(FromSubprotocol(), head(None, offers)) == expected


def test_an_http_request_has_no_subprotocol() -> None:
    """The header alone, without a handshake, is no credential; nor is any other header."""
    request = head("GET", sec_websocket_protocol=f"bearer.{TOKEN}", authorization=f"Bearer {TOKEN}")
    assert outcome(FromSubprotocol(), request) == "missing_token"


@pytest.mark.parametrize(
    ("offers", "others"),
    [
        ([], []),
        ([f"bearer.{TOKEN}"], []),
        (["chat.v2", f"bearer.{TOKEN}", "chat.v1"], ["chat.v2", "chat.v1"]),
        (["bearer.", "bearer.x", "bearer", "xbearer.y"], ["bearer", "xbearer.y"]),
    ],
)
def test_others_are_what_is_offered_besides_tokens(offers: list[str], others: list[str]) -> None:
    """All that could hold a token is taken out, the rest stays in its order."""
    assert FromSubprotocol().others(offers) == others


def test_a_request_offers_no_subprotocol_unless_told() -> None:
    """``RequestHead`` needs a method and the headers; a handshake names what it offers."""
    assert RequestHead("GET", lambda _: []).subprotocols == ()


@pytest.mark.parametrize("source", [FromHeader(), FromHeader(AMZN), COOKIE, FromSubprotocol()])
@pytest.mark.parametrize("collect", [list, tuple])
def test_one_source_is_returned(source: object, collect: type) -> None:
    """A list or a tuple of one."""
    assert one_source(collect([source])) is source


@pytest.mark.parametrize(
    "given",
    [
        (),
        [],
        [FromHeader(), FromHeader()],
        (FromHeader(), COOKIE),
        FromHeader(),
        "authorization",
        ["authorization"],
        [FromHeader],
        [None],
        None,
        {FromHeader()},
    ],
    ids=repr,
)
def test_none_several_or_something_else_is_refused(given: object) -> None:
    """Two places where tokens are looked for are two callers in one request; the setting says so when it is made."""
    with pytest.raises(ConfigurationError) as caught:
        one_source(given)
    assert caught.value.parameter == "token_sources"
    assert "must " in str(caught.value)
