"""What changes at a real OpenID provider while tokens are about: its keys, their place, its name, its neighbours."""

from __future__ import annotations

import threading
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest
from oidc_server import BILLING, INTRUDER, ORDERS, PAYROLL, SHOP, OidcServer, key_set, private_jwk, trusted
from verdicts import accepted, claims_of, refusal

from jwtmr import AuthError, Event, KeyPolicy, LegacyIssuer, TokenValidator
from jwtmr.events import KeysChanged
from jwtmr.testing import SettableClock

pytestmark = pytest.mark.system("oidc-provider")

LIFETIME = 601
"""Seconds after which keys without cache headers, as oidc-provider sends them, are past their lifetime."""
STABLE = "https://id.example"


class KeyWatch:
    """An observer that tells when an endpoint has left keys out."""

    def __init__(self) -> None:
        self.removed = threading.Event()

    def on_event(self, event: Event, /) -> None:
        """Note keys that are gone."""
        if isinstance(event, KeysChanged) and event.removed:
            self.removed.set()


@pytest.mark.parametrize("refresh", ["background", "inline"])
@pytest.mark.parametrize("discovery", [True, False], ids=["discovery", "jwks_uris"])
def test_rotation_is_followed(changing: OidcServer, discovery: bool, refresh: Literal["background", "inline"]) -> None:
    """The first token of a new key passes; a withdrawn key serves until the keys are refreshed, and then no more."""
    old_keys, new_keys = key_set("1"), key_set("2")
    changing.change(keys=old_keys)
    where = {} if discovery else {"jwks_uris": [changing.discovered("new")["jwks_uri"]]}
    watch, clock = KeyWatch(), SettableClock()
    authority = trusted(changing.urls["new"], **where)
    policy = KeyPolicy(refresh=refresh)
    with closing(TokenValidator(authority, clock=clock, key_policy=policy, observers=[watch])) as validator:
        old = changing.token("new")
        accepted(validator, old)
        changing.change(keys=new_keys + old_keys)
        new = changing.token("new")
        accepted(validator, new)
        accepted(validator, old)
        changing.change(keys=new_keys)
        accepted(validator, old)
        clock.advance(LIFETIME)
        with suppress(AuthError):
            validator.validate(old)  # in the background: the token that finds the keys due may be the last to pass
        assert watch.removed.wait(timeout=30)
        assert refusal(validator, old) == "unknown_key"
        accepted(validator, new)


def test_keys_that_move_are_found_again(changing: OidcServer) -> None:
    """Where the keys were there is nothing any more: the discovery document is asked again, and the old set is void."""
    with closing(TokenValidator(trusted(changing.urls["new"]))) as validator:
        old = changing.token("new")
        accepted(validator, old)
        changing.change(keys=key_set("2"), jwks_path="/elsewhere")
        accepted(validator, changing.token("new"))
        assert refusal(validator, old) == "unknown_key"


@pytest.mark.parametrize(("place", "code"), [("/jwks", None), ("/elsewhere", "keys_unavailable")])
def test_keys_from_a_place_that_was_left_serve_no_more(changing: OidcServer, place: str, code: str | None) -> None:
    """A useless answer from the same place leaves the old set in force; the word that the place is another ends it."""
    useless = [private_jwk("RS256", "PS256-2") | {"alg": "PS256"}]
    clock, policy = SettableClock(), KeyPolicy(refresh="inline")
    with closing(TokenValidator(trusted(changing.urls["new"]), clock=clock, key_policy=policy)) as validator:
        token = changing.token("new")
        accepted(validator, token)
        changing.change(keys=useless, jwks_path=place)
        clock.advance(LIFETIME)
        if code is None:
            accepted(validator, token)
            (status,) = validator.status().authorities
            assert (status.state, status.endpoints[0].last_outcome) == ("degraded", "unusable")
        else:
            assert refusal(validator, token) == code


def test_discovery_document_of_another_issuer_is_not_believed(changing: OidcServer) -> None:
    """A document that names another issuer is another one's: its keys count for nobody until somebody says where."""
    url = changing.urls["new"]
    keys = changing.discovered("new")["jwks_uri"]
    token = changing.token("new")
    changing.change(names={"new": f"{url}/"})
    assert changing.discovered("new")["issuer"] == f"{url}/"
    with closing(TokenValidator(trusted(url))) as validator:
        assert refusal(validator, token) == "keys_unavailable"
    with closing(TokenValidator(trusted(url, jwks_uris=[keys]))) as validator:
        accepted(validator, token)


@pytest.mark.parametrize("stable", [None, STABLE], ids=["its own name", "a given one"])
def test_old_name_within_its_window(house: OidcServer, stable: str | None) -> None:
    """Tokens of both names pass, as the same stable issuer's, until the moment at which the old name ends."""
    new, old, clock = house.token("new"), house.token("old"), SettableClock()
    former = LegacyIssuer(house.urls["old"], accept_until=clock.now() + timedelta(seconds=60))
    authority = trusted(house.urls["new"], legacy_issuers=[former], stable_issuer=stable)
    with closing(TokenValidator(authority, clock=clock)) as validator:
        clock.advance(59)
        principals = accepted(validator, new), accepted(validator, old)
        assert [each.issuer for each in principals] == [stable or house.urls["new"]] * 2
        assert [each.token_issuer for each in principals] == [house.urls["new"], house.urls["old"]]
        assert [each.issuer_kind for each in principals] == ["current", "legacy"]
        clock.advance(1)
        assert refusal(validator, old) == "legacy_issuer_retired"
        assert accepted(validator, new).issuer == principals[0].issuer


