"""The tokens of the soak: one kind for each way in which a token is good or bad, minted from the keys of a pool."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Final

from soak_facts import Token

from jwtmr.testing import RegionalIssuer, SigningKey

SHARES: Final = {
    "valid": 30, "former": 20, "legacy": 8, "short": 4, "expired": 5, "forged": 8, "posed": 4, "foreign": 5,
    "client": 4, "bogus": 0,
}  # fmt: skip
"""How often each kind is drawn, in parts. ``soak_traffic`` tells what they are called in the end."""
FLOODS: Final = (1, 4, 16)
"""The parts of bogus tokens in a life: with the least a new key is found at once, with the most they hide it."""
VARIANTS: Final = 4
"""Tokens of one kind and key, each with a subject of its own."""
LATEST: Final = 0.5
"""The share of former keys that is from before the last rotation."""
AGAIN: Final = 0.3
"""The share of bogus kids that somebody has sent before."""
DAY: Final = 86400


@dataclass(frozen=True, slots=True)
class Pair:
    """The keys that sign at the same time."""

    access: SigningKey
    id: SigningKey


class Purse:
    """Mints tokens, and keeps them for later. Any thread may take one.

    ``posed`` tokens are signed by somebody whose key a lying endpoint publishes under the kid of the pool's own: where
    that endpoint is believed they are good, and the pool's own are not.
    """

    def __init__(self, pool: RegionalIssuer, legacy_ends: float, *, bogus: int) -> None:
        self.pool: Final = pool
        self.pairs = [Pair(pool.access_key, pool.id_key)]
        self.forger: Final = SigningKey.generate()
        self.poser: Final = SigningKey.generate()
        self._legacy_ends = legacy_ends
        self.shares = SHARES | {"bogus": bogus}
        self._kept: dict[object, Token] = {}
        self._bogus_kids: list[str] = ["nobody/knows+me=="]
        self.published = self._published()
        self._makers: dict[str, Callable[[Random], Token]] = {
            kind: getattr(self, f"_{kind}") for kind in SHARES
        }  # fmt: skip

    def rotate(self, *, keep_old: bool) -> None:
        """Have the pool sign with other keys."""
        self.pool.rotate(keep_old=keep_old)
        self.pairs.append(Pair(self.pool.access_key, self.pool.id_key))
        self.published = self._published()

    def withdraw(self, back: int) -> int:
        """Have the pool publish that many pairs before the present one no longer; how many keys that were."""
        pair = self.pairs[max(0, len(self.pairs) - 1 - back)]
        gone = [kid for kid in (pair.access.kid, pair.id.kid) if kid in self.published]
        for kid in gone:
            self.pool.withdraw(kid)
        self.published = self._published()
        return len(gone)

    def _published(self) -> set[str]:
        """The kids that the pool itself publishes now."""
        return {key["kid"] for key in self.pool.jwks()["keys"]}

    def take(self, random: Random) -> Token:
        """Draw a kind, and a token of it."""
        shares = self.shares
        (kind,) = random.choices([*shares], [*shares.values()])
        return self._makers[kind](random)

    # -- the kinds ----------------------------------------------------------------------------------------------------

    def _valid(self, random: Random) -> Token:
        return self._good("valid", random, self.pairs[-1])

    def _former(self, random: Random) -> Token:
        pairs = self.pairs[-5:-1] or self.pairs
        pair = pairs[-1] if random.random() < LATEST else random.choice(pairs)
        return self._good("former" if pair.access.kid in self.published else "withdrawn", random, pair)

    def _legacy(self, random: Random) -> Token:
        kind = "retired" if self.pool.clock.wall() >= self._legacy_ends else "legacy"
        return self._good(kind, random, self.pairs[-1], issuer=self.pool.original_issuer)

    def _short(self, random: Random) -> Token:
        return self._good("short", random, self.pairs[-1], lasts=random.choice((60, 200, 600)), linger=120)

    def _expired(self, random: Random) -> Token:
        return self._good("expired", random, self.pairs[-1], lasts=-random.choice((31, 300, 5000)), linger=DAY)

    def _forged(self, random: Random) -> Token:
        return self._signed_by("forged", self.forger, random)

    def _posed(self, random: Random) -> Token:
        return self._signed_by("posed", self.poser, random)

    def _foreign(self, random: Random) -> Token:
        def make() -> Token:
            return Token("foreign", self.pool.foreign_token(), "foreign", "", "foreign", self._in(3600), "")

        return self._keep(("foreign", random.randrange(VARIANTS)), make)

    def _client(self, random: Random) -> Token:
        return replace(self._good("client", random, self.pairs[-1], client_id="somebody-else"), right_client=False)

    def _bogus(self, random: Random) -> Token:
        if random.random() < AGAIN:
            kid = random.choice(self._bogus_kids[-20:])
        else:
            kid = f"bogus/{random.getrandbits(64):016x}=="
            self._bogus_kids.append(kid)
        return self._mint("bogus", self.pairs[-1].access, kid, 3600)

    # -- minting ------------------------------------------------------------------------------------------------------

    def _signed_by(self, kind: str, signer: SigningKey, random: Random) -> Token:
        key = random.choice(self.pairs[-2:]).access
        return self._keep(
            (kind, key.kid, random.randrange(VARIANTS)),
            lambda: self._mint(kind, replace(key, private_key=signer.private_key), key.kid, DAY),
        )

    def _good(
        self, kind: str, random: Random, pair: Pair, *, lasts: int | None = None, linger: float = 0, **names: str
    ) -> Token:
        """A token of a kind that is kept, and used until ``linger`` seconds after its end."""
        use = random.choice(("access", "access", "id"))
        key = pair.access if use == "access" else pair.id
        seconds = random.choice((3600, DAY)) if lasts is None else lasts
        name = (kind, key.kid, seconds, random.randrange(VARIANTS), self.pool.current_issuer)
        return self._keep(name, lambda: self._mint(kind, key, key.kid, seconds, use=use, **names), linger)

    def _keep(self, name: object, make: Callable[[], Token], linger: float = 0) -> Token:
        token = self._kept.get(name)
        if token is None or token.expires + linger < self.pool.clock.wall():
            token = self._kept[name] = make()
        return token

    def _mint(self, kind: str, key: SigningKey, kid: str, lasts: int, *, use: str = "access", **names: str) -> Token:
        """Sign one. Where ``lasts`` is negative it ended so many seconds ago; ``names`` are issuer and client."""
        mint = self.pool.access_token if use == "access" else self.pool.id_token
        issuer, client = names.get("issuer", self.pool.current_issuer), names.get("client_id", self.pool.client_id)
        issued, subject = self.pool.clock.wall() - max(0, -lasts) - 1, f"user-{Random().getrandbits(64):016x}"
        text = mint(
            key=key, header={"kid": kid}, subject=subject, issuer=issuer, client_id=client,
            expires_in=max(1, lasts), issued_at=issued,
        )  # fmt: skip
        whose = "legacy" if issuer == self.pool.original_issuer else "current"
        return Token(kind, text, kid, key.jwk["n"], whose, issued + max(1, lasts), subject)

    def _in(self, seconds: float) -> float:
        return self.pool.clock.wall() + seconds
