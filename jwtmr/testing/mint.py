"""What all issuers can do with their keys: sign anything, rotate, and say what is published."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import Final

from jwtmr.settings import Clock
from jwtmr.testing.claims import changed, lifetime
from jwtmr.testing.clock import unix_time
from jwtmr.testing.keys import KeyRing, SigningKey, base64url
from jwtmr.testing.material import PrivateKey


class Mint:
    """Signs with the keys of a ring. The key of its first role signs what does not name another."""

    def __init__(self, keys: KeyRing, clock: Clock) -> None:
        self.clock: Final = clock
        self._keys: Final = keys

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """The JWK Set of the keys in force (RFC 7517 section 5), as a dict of one's own."""
        return {"keys": [key.jwk for key in self._keys.published]}

    def jwks_at(self, moment: float) -> dict[str, list[dict[str, str]]]:
        """The JWK Set of the keys in force at a moment of the clock's ``monotonic()``; before it began, the first."""
        return {"keys": [key.jwk for key in self._keys.published_at(moment)]}

    def rotate(self, *, keep_old: bool = True) -> None:
        """Sign with new keys from now on. The old ones stay published, or with ``keep_old=False`` do not."""
        self._keys.rotate(keep_old=keep_old)

    def withdraw(self, kid: str) -> None:
        """Publish that key no longer. If it is the one that signs it goes on signing: :meth:`rotate` first."""
        self._keys.withdraw(kid)

    def sign(
        self,
        claims: Mapping[str, object],
        header: Mapping[str, object] | None = None,
        key: SigningKey | None = None,
    ) -> str:
        """Sign exactly these claims under exactly this header; ``None`` is the ``kid`` and ``alg`` of the key.

        The signature is always ``key``'s, by default that of the key which signs access tokens, whatever the header
        says.
        """
        signer = key or self._signer
        members = {"kid": signer.kid, "alg": signer.alg} if header is None else header
        return self.sign_raw(_json(members), _json(claims), signer)

    def sign_raw(self, header: bytes, payload: bytes, key: SigningKey | None = None) -> str:
        """Sign exactly these bytes, which need not be JSON (RFC 7515 section 7.1)."""
        signing_input = f"{base64url(header)}.{base64url(payload)}"
        return f"{signing_input}.{base64url((key or self._signer).sign(signing_input.encode()))}"

    def close(self) -> None:
        """Give the key material to the next issuer. Any number of times."""
        self._keys.close()

    @property
    def _signer(self) -> SigningKey:
        return next(iter(self._keys.signers.values()))

    @property
    def _forger(self) -> SigningKey:
        """A key under the name of the one that signs, with material that is not published."""
        return replace(self._signer, private_key=self._unpublished)

    @cached_property
    def _unpublished(self) -> PrivateKey:
        return self._keys.borrow(self._signer.alg)

    def _lifetime(self, issued_at: datetime | float | None, expires_in: int) -> dict[str, object]:
        return lifetime(self.clock.wall() if issued_at is None else unix_time("issued_at", issued_at), expires_in)

    def _mint(
        self,
        claims: Mapping[str, object],
        changes: Mapping[str, object] | None,
        header: Mapping[str, object] | None,
        key: SigningKey,
        **usual: str,
    ) -> str:
        """Sign ``claims`` with ``changes``, under a usual header, with the members ``usual`` too, and ``header``."""
        return self.sign(changed(claims, changes), changed({"kid": key.kid, "alg": key.alg, **usual}, header), key)


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
