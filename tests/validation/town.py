"""Two user pools, three providers and an old house behind one validator: everything that could be taken for another.

``orders`` and ``bills`` are pools of different owners with different clients; ``orders`` was switched and has a window
for its original issuer. ``login`` and ``vendor`` are providers that both publish an ES256 key under the ``kid`` ``1``;
``login`` had another name before. ``plain`` is one whose tokens all say ``typ`` ``JWT``. ``attic`` is where ``vendor``
lived before, with keys of its own, again under ``1``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from validation_kit import HTTP_GET

from jwtmr import CognitoUserPool, LegacyIssuer, OidcProvider, TokenValidator
from jwtmr.testing import OidcIssuer, RegionalIssuer, SettableClock, SigningKey

FORMER: Final = "https://former.example/login"
"""A name that ``login`` had before. Nobody can ask there."""
DAY: Final = timedelta(days=1)
LIFE: Final = 3 * 86400
"""Seconds that every token lasts: longer than any window here."""


@dataclass(frozen=True, slots=True)
class Town:
    """Who lives here. Every house is a real server on loopback."""

    clock: SettableClock
    validator: TokenValidator
    orders: RegionalIssuer
    bills: RegionalIssuer
    login: OidcIssuer
    vendor: OidcIssuer
    plain: OidcIssuer
    attic: OidcIssuer

    def count(self) -> int:
        """How many requests left the process so far."""
        houses = (self.orders, self.bills, self.login, self.vendor, self.plain, self.attic)
        return sum(house.count() for house in houses)


@contextmanager
def a_town(*, warm: bool = True) -> Iterator[Town]:
    """Build one, with a validator that has all keys, or none of them."""
    clock = SettableClock()
    keys = [SigningKey.generate("ES256", kid="1") for _ in range(3)]
    with ExitStack() as open_houses:
        orders = open_houses.enter_context(RegionalIssuer(clock=clock, client_id="shop"))
        bills = open_houses.enter_context(RegionalIssuer(["eu-west-1"], clock=clock, client_id="books"))
        orders.switch_to_updated()
        login = OidcIssuer(keys=[keys[0], SigningKey.generate("RS256", kid="2")], client_id="web", clock=clock)
        vendor = OidcIssuer("/vendor", keys=[keys[1]], client_id="robot", clock=clock)
        plain = OidcIssuer("/", algorithms=("EdDSA",), client_id="phone", clock=clock)
        attic = OidcIssuer("/attic", keys=[keys[2]], client_id="robot", clock=clock)
        for provider in (login, vendor, plain, attic):
            open_houses.enter_context(provider)
        validator = TokenValidator(
            *_pools(orders, bills, clock),
            *_providers(login, vendor, plain, attic, clock),
            clock=clock,
            http_get=HTTP_GET,
        )
        open_houses.enter_context(closing(validator))
        if warm:
            validator.warm_up(require="all")
        yield Town(clock, validator, orders, bills, login, vendor, plain, attic)


def _pools(orders: RegionalIssuer, bills: RegionalIssuer, clock: SettableClock) -> list[CognitoUserPool]:
    return [
        CognitoUserPool(
            orders.user_pool_id, issuer_type="updated", client_ids=["shop"], token_use="access",
            jwks_uris=orders.jwks_uris_for("updated"), accept_legacy_until=clock.now() + DAY,
            legacy_issued_before=clock.now() + DAY / 2,
        ),
        CognitoUserPool(
            bills.user_pool_id, issuer_type="original", client_ids=["books"], token_use=("access", "id"),
            jwks_uris=bills.jwks_uris_for("original"),
        ),
    ]  # fmt: skip


def _providers(
    login: OidcIssuer, vendor: OidcIssuer, plain: OidcIssuer, attic: OidcIssuer, clock: SettableClock
) -> list[OidcProvider]:
    return [
        OidcProvider(
            login.url, audience="https://orders.example", client_ids=["web"], token_type="at+jwt", algorithms=["ES256"],
            legacy_issuers=[LegacyIssuer(FORMER, clock.now() + DAY, issued_before=clock.now() + DAY / 2)],
        ),
        OidcProvider(
            vendor.url, audience="https://vendor.example", client_ids=["robot"], token_type="at+jwt",
            algorithms=["ES256"],
        ),
        OidcProvider(
            plain.url, audience="https://plain.example", client_ids=["phone"], token_type="JWT", client_claim="azp",
            algorithms=["EdDSA"],
        ),
        OidcProvider(
            attic.url, audience="https://vendor.example", client_ids=["robot"], token_type="at+jwt",
            algorithms=["ES256"], accept_until=clock.now() + DAY, stable_issuer=vendor.url,
        ),
    ]  # fmt: skip


# -- good tokens, one of each house -----------------------------------------------------------------------------------


def orders_token(town: Town, **changes: object) -> str:
    """An access token of the pool ``orders``, under its updated issuer unless ``issuer=`` says otherwise."""
    return town.orders.access_token(**{"expires_in": LIFE, **changes})


def bills_token(town: Town, **changes: object) -> str:
    """An access token of the pool ``bills``."""
    return town.bills.access_token(**{"expires_in": LIFE, **changes})


def login_token(town: Town, **changes: object) -> str:
    """An access token of ``login``."""
    return town.login.access_token(**{"expires_in": LIFE, "audience": "https://orders.example", **changes})


def vendor_token(town: Town, **changes: object) -> str:
    """An access token of ``vendor``."""
    return town.vendor.access_token(**{"expires_in": LIFE, "audience": "https://vendor.example", **changes})


def attic_token(town: Town, **changes: object) -> str:
    """An access token of the house that ``vendor`` left."""
    return town.attic.access_token(**{"expires_in": LIFE, "audience": "https://vendor.example", **changes})


def plain_token(town: Town, **changes: object) -> str:
    """An access token of ``plain``: ``typ`` JWT, and the client in ``azp``."""
    usual = {"expires_in": LIFE, "audience": "https://plain.example", "header": {"typ": "JWT"}}
    return town.plain.access_token(**{**usual, "claims": {"azp": "phone"}, **changes})
