"""Where a discovery document is, and what it is believed: pure reading of what any host may send."""

from __future__ import annotations

import json
from typing import Final

import pytest
from furniture import ORIGIN
from hypothesis import given
from hypothesis import strategies as st

from jwtmr._keys.discovery import MAX_URI, read_document
from jwtmr._keys.reading import Reading
from jwtmr.issuers import JwksEndpoint
from jwtmr.oidc import OidcProvider
from jwtmr.settings import UNCHECKED

ISSUER: Final = "https://house.example/pool"
LOCAL: Final = "http://127.0.0.1:8080"
KEYS: Final = "https://keys.example/jwks.json"
WELL_KNOWN: Final = "/.well-known/openid-configuration"
MISSING: Final = object()
"""A member that the document does not have."""


# -- the document's URL -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("issuer", "url"),
    [
        ("https://house.example", "https://house.example" + WELL_KNOWN),
        ("https://house.example/", "https://house.example" + WELL_KNOWN),
        ("https://house.example/pool", "https://house.example/pool" + WELL_KNOWN),
        ("https://house.example/pool/", "https://house.example/pool" + WELL_KNOWN),
        ("https://house.example/a/B%2Fc", "https://house.example/a/B%2Fc" + WELL_KNOWN),
        ("https://house.example:8443", "https://house.example:8443" + WELL_KNOWN),
        ("http://127.0.0.1:8080/x", "http://127.0.0.1:8080/x" + WELL_KNOWN),
    ],
)
def test_where_the_document_is(issuer: str, url: str) -> None:
    """Behind the issuer, without the slash at its end; the issuer that must be named keeps it."""
    provider = OidcProvider(issuer, audience=UNCHECKED, client_ids=UNCHECKED, token_type=UNCHECKED)
    assert provider.endpoints == (JwksEndpoint(url, None, issuer),)


# -- what it is believed ----------------------------------------------------------------------------------------------


def document(issuer: object = ISSUER, uri: object = KEYS, **more: object) -> bytes:
    """A discovery document."""
    members = {"issuer": issuer, "jwks_uri": uri, **more}
    return json.dumps({name: value for name, value in members.items() if value is not MISSING}).encode()


def read(body: bytes, issuer: str = ISSUER) -> Reading | str:
    """What a document with 200 says."""
    return read_document(200, {}, body, JwksEndpoint.discovered(issuer), ORIGIN.wall)


def refusal(body: bytes, issuer: str = ISSUER) -> str:
    """Why a document is refused."""
    said = read(body, issuer)
    assert isinstance(said, Reading)
    assert (said.outcome, said.good, said.keys, said.jwks_uri, said.retry_after) == (
        "unusable",
        False,
        None,
        None,
        None,
    )
    (reason,) = said.refused
    return reason


@pytest.mark.parametrize(
    "body",
    [
        document(),
        document(authorization_endpoint="http://x", nested={"issuer": "another", "jwks_uri": [1]}),
        document().replace(b"/", b"\\/"),
        b"\n " + document() + b"\n",
    ],
)
def test_a_document_is_believed(body: bytes) -> None:
    """Whatever else it holds and however its characters are written."""
    assert read(body) == KEYS


@pytest.mark.parametrize(
    "issuer", [ISSUER, "https://house.example", "https://house.example/", "https://house.example/pool/", LOCAL]
)
def test_the_same_name_is_believed(issuer: str) -> None:
    """With and without a slash, as configured."""
    assert read(document(issuer), issuer) == KEYS


