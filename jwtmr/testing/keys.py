"""Key pairs shaped like those of a Cognito user pool. Generated when first needed, never shipped."""

from __future__ import annotations

import base64
import os
import threading
from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

from jwtmr.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An RSA-2048 key pair for RS256 and the ``kid`` that it is published under."""

    kid: str
    private_key: RSAPrivateKey = field(repr=False)

    @classmethod
    def generate(cls) -> SigningKey:
        """Make a key pair that nobody else has, with a ``kid`` of its own."""
        return cls(new_kid(), _generate())

    @property
    def jwk(self) -> dict[str, str]:
        """The public half, with the members that Cognito publishes (RFC 7517 section 4, RFC 7518 section 6.3.1)."""
        numbers = self.private_key.public_key().public_numbers()
        return {
            "alg": "RS256",
            "e": _base64url_number(numbers.e),
            "kid": self.kid,
            "kty": "RSA",
            "n": _base64url_number(numbers.n),
            "use": "sig",
        }

    def sign(self, data: bytes) -> bytes:
        """Return the RS256 signature of ``data`` (RFC 7518 section 3.3)."""
        return self.private_key.sign(data, PKCS1v15(), SHA256())


def new_kid() -> str:
    """Draw a ``kid``: 32 random bytes in padded standard base64, always with ``/``, ``+`` and ``=``.

    Those are the characters that code which takes a ``kid`` for base64url, a path or a form field gets wrong.
    """
    while True:
        kid = base64.b64encode(os.urandom(32)).decode()
        if "/" in kid and "+" in kid:
            return kid


class KeyRing:
    """The keys of one pool: one signs access tokens, another one ID tokens; and which of its keys it publishes.

    No two open rings hold the same key material. A closed one gives its key pairs back, to be used by the next under
    new names, because making one takes about 50 ms: that is most of what a test would wait for.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._borrowed: list[RSAPrivateKey] = []
        self.access: SigningKey = SigningKey(new_kid(), self.borrow())
        self.id: SigningKey = SigningKey(new_kid(), self.borrow())
        self._published: tuple[SigningKey, ...] = (self.id, self.access)

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """The JWK Set of the published keys (RFC 7517 section 5)."""
        return {"keys": [key.jwk for key in self._published]}

    def rotate(self, *, keep_old: bool = True) -> None:
        """Sign with two new keys from now on; publish them, and without ``keep_old`` nothing else."""
        access, id_ = (SigningKey(new_kid(), self.borrow()) for _ in range(2))
        with self._lock:
            self.access, self.id = access, id_
            self._published = (id_, access, *(self._published if keep_old else ()))

    def withdraw(self, kid: str) -> None:
        """Publish that key no longer. It goes on signing if it did."""
        with self._lock:
            left = tuple(key for key in self._published if key.kid != kid)
            if len(left) == len(self._published):
                raise ConfigurationError("kid", "must be one of the published keys")
            self._published = left

    def borrow(self) -> RSAPrivateKey:
        """Take key material that no other open ring has."""
        private_key = _DEPOT.take()
        with self._lock:
            self._borrowed.append(private_key)
        return private_key

    def close(self) -> None:
        """Give the key material back. Tokens can still be minted, but no longer with keys that nobody else has."""
        with self._lock:
            _DEPOT.give_back(self._borrowed)
            self._borrowed = []


class _Depot:
    """The private keys of this process that no ring holds at the moment."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._free: list[RSAPrivateKey] = []

    def take(self) -> RSAPrivateKey:
        with self._lock:
            if self._free:
                return self._free.pop()
        return _generate()

    def give_back(self, private_keys: list[RSAPrivateKey]) -> None:
        with self._lock:
            self._free.extend(private_keys)


_DEPOT: Final = _Depot()


def _generate() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


def _base64url_number(number: int) -> str:
    """Base64urlUInt of RFC 7518 section 2."""
    return base64url(number.to_bytes((number.bit_length() + 7) // 8, "big"))


def base64url(data: bytes) -> str:
    """Base64url without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
