"""The rows of the table for other sources than ``Authorization``, and for RFC 9728."""

from __future__ import annotations

from typing import Final

from edge_table import (
    DOCUMENT,
    GOOD,
    HTTP,
    INSUFFICIENT,
    INVALID_REQUEST,
    INVALID_TOKEN,
    MALFORMED,
    MISSING,
    NOTHING,
    ORIGIN,
    WEBSOCKET,
    Row,
    bearer,
    refused,
    row,
    spoilt,
)

COOKIE_LINE: Final = b"Cookie: session={good}"
FROM: Final = b"Origin: " + ORIGIN.encode()

AMZN: Final = [
    row("amzn: good", b"x-amzn-oidc-accesstoken: {good}", setup="amzn"),
    row("amzn: name in odd case", b"X-Amzn-Oidc-AccessToken: {good}", setup="amzn"),
    row("amzn: Authorization beside it", (b"x-amzn-oidc-accesstoken: {good}", b"Authorization: Bearer {expired}"),
        setup="amzn"),
    row("amzn: Authorization alone", GOOD, NOTHING, setup="amzn"),
    row("amzn: with a scheme", b"x-amzn-oidc-accesstoken: Bearer {good}", MALFORMED, setup="amzn"),
    row("amzn: twice", (b"x-amzn-oidc-accesstoken: {good}", b"x-amzn-oidc-accesstoken: {good}"), MALFORMED,
        setup="amzn"),
    row("amzn: joined", b"x-amzn-oidc-accesstoken: {good},{other}", MALFORMED, setup="amzn"),
    row("amzn: empty", b"x-amzn-oidc-accesstoken:", MALFORMED, setup="amzn"),
    row("amzn: underscores for hyphens", b"x_amzn_oidc_accesstoken: {good}", NOTHING, setup="amzn", server=(400,)),
    row("amzn: expired", b"x-amzn-oidc-accesstoken: {expired}", spoilt("expired"), setup="amzn"),
]  # fmt: skip

COOKIE: Final = [
    row("cookie: GET without Origin", COOKIE_LINE, setup="cookie", over=HTTP),
    row("cookie: GET from elsewhere", (COOKIE_LINE, b"Origin: https://evil.example"), setup="cookie", over=HTTP),
    row("cookie: HEAD without Origin", COOKIE_LINE, setup="cookie", over=HTTP, method="HEAD"),
    row("cookie: POST from home", (COOKIE_LINE, FROM), setup="cookie", over=HTTP, method="POST"),
    row("cookie: handshake from home", (COOKIE_LINE, FROM), setup="cookie", over=WEBSOCKET),
    row("cookie: among others", (b"Cookie: a=b; session={good}; c=d", FROM), setup="cookie"),
    row("cookie: missing", FROM, NOTHING, setup="cookie"),
    row("cookie: cleared", (b"Cookie: session=", FROM), NOTHING, setup="cookie"),
    row("cookie: another name", (b"Cookie: Session={good}; session2={good}", FROM), NOTHING, setup="cookie"),
    row("cookie: Authorization alone", (GOOD, FROM), NOTHING, setup="cookie"),
    row("cookie: twice", (b"Cookie: session={good}; session={other}", FROM), MALFORMED, setup="cookie"),
    row("cookie: in two headers", (COOKIE_LINE, COOKIE_LINE, FROM), MALFORMED, setup="cookie"),
    row("cookie: quoted", (b'Cookie: session="{good}"', FROM), MALFORMED, setup="cookie"),
    row("cookie: expired", (b"Cookie: session={expired}", FROM), spoilt("expired"), setup="cookie"),
    row("cookie: POST without a cookie", (), NOTHING, setup="cookie", over=HTTP, method="POST"),
    *[
        row(f"cookie: {how} with {name}", (COOKIE_LINE, *origins), MALFORMED, setup="cookie", over=over, method=method,
            server=(400,) if len(origins) == 2 and over == WEBSOCKET else ())
        for how, over, method in [("POST", HTTP, "POST"), ("handshake", WEBSOCKET, "GET")]
        for name, origins in [
            ("no Origin", ()),
            ("null", (b"Origin: null",)),
            ("an empty Origin", (b"Origin:",)),
            ("http for https", (b"Origin: http://app.example.com",)),
            ("another port", (b"Origin: https://app.example.com:8443",)),
            ("a longer name", (b"Origin: https://app.example.com.evil.example",)),
            ("a foreign Origin", (b"Origin: https://evil.example", b"Referer: https://app.example.com/")),
            ("two Origins", (FROM, b"Origin: https://evil.example")),
            ("the same Origin twice", (FROM, FROM)),
        ]
    ],
]  # fmt: skip

