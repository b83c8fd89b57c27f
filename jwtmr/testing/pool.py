"""The names of a user pool: its id, its client, its regions, and the issuers that follow from them."""

from __future__ import annotations

import secrets
import string
from typing import Final, Literal, TypeAlias

from jwtmr.errors import ConfigurationError
from jwtmr.settings import names, one_of

HostForm: TypeAlias = Literal["updated", "original"]
"""Which host of a region: ``issuer-cognito-idp…`` (updated, multi-Region) or ``cognito-idp…`` (original, regional)."""

HOST_FORMS: Final[tuple[HostForm, ...]] = ("updated", "original")


class UserPool:
    """What one pool and its issuers are called. The first region is the primary one; its name begins the pool's id."""

    def __init__(
        self,
        regions: list[str] | tuple[str, ...],
        *,
        user_pool_id: str | None = None,
        client_id: str | None = None,
    ) -> None:
        """Ids that are not given are drawn, in Cognito's shape."""
        self.regions: Final = names("regions", regions)
        self.user_pool_id: Final = user_pool_id or f"{self.primary_region}_{_draw(9, string.ascii_letters)}"
        self.client_id: Final = client_id or _draw(26, string.ascii_lowercase)
        if not self.user_pool_id.startswith(f"{self.primary_region}_"):
            raise ConfigurationError("user_pool_id", "must begin with the first of the regions and an underscore")

    @property
    def primary_region(self) -> str:
        """The region that both issuers name."""
        return self.regions[0]

    @property
    def replica_regions(self) -> tuple[str, ...]:
        """The other regions."""
        return self.regions[1:]

    @property
    def original_issuer(self) -> str:
        """The regional issuer."""
        return f"https://cognito-idp.{self.primary_region}.amazonaws.com/{self.user_pool_id}"

    @property
    def updated_issuer(self) -> str:
        """The multi-Region issuer. It names the primary region, whichever region minted the token."""
        return f"https://issuer-cognito-idp.{self.primary_region}.amazonaws.com/{self.user_pool_id}"

    def replica_issuer(self, region: str) -> str:
        """The original form with a replica's region, which replicas have been seen to put into tokens."""
        one_of("region", region, self.replica_regions)
        return f"https://cognito-idp.{region}.amazonaws.com/{self.user_pool_id}"


def _draw(length: int, letters: str) -> str:
    return "".join(secrets.choice(letters + string.digits) for _ in range(length))
