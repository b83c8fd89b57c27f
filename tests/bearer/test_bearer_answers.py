"""``answer_for``: each code's status, headers and body, letter by letter, and nothing else."""

from __future__ import annotations

import json

import pytest

from jwtmr import CODES, AuthError, ConfigurationError
from jwtmr.bearer import Refusal, answer_for

METADATA = "https://api.example.com/.well-known/oauth-protected-resource/v1"
HOST = "cognito-idp.us-east-1.amazonaws.com"

INVALID_TOKEN = [
    *("malformed_token", "unsupported_token", "untrusted_issuer", "legacy_issuer_retired", "issued_after_cutover"),
    *("expired", "not_yet_valid", "invalid_claim", "wrong_token_use", "wrong_client", "wrong_audience"),
    *("bound_token", "unknown_key", "invalid_signature", "revoked"),
]
INSUFFICIENT = ["insufficient_scope", "insufficient_groups"]
UNAVAILABLE = ["keys_unavailable", "revocation_unavailable"]
CHALLENGED = [code for code in CODES if code not in UNAVAILABLE]

TABLE: dict[str, tuple[int, dict[str, str]]] = {
    "missing_token": (401, {"WWW-Authenticate": 'Bearer realm="api"'}),
    "invalid_request": (400, {"WWW-Authenticate": 'Bearer realm="api", error="invalid_request"'}),
    **dict.fromkeys(INVALID_TOKEN, (401, {"WWW-Authenticate": 'Bearer realm="api", error="invalid_token"'})),
    **dict.fromkeys(INSUFFICIENT, (403, {"WWW-Authenticate": 'Bearer realm="api", error="insufficient_scope"'})),
    **dict.fromkeys(UNAVAILABLE, (503, {"Retry-After": "1"})),
}
"""Design section 6."""

MESSAGES = {
    "missing_token": "A bearer token is required.",
    "invalid_request": "The request is malformed.",
    "malformed_token": "The token is malformed.",
    "unsupported_token": "The token is of an unsupported kind.",
    "untrusted_issuer": "The token's issuer is not trusted.",
    "legacy_issuer_retired": "The token's issuer has been retired.",
    "issued_after_cutover": "The token was issued after its issuer was retired.",
    "expired": "The token has expired.",
    "not_yet_valid": "The token is not valid yet.",
    "invalid_claim": "A claim of the token is missing or invalid.",
    "wrong_token_use": "The token is meant for another use.",
    "wrong_client": "The token was issued to another client.",
    "wrong_audience": "The token is meant for another audience.",
    "bound_token": "Sender-constrained tokens are not supported.",
    "unknown_key": "The token's key is unknown.",
    "invalid_signature": "The token's signature is invalid.",
    "revoked": "The token has been revoked.",
    "insufficient_scope": "The token lacks a required scope.",
    "insufficient_groups": "The user is in none of the required groups.",
    "keys_unavailable": "Token keys are temporarily unavailable.",
    "revocation_unavailable": "Token revocation cannot be checked at the moment.",
}


def error_of(code: str, **fields: object) -> AuthError:
    """A refusal with a detail that no client may see."""
    return CODES[code](f"{HOST} said ConnectError", **fields)  # type: ignore[arg-type]


def challenge(code: str, *, scopes: tuple[str, ...] = (), **settings: str) -> str:
    """``WWW-Authenticate`` of a refusal."""
    return answer_for(error_of(code, required_scopes=frozenset(scopes)), **settings).headers["WWW-Authenticate"]


def test_the_table_has_every_code() -> None:
    """A new code needs a row."""
    assert set(TABLE) == set(MESSAGES) == set(CODES)


@pytest.mark.parametrize("code", CODES)
def test_status_headers_and_body_are_those_of_the_code(code: str) -> None:
    """Exactly the headers of the table, and a body of fixed texts in which no detail is repeated."""
    refusal = answer_for(error_of(code))
    assert (refusal.status, dict(refusal.headers)) == TABLE[code]
    assert (refusal.code, refusal.message) == (code, MESSAGES[code])
    assert refusal.content == {"code": code, "message": MESSAGES[code]}
    assert refusal.body == json.dumps({"code": code, "message": MESSAGES[code]}).encode()
    assert refusal.body.isascii()


@pytest.mark.parametrize("code", CHALLENGED)
def test_the_document_is_named_last_in_every_challenge(code: str) -> None:
    """RFC 9728 section 5.1: also where nothing else is said."""
    assert challenge(code, resource_metadata=METADATA) == f'{challenge(code)}, resource_metadata="{METADATA}"'


@pytest.mark.parametrize("code", UNAVAILABLE)
def test_unavailable_is_no_challenge(code: str) -> None:
    """With every setting there is, an outage asks nobody to log in again."""
    answer = answer_for(error_of(code, retry_after=7), realm="r", resource_metadata=METADATA)
    assert (answer.status, dict(answer.headers)) == (503, {"Retry-After": "7"})


