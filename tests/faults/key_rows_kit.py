"""What the tests of key sets, rotations, floods and regions share."""

from __future__ import annotations

import base64
import gc
import json
import logging
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from fire_kit import HTTP_GET, eventually, own_threads

from jwtmr import UNCHECKED, OidcProvider, TokenValidator
from jwtmr.testing import OidcIssuer, RegionalIssuer, SettableClock

Making: TypeAlias = Callable[..., TokenValidator]
"""What the fixture ``make`` is."""

LIFETIME: Final = 900
"""Seconds: the ``max_age`` of a test issuer, and the longest lifetime of a set."""
MARGIN: Final = 5
"""Seconds that a test may take in earnest before a moment at which it looks."""
BEFORE_REFRESH: Final = 630 - MARGIN
AFTER_REFRESH: Final = 810
"""Seconds. A set with that lifetime is asked for again at an age of 80 % of it, give or take 10 %."""
MAX_STALE: Final = 3600
"""Seconds for which keys serve without their endpoint."""
COOLDOWN: Final = 30
"""Seconds until one more walk for an unknown ``kid`` may take off."""


@dataclass(frozen=True)
class Forger:
    """Signs as a ``SigningKey`` does, with RSA keys that one refuses to be."""

    kid: str
    private_key: rsa.RSAPrivateKey
    alg: str = "RS256"

    def sign(self, data: bytes) -> bytes:
        """RS256."""
        return self.private_key.sign(data, PKCS1v15(), SHA256())

    def jwk(self, **more: object) -> dict[str, object]:
        """The public half."""
        public = self.private_key.public_key().public_numbers()
        return {"kid": self.kid, "kty": "RSA", "n": number(public.n), "e": number(public.e), **more}


@lru_cache
def rsa_key(bits: int, exponent: int = 65537) -> rsa.RSAPrivateKey:
    """One for the whole run."""
    return rsa.generate_private_key(public_exponent=exponent, key_size=bits)


def number(value: int) -> str:
    """As RFC 7518 section 2 writes it."""
    return b64url(value.to_bytes((value.bit_length() + 7) // 8))


def b64url(data: bytes) -> str:
    """Without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def with_header(token: str, **header: object) -> str:
    """``token`` under another header. Its signature is good no more, and costs nothing."""
    return ".".join([b64url(json.dumps({"alg": "RS256", **header}).encode()), *token.split(".")[1:]])


def with_claims(token: str, **claims: object) -> str:
    """``token`` with these claims laid over its own. Its signature is good no more, and costs nothing."""
    head, payload, signature = token.split(".")
    known: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=="))
    return ".".join([head, b64url(json.dumps({**known, **claims}).encode()), signature])


def at_rest() -> None:
    """Wait until everything that was in the air has landed."""
    eventually(lambda: not own_threads(), "the library is not at rest")


def later(clock: SettableClock, seconds: float) -> None:
    """Let time pass, though not while something is in the air: that would be a process which was frozen."""
    at_rest()
    clock.advance(seconds)


def pass_time(clock: SettableClock, validator: TokenValidator, seconds: float) -> None:
    """Let time pass, have those asked that are due, and wait for what they say."""
    later(clock, seconds)
    validator.status()
    at_rest()


def asked(pool: RegionalIssuer) -> list[int]:
    """How often each endpoint that has a name was asked, in the order of precedence."""
    counted = Counter(request.url for request in pool.requests())
    return [counted[url] for url in pool.jwks_uris]


def warned(caplog: pytest.LogCaptureFixture, words: str) -> list[str]:
    """The warnings with these words."""
    lines = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    return [line for line in lines if words in line]


class Memory:
    """What the process has more of than when this was made."""

    def __init__(self) -> None:
        self._blocks, self._bytes = _blocks(), _resident()

    @property
    def blocks(self) -> int:
        """Of Python's allocator: a text or a number that is kept is one."""
        return _blocks() - self._blocks

    @property
    def resident(self) -> int:
        """Bytes. Where nobody can tell, none."""
        return _resident() - self._bytes


def _blocks() -> int:
    gc.collect()
    return sys.getallocatedblocks()


def _resident() -> int:
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) * resource.getpagesize() if statm.exists() else 0


class Stopwatch:
    """Time on the processor: what others do on this machine is not in it."""

    def __init__(self) -> None:
        self._began = time.process_time()

    @property
    def seconds(self) -> float:
        """Of all threads of this process, so far."""
        return time.process_time() - self._began


@contextmanager
def provider_validator(issuer: OidcIssuer, **options: Any) -> Iterator[TokenValidator]:  # noqa: ANN401 - the validator's
    """A validator for access tokens of a provider, whichever of its algorithms they are signed with."""
    provider = OidcProvider(
        issuer.url, audience=UNCHECKED, client_ids=UNCHECKED, token_type="at+jwt", algorithms=["RS256", "ES256"]
    )
    with closing(TokenValidator(provider, **{"clock": issuer.clock, "http_get": HTTP_GET, **options})) as validator:
        yield validator
    at_rest()
