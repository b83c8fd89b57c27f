"""One good token, spoilt in exactly one thing: what is spoilt, how, and the code that says so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from validation_kit import as_json, claims_of, spliced

from jwtmr.testing import MISSING, RegionalIssuer
from jwtmr.testing.keys import base64url

Spoil = Callable[[RegionalIssuer, str], object]
"""Makes a spoilt token of this pool under this issuer."""


def claims(**changes: object) -> Spoil:
    """An access token with these claims laid over it, signed as ever."""
    return lambda issuer, iss: issuer.access_token(issuer=iss, claims=changes)


def header(**changes: object) -> Spoil:
    """An access token with these header members laid over it, signed as ever."""
    return lambda issuer, iss: issuer.access_token(issuer=iss, header=changes)


def text(change: Callable[[str], object]) -> Spoil:
    """An access token whose compact form is changed after it was signed."""
    return lambda issuer, iss: change(issuer.access_token(issuer=iss))


def raw(change: Callable[[bytes], bytes]) -> Spoil:
    """An access token whose payload is other bytes, and signed so."""

    def spoil(issuer: RegionalIssuer, iss: str) -> str:
        payload = change(as_json(claims_of(issuer.access_token(issuer=iss))))
        return issuer.sign_raw(as_json({"kid": issuer.access_kid, "alg": "RS256"}), payload)

    return spoil


def later(**offsets: float) -> Spoil:
    """An access token with these claims set relative to now."""
    return lambda issuer, iss: issuer.access_token(
        issuer=iss, claims={name: issuer.clock.wall() + offset for name, offset in offsets.items()}
    )


def other_spelling(place: int) -> Spoil:
    """A token whose header or payload is spelt with unused bits that are not zero, and signed so."""

    def spoil(issuer: RegionalIssuer, iss: str) -> str:
        header = as_json({"kid": issuer.access_kid, "alg": "RS256"})
        texts = [header, as_json(claims_of(issuer.access_token(issuer=iss)))]
        texts[place] += b" " * ((1 - len(texts[place])) % 3)  # leaves four unused bits
        parts = [base64url(text) for text in texts]
        parts[place] = parts[place][:-1] + chr(ord(parts[place][-1]) + 1)
        signed = ".".join(parts)
        return f"{signed}.{base64url(issuer.access_key.sign(signed.encode()))}"

    return spoil


def swapped_payload(issuer: RegionalIssuer, iss: str) -> str:
    """A token whose payload is another token's."""
    mine, yours = issuer.access_token(issuer=iss), issuer.access_token(issuer=iss, subject="admin")
    return ".".join([mine.split(".")[0], yours.split(".")[1], mine.split(".")[2]])


def last_bit_of_signature(token: str) -> str:
    """The token with one bit of its signature turned over."""
    stem, _, signature = token.rpartition(".")
    return f"{stem}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"


SIGNING: dict[str, tuple[Spoil, str]] = {
    "unknown kid": (header(kid="nobody/knows+this="), "unknown_key"),
    "kid of other case": (lambda issuer, iss: header(kid=issuer.access_kid.swapcase())(issuer, iss), "unknown_key"),
    "kid as base64url": (
        lambda issuer, iss: header(kid=issuer.access_kid.replace("/", "_").replace("+", "-"))(issuer, iss),
        "unknown_key",
    ),
    "another pool's key": (
        lambda issuer, iss: issuer.access_token(issuer=iss, key=replace(issuer.id_key, kid="x")),
        "unknown_key",
    ),
    "forged": (
        lambda issuer, iss: issuer.access_token(issuer=iss, key=replace(issuer.id_key, kid=issuer.access_kid)),
        "invalid_signature",
    ),
    "kid of the other key": (lambda issuer, iss: header(kid=issuer.id_kid)(issuer, iss), "invalid_signature"),
    "signature changed": (text(last_bit_of_signature), "invalid_signature"),
    "signature cut": (text(lambda token: token[:-2]), "invalid_signature"),
    "signature of one byte": (text(lambda token: token.rpartition(".")[0] + ".AA"), "invalid_signature"),
    "signature longer": (text(lambda token: token[:-2] + "A" * 6), "invalid_signature"),
    "payload of another token": (swapped_payload, "invalid_signature"),
}
"""Steps 5 and 6."""

