"""Key pairs under the names that they are published with, and the ring of them that an issuer has.

They are generated when first needed, never shipped.
"""

from __future__ import annotations

import base64
import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, cast

from jwt.algorithms import get_default_algorithms

from jwtmr.errors import ConfigurationError
from jwtmr.issuers import ALGORITHMS
from jwtmr.settings import Clock, one_of
from jwtmr.testing.material import Loans, PrivateKey, fits, generate

_ALGORITHMS: Final = get_default_algorithms()


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key pair for one algorithm and the ``kid`` that it is published under.

    ``ConfigurationError`` for an algorithm that jwtmr does not know, or one that the key does not fit.
    """

    kid: str
    private_key: PrivateKey = field(repr=False)
    """RSA of 2048 bits, on the curve that belongs to ``alg``, or Ed25519."""
    alg: str = field(default="RS256", repr=False)
    """The one algorithm that :meth:`sign` uses."""
    named: bool = field(default=True, repr=False)
    """Whether the published JWK names its ``alg``."""

    def __post_init__(self) -> None:
        one_of("alg", self.alg, sorted(ALGORITHMS))
        if not fits(self.private_key, self.alg):
            raise ConfigurationError("private_key", f"must be one that {self.alg} signs with")

    @classmethod
    def generate(cls, alg: str = "RS256", kid: str | None = None, *, named: bool = True) -> SigningKey:
        """Make a key pair that nobody else has. ``kid=None`` draws one as :func:`new_kid` does."""
        return cls(new_kid() if kid is None else kid, generate(alg), alg, named)

    @property
    def jwk(self) -> dict[str, str]:
        """The public half (RFC 7517 section 4, RFC 7518 section 6, RFC 8037 section 2), with its ``use``."""
        public = cast("dict[str, str]", _ALGORITHMS[self.alg].to_jwk(self.private_key.public_key(), as_dict=True))
        public.pop("key_ops", None)  # PyJWT adds it to RSA keys, providers do not
        return {"kid": self.kid, "use": "sig", **({"alg": self.alg} if self.named else {}), **public}

    def sign(self, data: bytes) -> bytes:
        """Return the signature of ``data`` as a token holds it (RFC 7518 sections 3.3 to 3.5, RFC 8037)."""
        return _ALGORITHMS[self.alg].sign(data, self.private_key)


def new_kid() -> str:
    """Draw a ``kid``: 32 random bytes in padded standard base64, always with ``/``, ``+`` and ``=``.

    Those are the characters that code which takes a ``kid`` for base64url, a path or a form field gets wrong.
    """
    while True:
        kid = base64.b64encode(os.urandom(32)).decode()
        if "/" in kid and "+" in kid:
            return kid


class KeyRing:
    """The keys of one issuer: which of them sign, each in a role of its own, and which are published.

    No two open rings draw the same key material; a closed one lends its own to the next, under new names.
    """

    def __init__(
        self, roles: Mapping[str, str], *, clock: Clock, named: bool = True, given: Sequence[SigningKey] = ()
    ) -> None:
        """Publish a new key for each of ``roles``, which say the algorithm, and the keys ``given``.

        Of these the first of each algorithm signs, in a role called like it. ``named``: see :class:`SigningKey`.
        ``clock`` dates each change of what is published.
        """
        self._clock = clock
        self._lock = threading.Lock()
        self._loans = Loans()
        signers = {role: SigningKey(new_kid(), self.borrow(alg), alg, named) for role, alg in roles.items()}
        self._history: list[tuple[float, tuple[SigningKey, ...]]] = []
        self._publish((*signers.values(), *given))
        for key in given:
            signers.setdefault(key.alg, key)
        self._signers: Mapping[str, SigningKey] = signers

    @property
    def signers(self) -> Mapping[str, SigningKey]:
        """The keys that sign now, by role."""
        return self._signers

    @property
    def published(self) -> tuple[SigningKey, ...]:
        """The keys that are published now, the newest first."""
        return self._history[-1][1]

    def published_at(self, moment: float) -> tuple[SigningKey, ...]:
        """The keys that were published at a moment of the clock's ``monotonic()``; before the first, the first."""
        earlier = [keys for since, keys in self._history if since <= moment]
        return earlier[-1] if earlier else self._history[0][1]

    def rotate(self, *, keep_old: bool = True) -> None:
        """Sign with new keys from now on; publish them, and without ``keep_old`` nothing else."""
        fresh = {
            role: replace(key, kid=new_kid(), private_key=self.borrow(key.alg)) for role, key in self._signers.items()
        }
        with self._lock:
            self._signers = fresh
            self._publish((*fresh.values(), *(self.published if keep_old else ())))

    def withdraw(self, kid: str) -> None:
        """Publish that key no longer. It goes on signing if it did."""
        with self._lock:
            left = tuple(key for key in self.published if key.kid != kid)
            if len(left) == len(self.published):
                raise ConfigurationError("kid", "must be one of the published keys")
            self._publish(left)

    def borrow(self, alg: str) -> PrivateKey:
        """Take key material for ``alg`` that no other open ring has."""
        return self._loans.borrow(alg)

    def close(self) -> None:
        """Give the key material back. Tokens can still be minted, but no longer with keys that nobody else has."""
        self._loans.close()

    def _publish(self, keys: tuple[SigningKey, ...]) -> None:
        self._history.append((self._clock.monotonic(), keys))


def base64url(data: bytes) -> str:
    """Base64url without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
