"""What every refusal must keep to itself, and the compact form by hand."""

from __future__ import annotations

import base64
import json

from jwtmr import AuthError

MARKER = "Zebra7Marker"
"""Stands in tokens where an attacker would write; must stand nowhere else."""


def base64url(data: bytes) -> str:
    """Base64url without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def compact(header: bytes = b"{}", payload: bytes = b"{}", signature: bytes = b"signature") -> str:
    """The compact form of these bytes (RFC 7515 section 7.1); nothing is signed."""
    return ".".join(base64url(part) for part in (header, payload, signature))


def as_json(value: object) -> bytes:
    """``value`` as a sender would write it."""
    return json.dumps(value, separators=(",", ":")).encode()


def assert_silent(error: AuthError, *secrets: object) -> None:
    """The public text is the fixed one of the class, and neither the detail nor what led here quotes the token."""
    assert str(error) == type(error).message
    assert error.args == (type(error).message,)
    led_here: list[BaseException] = [cause for cause in (error.__cause__, error.__context__) if cause is not None]
    said = " ".join([error.detail, *(repr(cause.args) for cause in led_here)])
    for secret in (MARKER, base64url(MARKER.encode()), *secrets):
        text = str(secret)
        assert len(text) < 4 or text not in said
