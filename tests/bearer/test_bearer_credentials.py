"""``token_from`` and ``bare_token_from``: one token, or the refusal that the values deserve."""

from __future__ import annotations

import time

import pytest

from jwtmr import AuthError
from jwtmr.bearer import bare_token_from, token_from
from jwtmr.errors import BoundToken, InvalidRequest, MissingToken

TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ6In0.c2ln"

SOUND = {
    "plain": f"Bearer {TOKEN}",
    "lower case": f"bearer {TOKEN}",
    "upper case": f"BEARER {TOKEN}",
    "odd case": f"bEaReR {TOKEN}",
    "several spaces": f"Bearer    {TOKEN}",
    "blanks around": f" \tBearer {TOKEN} \t",
}

OTHER_SCHEMES = {
    "Basic": "Basic YWxhZGRpbjpvcGVuc2VzYW1l",
    "Basic padded": "Basic YQ==",
    "scheme alone": "Negotiate",
    "token alone, which reads as a scheme": TOKEN,
    "Digest": 'Digest username="Mufasa", realm="http-auth@example.org", uri="/dir", qop=auth, nc=00000001',
    "Digest without blanks": 'Digest username="Mufasa",realm="r",uri="/dir"',
    "Digest with blanks around =": 'Digest username = "Mufasa" , qop\t=\tauth',
    "AWS4-HMAC-SHA256": (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/execute-api/aws4_request, "
        "SignedHeaders=host;x-amz-date, Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
    ),
    "scheme inside a quoted string": 'Digest username="x, Bearer y", realm="z"',
    "escaped quote inside a quoted string": r'Digest username="x\", Bearer y", realm="z"',
    "escaped backslash at its end": r'Digest username="x\\", realm="z, DPoP y"',
    "parameter called bearer": "Custom a=1, bearer=2, dpop=3",
    "parameter called bearer with blanks": "Custom a=1, Bearer = 2",
    "parameter whose name begins so": "Custom a=1, bearers=2, dpop-jkt=3",
    "scheme that begins so": f"BearerX {TOKEN}",
    "scheme that ends so": f"XBearer {TOKEN}",
    "trailing comma": "Digest a=1,",
    "empty list members": "Digest a=1, , b=2",
}

DPOP = {"plain": f"DPoP {TOKEN}", "lower case": f"dpop {TOKEN}", "several spaces": f"DPOP   {TOKEN}"}

MALFORMED = {
    "empty": "",
    "blank": " \t ",
    "scheme alone": "Bearer",
    "scheme and blanks": "Bearer   ",
    "padded token alone": f"{TOKEN}=",
    "comma": f"Bearer {TOKEN},",
    "comma before": f"Bearer ,{TOKEN}",
    "comma for a blank": f"Bearer,{TOKEN}",
    "joined same": f"Bearer {TOKEN},Bearer {TOKEN}",
    "joined with a blank": f"Bearer {TOKEN}, Bearer {TOKEN}",
    "joined Bearer and Basic": f"Bearer {TOKEN}, Basic YQ==",
    "joined Bearer and Digest": f'Bearer {TOKEN}, Digest a="b"',
    "joined tokens": f"Bearer {TOKEN}, {TOKEN}",
    "two tokens": f"Bearer {TOKEN} {TOKEN}",
    "a blank inside": "Bearer abc def",
    "scheme twice": f"Bearer Bearer {TOKEN}",
    "parameter": f'Bearer token="{TOKEN}"',
    "quoted": f'Bearer "{TOKEN}"',
    "= inside": "Bearer a=b",
    "= alone": "Bearer =",
    "tab for the space": f"Bearer\t{TOKEN}",
    "tab after the space": f"Bearer \t{TOKEN}",
    "colon": f"Bearer: {TOKEN}",
    "= for the space": f"Bearer={TOKEN}",
    "non-ASCII token": "Bearer t\xf6ken",
    "non-ASCII scheme": f"B\xe9arer {TOKEN}",
    "non-ASCII alone": "\xff\xfe",
    "no-break space": f"Bearer\xa0{TOKEN}",
    "no-break space behind": f"Bearer {TOKEN}\xa0",
    "non-Latin digits": "Bearer \u0661\u0662\u0663",
    "letter that lowers to ASCII": f"\u212aearer {TOKEN}",
    "NUL": "Bearer a\x00b",
    "NUL behind": f"Bearer {TOKEN}\x00",
    "line feed behind": f"Bearer {TOKEN}\n",
    "line feed before": f"\nBearer {TOKEN}",
    "CR LF inside": f"Bearer {TOKEN}\r\nX-Admin: 1",
    "vertical tab": f"Bearer\x0b{TOKEN}",
    "form feed behind": f"Bearer {TOKEN}\x0c",
    "DEL": "Bearer a\x7fb",
    "slash in the scheme": f"Bearer/1 {TOKEN}",
}

