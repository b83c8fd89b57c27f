"""Which token is wanted, and how a pool mints it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from jwtmr.cli.simulate.faults import stranger
from jwtmr.cli.simulate.words import DAY, ISSUERS, KINDS
from jwtmr.errors import ConfigurationError
from jwtmr.settings import one_of
from jwtmr.testing.claims import SIGN_IN_SCOPE, USERNAME
from jwtmr.testing.keys import SigningKey
from jwtmr.testing.tokens import TokenMint

HOUR: Final = 3600

_USUAL_SCOPES: Final = {"access": (SIGN_IN_SCOPE,), "forged": (SIGN_IN_SCOPE,), "machine": ("orders/read",)}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A token to mint."""

    kind: str = "access"
    issuer: str = "now"
    username: str = ""
    """Empty: the usual one."""
    groups: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    """Empty: the usual ones."""
    expires_in: int = HOUR
    """Seconds from now, up to a day either way. Validators forgive 30 seconds or so."""


def mint(pool: TokenMint, wanted: Wanted) -> str:
    """Mint it. :class:`ConfigurationError` for what that kind of token cannot have."""
    _check(pool, wanted)
    if wanted.kind == "foreign":
        return pool.foreign_token()
    issuer = _issuer(pool, wanted.issuer)
    expires_in, issued_at = _times(pool, wanted.expires_in)
    if wanted.kind == "machine":
        return pool.machine_token(scopes=_scopes(wanted), issuer=issuer, expires_in=expires_in, issued_at=issued_at)
    username = wanted.username or USERNAME
    if wanted.kind == "id":
        return pool.id_token(
            username=username, groups=wanted.groups, issuer=issuer, expires_in=expires_in, issued_at=issued_at
        )
    return pool.access_token(
        username=username, groups=wanted.groups, scopes=_scopes(wanted), issuer=issuer, expires_in=expires_in,
        issued_at=issued_at, key=_forger(pool) if wanted.kind == "forged" else None,
    )  # fmt: skip


def _check(pool: TokenMint, wanted: Wanted) -> None:
    one_of("kind", wanted.kind, KINDS)
    one_of("issuer", wanted.issuer, (*ISSUERS, *pool.replica_regions))
    if not -DAY <= wanted.expires_in <= DAY:
        raise ConfigurationError("expires_in", f"must be between {-DAY} and {DAY} seconds")
    if wanted.kind == "foreign" and wanted != Wanted(kind="foreign"):
        raise ConfigurationError("kind", "foreign tokens come as they are: give nothing else")
    if wanted.kind == "machine" and (wanted.groups or wanted.username):
        raise ConfigurationError("kind", "machine tokens speak for no user: give neither username nor groups")
    if wanted.kind == "id" and wanted.scopes:
        raise ConfigurationError("kind", "id tokens have no scopes: leave those out")


def _issuer(pool: TokenMint, name: str) -> str:
    fixed = {"now": pool.current_issuer, "original": pool.original_issuer, "updated": pool.updated_issuer}
    return fixed.get(name) or pool.replica_issuer(name)


def _scopes(wanted: Wanted) -> tuple[str, ...]:
    return wanted.scopes or _USUAL_SCOPES[wanted.kind]


def _times(pool: TokenMint, expires_in: int) -> tuple[int, float | None]:
    """Lifetime and ``iat``. A token that has expired was issued an hour before it did."""
    return (expires_in, None) if expires_in > 0 else (HOUR, pool.clock.wall() + expires_in - HOUR)


def _forger(pool: TokenMint) -> SigningKey:
    """Somebody else's key under the name of the one that signs."""
    return SigningKey(pool.access_kid, stranger().private_key)
