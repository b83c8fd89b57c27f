"""Discovery documents to begin with: two digits (the issuer, the status), then the body."""

from __future__ import annotations

import json
from typing import Final

REMOTE, LOCAL = b"00", b"10"


def document(digits: bytes, **changes: object) -> bytes:
    """An input: a document with these members laid over."""
    issuer = "https://login.example/" if digits[:1] == b"0" else "http://127.0.0.1:8080/a"
    return digits + json.dumps({"issuer": issuer, "jwks_uri": "https://login.example/keys", **changes}).encode()


def at(uri: object, digits: bytes = REMOTE) -> bytes:
    """An input: a document that names this place."""
    return document(digits, jwks_uri=uri)


NO_URL: Final = "the discovery document names no usable jwks_uri"
OTHER: Final = "the discovery document names another issuer"
NO_OBJECT: Final = "the discovery document is no JSON object"

CASES: Final[dict[str, tuple[bytes, str]]] = {
    "a document": (document(REMOTE), "url"),
    "an error": (document(b"01"), "the discovery document is answered with status 404"),
    "a redirect": (document(b"03"), "the discovery document is answered with status 302"),
    "nothing": (REMOTE, NO_OBJECT),
    "HTML": (REMOTE + b"<html>", NO_OBJECT),
    "members twice": (REMOTE + b'{"issuer":"https://login.example/","issuer":"https://login.example/"}', NO_OBJECT),
    "another issuer": (document(REMOTE, issuer="https://login.example"), OTHER),
    "an issuer of lines": (document(REMOTE, issuer="a\nb\r\u2028\x1b[0m" + "c" * 1000), OTHER),
    "an issuer that is a list": (document(REMOTE, issuer=["https://login.example/"]), OTHER),
    "no place": (at(None), NO_URL),
    "a place that is a number": (at(7), NO_URL),
    "a place without a scheme": (at("//login.example/keys"), NO_URL),
    "plain http": (at("http://login.example/keys"), NO_URL),
    "a file": (at("file:///etc/passwd"), NO_URL),
    "loopback from afar": (at("https://127.0.0.1/keys"), NO_URL),
    "localhost from afar": (at("https://LOCALHOST/keys"), NO_URL),
    "loopback in IPv6 from afar": (at("https://[::1]/keys"), NO_URL),
    "loopback in IPv4 in IPv6 from afar": (at("https://[::ffff:127.0.0.1]/keys"), NO_URL),
    "loopback in one number from afar": (at("https://2130706433/keys"), NO_URL),
    "loopback in hexadecimal from afar": (at("https://0x7f.1/keys"), NO_URL),
    "loopback from loopback": (at("http://127.0.0.1:8080/keys", LOCAL), "url"),
    "afar from loopback": (at("https://login.example/keys", LOCAL), "url"),
    "user information": (at("https://user@login.example/keys"), NO_URL),
    "a fragment": (at("https://login.example/keys#a"), NO_URL),
    "a backslash": (at("https://login.example\\@evil.example/"), NO_URL),
    "a blank": (at("https://login.example/a b"), NO_URL),
    "a newline": (at("https://login.example/\r\nhost: evil"), NO_URL),
    "a NUL": (at("https://login.example/\0"), NO_URL),
    "half a bracket": (at("https://[::1/keys"), NO_URL),
    "brackets of nothing": (at("https://[]/keys"), NO_URL),
    "brackets of something": (at("https://[v1.a]/keys"), "url"),
    "a port that is none": (at("https://login.example:port/"), NO_URL),
    "port 65536": (at("https://login.example:65536/"), NO_URL),
    "a port of another script": (at("https://login.example:\u0661/"), NO_URL),
    "a host of another script": (at("https://l\u00f6gin.example/"), NO_URL),
    "a dot that is none": (at("https://login\u3002example/"), NO_URL),
    "2048 characters": (at("https://login.example/" + "a" * 2026), "url"),
    "2049 characters": (at("https://login.example/" + "a" * 2027), NO_URL),
    "half a surrogate pair": (REMOTE + b'{"issuer":"https://login.example/","jwks_uri":"\\ud800"}', NO_OBJECT),
}

WORDS: Final = (
    b'"issuer":', b'"jwks_uri":', b"https://", b"http://", b"login.example", b"127.0.0.1", b"localhost", b"[::1]",
    b"[::ffff:127.0.0.1]", b":8080", b"/keys", b"@", b"#", b"\\\\", b"%00", b"\\u0000", b"\\n", b"xn--", b"0x7f.1",
)  # fmt: skip
