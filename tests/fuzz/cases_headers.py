"""Requests to begin with: three digits (the source, the method, the origin), then values between bytes ``ff``."""

from __future__ import annotations

from typing import Final

TOKEN: Final = b"eyJh.eyJi.c2ln"


def request(digits: bytes, *values: bytes) -> bytes:
    """An input."""
    return digits + b"\xff".join(values)


BEARER, BARE, COOKIE, OFFER = b"000", b"100", b"200", b"320"

CASES: Final[dict[str, tuple[bytes, str]]] = {
    "bearer": (request(BEARER, b"Bearer " + TOKEN), "token"),
    "in capitals, with blanks": (request(BEARER, b" \tBEARER    " + TOKEN + b"\t"), "token"),
    "no header": (request(BEARER), "missing_token"),
    "an empty one": (request(BEARER, b"", b""), "invalid_request"),
    "two": (request(BEARER, b"Bearer " + TOKEN, b"Bearer " + TOKEN), "invalid_request"),
    "two in one": (request(BEARER, b"Bearer a, Bearer b"), "invalid_request"),
    "a scheme alone": (request(BEARER, b"Bearer"), "invalid_request"),
    "a token alone": (request(BEARER, TOKEN), "missing_token"),
    "a tab behind the scheme": (request(BEARER, b"Bearer\t" + TOKEN), "invalid_request"),
    "a newline behind the token": (request(BEARER, b"Bearer " + TOKEN + b"\n"), "invalid_request"),
    "a NUL behind the token": (request(BEARER, b"Bearer " + TOKEN + b"\0"), "invalid_request"),
    "a NUL alone": (request(BEARER, b"\0"), "invalid_request"),
    "a blank that is none": (request(BEARER, "Bearer\u00a0".encode() + TOKEN), "invalid_request"),
    "a letter that folds to k": (request(BEARER, "Bearer \u212a".encode()), "invalid_request"),
    "a letter with a dot": (request(BEARER, "D\u0130gest x".encode()), "invalid_request"),
    "no UTF-8": (request(BEARER, b"Bearer \x80\x81"), "invalid_request"),
    "padding": (request(BEARER, b"Bearer YWJj=="), "token"),
    "padding in the middle": (request(BEARER, b"Bearer YW=Jj"), "invalid_request"),
    "DPoP": (request(BEARER, b"DPoP " + TOKEN), "bound_token"),
    "DPoP and bearer": (request(BEARER, b"DPoP a, Bearer b"), "invalid_request"),
    "Basic": (request(BEARER, b"Basic YTpi"), "missing_token"),
    "Digest": (request(BEARER, b'Digest username="a, Bearer b", nonce="\\""'), "missing_token"),
    "Digest and bearer": (request(BEARER, b'Digest username="a", Bearer b'), "invalid_request"),
    "a quote without an end": (request(BEARER, b'Digest a="b, Bearer c'), "invalid_request"),
    "16 kB of quotes": (request(BEARER, b"x " + b'"' * 16384), "missing_token"),
    "16 kB of escaped quotes": (request(BEARER, b'x "' + b'\\"' * 8192), "missing_token"),
    "16 kB of commas": (request(BEARER, b"x " + b"," * 16384), "missing_token"),
    "16 kB of blanks": (request(BEARER, b"x" + b" " * 16384), "missing_token"),
    "16 kB of schemes": (request(BEARER, b"x " + b",bearer\tx" * 1800), "missing_token"),
    "16 kB of letters and blanks": (request(BEARER, b"x ," + b"a" * 8192 + b" " * 8192 + b"="), "missing_token"),
    "16 kB of parameters": (request(BEARER, b"x " + b"a =," * 4096), "missing_token"),
    "64 kB of quotes": (request(BEARER, b"x " + b'"' * 65536), "missing_token"),
    "1000 values": (request(BEARER, *[b"a"] * 1000), "invalid_request"),
    "a header of its own": (request(BARE, TOKEN), "token"),
    "a header of its own, with a scheme": (request(BARE, b"Bearer " + TOKEN), "invalid_request"),
    "a cookie": (request(COOKIE, b"a=b; session=" + TOKEN + b"; c"), "token"),
    "a cookie twice": (request(COOKIE, b"session=a; session=b"), "invalid_request"),
    "a cookie in quotes": (request(COOKIE, b'session="a"'), "invalid_request"),
    "a cookie that was cleared": (request(COOKIE, b"session="), "missing_token"),
    "a cookie of another name": (request(COOKIE, b"Session=a; xsession=b"), "missing_token"),
    "a cookie with a NUL": (request(COOKIE, b"session=a\0"), "invalid_request"),
    "16 kB of semicolons": (request(COOKIE, b";" * 16384), "missing_token"),
    "16 kB of cookies": (request(COOKIE, b"session=;" * 1820), "missing_token"),
    "a cookie from home": (request(b"211", b"session=a"), "token"),
    "a cookie from home in capitals": (request(b"212", b"session=a"), "token"),
    "a cookie from nowhere": (request(b"210", b"session=a"), "invalid_request"),
    "a cookie from elsewhere": (request(b"215", b"session=a"), "invalid_request"),
    "a cookie from two places": (request(b"213", b"session=a"), "invalid_request"),
    "a cookie with a method in small letters": (request(b"230", b"session=a"), "invalid_request"),
    "a cookie in a handshake": (request(b"221", b"session=a"), "token"),
    "a subprotocol": (request(OFFER, b"chat, bearer." + TOKEN), "token"),
    "two subprotocols": (request(OFFER, b"bearer.a", b"bearer.b"), "invalid_request"),
    "a subprotocol without a token": (request(OFFER, b"bearer."), "invalid_request"),
    "other subprotocols": (request(OFFER, b"chat, Bearer.a"), "missing_token"),
    "16 kB of subprotocols": (request(OFFER, b"bearer.,," * 1800), "invalid_request"),
}

WORDS: Final = (
    b"Bearer ", b"bearer", b"DPoP ", b"Basic ", b'Digest a="b"', b", Bearer ", b"session=", b"; ", b"bearer.",
    b"chat, ", b'\\"', b"==", b"\xff", b"\xc2\xa0", b"\xe2\x84\xaa", b"\0", b"\r\n", b"\t",
)  # fmt: skip