@pytest.mark.parametrize("code", UNAVAILABLE)
@pytest.mark.parametrize(
    ("after", "header"), [(None, "1"), (-5, "1"), (0, "1"), (1, "1"), (2, "2"), (30, "30"), (300, "300")]
)
def test_retry_after_is_at_least_a_second(code: str, after: int | None, header: str) -> None:
    """There is always one: zero or nothing would be an invitation to come back at once."""
    assert dict(answer_for(error_of(code, retry_after=after)).headers) == {"Retry-After": header}


@pytest.mark.parametrize("code", CHALLENGED)
def test_retry_after_belongs_to_503(code: str) -> None:
    """Nothing but time helps there; everywhere else something else does."""
    assert list(answer_for(error_of(code, retry_after=9)).headers) == ["WWW-Authenticate"]


@pytest.mark.parametrize("code", INSUFFICIENT)
@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("orders/read",), ', scope="orders/read"'),
        (("b", "a", "c"), ', scope="a b c"'),
        (("!#[]~", "a:b.c", "https://api.example.com/x"), ', scope="!#[]~ a:b.c https://api.example.com/x"'),
        (("a b", "ok"), ', scope="ok"'),
        (('a"b', "a\\b", "a\r\nSet-Cookie: x", "a\x00", "\x7f", "t\xf6n", "\u20ac", "\t", "", "ok"), ', scope="ok"'),
        (("ok\n", "ok"), ', scope="ok"'),
        (("\xe9", " "), ""),
        ((), ""),
    ],
    ids=ascii,
)
def test_scopes_are_listed_where_they_can_be(code: str, asked: tuple[str, ...], said: str) -> None:
    """Sorted, and only what RFC 6749 lets a scope be; without one there is no empty list."""
    assert challenge(code, scopes=asked) == 'Bearer realm="api", error="insufficient_scope"' + said


def test_scopes_stand_before_the_document() -> None:
    """All members in their order."""
    said = challenge("insufficient_scope", scopes=("a",), realm="r", resource_metadata=METADATA)
    assert said == f'Bearer realm="r", error="insufficient_scope", scope="a", resource_metadata="{METADATA}"'


def test_who_sent_nothing_is_told_nothing_else() -> None:
    """Not even the scopes: the realm, and the document where there is one."""
    assert challenge("missing_token", scopes=("orders/read",)) == 'Bearer realm="api"'


@pytest.mark.parametrize("realm", ["orders", "Orders and more", "a,b=c;d'e", "~", " "])
def test_realm_is_said_as_configured(realm: str) -> None:
    """All that may stand between quotation marks may be a realm."""
    assert challenge("missing_token", realm=realm) == f'Bearer realm="{realm}"'


UNQUOTABLE = [
    "",
    'a"b',
    "a\\b",
    "a\r",
    "a\n",
    "a\r\nX: y",
    "a\x00",
    "a\tb",
    "a\x7f",
    "\xe4pi",
    "\u20ac",
    None,
    7,
    b"api",
]


@pytest.mark.parametrize("code", ["missing_token", "invalid_request", "keys_unavailable"])
@pytest.mark.parametrize("text", UNQUOTABLE, ids=ascii)
def test_a_realm_that_cannot_be_quoted_is_refused(code: str, text: object) -> None:
    """Nothing is escaped or dropped: a bad setting is an error, and names itself."""
    with pytest.raises(ConfigurationError) as caught:
        answer_for(error_of(code), realm=text)  # type: ignore[arg-type]
    assert caught.value.parameter == "realm"


@pytest.mark.parametrize("code", ["missing_token", "invalid_request", "keys_unavailable"])
@pytest.mark.parametrize("text", [text for text in UNQUOTABLE if text is not None], ids=ascii)
def test_a_document_address_that_cannot_be_quoted_is_refused(code: str, text: object) -> None:
    """Whatever the refusal is, so that a bad setting does not wait for the first of its kind."""
    with pytest.raises(ConfigurationError) as caught:
        answer_for(error_of(code), resource_metadata=text)  # type: ignore[arg-type]
    assert caught.value.parameter == "resource_metadata"


def test_a_refusal_cannot_be_changed() -> None:
    """Neither its fields nor its headers: one may be answered to several requests."""
    refusal = answer_for(error_of("expired"))
    with pytest.raises(TypeError):
        refusal.headers["X"] = "y"  # type: ignore[index]
    with pytest.raises(AttributeError):
        refusal.status = 200  # type: ignore[misc]


def test_a_body_is_json_whatever_the_texts_are() -> None:
    """Quotation marks and other alphabets are escaped."""
    refusal = Refusal(401, {}, 'a"b', "\u20ac\n")
    assert json.loads(refusal.body) == {"code": 'a"b', "message": "\u20ac\n"}
    assert refusal.body.isascii()
