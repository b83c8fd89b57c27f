"""The faults of ``words.FAULTS``, made of those of ``jwtmr.testing.faults``, for one pool at this moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache
from typing import Final

from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from jwtmr.cli.simulate.words import FAULTS
from jwtmr.settings import one_of
from jwtmr.testing.fault import Fault
from jwtmr.testing.faults import (
    age,
    body,
    delay,
    diverge,
    drip,
    gzip_bomb,
    hold,
    huge,
    lag,
    many_headers,
    redirect,
    reset,
    status,
)
from jwtmr.testing.keys import SigningKey
from jwtmr.testing.tokens import TokenMint
from jwtmr.testing.wire import Answer, RecordedRequest

_HTML: Final = "<!doctype html><title>Sign in</title><h1>Sign in to the network</h1>"
_HOUR: Final = 3600
_RETRY_AFTER: Final = 30


@lru_cache(maxsize=1)
def stranger() -> SigningKey:
    """A key that no pool publishes or signs with. One a process, as making one takes 50 ms."""
    return SigningKey.generate()


@lru_cache(maxsize=1)
def _weak_jwk() -> Mapping[str, object]:
    """A key that RFC 7518 section 3.3 forbids, as it says 2048 bits or more."""
    # The weakness is what is played; nothing is ever signed with it.
    private_key = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505
    return {**RSAAlgorithm.to_jwk(private_key.public_key(), as_dict=True), "kid": "weak", "use": "sig", "alg": "RS256"}


def _other_keys(pool: TokenMint) -> Fault:
    return diverge(add=[stranger()], drop=[key["kid"] for key in pool.jwks()["keys"]])


def _clock_behind() -> Fault:
    def answer(_: RecordedRequest, usual: Answer) -> Answer:
        code, headers, content = usual
        if "Date" not in headers:
            return usual
        earlier = parsedate_to_datetime(headers["Date"]) - timedelta(seconds=_HOUR)
        return code, {**headers, "Date": format_datetime(earlier, usegmt=True)}, content

    return Fault(name="clock_behind", text="clock_behind()", answer=answer)


_MAKERS: Final[Mapping[str, Callable[[TokenMint], Fault]]] = {
    "slow": lambda _: delay(3),
    "hold": lambda _: hold(),
    "drip": lambda _: drip(1, of="headers"),
    "reset": lambda _: reset("request"),
    "half": lambda _: reset("body"),
    "error-500": lambda _: status(500),
    "busy-503": lambda _: status(503, retry_after=_RETRY_AFTER),
    "throttle-429": lambda _: status(429, retry_after=_RETRY_AFTER),
    "redirect": lambda _: redirect(),
    "html": lambda _: body(_HTML, content_type="text/html"),
    "no-keys": lambda _: body({"keys": []}),
    "other-keys": _other_keys,
    "old-keys": lambda _: lag(),
    "weak-key": lambda _: diverge(add=[_weak_jwk()]),
    "clock-behind": lambda _: _clock_behind(),
    "stale": lambda _: age(_HOUR),
    "many-headers": lambda _: many_headers(),
    "huge": lambda _: huge(),
    "bomb": lambda _: gzip_bomb(),
}


def fault_of(name: str, pool: TokenMint) -> Fault:
    """Make the fault ``name``, by which records call it too. ``ConfigurationError`` for one that does not exist."""
    one_of("fault", name, FAULTS)
    return replace(_MAKERS[name](pool), name=name)