@pytest.mark.parametrize(
    "named",
    [
        "https://house.example/pool/",
        "https://house.example/pool ",
        "https://house.example/pool#",
        "https://house.example/pool?",
        "https://house.example/Pool",
        "https://HOUSE.example/pool",
        "HTTPS://house.example/pool",
        "http://house.example/pool",
        "https://house.example/p%6Fol",
        "https://house.example//pool",
        "https://house.example/./pool",
        "https://house.example/other",
        "https://house.example/poo",
        "https://house.example",
        "https://house.example:443/pool",
        "https://house.example./pool",
        "https://house.example.evil.example/pool",
        "https://evil.example/pool",
        "",
        [ISSUER],
        {"url": ISSUER},
        True,
        None,
        MISSING,
    ],
)
def test_any_other_name_is_refused(named: object) -> None:
    """Not a normal form, not a prefix, not a list with the right one: the very string, or the keys are another's."""
    shown = ascii(named) if isinstance(named, str) else "none"
    assert refusal(document(named)) == f"the discovery document names another issuer: {shown}"


@pytest.mark.parametrize(
    "issuer", ["https://house.example/", "https://house.example/p%6Fol", "https://house.example:443"]
)
def test_the_configured_name_is_not_tidied_either(issuer: str) -> None:
    """What would be the same URL to a browser is another name, in this direction too."""
    tidy = issuer.removesuffix("/").removesuffix(":443").replace("%6F", "o")
    assert "names another issuer" in refusal(document(tidy), issuer)
    assert read(document(issuer), issuer) == KEYS


@pytest.mark.parametrize(
    "body",
    [
        b"", b"<html>", b"null", b"1", b'"x"', b"[]", b"[" + document() + b"]", document()[:-1], document() + b"x",
        b"\xef\xbb\xbf" + document(), document().decode().encode("utf-16"), document(claims=float("nan")),
        document()[:-1] + b', "issuer": "https://house.example/pool"}',
        document()[:-1] + b', "jwks_uri": "https://evil.example/"}',
        document()[:-1] + b', "x": {"a": 1, "a": 2}}',
        document()[:-1] + b', "x": "\xff"}',
        document(x=json.loads("[" * 64 + "]" * 64)),
    ],
)  # fmt: skip
def test_what_is_no_json_object(body: bytes) -> None:
    """By the strict rules of tokens and key sets: nothing that two parsers could read in two ways."""
    assert refusal(body) == "the discovery document is no JSON object"


LONGEST = "https://keys.example/" + "k" * (MAX_URI - 21)


@pytest.mark.parametrize(
    "uri",
    [
        KEYS, "https://elsewhere.example:8443/a?b=c", "HTTPS://keys.example/", "https://house.example/pool", LONGEST,
        "https://[2001:db8::1]/jwks",
    ],
)  # fmt: skip
@pytest.mark.parametrize("issuer", [ISSUER, LOCAL])
def test_https_is_allowed_anywhere(uri: str, issuer: str) -> None:
    """On another host, with a port or a query, and as long as may be."""
    assert read(document(issuer, uri), issuer) == uri


@pytest.mark.parametrize("uri", ["http://127.0.0.1:9/keys", "http://localhost/", "http://[::1]:1/keys?a=b"])
def test_plain_http_only_between_neighbours_on_loopback(uri: str) -> None:
    """An issuer on loopback may keep its keys there; one on the network must not point into this machine."""
    assert read(document(LOCAL, uri), LOCAL) == uri
    assert refusal(document(ISSUER, uri)) == f"the discovery document names no usable jwks_uri: {uri!r}"


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.8.9.10", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "localhost", "LOCALHOST",
        "localhost.", "keys.localhost", "127.1", "127.0.1", "2130706433", "017700000001", "0x7f000001", "0X7F.1",
        "127.0.0.0x1", "127.0.0.1.", "0.0.0.0", "0", "[::]", "[::ffff:0.0.0.0]",
    ],
)  # fmt: skip
def test_nobody_else_points_at_this_machine_however_it_is_spelt(host: str) -> None:
    """Also with https: what a resolver takes for loopback is a place for the keys of a neighbour there alone."""
    uri = f"https://{host}:8443/keys"
    assert read(document(LOCAL, uri), LOCAL) == uri
    assert refusal(document(ISSUER, uri)) == f"the discovery document names no usable jwks_uri: {uri!r}"


