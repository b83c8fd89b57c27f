"""Minting: the tokens of a user pool, right ones and wrong ones. No server is needed for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from jwtmr.settings import Clock
from jwtmr.testing.claims import (
    SIGN_IN_SCOPE,
    SUBJECT,
    USERNAME,
    access_claims,
    changed,
    id_claims,
    lifetime,
    machine_claims,
)
from jwtmr.testing.clock import SYSTEM_CLOCK, unix_time
from jwtmr.testing.keys import KeyRing, SigningKey, base64url
from jwtmr.testing.pool import UserPool


class TokenMint(UserPool):
    """A user pool that signs tokens. :class:`RegionalIssuer` is one that publishes its keys as well.

    The parameters that the minting methods share:

    ``expires_in``, ``issued_at``
        Seconds from ``iat`` to ``exp``, and ``iat`` itself, by default the clock's present, in whole seconds.
    ``issuer``
        ``iss``; ``None`` is :attr:`current_issuer`.
    ``key``
        Signs, and gives its ``kid``; by default :attr:`access_key` or :attr:`id_key`.
    ``claims``, ``header``
        Laid over what the token would hold, whatever their types: ``claims={"exp": "soon", "sub": MISSING}``.
    """

    def __init__(
        self,
        regions: list[str] | tuple[str, ...],
        *,
        user_pool_id: str | None = None,
        client_id: str | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """Take two key pairs, which costs about 50 ms each unless a closed issuer left some."""
        super().__init__(regions, user_pool_id=user_pool_id, client_id=client_id)
        self.clock: Final = clock
        self._keys = KeyRing()
        self._switched = False

    @property
    def current_issuer(self) -> str:
        """``iss`` of tokens minted now: the original issuer, or after the switch the updated one."""
        return self.updated_issuer if self._switched else self.original_issuer

    @property
    def access_key(self) -> SigningKey:
        """Signs access tokens now."""
        return self._keys.access

    @property
    def id_key(self) -> SigningKey:
        """Signs ID tokens now."""
        return self._keys.id

    @property
    def access_kid(self) -> str:
        """``kid`` of access tokens minted now."""
        return self._keys.access.kid

    @property
    def id_kid(self) -> str:
        """``kid`` of ID tokens minted now."""
        return self._keys.id.kid

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """The JWK Set of the keys in force, as a dict of one's own."""
        return self._keys.jwks()

    def rotate(self, *, keep_old: bool = True) -> None:
        """Sign with two new keys from now on. The old ones stay published, or with ``keep_old=False`` do not."""
        self._keys.rotate(keep_old=keep_old)

    def withdraw(self, kid: str) -> None:
        """Publish that key no longer. If it is the one that signs it goes on signing: :meth:`rotate` first."""
        self._keys.withdraw(kid)

    def switch_to_updated(self) -> None:
        """Mint under the updated issuer from now on."""
        self._switched = True

    def switch_back(self) -> None:
        """Mint under the original issuer again."""
        self._switched = False

    def access_token(
        self,
        *,
        subject: str = SUBJECT,
        username: str = USERNAME,
        client_id: str | None = None,
        scopes: list[str] | tuple[str, ...] = (SIGN_IN_SCOPE,),
        groups: list[str] | tuple[str, ...] = (),
        expires_in: int = 3600,
        issuer: str | None = None,
        issued_at: datetime | float | None = None,
        key: SigningKey | None = None,
        claims: Mapping[str, object] | None = None,
        header: Mapping[str, object] | None = None,
    ) -> str:
        """Mint an access token of a user."""
        usual = access_claims(
            issuer=issuer or self.current_issuer, client_id=client_id or self.client_id,
            subject=subject, username=username, scopes=scopes, groups=groups,
        )  # fmt: skip
        usual |= self._lifetime(issued_at, expires_in)
        return self._mint(changed(usual, claims), header, key or self.access_key)

    def id_token(
        self,
        *,
        subject: str = SUBJECT,
        username: str = USERNAME,
        client_id: str | None = None,
        groups: list[str] | tuple[str, ...] = (),
        expires_in: int = 3600,
        issuer: str | None = None,
        issued_at: datetime | float | None = None,
        key: SigningKey | None = None,
        claims: Mapping[str, object] | None = None,
        header: Mapping[str, object] | None = None,
    ) -> str:
        """Mint an ID token. ``client_id`` becomes its ``aud``."""
        usual = id_claims(
            issuer=issuer or self.current_issuer, client_id=client_id or self.client_id,
            subject=subject, username=username, groups=groups,
        )  # fmt: skip
        usual |= self._lifetime(issued_at, expires_in)
        return self._mint(changed(usual, claims), header, key or self.id_key)

    def machine_token(
        self,
        *,
        client_id: str | None = None,
        scopes: list[str] | tuple[str, ...] = ("orders/read",),
        expires_in: int = 3600,
        issuer: str | None = None,
        issued_at: datetime | float | None = None,
        key: SigningKey | None = None,
        claims: Mapping[str, object] | None = None,
        header: Mapping[str, object] | None = None,
    ) -> str:
        """Mint an access token that a client got for itself: ``sub`` is the client, and there is no user name."""
        client = client_id or self.client_id
        usual = machine_claims(issuer=issuer or self.current_issuer, client_id=client, scopes=scopes)
        usual |= self._lifetime(issued_at, expires_in)
        return self._mint(changed(usual, claims), header, key or self.access_key)

    def forged_token(self) -> str:
        """An access token like any other, under a published ``kid``, signed with another key."""
        return self.access_token(key=replace(self.access_key, private_key=self._forger))

    def foreign_token(self) -> str:
        """An access token of another pool in the same regions, for the same client, signed with that pool's key."""
        issuer = self._foreign.updated_issuer if self._switched else self._foreign.original_issuer
        return self._foreign.access_token(issuer=issuer)

    def sign(
        self,
        claims: Mapping[str, object],
        header: Mapping[str, object] | None = None,
        key: SigningKey | None = None,
    ) -> str:
        """Sign exactly these claims under exactly this header; ``None`` is ``kid`` and ``alg``, as Cognito has them.

        The signature is always RS256 by ``key``, by default :attr:`access_key`, whatever the header says.
        """
        signer = key or self.access_key
        members = {"kid": signer.kid, "alg": "RS256"} if header is None else header
        return self.sign_raw(_json(members), _json(claims), signer)

    def sign_raw(self, header: bytes, payload: bytes, key: SigningKey | None = None) -> str:
        """Sign exactly these bytes, which need not be JSON (RFC 7515 section 7.1)."""
        signing_input = f"{base64url(header)}.{base64url(payload)}"
        return f"{signing_input}.{base64url((key or self.access_key).sign(signing_input.encode()))}"

    def close(self) -> None:
        """Give the key material to the next issuer. Any number of times."""
        if "_foreign" in self.__dict__:
            self._foreign.close()
        self._keys.close()

    @cached_property
    def _forger(self) -> RSAPrivateKey:
        return self._keys.borrow()

    @cached_property
    def _foreign(self) -> TokenMint:
        return TokenMint(self.regions, client_id=self.client_id, clock=self.clock)

    def _lifetime(self, issued_at: datetime | float | None, expires_in: int) -> dict[str, object]:
        return lifetime(self.clock.wall() if issued_at is None else unix_time("issued_at", issued_at), expires_in)

    def _mint(self, payload: Mapping[str, object], header: Mapping[str, object] | None, key: SigningKey) -> str:
        return self.sign(payload, changed({"kid": key.kid, "alg": "RS256"}, header), key)


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