JOINED = {
    "Basic and Bearer": f"Basic YQ==, Bearer {TOKEN}",
    "Basic and Bearer without a blank": f"Basic YQ==,Bearer {TOKEN}",
    "Basic and Bearer in odd case": f"Basic YQ==, bEARER {TOKEN}",
    "Basic and Bearer behind a tab": f"Basic YQ==,\tBearer {TOKEN}",
    "Basic and Bearer without a token": "Basic YQ==, Bearer",
    "Basic and DPoP without a token": "Basic YQ==, DPoP",
    "Basic and Bearer and more": f"Basic YQ==, Bearer, Bearer {TOKEN}",
    "Basic and DPoP": f"Basic YQ==, DPoP {TOKEN}",
    "Basic and Basic": "Basic YQ==,Basic Yg==",
    "Basic and Digest": 'Basic YQ==, Digest username="x"',
    "Digest and Bearer": f'Digest username="x", realm="y", Bearer {TOKEN}',
    "Digest and Digest": 'Digest username="x", realm="y", Digest username="x", realm="y"',
    "Digest and Basic": 'Digest username="x, y", Basic YQ==',
    "scheme alone and Bearer": f"Negotiate, Bearer {TOKEN}",
    "DPoP and Bearer": f"DPoP {TOKEN}, Bearer {TOKEN}",
    "DPoP and DPoP": f"DPoP {TOKEN}, DPoP {TOKEN}",
    "DPoP and Basic": f"DPoP {TOKEN}, Basic YQ==",
    "open quotation mark": f'Digest username="x, Bearer {TOKEN}',
}

SEVERAL = {
    "the same twice": [f"Bearer {TOKEN}", f"Bearer {TOKEN}"],
    "two tokens": [f"Bearer {TOKEN}", "Bearer abc"],
    "Bearer and Basic": [f"Bearer {TOKEN}", "Basic YQ=="],
    "Basic and Bearer": ["Basic YQ==", f"Bearer {TOKEN}"],
    "Basic and Basic": ["Basic YQ==", "Basic YQ=="],
    "DPoP and Bearer": [f"DPoP {TOKEN}", f"Bearer {TOKEN}"],
    "empty and Bearer": ["", f"Bearer {TOKEN}"],
    "Bearer and empty": [f"Bearer {TOKEN}", ""],
    "empty twice": ["", ""],
    "three": ["Basic YQ==", "Basic Yg==", f"Bearer {TOKEN}"],
}


def refused(values: list[str]) -> type[AuthError]:
    """The class of the refusal of these values of ``Authorization``; its texts hold nothing of them."""
    with pytest.raises(AuthError) as caught:
        token_from(values)
    assert TOKEN not in str(caught.value) + caught.value.detail
    return type(caught.value)


@pytest.mark.parametrize("value", SOUND.values(), ids=SOUND)
def test_one_bearer_token_is_returned(value: str) -> None:
    """The scheme has no case, blanks around the value and several spaces before the token do no harm."""
    assert token_from([value]) == TOKEN


