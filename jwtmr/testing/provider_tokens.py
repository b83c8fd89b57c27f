"""Minting for any OIDC provider: RFC 9068 access tokens, ID tokens, and whatever else a provider may call a token."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from jwtmr.errors import ConfigurationError
from jwtmr.settings import Clock, one_of
from jwtmr.testing.claims import SUBJECT, USERNAME, signed_in
from jwtmr.testing.keys import KeyRing, SigningKey
from jwtmr.testing.mint import Mint
from jwtmr.testing.provider_claims import access_claims, id_claims, token_hash, user_claims


class ProviderMint(Mint, ABC):
    """The part of an :class:`OidcIssuer` that signs tokens.

    The parameters that the minting methods share:

    ``subject``, ``username``, ``groups``
        ``sub``, ``preferred_username`` and ``groups``; no name, or no groups, is no such claim.
    ``expires_in``, ``issued_at``
        Seconds from ``iat`` to ``exp``, and ``iat`` itself, by default the clock's present, in whole seconds.
    ``issuer``
        ``iss``; ``None`` is :attr:`url`.
    ``alg``, ``key``
        Which of the issuer's keys signs, by its algorithm, or any key at all; it gives its ``kid``.
    ``claims``, ``header``
        Laid over what the token would hold, whatever their types: ``claims={"scope": MISSING, "scp": ["read"]}``.
    """

    def __init__(self, keys: KeyRing, clock: Clock, client_id: str) -> None:
        super().__init__(keys, clock)
        self.client_id: Final = client_id

    @property
    @abstractmethod
    def url(self) -> str:
        """``iss`` of tokens minted now."""

    @property
    def keys(self) -> tuple[SigningKey, ...]:
        """The published keys."""
        return self._keys.published

    def key(self, alg: str | None = None) -> SigningKey:
        """The key that signs now with ``alg``, or without wishes."""
        if alg is None:
            return self._signer
        one_of("alg", alg, self._keys.signers)
        return self._keys.signers[alg]

    def access_token(
        self,
        *,
        subject: str = SUBJECT,
        username: str | None = USERNAME,
        client_id: str | None = None,
        audience: str | list[str] = "https://api.example.com",
        scopes: list[str] | tuple[str, ...] = (),
        groups: list[str] | tuple[str, ...] = (),
        expires_in: int = 3600,
        issuer: str | None = None,
        issued_at: datetime | float | None = None,
        alg: str | None = None,
        key: SigningKey | None = None,
        claims: Mapping[str, object] | None = None,
        header: Mapping[str, object] | None = None,
    ) -> str:
        """Mint an access token (RFC 9068 section 2), with ``typ`` ``at+jwt``.

        ``scope`` is one string, and absent without scopes.
        """
        usual = access_claims(
            issuer=issuer or self.url, client_id=client_id or self.client_id,
            audience=audience, subject=subject, scopes=scopes,
        )  # fmt: skip
        usual |= user_claims(username, groups) | self._lifetime(issued_at, expires_in)
        return self._mint(usual, claims, header, self._chosen(alg, key), typ="at+jwt")

    def id_token(
        self,
        *,
        subject: str = SUBJECT,
        username: str | None = USERNAME,
        client_id: str | None = None,
        groups: list[str] | tuple[str, ...] = (),
        nonce: str | None = None,
        access_token: str | None = None,
        expires_in: int = 3600,
        issuer: str | None = None,
        issued_at: datetime | float | None = None,
        alg: str | None = None,
        key: SigningKey | None = None,
        claims: Mapping[str, object] | None = None,
        header: Mapping[str, object] | None = None,
    ) -> str:
        """Mint an ID token (OpenID Connect Core 1.0 section 2), with ``typ`` ``JWT``.

        ``client_id`` becomes its ``aud`` and ``azp``. A ``nonce`` is drawn unless given; ``at_hash`` is that of
        ``access_token``, and absent without one.
        """
        signer = self._chosen(alg, key)
        usual = id_claims(
            issuer=issuer or self.url, client_id=client_id or self.client_id, subject=subject, nonce=nonce
        )
        if access_token is not None:
            usual["at_hash"] = token_hash(access_token, signer.alg)
        usual |= user_claims(username, groups) | signed_in(self._lifetime(issued_at, expires_in))
        return self._mint(usual, claims, header, signer, typ="JWT")

    def forged_token(self) -> str:
        """An access token like any other, under a published ``kid``, signed with another key."""
        return self.access_token(key=self._forger)

    def _chosen(self, alg: str | None, key: SigningKey | None) -> SigningKey:
        if alg is not None and key is not None:
            raise ConfigurationError("alg", "must not be given together with key, which has its own")
        return self.key(alg) if key is None else key
