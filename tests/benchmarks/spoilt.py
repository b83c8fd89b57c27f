"""Tokens that are good but for one thing, by what that is: what a library checks shows in what it refuses."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from jwtmr.testing import MISSING, SigningKey
from jwtmr.testing.keys import base64url
from jwtmr.testing.mint import Mint

MUST_REFUSE: Final = ("forged", "unsigned", "expired", "another client's")
"""Who accepts one of these has not been configured for this job, and is not timed."""

_DAY: Final = 86400
_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

Minting = Callable[..., str]
"""Mints the good token; it takes ``claims``, ``header``, ``key`` and ``issued_at`` as ``jwtmr.testing`` does."""


def spoilt(mint: Mint, key: SigningKey, good: Minting, client_claim: str) -> dict[str, str]:
    """One of each. ``key`` signs the good ones, ``client_claim`` says whom they are for."""
    forger = replace(key, private_key=SigningKey.generate().private_key)
    header, payload = (urlsafe_b64decode(part + "==") for part in good().split(".")[:2])
    return {
        "forged": good(key=forger),
        "unsigned": f"{base64url(json.dumps({**json.loads(header), 'alg': 'none'}).encode())}.{base64url(payload)}.",
        "expired": good(issued_at=int(mint.clock.wall()) - _DAY),
        **{name: good(claims=claims) for name, claims in _by_claims(mint, json.loads(payload), client_claim).items()},
        "typ dpop+jwt": good(header={"typ": "dpop+jwt"}),
        "crit in the header": good(header={"crit": ["exp"]}),
        **_by_bytes(mint, header, payload, good()),
    }


def _by_claims(mint: Mint, said: dict[str, Any], client_claim: str) -> dict[str, dict[str, Any]]:
    tomorrow = int(mint.clock.wall()) + _DAY
    return {
        "another client's": {client_claim: "another-client"},
        "another issuer's": {"iss": said["iss"] + "x"},
        "another API's": {"aud": "https://another.example.com"},
        "without sub": {"sub": MISSING},
        "without exp": {"exp": MISSING},
        "exp a string": {"exp": str(said["exp"])},
        "iat tomorrow": {"iat": tomorrow},
        "nbf tomorrow": {"nbf": tomorrow},
        "bound to a key": {"cnf": {"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}},
        "nested 100 deep": {"deep": json.loads("[" * 100 + "]" * 100)},
        "of 17 kB": {"long": "x" * 13000},
    }


def _by_bytes(mint: Mint, header: bytes, payload: bytes, token: str) -> dict[str, str]:
    return {
        "padded": token + "==",
        "other last bits": token[:-1] + _ALPHABET[_ALPHABET.index(token[-1]) ^ 1],
        "a name twice": mint.sign_raw(header, payload[:-1] + b',"sub":"somebody-else"}'),
        "NaN": mint.sign_raw(header, payload[:-1] + b',"n":NaN}'),
        "UTF-16": mint.sign_raw(header, payload.decode().encode("utf-16")),
    }