@pytest.mark.parametrize("token", ["a", "A-Z._~+/09", "abc=", "abc==", "abc===", "...", "-", "Bearer", "a" * 60_000])
def test_every_b64token_is_a_token(token: str) -> None:
    """What RFC 6750 lets stand there is returned as it came; whether it is a JWT is the validator's question."""
    assert token_from([f"Bearer {token}"]) == token


def test_no_header_is_no_credentials() -> None:
    """Who sends nothing lacks a token, and has done nothing wrong."""
    assert refused([]) is MissingToken


@pytest.mark.parametrize("value", OTHER_SCHEMES.values(), ids=OTHER_SCHEMES)
def test_another_scheme_is_no_credentials(value: str) -> None:
    """Credentials of another scheme count as none, with whatever commas and quoted strings that scheme has."""
    assert refused([value]) is MissingToken


@pytest.mark.parametrize("value", DPOP.values(), ids=DPOP)
def test_dpop_is_a_bound_token(value: str) -> None:
    """A token that came with DPoP is never taken without its proof."""
    assert refused([value]) is BoundToken


@pytest.mark.parametrize("value", MALFORMED.values(), ids=MALFORMED)
def test_malformed_credentials_are_an_invalid_request(value: str) -> None:
    """Anything that is nearly a bearer token is a malformed request, never a token and never nothing."""
    assert refused([value]) is InvalidRequest


@pytest.mark.parametrize("value", JOINED.values(), ids=JOINED)
def test_headers_joined_by_a_server_are_an_invalid_request(value: str) -> None:
    """Two headers that a WSGI server made one are refused as two."""
    assert refused([value]) is InvalidRequest


@pytest.mark.parametrize("values", SEVERAL.values(), ids=SEVERAL)
def test_several_headers_are_an_invalid_request(values: list[str]) -> None:
    """Two values are refused whatever they are: two programs could read two callers from them."""
    assert refused(values) is InvalidRequest


@pytest.mark.parametrize(
    "value",
    [
        'Digest a="' + '\\"' * 16_000,
        "Digest " + '"' * 32_001,
        "Digest " + '"\\' * 16_000,
        "Basic " + ", a" * 10_000,
        "Basic " + ",a    " * 5_000,
        "Basic ," + "a" * 32_000,
        "Basic ," + " " * 32_000 + "=",
        "Basic ," + "\t" * 32_000,
        "Basic" + " " * 32_000 + "\x00",
        "Bearer " + " " * 32_000 + ",",
        "Bearer " + "a" * 32_000 + ",",
        "Bearer " + "=" * 32_000 + "a",
    ],
    ids=lambda value: value[:14],
)
def test_a_long_value_is_judged_at_once(value: str) -> None:
    """Nobody who has no token can keep the process busy: work grows with the length of a header, not its square."""
    start = time.process_time()
    with pytest.raises((MissingToken, InvalidRequest)):
        token_from([value])
    assert time.process_time() - start < 0.5


@pytest.mark.parametrize("value", [TOKEN, f"  {TOKEN}\t", "a=="])
def test_bare_token_is_returned(value: str) -> None:
    """A header of its own holds the token and nothing else."""
    assert bare_token_from([value]) == value.strip()


@pytest.mark.parametrize(
    "values",
    [
        [""],
        [" "],
        [f"Bearer {TOKEN}"],
        [f"{TOKEN}, {TOKEN}"],
        [f"{TOKEN},{TOKEN}"],
        [f"{TOKEN},"],
        [TOKEN, TOKEN],
        ["", TOKEN],
        ["t\xf6ken"],
        [f"{TOKEN}\n"],
        ["a\x00"],
        [f'"{TOKEN}"'],
    ],
    ids=ascii,
)
def test_bare_header_with_anything_else_is_an_invalid_request(values: list[str]) -> None:
    """A scheme, a comma, a second value, quotation marks and junk are refused there too."""
    with pytest.raises(InvalidRequest) as caught:
        bare_token_from(values)
    assert TOKEN not in str(caught.value) + caught.value.detail


def test_bare_header_that_did_not_come_is_no_credentials() -> None:
    """Without the header there is no token."""
    with pytest.raises(MissingToken):
        bare_token_from([])
