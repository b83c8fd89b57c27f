"""What a verified token says.

``Principal`` is a plain class, on purpose neither a dataclass nor anything that pydantic understands: FastAPI takes a
dataclass parameter whose ``Annotated`` was forgotten for the request body, and the caller logs himself in. A plain
class fails when the route is registered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Never

import msgspec

from jwtmr._strictjson import object_of
from jwtmr.errors import AuthError, InsufficientGroups, InsufficientScope, WrongTokenUse
from jwtmr.issuers import Authority, ClaimRules, Issuer
from jwtmr.settings import TOKEN_USES, IssuerKind, Names, TokenUse, names, one_of


class VerifiedFacts(msgspec.Struct, frozen=True, gc=False):
    """What a principal is made of. Internal: whoever makes one vouches that the payload has been **verified**.

    The garbage collector does not look into it, so nothing in here leads to a validator.
    """

    authority: Authority
    issuer: Issuer
    rules: ClaimRules
    payload: Mapping[str, Any]
    payload_bytes: bytes
    tell: Callable[[AuthError], None] | None = None
    """Hears what more was asked of the principal in vain."""


class Principal:
    """Who calls, as said by a token that passed every check.

    Made by ``TokenValidator``; in tests by ``jwtmr.testing.make_principal``. Equality is identity, and it cannot be
    pickled: a stored one would outlive its token.
    """

    __slots__ = ("__weakref__", "_claims", "_facts")

    def __init__(self, facts: VerifiedFacts) -> None:
        if type(facts) is not VerifiedFacts:
            raise TypeError("a Principal is made by TokenValidator.validate, in tests by jwtmr.testing.make_principal")
        self._facts = facts
        self._claims: dict[str, Any] | None = None

    def __reduce__(self) -> Never:
        raise TypeError("a Principal cannot be pickled or copied")

    def __repr__(self) -> str:
        return f"<Principal authority={self._facts.authority.id!r} issuer_kind={self.issuer_kind!r}>"

    @property
    def subject(self) -> str:
        """``sub``: unique within :attr:`issuer`."""
        return str(self._facts.payload["sub"])

    @property
    def issuer(self) -> str:
        """The stable issuer: the same before, during and after the issuer moved. Key users on ``(issuer, subject)``."""
        return self._facts.authority.stable_issuer

    @property
    def token_issuer(self) -> str:
        """``iss`` as the token says it."""
        return self._facts.issuer.url

    @property
    def issuer_kind(self) -> IssuerKind:
        """Whether the token names a current or a legacy issuer."""
        return self._facts.issuer.kind

    @property
    def issuer_region(self) -> str | None:
        """The region that the issuer's name stands for, as configured."""
        return self._facts.issuer.region

    @property
    def client_id(self) -> str | None:
        """The client that the token was issued to: ``client_id`` of access tokens, ``aud`` of Cognito's ID tokens."""
        return self._text(self._facts.rules.client_claim)

    @property
    def username(self) -> str | None:
        """The user's name; machines have none."""
        return self._text(self._facts.rules.username_claim)

    @property
    def token_id(self) -> str | None:
        """``jti`` (RFC 7519 section 4.1.7)."""
        return self._text("jti")

    @property
    def token_use(self) -> TokenUse | None:
        """``"access"`` or ``"id"``, by ``token_use`` or the ``typ`` that is asked for; None where neither says."""
        return self._facts.rules.token_use

    @property
    def scopes(self) -> frozenset[str]:
        """The granted scopes (RFC 6749 section 3.3), however the provider lists them."""
        name = self._facts.rules.scope_claim
        granted = self._facts.payload.get(name) if name else None
        if not granted:
            return frozenset()
        return frozenset(granted.split(" ") if type(granted) is str else granted) - {""}

    @property
    def groups(self) -> frozenset[str]:
        """The user's groups."""
        name = self._facts.rules.groups_claim
        return frozenset(self._facts.payload.get(name, ())) if name else frozenset()

    @property
    def expires_at(self) -> datetime:
        """``exp``, aware, in UTC."""
        return datetime.fromtimestamp(self._facts.payload["exp"], UTC)

    @property
    def issued_at(self) -> datetime | None:
        """``iat``, aware, in UTC."""
        issued = self._facts.payload.get("iat")
        return None if issued is None else datetime.fromtimestamp(issued, UTC)

    @property
    def claims(self) -> dict[str, Any]:
        """All claims, decoded afresh for this principal: changing them changes nobody else's."""
        if self._claims is None:
            self._claims = object_of(self._facts.payload_bytes) or {}
        return self._claims

    def require(self, *, scopes: Names = (), any_group: Names | None = None, token_use: TokenUse | None = None) -> None:
        """Raise unless **all** ``scopes`` are granted, the user is in **one** of the groups, and the use is as asked.

        :class:`InsufficientScope` or :class:`InsufficientGroups` (403), :class:`WrongTokenUse` (401);
        :class:`ConfigurationError` for a bare string or for no group at all. Observers of the validator are told.
        Out of a view, adapters answer it as any other refusal.
        """
        wanted = frozenset(names("scopes", scopes, allow_empty=True))
        groups = None if any_group is None else frozenset(names("any_group", any_group))
        if token_use is not None:
            one_of("token_use", token_use, TOKEN_USES)
        missing = self._missing(wanted, groups, token_use)
        if missing is not None:
            missing.asked_of = self
            if self._facts.tell is not None:
                self._facts.tell(missing)
            try:
                raise missing
            finally:
                del missing  # its traceback leads here: whatever it passes would be kept until garbage is collected

    def _missing(
        self, scopes: frozenset[str], any_group: frozenset[str] | None, token_use: TokenUse | None
    ) -> AuthError | None:
        if not scopes <= self.scopes:
            return InsufficientScope("a required scope is not granted", required_scopes=scopes)
        if any_group is not None and self.groups.isdisjoint(any_group):
            return InsufficientGroups("in none of the required groups")
        if token_use is not None and token_use != self._facts.rules.token_use:
            return WrongTokenUse("the call asks for another token use")
        return None

    def _text(self, name: str | None) -> str | None:
        return self._facts.payload.get(name) if name else None
