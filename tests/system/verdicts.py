"""What a validator says of a token, asked both ways, and what a token says of itself, read without jwtmr."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import pytest

from jwtmr import AuthError, Principal, TokenValidator


def accepted(validator: TokenValidator, token: str, *, scopes: tuple[str, ...] = ()) -> Principal:
    """The principal of ``token``; ``validate`` and ``validate_async`` agree on it."""
    principal = validator.validate(token, scopes=scopes)
    other = asyncio.run(validator.validate_async(token, scopes=scopes))
    for name in ("subject", "issuer", "token_issuer", "issuer_kind", "client_id", "scopes", "claims"):
        assert getattr(principal, name) == getattr(other, name)
    return principal


def refusal(validator: TokenValidator, token: str, *, scopes: tuple[str, ...] = ()) -> str:
    """The code that ``validate`` and ``validate_async`` both refuse ``token`` with."""
    with pytest.raises(AuthError) as caught:
        validator.validate(token, scopes=scopes)
    with pytest.raises(AuthError) as caught_async:
        asyncio.run(validator.validate_async(token, scopes=scopes))
    assert caught.value.code == caught_async.value.code
    return caught.value.code


def header_of(token: str) -> dict[str, Any]:
    """The header of ``token``."""
    return _decoded(token.split(".", maxsplit=1)[0])


def claims_of(token: str) -> dict[str, Any]:
    """What ``token`` says."""
    return _decoded(token.split(".")[1])


def tampered(token: str, **claims: object) -> str:
    """``token`` with these claims changed, or else with another first character of its signature."""
    header, payload, signature = token.split(".")
    if claims:
        changed = json.dumps(claims_of(token) | claims).encode()
        payload = base64.urlsafe_b64encode(changed).rstrip(b"=").decode()
    else:
        signature = ("A" if signature[0] != "A" else "B") + signature[1:]
    return f"{header}.{payload}.{signature}"


def _decoded(part: str) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return decoded