SUBPROTOCOL: Final = [
    row("subprotocol: alone", b"Sec-WebSocket-Protocol: bearer.{good}", setup="subprotocol", over=WEBSOCKET),
    row("subprotocol: first of two", b"Sec-WebSocket-Protocol: bearer.{good}, chat.v2", setup="subprotocol",
        over=WEBSOCKET, subprotocol="chat.v2"),
    row("subprotocol: last of two", b"Sec-WebSocket-Protocol: chat.v2, bearer.{good}", setup="subprotocol",
        over=WEBSOCKET, subprotocol="chat.v2"),
    row("subprotocol: in two headers", (b"Sec-WebSocket-Protocol: chat.v2", b"Sec-WebSocket-Protocol: bearer.{good}"),
        setup="subprotocol", over=WEBSOCKET, subprotocol="chat.v2"),
    row("subprotocol: none", (), NOTHING, setup="subprotocol"),
    row("subprotocol: others only", b"Sec-WebSocket-Protocol: chat.v2", NOTHING, setup="subprotocol", over=WEBSOCKET),
    row("subprotocol: Authorization alone", GOOD, NOTHING, setup="subprotocol"),
    row("subprotocol: of a request", b"Sec-WebSocket-Protocol: bearer.{good}", NOTHING, setup="subprotocol", over=HTTP),
    row("subprotocol: two tokens", b"Sec-WebSocket-Protocol: bearer.{good}, bearer.{other}", MALFORMED,
        setup="subprotocol", over=WEBSOCKET),
    row("subprotocol: empty token", b"Sec-WebSocket-Protocol: chat.v2, bearer.", MALFORMED, setup="subprotocol",
        over=WEBSOCKET),
    row("subprotocol: expired", b"Sec-WebSocket-Protocol: bearer.{expired}", spoilt("expired"), setup="subprotocol",
        over=WEBSOCKET),
    row("subprotocol: scope missing", b"Sec-WebSocket-Protocol: bearer.{good}", path=b"/orders", setup="subprotocol",
        over=WEBSOCKET,
        answer=refused("insufficient_scope", INSUFFICIENT + ', scope="orders/read orders/write"', status=403)),
    row("subprotocol: not the source", (GOOD, b"Sec-WebSocket-Protocol: chat.v2, bearer.x"), over=WEBSOCKET,
        subprotocol="chat.v2"),
]  # fmt: skip

HOSTILE: Final = (
    b"Host: evil.example",
    b"Forwarded: for=1.2.3.4;host=evil.example;proto=http",
    b"X-Forwarded-Host: evil.example",
    b"X-Forwarded-Proto: http",
)

METADATA: Final = [
    row("metadata: good", GOOD, setup="metadata"),
    row("metadata: no header", (), refused("missing_token", MISSING + DOCUMENT), setup="metadata"),
    row("metadata: malformed", b"Authorization: Bearer", setup="metadata",
        answer=refused("invalid_request", INVALID_REQUEST + DOCUMENT, status=400)),
    row("metadata: expired", bearer("expired"), refused("expired", INVALID_TOKEN + DOCUMENT), setup="metadata"),
    row("metadata: scope missing", GOOD, path=b"/orders", setup="metadata",
        answer=refused(
            "insufficient_scope", f'{INSUFFICIENT}, scope="orders/read orders/write"{DOCUMENT}', status=403)),
    row("metadata: hostile Host", HOSTILE, refused("missing_token", MISSING + DOCUMENT), setup="metadata"),
    row("metadata: hostile Host and a bad token", (*HOSTILE, *bearer("forged")),
        refused("invalid_signature", INVALID_TOKEN + DOCUMENT), setup="metadata"),
]  # fmt: skip

SOURCES: Final[list[Row]] = [*AMZN, *COOKIE, *SUBPROTOCOL, *METADATA]