def test_old_name_before_the_move(house: OidcServer) -> None:
    """A token of the old name passes if it was issued before the move, and not if it was issued at that moment."""
    token = house.token("old")
    issued = datetime.fromtimestamp(claims_of(token)["iat"], UTC)
    later = issued + timedelta(days=1)
    for moved, code in ((issued + timedelta(seconds=1), None), (issued, "issued_after_cutover")):
        former = LegacyIssuer(house.urls["old"], accept_until=later, issued_before=moved)
        with closing(TokenValidator(trusted(house.urls["new"], legacy_issuers=[former]))) as validator:
            if code is None:
                accepted(validator, token)
            else:
                assert refusal(validator, token) == code


def test_old_name_that_nobody_declared(house: OidcServer) -> None:
    """That the key is the same is no reason: a name that is not configured is not trusted."""
    with closing(TokenValidator(trusted(house.urls["new"]))) as validator:
        accepted(validator, house.token("new"))
        assert refusal(validator, house.token("old")) == "untrusted_issuer"


def test_old_house_with_keys_of_its_own(house: OidcServer, neighbour: OidcServer) -> None:
    """A second provider with an end is the old house: the same stable issuer, other keys, and retired in time."""
    new, old, clock = house.token("new"), neighbour.token("own"), SettableClock()
    left = trusted(
        neighbour.urls["own"], accept_until=clock.now() + timedelta(seconds=60), stable_issuer=house.urls["new"]
    )
    with closing(TokenValidator(trusted(house.urls["new"]), left, clock=clock)) as validator:
        clock.advance(59)
        principals = accepted(validator, new), accepted(validator, old)
        assert [each.issuer for each in principals] == [house.urls["new"]] * 2
        assert [each.issuer_kind for each in principals] == ["current", "legacy"]
        clock.advance(1)
        assert refusal(validator, old) == "legacy_issuer_retired"
        accepted(validator, new)


@pytest.mark.parametrize(
    ("who", "asked", "code"),
    [
        ("house", ("new", ORDERS, SHOP), None),
        ("house", ("new", PAYROLL, SHOP), "wrong_audience"),
        ("house", ("new", ORDERS, INTRUDER), "wrong_client"),
        ("house", ("old", ORDERS, SHOP), "untrusted_issuer"),
        ("neighbour", ("own", PAYROLL, INTRUDER), None),
        ("neighbour", ("own", ORDERS, INTRUDER), "wrong_audience"),
        ("neighbour", ("own", PAYROLL, SHOP), "wrong_client"),
        ("neighbour", ("posing", ORDERS, SHOP), "invalid_signature"),
    ],
)
def test_two_providers_in_one_validator_never_cross(
    house: OidcServer, neighbour: OidcServer, who: str, asked: tuple[str, str, str], code: str | None
) -> None:
    """Audience, client and key of one count for that one alone, though both use the same key ids."""
    authorities = trusted(house.urls["new"]), trusted(neighbour.urls["own"], PAYROLL, client_ids=[INTRUDER])
    server = {"house": house, "neighbour": neighbour}[who]
    name, resource, client = asked
    token = server.token(name, resource, client=client)
    for order in (authorities, authorities[::-1]):
        with closing(TokenValidator(*order)) as validator:
            if code is None:
                assert accepted(validator, token).issuer == server.urls[name]
            else:
                assert refusal(validator, token) == code


def test_algorithms_of_two_providers_do_not_cross(house: OidcServer, neighbour: OidcServer) -> None:
    """What one provider may sign with is no algorithm of the other, though that one has such a key."""
    authorities = trusted(house.urls["new"], ORDERS), trusted(neighbour.urls["own"], BILLING)
    with closing(TokenValidator(*authorities)) as validator:
        accepted(validator, house.token("new", ORDERS))
        accepted(validator, neighbour.token("own", BILLING))
        assert refusal(validator, house.token("new", BILLING)) == "unsupported_token"
        assert refusal(validator, neighbour.token("own", ORDERS)) == "unsupported_token"


def test_the_posing_token_is_good_but_for_its_key(house: OidcServer, neighbour: OidcServer) -> None:
    """Whoever configures the other's keys under this name believes it: nothing but the key was wrong above."""
    keys = [neighbour.discovered("own")["jwks_uri"]]
    with closing(TokenValidator(trusted(house.urls["new"], jwks_uris=keys))) as validator:
        assert accepted(validator, neighbour.token("posing")).issuer == house.urls["new"]
        assert refusal(validator, house.token("new")) == "invalid_signature"