@pytest.mark.parametrize("issuer", [ISSUER, LOCAL])
@pytest.mark.parametrize(
    "uri",
    [
        "http://keys.example/jwks.json", "http://127.0.0.1.evil.example/", "http://localhost.evil.example/",
        "http://10.0.0.1/", "http://0.0.0.0/", "http://169.254.169.254/latest/meta-data", "file:///etc/passwd",
        "file://localhost/etc/passwd", "ftp://127.0.0.1/", "data:application/json,{}", "//keys.example/jwks.json",
        "/jwks.json", "jwks.json", "", " ", "https:", "https://", "https:///jwks", "https:keys.example/jwks",
        "https://user@keys.example/", "https://user:word@keys.example/", "https://@keys.example/",
        "https://keys.example/#", "https://keys.example/#keys", "https://keys.example\\@evil.example/",
        " https://keys.example/", "https://keys.example/ ", "https://keys.example/\r\nHost: x", "https://keys.example/\0",
        "https://keys.example:99999/", "https://keys.example:x/", "https://[::1", "https://kéys.example/",
        "https://keys.example/\u202e", LONGEST + "k",
        MISSING, None, True, 7, [KEYS], {"uri": KEYS},
    ],
)  # fmt: skip
def test_what_is_no_place_for_keys(issuer: str, uri: object) -> None:
    """It is refused with a reason that is short, on one line and in ASCII, whatever was named."""
    reason = refusal(document(issuer, uri), issuer)
    start = "the discovery document names no usable jwks_uri: "
    assert reason == start + (ascii(uri)[:200] if isinstance(uri, str) else "none")
    assert reason.isascii()
    assert reason.isprintable()


@pytest.mark.parametrize("member", ["issuer", "jwks_uri"])
def test_a_reason_has_an_end(member: str) -> None:
    """What a host wrote is cut at 200 characters: it is shown to operators."""
    spoilt = {"issuer": ISSUER, "jwks_uri": KEYS, member: "x\n" * 100_000}
    assert len(refusal(json.dumps(spoilt).encode()).partition(": ")[2]) == 200


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        *((status, "redirect") for status in (300, 301, 302, 303, 304, 307, 308)),
        *((status, "client_error") for status in (400, 401, 403, 404, 410, 451)),
        *((status, "server_error") for status in (201, 203, 204, 206, 408, 425, 429, 500, 503)),
    ],
)
def test_no_status_but_200_is_a_document(status: int, outcome: str) -> None:
    """However right its body may be."""
    said = read_document(status, {"location": KEYS}, document(), JwksEndpoint.discovered(ISSUER), ORIGIN.wall)
    assert isinstance(said, Reading)
    assert (said.outcome, said.refused) == (outcome, (f"the discovery document is answered with status {status}",))


def test_the_document_s_host_may_ask_for_a_pause() -> None:
    """``Retry-After`` counts as on a key set's host."""
    said = read_document(503, {"retry-after": "7"}, b"", JwksEndpoint.discovered(ISSUER), ORIGIN.wall)
    assert isinstance(said, Reading)
    assert (said.outcome, said.retry_after) == ("server_error", 7.0)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from([ISSUER, KEYS, "http://127.0.0.1/"]),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["issuer", "jwks_uri"]), inner),
    max_leaves=10,
)


@given(st.binary() | st.builds(document, JSON, JSON) | JSON.map(lambda v: json.dumps(v).encode()))
def test_whatever_the_bytes(body: bytes) -> None:
    """A document yields an https URI under the right name, or a failed answer; nothing else comes out."""
    said = read(body)
    if isinstance(said, str):
        document_ = json.loads(body)
        assert (document_["issuer"], document_["jwks_uri"]) == (ISSUER, said)
        assert said.startswith("https://")
    else:
        assert (said.outcome, said.jwks_uri, len(said.refused)) == ("unusable", None, 1)
