"""Minting: the tokens of a user pool, right ones and wrong ones. No server is needed for it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property

from jwtmr.settings import Clock
from jwtmr.testing.claims import (
    SIGN_IN_SCOPE,
    SUBJECT,
    USERNAME,
    access_claims,
    id_claims,
    machine_claims,
    signed_in,
)
from jwtmr.testing.clock import SYSTEM_CLOCK
from jwtmr.testing.keys import KeyRing, SigningKey
from jwtmr.testing.mint import Mint
from jwtmr.testing.pool import UserPool


class TokenMint(UserPool, Mint):
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
        UserPool.__init__(self, regions, user_pool_id=user_pool_id, client_id=client_id)
        Mint.__init__(self, KeyRing({"access": "RS256", "id": "RS256"}, clock=clock), clock)
        self._switched = False

    @property
    def current_issuer(self) -> str:
        """``iss`` of tokens minted now: the original issuer, or after the switch the updated one."""
        return self.updated_issuer if self._switched else self.original_issuer

    @property
    def access_key(self) -> SigningKey:
        """Signs access tokens now."""
        return self._keys.signers["access"]

    @property
    def id_key(self) -> SigningKey:
        """Signs ID tokens now."""
        return self._keys.signers["id"]

    @property
    def access_kid(self) -> str:
        """``kid`` of access tokens minted now."""
        return self.access_key.kid

    @property
    def id_kid(self) -> str:
        """``kid`` of ID tokens minted now."""
        return self.id_key.kid

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
        usual |= self._signed_in(issued_at, expires_in)
        return self._mint(usual, claims, header, key or self.access_key)

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
        usual |= self._signed_in(issued_at, expires_in)
        return self._mint(usual, claims, header, key or self.id_key)

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
        usual |= self._signed_in(issued_at, expires_in)
        return self._mint(usual, claims, header, key or self.access_key)

    def forged_token(self) -> str:
        """An access token like any other, under a published ``kid``, signed with another key."""
        return self.access_token(key=self._forger)

    def foreign_token(self) -> str:
        """An access token of another pool in the same regions, for the same client, signed with that pool's key."""
        issuer = self._foreign.updated_issuer if self._switched else self._foreign.original_issuer
        return self._foreign.access_token(issuer=issuer)

    def close(self) -> None:
        """Give the key material to the next issuer. Any number of times."""
        if "_foreign" in self.__dict__:
            self._foreign.close()
        super().close()

    @cached_property
    def _foreign(self) -> TokenMint:
        return TokenMint(self.regions, client_id=self.client_id, clock=self.clock)

    def _signed_in(self, issued_at: datetime | float | None, expires_in: int) -> dict[str, object]:
        """The times of a token that comes straight from signing in, as all of a test do."""
        return signed_in(self._lifetime(issued_at, expires_in))
