"""Whatever a client or a setting says: one of the promised outcomes, and nothing that is no header."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from jwtmr import CODES, AuthError, ConfigurationError
from jwtmr.bearer import (
    FromCookie,
    FromSubprotocol,
    RequestHead,
    ResourceMetadata,
    answer_for,
    bare_token_from,
    token_from,
)
from jwtmr.errors import BoundToken, InvalidRequest, MissingToken

B64TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*", re.ASCII)
PRINTABLE = re.compile(r"[\x20-\x7e]*", re.ASCII)
CHALLENGE = re.compile(r'Bearer realm="[^"\\]+"(, (error|scope|resource_metadata)="[^"\\]+")*', re.ASCII)

SCHEMES = ["Bearer", "bearer", "BEARER", "DPoP", "Basic", "Digest", "Negotiate", "AWS4-HMAC-SHA256"]
PIECES = st.sampled_from(
    [*SCHEMES, " ", "  ", "\t", ",", ", ", "=", "==", '"', "\\", '\\"', "a", "abc.def-g_h", "a=b", 'a="b, Bearer c"',
     "\r\n", "\n", "\x00", "\x7f", "\xa0", "\xff", "\u0130", "\u20ac", "\ud800", ";"]
)  # fmt: skip
VALUES = st.one_of(st.text(), st.lists(PIECES, max_size=12).map("".join), st.text().map("Bearer ".__add__))
TOKENS = st.from_regex(r"\A[A-Za-z0-9._~+/-]{1,30}={0,2}\Z")
TOKEN68 = st.from_regex(r"\A[A-Za-z0-9._~+/-]{1,20}={0,2}\Z")
QUOTED = st.text(st.sampled_from('ab ,=\\"Bearer DPoP'), max_size=20).map(
    lambda text: '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
)
WORDS = st.from_regex(r"\A[A-Za-z0-9/;-]{1,10}\Z")
PARAMETER = st.tuples(st.from_regex(r"\A[a-z]{1,8}\Z"), st.one_of(QUOTED, WORDS)).map("=".join)
PARAMETERS = st.lists(PARAMETER, min_size=1, max_size=5)
OTHER = st.tuples(
    st.sampled_from(["Basic", "Digest", "AWS4-HMAC-SHA256", "Negotiate", "X"]),
    st.one_of(
        TOKEN68, st.tuples(PARAMETERS, st.sampled_from([",", ", ", " , ", ",\t"])).map(lambda p: p[1].join(p[0]))
    ),
).map(" ".join)
"""Sound credentials of another scheme: a token68, or parameters with quoted strings that hold anything."""
BEARER = st.tuples(st.sampled_from(["Bearer", "bearer", "BeArEr"]), TOKENS).map(" ".join)
DPOP = st.tuples(st.sampled_from(["DPoP", "dpop"]), TOKENS).map(" ".join)


def outcome(take: Callable[[], str]) -> str | AuthError:
    """The token, or the refusal, which says nothing but its fixed text. Anything else that is raised is raised here."""
    try:
        return take()
    except AuthError as error:
        refusal = error
    assert (str(refusal), refusal.retry_after, refusal.required_scopes) == (refusal.message, None, frozenset())
    return refusal


def code_of(values: list[str]) -> str | None:
    """The code of the refusal of these values of ``Authorization``; None for a token."""
    found = outcome(lambda: token_from(values))
    return found.code if isinstance(found, AuthError) else None


@given(st.lists(VALUES, max_size=3))
def test_values_make_a_token_or_one_of_three_refusals(values: list[str]) -> None:
    """Nothing else is raised, no refusal repeats what was sent, and a token comes from one value that holds it."""
    for take, before in ((token_from, "bearer"), (bare_token_from, "")):
        found = outcome(lambda take=take: take(values))  # type: ignore[misc]
        if isinstance(found, str):
            assert len(values) == 1
            assert B64TOKEN.fullmatch(found)
            assert values[0].strip(" \t").removesuffix(found).rstrip(" \t").lower() == before
        else:
            assert isinstance(found, (MissingToken, InvalidRequest, BoundToken))


@given(BEARER)
def test_sound_credentials_are_taken(value: str) -> None:
    """Whatever a token consists of, as long as it may."""
    assert token_from([value]) == value.partition(" ")[2]


@given(OTHER)
def test_sound_credentials_of_another_scheme_are_none(value: str) -> None:
    """No quoted string and no parameter makes them look like two."""
    assert code_of([value]) == "missing_token"


@given(st.one_of(OTHER, BEARER, DPOP), st.sampled_from([",", ", ", ",\t"]), st.one_of(OTHER, BEARER, DPOP))
def test_two_credentials_in_one_value_are_seen(first: str, comma: str, second: str) -> None:
    """However a server joined them, no token is taken from either, and the request is malformed."""
    assert code_of([first, second]) == code_of([first + comma + second]) == "invalid_request"


COOKIES = FromCookie("session", allowed_origins=["https://app.example.com"])
COOKIE_PIECES = st.lists(
    st.sampled_from(["session", "=", ";", "; ", " ", "abc", '"', ",", "\t", "\x00", "\xe9", "session=abc", "Session"]),
    max_size=10,
).map("".join)


@given(
    st.lists(st.one_of(st.text(), COOKIE_PIECES), max_size=3),
    st.lists(st.one_of(st.text(), st.just("https://app.example.com")), max_size=2),
    st.one_of(st.none(), st.sampled_from(["GET", "POST"]), st.text()),
)
def test_cookies_make_a_token_or_a_refusal(cookies: list[str], origins: list[str], method: str | None) -> None:
    """A token from a method that changes something means that exactly the allowed origin was named."""
    headers = {"cookie": cookies, "origin": origins}
    found = outcome(lambda: COOKIES.token(RequestHead(method, lambda name: headers[name])))
    if isinstance(found, AuthError):
        assert isinstance(found, (MissingToken, InvalidRequest))
    else:
        assert B64TOKEN.fullmatch(found)
        assert method in ("GET", "HEAD", "OPTIONS", "TRACE") or [one.lower() for one in origins] == [
            "https://app.example.com"
        ]


@given(st.lists(st.one_of(st.text(), VALUES.map("bearer.".__add__), TOKENS.map("bearer.".__add__)), max_size=4))
def test_subprotocols_make_a_token_or_a_refusal(offers: list[str]) -> None:
    """And what is left over never holds one."""
    source = FromSubprotocol()
    assert not [offer for offer in source.others(offers) if offer.startswith("bearer.")]
    found = outcome(lambda: source.token(RequestHead(None, lambda _: [], offers)))
    if isinstance(found, AuthError):
        assert isinstance(found, (MissingToken, InvalidRequest))
    else:
        assert B64TOKEN.fullmatch(found)


ERRORS = st.builds(
    lambda code, detail, scopes, after: CODES[code](detail, retry_after=after, required_scopes=scopes),
    st.sampled_from(sorted(CODES)),
    st.text(),
    st.frozensets(st.text()),
    st.one_of(st.none(), st.integers()),
)
ADDRESS = "https://api.example.com/.well-known/oauth-protected-resource"


@given(ERRORS, st.one_of(st.text(), st.just("api")), st.one_of(st.none(), st.text(), st.just(ADDRESS)))
def test_answers_are_printable_whatever_they_are_made_of(error: AuthError, realm: str, metadata: str | None) -> None:
    """A setting that cannot be said is refused; else no header can end early, and no quotation can."""
    try:
        answer = answer_for(error, realm=realm, resource_metadata=metadata)
    except ConfigurationError as problem:
        parameter = problem.parameter
    else:
        ((name, value),) = answer.headers.items()
        assert (CHALLENGE if name == "WWW-Authenticate" else re.compile(r"[1-9][0-9]*", re.ASCII)).fullmatch(value)
        assert PRINTABLE.fullmatch(value)
        assert (name == "Retry-After") == (error.status == 503)
        assert json.loads(answer.body) == {"code": error.code, "message": error.message}
        return
    wrong = {"realm": realm, "resource_metadata": metadata}[parameter]
    assert not wrong or not PRINTABLE.fullmatch(wrong) or '"' in wrong or "\\" in wrong


@given(st.text(max_size=30))
def test_a_resource_that_is_accepted_can_be_said(rest: str) -> None:
    """Every ``ResourceMetadata`` that can be made has an address that fits into a challenge, and is a document."""
    try:
        metadata = ResourceMetadata(resource="https://api.example.com" + rest)
    except ConfigurationError as problem:
        parameter = problem.parameter
    else:
        answer = answer_for(CODES["missing_token"](), resource_metadata=metadata.url)
        assert CHALLENGE.fullmatch(answer.headers["WWW-Authenticate"])
        assert metadata.url.endswith(metadata.path)
        assert json.dumps(metadata.document((), in_header=True)).isascii()
        return
    assert parameter == "resource"
