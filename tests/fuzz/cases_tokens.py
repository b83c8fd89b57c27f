"""Tokens to begin with: good ones, old acquaintances of every JWT library, and what a fuzzer has found.

Of a string the input is the token. Of a token that is to be signed it is three digits (who signs, what becomes of the
signature, what is asked for), the header, a byte ``ff`` and the payload.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import Any, Final

from fuzz_keys import FORGERS, POOL_KEYS, PROVIDER_KEYS
from fuzz_world import (
    CURRENT,
    ID_CLAIMS,
    LEGACY,
    NOW,
    POOL_CLAIMS,
    POOL_HEADER,
    PROVIDER_CLAIMS,
    PROVIDER_HEADER,
    as_json,
    signed,
)

Cases = dict[str, tuple[bytes, str]]

ACCESS: Final = signed(POOL_KEYS[0], POOL_HEADER, POOL_CLAIMS).encode()
PROVIDED: Final = signed(PROVIDER_KEYS[0], PROVIDER_HEADER, PROVIDER_CLAIMS).encode()
HEADER, PAYLOAD, SIGNATURE = ACCESS.split(b".")


def coded(text: bytes) -> bytes:
    """Base64url, with its padding left off."""
    return urlsafe_b64encode(text).rstrip(b"=")


def with_payload(text: bytes) -> bytes:
    """A token with this payload, and the signature of another one."""
    return b".".join((HEADER, coded(text), SIGNATURE))


STRING_CASES: Final[Cases] = {
    "an access token": (ACCESS, "accepted"),
    "a provider's token": (PROVIDED, "accepted"),
    "nothing": (b"", "malformed_token"),
    "two dots": (b"..", "malformed_token"),
    "16 kB of dots": (b"." * 16384, "malformed_token"),
    "one byte more than 16 kB": (b"A" * 16385, "malformed_token"),
    "16 kB of letters": (b"A" * 16384, "malformed_token"),
    "padding behind the token": (ACCESS + b"==", "malformed_token"),
    "padding in a part": (b".".join((HEADER + b"=", PAYLOAD, SIGNATURE)), "malformed_token"),
    "a newline behind the token": (ACCESS + b"\n", "malformed_token"),
    "a blank before the token": (b" " + ACCESS, "malformed_token"),
    "a NUL in the token": (ACCESS[:30] + b"\0" + ACCESS[30:], "malformed_token"),
    "five parts, as of a JWE": (ACCESS + b".AAAA.AAAA", "malformed_token"),
    "no signature": (ACCESS.rpartition(b".")[0] + b".", "malformed_token"),
    "the standard alphabet": (ACCESS.replace(b"-", b"+").replace(b"_", b"/"), "malformed_token"),
    "unused bits that are set": (b".".join((HEADER, PAYLOAD, SIGNATURE[:-1] + b"B")), "malformed_token"),
    "a digit of another script": ("\u0661".encode() + ACCESS[1:], "malformed_token"),
    "a letter that folds to k": ("\u212a".encode() + ACCESS[1:], "malformed_token"),
    "bytes that are no UTF-8": (b"\xff\xfe\x80" + ACCESS, "malformed_token"),
    "UTF-16": (ACCESS.decode().encode("utf-16"), "malformed_token"),
    "a scheme before the token": (b"Bearer " + ACCESS, "malformed_token"),
    "JSON instead of a compact form": (b'{"payload":"e30","signatures":[]}', "malformed_token"),
    "a payload that is none": (with_payload(b"null"), "malformed_token"),
    "a payload with a byte order mark": (with_payload(b"\xef\xbb\xbf{}"), "malformed_token"),
    "a payload in UTF-16": (with_payload("{}".encode("utf-16")), "malformed_token"),
    "a payload of brackets": (with_payload(b"[" * 12000), "malformed_token"),
    "a payload of braces": (with_payload(b'{"":' * 3000), "malformed_token"),
    "a payload of 64 levels": (with_payload(b'{"a":' + b"[" * 63 + b"]" * 63 + b"}"), "untrusted_issuer"),
    "a payload of 65 levels": (with_payload(b'{"a":' + b"[" * 64 + b"]" * 64 + b"}"), "malformed_token"),
    "a payload of empty objects": (with_payload(b'{ "a":[' + b"{}," * 3900 + b"0]}"), "untrusted_issuer"),
    "a payload of escaped quotes": (with_payload(b'{"a":"' + b'\\"' * 5900 + b'"}'), "untrusted_issuer"),
    "a payload of floats": (with_payload(b'{"a":[' + b"1e9," * 2900 + b"0]}"), "untrusted_issuer"),
    "a payload of long numbers": (
        with_payload(b'{"a":[' + b"1" * 4300 + b"," + b"2" * 4300 + b"]}"),
        "untrusted_issuer",
    ),
    "a number of 5000 digits": (with_payload(b'{"exp":' + b"1" * 5000 + b"}"), "malformed_token"),
    "nobody's token": (with_payload(as_json({**POOL_CLAIMS, "iss": "https://evil.example/"})), "untrusted_issuer"),
    "an issuer that is a list": (with_payload(as_json({**POOL_CLAIMS, "iss": [CURRENT]})), "untrusted_issuer"),
    "another's signature": (with_payload(as_json({**POOL_CLAIMS, "sub": "bob"})), "invalid_signature"),
    "a forger's": (signed(FORGERS[0], POOL_HEADER, POOL_CLAIMS).encode(), "invalid_signature"),
    "a provider's key for the pool": (
        signed(PROVIDER_KEYS[0], PROVIDER_HEADER, POOL_CLAIMS).encode(),
        "unsupported_token",
    ),
    "a signature of 12 kB": (b".".join((HEADER, PAYLOAD, b"A" * 12000)), "invalid_signature"),
}


def made(header: object, claims: object, digits: bytes = b"000") -> bytes:
    """An input that is to be signed."""
    texts = [part if isinstance(part, bytes) else as_json(part) for part in (header, claims)]
    return digits + b"\xff".join(texts)


def pool(digits: bytes = b"000", **changes: object) -> bytes:
    """An access token of the pool, with these claims laid over."""
    return made(POOL_HEADER, {**POOL_CLAIMS, **changes}, digits)


def head(**changes: object) -> bytes:
    """An access token of the pool, with these members of the header laid over."""
    return made({**POOL_HEADER, **changes}, POOL_CLAIMS)


def spliced(member: bytes) -> bytes:
    """An access token of the pool, with this written into the end of the payload."""
    return made(POOL_HEADER, as_json(POOL_CLAIMS)[:-1] + b"," + member + b"}")


def house(digits: bytes = b"200", **changes: object) -> bytes:
    """A token of the provider, with these claims laid over."""
    return made(PROVIDER_HEADER, {**PROVIDER_CLAIMS, **changes}, digits)


def without(name: str, claims: dict[str, Any]) -> dict[str, Any]:
    """All of these but one."""
    return {other: value for other, value in claims.items() if other != name}


EC_HEADER: Final = {**PROVIDER_HEADER, "kid": "ec", "alg": "ES256"}

SIGNED_CASES: Final[Cases] = {
    "an access token": (pool(), "accepted"),
    "an ID token": (made(POOL_HEADER, ID_CLAIMS), "accepted"),
    "the pool's other key": (made({**POOL_HEADER, "kid": "pool-2"}, POOL_CLAIMS, b"100"), "accepted"),
    "a legacy token": (pool(iss=LEGACY), "accepted"),
    "a legacy token after the cut-over": (pool(iss=LEGACY, iat=NOW - 100), "issued_after_cutover"),
    "a legacy token without iat": (pool(iss=LEGACY, iat=None), "invalid_claim"),
    "EdDSA": (house(), "accepted"),
    "ES256": (made(EC_HEADER, PROVIDER_CLAIMS, b"300"), "accepted"),
    "PS256": (made({**PROVIDER_HEADER, "kid": "ps", "alg": "PS256"}, PROVIDER_CLAIMS, b"400"), "accepted"),
    "scopes in one string": (house(b"201", scp="a b"), "accepted"),
    "an ID token of the provider": (house(aud=["https://api.example", "web"]), "wrong_token_use"),
    "a hash of an ID token": (house(at_hash=""), "wrong_token_use"),
    "another audience": (house(aud="https://other.example"), "wrong_audience"),
    "no tenant": (house(tenant=None), "invalid_claim"),
    "one key's name, another's signature": (pool(b"100"), "invalid_signature"),
    "a forger's": (pool(b"500"), "invalid_signature"),
    "a forger's EdDSA": (house(b"600"), "invalid_signature"),
    "one bit of a signature": (pool(b"010"), "invalid_signature"),
    "one byte more": (pool(b"020"), "invalid_signature"),
    "a zero before it": (pool(b"030"), "invalid_signature"),
    "one byte less": (pool(b"040"), "invalid_signature"),
    "a signature of zeros": (pool(b"050"), "invalid_signature"),
    "a signature backwards": (pool(b"060"), "invalid_signature"),
    "EdDSA one order later": (house(b"270"), "invalid_signature"),
    "EdDSA of zeros": (house(b"250"), "invalid_signature"),
    "ES256 of zeros": (made(EC_HEADER, PROVIDER_CLAIMS, b"350"), "invalid_signature"),
    "a scope that is granted": (pool(b"001"), "accepted"),
    "a scope that is not": (pool(b"002"), "insufficient_scope"),
    "a group": (pool(b"003"), "accepted"),
    "a group that he is not in": (pool(b"004"), "insufficient_groups"),
    "another use": (pool(b"006"), "wrong_token_use"),
    "alg none": (head(alg="none"), "unsupported_token"),
    "alg HS256": (head(alg="HS256"), "unsupported_token"),
    "alg that is a list": (head(alg=["RS256"]), "unsupported_token"),
    "crit": (head(crit=["exp"]), "unsupported_token"),
    "jwk and jku": (head(jwk={"kty": "oct", "k": ""}, jku="https://evil.example/"), "accepted"),
    "an unknown kid": (head(kid="pool-3"), "unknown_key"),
    "a kid that is a number": (head(kid=1), "unsupported_token"),
    "a kid of 257 characters": (head(kid="k" * 257), "unsupported_token"),
    "a kid that leads elsewhere": (head(kid="../../etc/passwd\0"), "unknown_key"),
    "typ of a logout token": (head(typ="logout+jwt"), "unsupported_token"),
    "typ in capitals": (head(typ="APPLICATION/AT+JWT"), "accepted"),
    "typ that is null": (head(typ=None), "unsupported_token"),
    "exp one second ago": (pool(exp=NOW - 31), "expired"),
    "exp at the end of the leeway": (pool(exp=NOW - 30), "expired"),
    "exp in the last of the leeway": (pool(exp=NOW - 29.5), "accepted"),
    "exp in the year 9999": (pool(exp=253402300799), "accepted"),
    "exp in the year 10000": (pool(exp=253402300800), "invalid_claim"),
    "exp that is true": (pool(exp=True), "invalid_claim"),
    "exp that is a string": (pool(exp=str(NOW + 1)), "invalid_claim"),
    "exp that is a list": (pool(exp=[NOW + 1]), "invalid_claim"),
    "exp of 400 digits": (pool(exp=10**400), "invalid_claim"),
    "exp 1e400": (spliced(b'"nbf":1e400'), "malformed_token"),
    "nbf 1e-400": (spliced(b'"nbf":1e-400'), "accepted"),
    "nbf -0": (spliced(b'"nbf":-0'), "accepted"),
    "nbf below zero": (spliced(b'"nbf":-1'), "invalid_claim"),
    "NaN": (spliced(b'"nbf":NaN'), "malformed_token"),
    "Infinity": (spliced(b'"x":-Infinity'), "malformed_token"),
    "sub twice": (spliced(b'"sub":"admin"'), "malformed_token"),
    "sub twice, once escaped": (spliced(b'"s\\u0075b":"admin"'), "malformed_token"),
    "a name twice, deep down": (spliced(b'"x":[{"a":1,"a":1}]'), "malformed_token"),
    "half a surrogate pair": (spliced(b'"x":"\\ud800"'), "malformed_token"),
    "half a pair as a name": (spliced(b'"\\udc00":1'), "malformed_token"),
    "a pair": (spliced(b'"x":"\\ud83d\\ude00"'), "accepted"),
    "a pair as UTF-8 has none": (spliced(b'"x":"\xed\xa0\xbd"'), "malformed_token"),
    "an overlong form": (spliced(b'"x":"\xc0\xaf"'), "malformed_token"),
    "a lone escape": (spliced(b'"x":"\\'), "malformed_token"),
    "a NUL": (spliced(b'"x":"\0"'), "malformed_token"),
    "an escaped NUL": (pool(sub="\0"), "accepted"),
    "a comma too many": (spliced(b'"x":[1,]'), "malformed_token"),
    "a comment": (spliced(b'"x":1/**/'), "malformed_token"),
    "no exp": (made(POOL_HEADER, without("exp", POOL_CLAIMS)), "invalid_claim"),
    "nbf in the future": (pool(nbf=NOW + 31), "not_yet_valid"),
    "nbf at the end of the leeway": (pool(nbf=NOW + 30), "accepted"),
    "scopes that are numbers": (house(scp=[1]), "invalid_claim"),
    "an audience that is a number": (house(aud=7), "invalid_claim"),
    "an audience that is null": (house(aud=None), "invalid_claim"),
    "no audience": (made(PROVIDER_HEADER, without("aud", PROVIDER_CLAIMS), b"200"), "wrong_audience"),
    "a header that is a list": (made(b"[]", POOL_CLAIMS), "malformed_token"),
    "a member twice": (made(b'{"alg":"none","kid":"pool-1","alg":"RS256"}', POOL_CLAIMS), "malformed_token"),
    "a header with NaN": (made(b'{"alg":"RS256","kid":"pool-1","x":NaN}', POOL_CLAIMS), "malformed_token"),
    "no sub": (pool(sub=""), "invalid_claim"),
    "sub that is an object": (pool(sub={}), "invalid_claim"),
    "token_use that is a list": (pool(token_use=["access"]), "invalid_claim"),
    "another token_use": (pool(token_use="refresh"), "wrong_token_use"),
    "client_id that is a list": (pool(client_id=["web"]), "invalid_claim"),
    "another client": (pool(client_id="evil"), "wrong_client"),
    "groups that are a string": (pool(**{"cognito:groups": "admins"}), "invalid_claim"),
    "groups of numbers": (pool(**{"cognito:groups": [1]}), "invalid_claim"),
    "an audience that nobody asked for": (pool(aud="web"), "wrong_audience"),
    "cnf": (pool(cnf=None), "bound_token"),
    "blanks and escapes": (made(b' { "kid" : "pool-1" , "\\u0061lg":"RS256"}\n', as_json(POOL_CLAIMS)), "accepted"),
}  # fmt: skip

WORDS: Final = (
    *(f'"{name}":'.encode() for name in {**POOL_CLAIMS, **ID_CLAIMS, **PROVIDER_CLAIMS, **POOL_HEADER}),
    b'"typ":', b'"nbf":', b'"cnf":', b'"crit":', b'"b64":', b'"zip":', b'"at_hash":', b'"c_hash":',
    CURRENT.encode(), LEGACY.encode(), b"https://login.example/", b"https://api.example", b"RS256", b"EdDSA", b"ES256",
    b"PS256", b"none", b"HS256", b"pool-1", b"pool-2", b"JWT", b"at+jwt", b"application/", b"access", b"id", b"web",
    b"true", b"null", b"1e400", b"-1", b"1800000030", b"1799999970", b"\\u0061", b"\\ud800", b"NaN", b'{"a":', b"[[[[",
    b"\xef\xbb\xbf", b"\xed\xa0\x80", b"e30", b"eyJ", b"..", b"==", b"\xff",
)  # fmt: skip
