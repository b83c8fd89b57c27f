"""An authority written out by a platform team, for a provider that fits neither constructor.

A home-made login service in two regions: each has its own current issuer and its own place for the one set of keys, in
one of them found by discovery; its tokens have a ``typ`` of their own and say in ``token_use`` what they are for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

import pytest
from validation_kit import HTTP_GET

from jwtmr import UNCHECKED, AuthError, Authority, ClaimRules, Issuer, JwksEndpoint, TokenValidator
from jwtmr.testing import OidcIssuer, SettableClock

OLD: Final = "https://login.internal/v1"
STABLE: Final = "https://login.internal"
KIND: Final = "house+jwt"
ALGORITHMS: Final = ("ES384", "PS256")


@dataclass(frozen=True, slots=True)
class House:
    """The service and a validator for it."""

    clock: SettableClock
    east: OidcIssuer
    west: OidcIssuer
    validator: TokenValidator

    def access(self, region: OidcIssuer, **claims: object) -> str:
        """An access token of one region's issuer."""
        usual = {"token_use": "access", "app": "shop", "aud": ["orders"], "rights": ["read", "write"], "tenant": "t1"}
        return self._mint(region, usual | claims)

    def ident(self, region: OidcIssuer, **claims: object) -> str:
        """An ID token of one region's issuer."""
        return self._mint(region, {"token_use": "id", "aud": "shop", "login": "alice"} | claims)

    def _mint(self, region: OidcIssuer, claims: dict[str, object]) -> str:
        now = int(self.clock.wall())
        usual = {"iss": region.url, "sub": "u1", "iat": now, "exp": now + 3600}
        return region.sign(usual | claims, {"typ": KIND, "alg": region.key().alg, "kid": region.key().kid})

    def code(self, token: str) -> str:
        """What both ways to validate say."""
        codes: set[str] = set()
        for way in (self.validator.validate, lambda token: asyncio.run(self.validator.validate_async(token))):
            try:
                codes.add(str(way(token).token_use))
            except AuthError as error:
                codes.add(error.code)
        (code,) = codes
        return code


def authority(east: OidcIssuer, west: OidcIssuer, clock: SettableClock) -> Authority:
    """The service as its platform team writes it down."""
    access = ClaimRules(
        token_use="access", clients=frozenset({"shop"}), client_claim="app", audience=frozenset({"orders"}),
        scope_claim="rights", scope_lists=True, required_claims=("tenant",),
    )  # fmt: skip
    ident = ClaimRules(
        token_use="id", clients=frozenset({"shop"}), client_claim="aud", audience=UNCHECKED, username_claim="login"
    )
    return Authority(
        id="house",
        issuers=(
            Issuer(east.url, region="east"),
            Issuer(west.url, region="west"),
            Issuer(OLD, "legacy", accept_until=clock.now() + timedelta(hours=1)),
        ),
        endpoints=(JwksEndpoint.discovered(east.url, "east"), JwksEndpoint(west.jwks_uri, "west")),
        algorithms=ALGORITHMS,
        token_type=KIND,
        claim_rules={"access": access, "id": ident},
        stable_issuer=STABLE,
    )


@contextmanager
def a_house(*, warm: bool = True) -> Iterator[House]:
    """Start it."""
    clock = SettableClock()
    with (
        OidcIssuer("/east", algorithms=ALGORITHMS, clock=clock) as east,
        OidcIssuer("/west", keys=east.keys, clock=clock) as west,
        closing(TokenValidator(authority(east, west, clock), clock=clock, http_get=HTTP_GET)) as validator,
    ):
        if warm:
            validator.warm_up(require="all")
        yield House(clock, east, west, validator)


def test_both_regions_and_the_old_name_are_one_house() -> None:
    """Tokens of every issuer are accepted by their own rules, and all of them name one stable issuer."""
    with a_house() as house:
        for region, name in ((house.east, "east"), (house.west, "west")):
            principal = house.validator.validate(house.access(region), scopes=["read"], token_use="access")
            assert (principal.issuer, principal.token_issuer) == (STABLE, region.url)
            assert (principal.issuer_region, principal.issuer_kind) == (name, "current")
            assert (principal.client_id, principal.scopes) == ("shop", {"read", "write"})
            assert house.validator.validate(house.ident(region)).username == "alice"
        old = house.validator.validate(house.access(house.east, iss=OLD))
        assert (old.issuer, old.issuer_kind) == (STABLE, "legacy")
        house.clock.advance(3600)
        assert house.code(house.access(house.east, iss=OLD)) == "legacy_issuer_retired"
        assert house.code(house.access(house.east)) == "access"


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({}, "access"),
        ({"tenant": None}, "invalid_claim"),
        ({"app": "other"}, "wrong_client"),
        ({"aud": ["bills"]}, "wrong_audience"),
        ({"rights": "read write"}, "access"),
        ({"rights": {"read": True}}, "invalid_claim"),
        ({"token_use": "refresh"}, "wrong_token_use"),
        ({"token_use": "id"}, "invalid_claim"),
        ({"token_use": "id", "aud": "shop"}, "id"),
        ({"token_use": "id", "aud": "orders"}, "wrong_client"),
    ],
    ids=str,
)
def test_each_use_has_its_own_rules(claims: dict[str, object], code: str) -> None:
    """A token chooses its rules by ``token_use``, and then has to meet all of them."""
    with a_house() as house:
        assert house.code(house.access(house.east, **claims)) == code


def test_own_kind_of_token_is_demanded() -> None:
    """The ``typ`` of the house and no other, by the same comparison as everywhere."""
    with a_house() as house:
        key, claims = house.east.key(), {"iss": house.east.url, "sub": "u1", "exp": house.clock.wall() + 60}
        claims |= {"token_use": "access", "app": "shop", "aud": "orders", "tenant": "t1"}
        codes = {
            typ: house.code(house.east.sign(claims, {"typ": typ, "alg": key.alg, "kid": key.kid}))
            for typ in (KIND, "application/House+JWT", "JWT", "at+jwt")
        }
    assert codes == {
        KIND: "access", "application/House+JWT": "access", "JWT": "unsupported_token", "at+jwt": "unsupported_token"
    }  # fmt: skip


def test_one_region_is_enough_to_start_and_to_follow_a_rotation() -> None:
    """With the discovered region dark its tokens are checked by the keys of the other one, new keys included."""
    with a_house(warm=False) as house:
        house.east.take_down("accept_silent")
        assert house.code(house.access(house.east)) == "access"
        assert house.west.count("keys") == 1
        house.west.rotate()
        assert house.code(house.access(house.west)) == "access"
        assert house.code(house.access(house.west, iss=house.east.url)) == "access"
        stranger = replace(house.west.key(), private_key=house.east.key().private_key)
        forged = house.west.sign(
            {"iss": house.west.url, "sub": "u1", "exp": house.clock.wall() + 60, "token_use": "id", "aud": "shop"},
            {"typ": KIND, "alg": stranger.alg, "kid": stranger.kid},
            stranger,
        )
        assert house.code(forged) == "invalid_signature"