SHAPES: dict[str, tuple[Spoil, str]] = {
    "padding": (text(lambda token: token + "=="), "malformed_token"),
    "newline": (text(lambda token: token + "\n"), "malformed_token"),
    "bytes": (text(str.encode), "malformed_token"),
    "None": (text(lambda _: None), "malformed_token"),
    "two parts": (text(lambda token: token.rpartition(".")[0]), "malformed_token"),
    "no signature": (text(lambda token: token.rpartition(".")[0] + "."), "malformed_token"),
    "four parts": (text(lambda token: token + ".AAAA"), "malformed_token"),
    "too large": (claims(filler="x" * 16384), "malformed_token"),
    "header not canonical": (other_spelling(0), "malformed_token"),
    "payload not canonical": (other_spelling(1), "malformed_token"),
    "signature not canonical": (text(lambda token: token[:-1] + chr(ord(token[-1]) + 1)), "malformed_token"),
    "BOM": (raw(lambda payload: b"\xef\xbb\xbf" + payload), "malformed_token"),
    "UTF-16": (raw(lambda payload: payload.decode().encode("utf-16")), "malformed_token"),
    "invalid UTF-8": (raw(lambda payload: spliced(payload, b'"x":"\xff"')), "malformed_token"),
    "lone surrogate": (raw(lambda payload: spliced(payload, b'"x":"\\ud800"')), "malformed_token"),
    "NaN": (raw(lambda payload: spliced(payload, b'"x":NaN')), "malformed_token"),
    "number too large": (raw(lambda payload: spliced(payload, b'"x":1e999')), "malformed_token"),
    "duplicate": (raw(lambda payload: spliced(payload, b'"sub":"admin"')), "malformed_token"),
    "hidden duplicate": (raw(lambda payload: spliced(payload, b'"\\u0073ub":"admin"')), "malformed_token"),
    "deep": (raw(lambda payload: spliced(payload, b'"x":' + b"[" * 64 + b"]" * 64)), "malformed_token"),
    "array": (raw(lambda payload: b"[" + payload + b"]"), "malformed_token"),
    "JSON in JSON": (raw(lambda payload: as_json(payload.decode())), "malformed_token"),
}
"""Step 1."""

HEADERS: dict[str, tuple[Spoil, str]] = {
    **{f"alg {alg}": (header(alg=alg), "unsupported_token") for alg in ("none", "HS256", "RS512", "PS256", 7, MISSING)},
    **{f"kid {kid!r:.12}": (header(kid=kid), "unsupported_token") for kid in ("", "k" * 257, 7, None, MISSING)},
    **{f"has {name}": (header(**{name: []}), "unsupported_token") for name in ("crit", "b64", "zip")},
    **{f"typ {typ!r}": (header(typ=typ), "unsupported_token") for typ in ("dpop+jwt", "JWS", "", None, 7)},
}
"""Step 2."""

WRONG_CLAIMS: dict[str, tuple[Spoil, str]] = {
    **{f"iss {iss!r}": (claims(iss=iss), "untrusted_issuer") for iss in (MISSING, None, 7, "", "https://a.example")},
    "iss with slash": (lambda issuer, iss: issuer.access_token(issuer=iss + "/"), "untrusted_issuer"),
    "iss in capitals": (lambda issuer, iss: issuer.access_token(issuer=iss.upper()), "untrusted_issuer"),
    "iss in a list": (lambda issuer, iss: claims(iss=[iss])(issuer, iss), "untrusted_issuer"),
    "another pool": (lambda issuer, _: issuer.foreign_token(), "untrusted_issuer"),
    "replica": (lambda issuer, _: claims(iss=issuer.replica_issuer("us-west-2"))(issuer, _), "untrusted_issuer"),
    **{f"sub {sub!r}": (claims(sub=sub), "invalid_claim") for sub in (MISSING, "", None, 7, ["a"])},
    **{f"exp {exp!r}": (claims(exp=exp), "invalid_claim") for exp in (MISSING, "9999999999", True, None, -1, 1e12)},
    **{f"nbf {nbf!r}": (claims(nbf=nbf), "invalid_claim") for nbf in ("0", True, None, -1)},
    **{f"iat {iat!r}": (claims(iat=iat), "invalid_claim") for iat in ("0", True, None, -1)},
    "exp is now": (later(exp=0), "expired"),
    "expired": (later(exp=-3600, iat=-7200), "expired"),
    "nbf ahead": (later(nbf=1), "not_yet_valid"),
    "iat ahead": (later(iat=1), "not_yet_valid"),
    **{f"token_use {use!r}": (claims(token_use=use), "invalid_claim") for use in (MISSING, None, 7, ["access"])},
    "refresh token": (claims(token_use="refresh"), "wrong_token_use"),
    "client of another app": (claims(client_id="stranger"), "wrong_client"),
    "no client": (claims(client_id=MISSING), "wrong_client"),
    "an audience": (claims(aud="https://other.example"), "wrong_audience"),
    "bound": (claims(cnf={"jkt": "x"}), "bound_token"),
    **{
        f"{name} of wrong type": (claims(**{name: value}), "invalid_claim")
        for name, value in {"scope": ["a"], "cognito:groups": "g", "username": 7, "jti": None, "client_id": 7}.items()
    },
    "access as id": (claims(token_use="id"), "wrong_client"),
    "id as access": (
        lambda issuer, iss: issuer.id_token(issuer=iss, claims={"token_use": "access"}),
        "wrong_client",
    ),
}
"""Steps 3 and 4."""

WITHOUT_A_KEY = SHAPES | HEADERS | WRONG_CLAIMS
"""All that is refused before a key is needed."""

WANTED: dict[str, tuple[Mapping[str, Any], str]] = {
    "scope": ({"scopes": ["orders/write"]}, "insufficient_scope"),
    "one scope of two": ({"scopes": ["aws.cognito.signin.user.admin", "orders/write"]}, "insufficient_scope"),
    "group": ({"any_group": ["admins"]}, "insufficient_groups"),
    "use": ({"token_use": "id"}, "wrong_token_use"),
}
"""Step 7: what a call may ask that this token does not give."""
