"""A small world for the tests of the whole validator: one pool, a clock, and what each refusal means."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest

from jwtmr import AuthError, Event, Principal, TokenValidator
from jwtmr.http import httpx_get
from jwtmr.testing import RegionalIssuer, SettableClock

HTTP_GET = httpx_get()
"""One for all validators of these tests: reading the CA certificates takes longer than a validation."""


class Recorder:
    """An observer that keeps what it is told."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def on_event(self, event: Event, /) -> None:
        """Keep ``event``."""
        self.events.append(event)

    def of(self, kind: type[Event]) -> list[Any]:
        """The events of one kind, and forget everything."""
        found = [event for event in self.events if isinstance(event, kind)]
        self.events.clear()
        return found


def clock_of(issuer: RegionalIssuer) -> SettableClock:
    """The settable clock that ``issuer`` was made with."""
    assert isinstance(issuer.clock, SettableClock)
    return issuer.clock


def decoded(part: str) -> dict[str, Any]:
    """The JSON object in one part of a token."""
    value: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return value


def claims_of(token: str) -> dict[str, Any]:
    """The claims of a token, unverified."""
    return decoded(token.split(".")[1])


def as_json(value: object) -> bytes:
    """``value`` without blanks."""
    return json.dumps(value, separators=(",", ":")).encode()


def ask(validator: TokenValidator, token: object, how: str, **wanted: object) -> Principal:
    """Validate by threads or by asyncio."""
    if how == "sync":
        return validator.validate(token, **wanted)
    return asyncio.run(validator.validate_async(token, **wanted))


def refusal(validator: TokenValidator, token: object, how: str = "sync", **wanted: object) -> AuthError:
    """The refusal of ``token``, which must be one."""
    with pytest.raises(AuthError) as caught:
        ask(validator, token, how, **wanted)
    return caught.value


def code_of(validator: TokenValidator, token: object, how: str = "sync", **wanted: object) -> str | None:
    """The code of the refusal, or None where the token is accepted."""
    try:
        principal = ask(validator, token, how, **wanted)
    except AuthError as error:
        return error.code
    assert isinstance(principal, Principal)
    return None


def spliced(text: bytes, member: bytes) -> bytes:
    """A JSON object with ``member`` written into its end, whatever it already holds."""
    return text[:-1] + b"," + member + b"}"


def merged(token: str, **changes: object) -> Mapping[str, object]:
    """The claims of ``token`` with these laid over them."""
    return {**claims_of(token), **changes}
