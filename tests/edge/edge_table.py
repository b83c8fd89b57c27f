"""**The** table: requests, and what every adapter answers to them.

A row is data. ``{good}`` in a header line, in the target or in the body stands for the token of that name in
``edge_tokens``. A row whose path is ``/me`` runs over HTTP and as a WebSocket handshake, unless it says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

RESOURCE: Final = "https://api.example.com/v1"
WELL_KNOWN: Final = b"/.well-known/oauth-protected-resource/v1"
METADATA_URL: Final = "https://api.example.com/.well-known/oauth-protected-resource/v1"
ORIGIN: Final = "https://app.example.com"
SUBJECT: Final = "b6f0c1de-0000-4000-8000-edge00000001"

MISSING: Final = 'Bearer realm="api"'
INVALID_REQUEST: Final = 'Bearer realm="api", error="invalid_request"'
INVALID_TOKEN: Final = 'Bearer realm="api", error="invalid_token"'
INSUFFICIENT: Final = 'Bearer realm="api", error="insufficient_scope"'
DOCUMENT: Final = f', resource_metadata="{METADATA_URL}"'
BOTH: Final = frozenset({"http", "websocket"})
HTTP: Final = frozenset({"http"})
WEBSOCKET: Final = frozenset({"websocket"})
NO_ANSWER: Final = 0
"""A server that says nothing, whether it hangs up or not: websockets, to a head that it cannot read."""
TOO_MUCH: Final = (400, 413, 414, 431, NO_ANSWER)
"""How a server itself may refuse a head that is too long for it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One request and its answer."""

    name: str
    lines: tuple[bytes, ...] = ()
    """Header lines, as they go over the wire."""
    status: int = 200
    """200 is 101 on a WebSocket."""
    code: str | None = None
    challenge: str | None = None
    """``WWW-Authenticate``, exactly; None: there is none."""
    method: str = "GET"
    path: bytes = b"/me"
    """``/me`` asks for a token, ``/orders`` for scopes too, ``/admins`` for a group; a query may follow. ``/inside``
    asks for the scopes of ``/orders`` when it is being served."""
    body: bytes = b""
    setup: str = "header"
    """Which configuration of ``edge_setups`` it is sent to."""
    over: frozenset[str] = BOTH
    server: tuple[int, ...] = ()
    """Statuses with which a server may refuse it by itself, before the application sees it."""
    subprotocol: str | None = None
    """What the application selects of the subprotocols that it is offered."""


def refused(code: str, challenge: str | None, *, status: int = 401) -> dict[str, object]:
    """The answer of a refusal."""
    return {"status": status, "code": code, "challenge": challenge}


def bearer(token: str) -> tuple[bytes, ...]:
    """The usual header with the token of that name."""
    return (b"Authorization: Bearer {%s}" % token.encode(),)


NOTHING: Final = refused("missing_token", MISSING)
MALFORMED: Final = refused("invalid_request", INVALID_REQUEST, status=400)
UNAVAILABLE: Final = refused("keys_unavailable", None, status=503)


def spoilt(code: str) -> dict[str, object]:
    """The answer to a token that is refused for itself."""
    return refused(code, INVALID_TOKEN)


def row(name: str, lines: tuple[bytes, ...] | bytes, answer: dict[str, object] | None = None, **more: object) -> Row:
    """A row; without an answer the request is served."""
    given = (lines,) if isinstance(lines, bytes) else lines
    return Row(name, given, **{**(answer or {}), **more})  # type: ignore[arg-type]


A, GOOD = b"Authorization: ", b"Authorization: Bearer {good}"

ACCEPTED: Final = [
    row("good", GOOD),
    row("name of the header in odd case", b"aUTHORIZATION: Bearer {good}"),
    row("scheme in lower case", A + b"bearer {good}"),
    row("scheme in odd case", A + b"bEARER {good}"),
    row("several spaces", A + b"Bearer    {good}"),
    row("blanks around", b"Authorization: \t Bearer {good} \t "),
    row("no blank after the colon", b"Authorization:Bearer {good}"),
    row("other headers beside it", (GOOD, b"Cookie: session={other}", b"X-Amzn-Oidc-Accesstoken: {other}")),
    row("good of the old house", bearer("legacy")),
    row("good by POST", GOOD, method="POST", body=b"x=1", over=HTTP),
    row("good by HEAD", GOOD, method="HEAD", over=HTTP),
    row("scopes granted", bearer("scopes"), path=b"/orders"),
    row("group there", bearer("admin"), path=b"/admins"),
    row("scopes granted, asked inside", bearer("scopes"), path=b"/inside"),
]

CREDENTIALS: Final = [
    row("no header", (), NOTHING),
    row("no header by HEAD", (), NOTHING, method="HEAD", over=HTTP),
    row("no header by POST", (), NOTHING, method="POST", body=b"x=1", over=HTTP),
    row("no header where scopes are asked", (), NOTHING, path=b"/orders"),
    row("empty header", b"Authorization:", MALFORMED),
    row("blank header", b"Authorization: \t ", MALFORMED),
    row("Basic", A + b"Basic YWxhZGRpbjpvcGVuc2VzYW1l", NOTHING),
    row("Digest with commas", A + b'Digest username="Mufasa", realm="a, Bearer b", uri="/me", nc=00000001', NOTHING),
    row("AWS4-HMAC with commas", A + b"AWS4-HMAC-SHA256 Credential=AK/x, SignedHeaders=a;b, Signature=5d", NOTHING),
    row("DPoP", A + b"DPoP {good}", spoilt("bound_token")),
    row("two headers, the same", (GOOD, GOOD), MALFORMED),
    row("two headers, different", (GOOD, A + b"Bearer {other}"), MALFORMED),
    row("Bearer and Basic", (GOOD, A + b"Basic YQ=="), MALFORMED),
    row("Basic and Bearer", (A + b"Basic YQ==", GOOD), MALFORMED),
    row("empty and Bearer", (b"Authorization:", GOOD), MALFORMED),
    row("Bearer and empty", (GOOD, b"Authorization:"), MALFORMED),
    row("three headers", (A + b"Basic YQ==", A + b"DPoP x", GOOD), MALFORMED),
    row("joined, the same", A + b"Bearer {good},Bearer {good}", MALFORMED),
    row("joined, different", A + b"Bearer {good}, Bearer {other}", MALFORMED),
    row("joined, Basic and Bearer", A + b"Basic YQ==, Bearer {good}", MALFORMED),
    row("joined, Bearer and Basic", A + b"Bearer {good}, Basic YQ==", MALFORMED),
    row("comma behind", A + b"Bearer {good},", MALFORMED),
    row("scheme alone", A + b"Bearer", MALFORMED),
    row("scheme twice", A + b"Bearer Bearer {good}", MALFORMED),
    row("two tokens", A + b"Bearer {good} {other}", MALFORMED),
    row("quoted", A + b'Bearer "{good}"', MALFORMED),
    row("junk", A + b"%$&/()=;:_,.-#+*~", MALFORMED),
    row("tab for the space", A + b"Bearer\t{good}", MALFORMED),
    row("tab after the space", A + b"Bearer \t{good}", MALFORMED),
    row("no-break space", A + b"Bearer\xa0{good}", MALFORMED, server=(400,)),
    row("non-ASCII token", A + b"Bearer Zebra7Marker\xe9\xff", MALFORMED, server=(400,)),
    row("UTF-8 scheme", A + "B\u00e9arer {good}".encode(), MALFORMED, server=(400,)),
    row("NUL", A + b"Bearer {good}\x00", MALFORMED, server=(400, NO_ANSWER)),
    row("control character", A + b"Bearer Zebra7Marker\x01", MALFORMED, server=(400, NO_ANSWER)),
    row("20 kB", bearer("huge"), spoilt("malformed_token"), server=TOO_MUCH),
    row("200 kB", bearer("monstrous"), spoilt("malformed_token"), server=TOO_MUCH),
    row("token in the query", (), NOTHING, path=b"/me?access_token={good}"),
    row("token in a form", b"Content-Type: application/x-www-form-urlencoded", NOTHING,
         method="POST", body=b"access_token={good}", over=HTTP),
    row("token in a cookie", b"Cookie: session={good}", NOTHING),
    row("token in another header", b"X-Amzn-Oidc-Accesstoken: {good}", NOTHING),
    row("token in Proxy-Authorization", b"Proxy-Authorization: Bearer {good}", NOTHING),
    row("token in a subprotocol", b"Sec-WebSocket-Protocol: chat.v2, bearer.{good}", NOTHING),
    row("name with an underscore", b"Authorization_: Bearer {good}", NOTHING),
]  # fmt: skip

TOKENS: Final = [
    row(name, bearer(name.replace(" ", "_")), spoilt(code))
    for name, code in [
        ("malformed", "malformed_token"),
        ("one part", "malformed_token"),
        ("none", "unsupported_token"),
        ("symmetric", "unsupported_token"),
        ("foreign issuer", "untrusted_issuer"),
        ("after cutover", "issued_after_cutover"),
        ("expired", "expired"),
        ("future", "not_yet_valid"),
        ("no subject", "invalid_claim"),
        ("wrong use", "wrong_token_use"),
        ("wrong client", "wrong_client"),
        ("wrong audience", "wrong_audience"),
        ("bound", "bound_token"),
        ("unknown key", "unknown_key"),
        ("forged", "invalid_signature"),
        ("other pool", "untrusted_issuer"),
    ]
] + [
    row("retired", bearer("legacy"), spoilt("legacy_issuer_retired"), setup="retired"),
    row("scope missing", bearer("good"), path=b"/orders",
        answer=refused("insufficient_scope", INSUFFICIENT + ', scope="orders/read orders/write"', status=403)),
    row("one scope missing", bearer("reader"), path=b"/orders",
        answer=refused("insufficient_scope", INSUFFICIENT + ', scope="orders/read orders/write"', status=403)),
    row("scope missing, asked inside", bearer("reader"), path=b"/inside",
        answer=refused("insufficient_scope", INSUFFICIENT + ', scope="orders/read orders/write"', status=403)),
    row("no header where it is asked inside", (), NOTHING, path=b"/inside"),
    row("group missing", bearer("good"), path=b"/admins",
        answer=refused("insufficient_groups", INSUFFICIENT, status=403)),
    row("expired where scopes are asked", bearer("expired"), spoilt("expired"), path=b"/orders"),
]  # fmt: skip

OUTAGE: Final = [
    row("keys unavailable", GOOD, UNAVAILABLE, setup="cold"),
    row("keys unavailable where scopes are asked", GOOD, UNAVAILABLE, setup="cold", path=b"/orders"),
    row("forged while keys are unavailable", bearer("forged"), UNAVAILABLE, setup="cold"),
    row("unknown key while keys are unavailable", bearer("unknown_key"), UNAVAILABLE, setup="cold"),
    row("expired while keys are unavailable", bearer("expired"), spoilt("expired"), setup="cold"),
    row("no header while keys are unavailable", (), NOTHING, setup="cold"),
    row("junk while keys are unavailable", A + b"Bearer ,", MALFORMED, setup="cold"),
]
