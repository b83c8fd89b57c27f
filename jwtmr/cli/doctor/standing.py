"""How far an authority has moved, as far as that can be seen from outside. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from jwtmr.cli.doctor.seen import Seen
from jwtmr.cli.doctor.targets import is_moving
from jwtmr.cognito import CognitoUserPool
from jwtmr.issuers import NEVER, Authority, Issuer

UPDATED_HOSTS: Final = "https://issuer-cognito-idp."
"""Of Cognito; whatever else the issuer is called in the settings."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One authority, what was seen of it, and the Unix time."""

    authority: Authority
    looks: tuple[Seen, ...]
    now: float
    others_accept: bool = False
    """Whether another authority of the same settings accepts tokens: then this one may be retired for good."""
    anybody_answers: bool = False
    """Whether a host of any authority answered: then silence is no matter of this machine alone."""

    @property
    def is_pool(self) -> bool:
        """Whether it is a Cognito user pool."""
        return isinstance(self.authority, CognitoUserPool)

    @property
    def moves(self) -> bool:
        """Whether the settings know both the name that it leaves and the one that it takes."""
        return is_moving(self.authority)

    @property
    def asked(self) -> tuple[Seen, ...]:
        """The looks at what the validator asks too."""
        return tuple(look for look in self.looks if look.target.asked_by_validator)

    @property
    def legacy(self) -> tuple[Issuer, ...]:
        """The issuers that it leaves."""
        return tuple(issuer for issuer in self.authority.issuers if issuer.kind == "legacy")

    @property
    def open_windows(self) -> tuple[Issuer, ...]:
        """The legacy issuers that are accepted now."""
        return tuple(issuer for issuer in self.legacy if self.now < issuer.accept_until_unix)

    @property
    def closed_windows(self) -> tuple[Issuer, ...]:
        """The legacy issuers that were accepted once, and are no more."""
        return tuple(
            issuer for issuer in self.legacy if issuer.accept_until != NEVER and self.now >= issuer.accept_until_unix
        )

    @property
    def lost(self) -> bool:
        """Whether the host of the pool's own region does not know it: then no other 4xx tells anything more."""
        return any(look.has_nothing for look in self.looks if look.target.form == "original")

    @property
    def switched(self) -> bool | None:
        """Whether the new issuer is there already; None where nothing tells.

        Keys at an address that somebody wrote into ``jwks_uris`` do not: a mirror has them before the switch as well.
        """
        for look in self.looks:
            if look.target.tells and not self.lost:
                if look.keys is not None:
                    return True if self._is_at_home(look) else None
                return False if look.has_nothing else None
        return None

    def _is_at_home(self, look: Seen) -> bool:
        """Whether the new issuer itself answered."""
        return look.target.url.startswith((f"{self.authority.current_issuer.rstrip('/')}/", UPDATED_HOSTS))

    @property
    def refuses_everything(self) -> bool:
        """Whether every token is refused: the same rule as ``ValidatorStatus`` goes by."""
        if not self.authority.accepts(self.now):
            return True
        return self._has_nothing_new and not self.open_windows

    @property
    def hangs_on_switch(self) -> bool:
        """Whether old tokens are refused, and the new issuer gives no answer that tells whether there are new ones."""
        silent = any(look.target.tells and look.keys is None and not look.has_nothing for look in self.looks)
        return silent and not self.open_windows and self.authority.accepts(self.now)

    @property
    def _has_nothing_new(self) -> bool:
        """Whether the new issuer has nothing to say; of a pool that no host knows it tells nothing."""
        known = not self.lost or self.has_keys
        return known and any(look.target.tells and look.has_nothing for look in self.looks)

    @property
    def has_keys(self) -> bool:
        """Whether some endpoint of the validator gives usable keys."""
        return any(look.keys is not None for look in self.asked)

    @property
    def answered(self) -> bool:
        """Whether any host answered anything."""
        return any(probe.answer is not None for look in self.looks for probe in look.probes)
