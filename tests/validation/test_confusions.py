"""The table of confusions: what belongs to one house is never taken for another's.

Every row has a good twin that is accepted, and differs from it in the one thing that it confuses. Both ways to validate
are tried on both. Only a ``kid`` that a house does not list may cost a request.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import NamedTuple, TypeAlias

import pytest
from town import (
    FORMER,
    Town,
    a_town,
    attic_token,
    bills_token,
    login_token,
    orders_token,
    plain_token,
    vendor_token,
)

from jwtmr import AuthError, OidcProvider, TokenValidator
from jwtmr.testing import LoopbackServer, SettableClock
from jwtmr.testing.tokens import TokenMint

Minting: TypeAlias = Callable[[Town], str]


class Row(NamedTuple):
    """One confusion."""

    what: str
    good: Minting
    bad: Minting
    code: str


def orders_original(town: Town, **changes: object) -> str:
    """A token of ``orders`` under the issuer that it had before."""
    return orders_token(town, issuer=town.orders.original_issuer, **changes)


def login_former(town: Town, **changes: object) -> str:
    """A token of ``login`` under the name that it had before."""
    return login_token(town, issuer=FORMER, **changes)


def bills_id(town: Town) -> str:
    """An ID token of the pool that takes both kinds."""
    return town.bills.id_token()


ROWS = [
    # -- the name of one house, the key of another
    Row("pool with the key of a pool under its own kid", orders_token,
        lambda town: orders_token(town, key=replace(town.bills.access_key, kid=town.orders.access_kid)),
        "invalid_signature"),
    Row("pool with the key and the kid of a pool", orders_token,
        lambda town: orders_token(town, key=town.bills.access_key), "unknown_key"),
    Row("pool with its own key for ID tokens is no confusion, and with the other pool's it is", bills_id,
        lambda town: town.bills.id_token(key=replace(town.orders.id_key, kid=town.bills.id_kid)), "invalid_signature"),
    Row("provider with the key of a provider, same kid and algorithm", login_token,
        lambda town: login_token(town, key=town.vendor.key()), "invalid_signature"),
    Row("former name with the key of another provider", login_former,
        lambda town: login_former(town, key=town.vendor.key()), "invalid_signature"),
    Row("original issuer with the key of another pool", orders_original,
        lambda town: orders_original(town, key=replace(town.bills.access_key, kid=town.orders.access_kid)),
        "invalid_signature"),
    Row("new house with the key of the old one", vendor_token,
        lambda town: vendor_token(town, key=town.attic.key()), "invalid_signature"),
    Row("old house with the key of the new one", attic_token,
        lambda town: attic_token(town, key=town.vendor.key()), "invalid_signature"),
    Row("pool with the key of a provider under its own kid", bills_token,
        lambda town: bills_token(town, key=replace(town.login.key("RS256"), kid=town.bills.access_kid)),
        "invalid_signature"),
    # -- algorithms
    Row("algorithm that only another house allows, with a key that the house lists", login_token,
        lambda town: login_token(town, alg="RS256"), "unsupported_token"),
    Row("provider's algorithm in a pool", orders_token,
        lambda town: orders_token(town, header={"alg": "ES256"}), "unsupported_token"),
    Row("a third house's algorithm", vendor_token,
        lambda town: vendor_token(town, key=replace(town.plain.key(), kid="1")), "unsupported_token"),
    # -- audiences and clients
    Row("audience of another provider", login_token,
        lambda town: login_token(town, audience="https://vendor.example"), "wrong_audience"),
    Row("audiences of everybody else", vendor_token,
        lambda town: vendor_token(town, audience=["https://orders.example", "https://plain.example"]),
        "wrong_audience"),
    Row("an audience where none is configured", orders_token,
        lambda town: orders_token(town, claims={"aud": "https://orders.example"}), "wrong_audience"),
    Row("client of another pool", orders_token,
        lambda town: orders_token(town, client_id="books"), "wrong_client"),
    Row("and the other way round", bills_token,
        lambda town: bills_token(town, client_id="shop"), "wrong_client"),
    Row("client of another pool in an ID token", bills_id,
        lambda town: town.bills.id_token(client_id="shop"), "wrong_client"),
    Row("client of a pool at a provider", login_token,
        lambda town: login_token(town, client_id="shop"), "wrong_client"),
    Row("client of a provider at a pool", bills_token,
        lambda town: bills_token(town, client_id="web"), "wrong_client"),
    Row("client in the claim of another provider", plain_token,
        lambda town: plain_token(town, claims={"client_id": "phone"}), "wrong_client"),
    # -- ID tokens for access tokens
    Row("ID token of a pool", orders_token,
        lambda town: town.orders.id_token(), "wrong_token_use"),
    Row("ID token of a provider with typed access tokens", login_token,
        lambda town: town.login.id_token(claims={"aud": ["https://orders.example", "web"], "client_id": "web"}),
        "unsupported_token"),
    Row("ID token of a provider without typed tokens", plain_token,
        lambda town: town.plain.id_token(claims={"aud": ["https://plain.example", "phone"]}), "wrong_token_use"),
    Row("access token of one kind in a house of the other", login_token,
        lambda town: login_token(town, header={"typ": "JWT"}), "unsupported_token"),
    Row("and the other way round, of kinds", plain_token,
        lambda town: plain_token(town, header={"typ": "at+jwt"}), "unsupported_token"),
    # -- names
    Row("unknown issuer", login_token,
        lambda town: login_token(town, issuer="https://nobody.example"), "untrusted_issuer"),
    Row("name with a slash at its end", vendor_token,
        lambda town: vendor_token(town, issuer=town.vendor.url + "/"), "untrusted_issuer"),
    Row("name without the slash at its end", plain_token,
        lambda town: plain_token(town, issuer=town.plain.url.rstrip("/")), "untrusted_issuer"),
    Row("name of another pool in the same region", orders_token,
        lambda town: town.orders.foreign_token(), "untrusted_issuer"),
    Row("replica's form of the updated issuer", orders_token,
        lambda town: orders_token(town, issuer=town.orders.updated_issuer.replace("us-east-1.", "us-west-2.")),
        "untrusted_issuer"),
    Row("replica's form of the original issuer, which was not asked for", orders_original,
        lambda town: orders_token(town, issuer=town.orders.replica_issuer("us-west-2")), "untrusted_issuer"),
    Row("updated form of a pool that has only the original one", bills_token,
        lambda town: bills_token(town, issuer=town.bills.updated_issuer), "untrusted_issuer"),
    Row("address of the discovery document", login_token,
        lambda town: login_token(town, issuer=town.login.discovery_url), "untrusted_issuer"),
]  # fmt: skip


def both_ways(validator: TokenValidator, token: str) -> list[str]:
    """The codes of ``validate`` and ``validate_async``; ``accepted`` where there is none."""
    codes: list[str] = []
    for way in (validator.validate, lambda token: asyncio.run(validator.validate_async(token))):
        try:
            way(token)
        except AuthError as error:
            codes.append(error.code)
        else:
            codes.append("accepted")
    return codes


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    """A town that no test of the module changes."""
    with a_town() as built:
        yield built


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.what)
def test_confusion_is_refused_and_its_good_twin_accepted(town: Town, row: Row) -> None:
    """What belongs to another house makes a token worthless here, and costs no request unless its key is unknown."""
    assert both_ways(town.validator, row.good(town)) == ["accepted"] * 2
    before = town.count()
    assert both_ways(town.validator, row.bad(town)) == [row.code] * 2
    if row.code != "unknown_key":
        assert town.count() == before


def test_every_key_is_refused_by_every_other_house(town: Town) -> None:
    """Each token of each house, renamed to each other house and signed with its own key under the other's kid."""
    houses = [orders_token, orders_original, bills_token, login_token, login_former, vendor_token, attic_token]
    families = {orders_original: orders_token, login_former: login_token}
    keys = {
        orders_token: town.orders.access_key, bills_token: town.bills.access_key, login_token: town.login.key("ES256"),
        vendor_token: town.vendor.key(), attic_token: town.attic.key(),
    }  # fmt: skip
    for mint in houses:
        own = keys[families.get(mint, mint)]
        assert both_ways(town.validator, mint(town)) == ["accepted"] * 2
        for other, key in keys.items():
            if key is not own and key.alg == own.alg:
                assert (
                    both_ways(town.validator, mint(town, key=replace(key, kid=own.kid))) == ["invalid_signature"] * 2
                ), (mint.__name__, other.__name__)


@pytest.mark.parametrize(
    ("mint", "twin"),
    [(orders_original, orders_token), (login_former, login_token), (attic_token, vendor_token)],
    ids=["pool", "shared keys", "old house"],
)
def test_legacy_name_ends_with_its_window(mint: Minting, twin: Minting) -> None:
    """The same token is accepted a second before the end and refused at it; the new name's goes on."""
    with a_town() as town:
        old, new = mint(town), twin(town)
        town.clock.advance(86399)
        assert both_ways(town.validator, old) == ["accepted"] * 2
        town.clock.advance(1)
        before = town.count()
        assert both_ways(town.validator, old) == ["legacy_issuer_retired"] * 2
        assert town.count() == before
        assert both_ways(town.validator, new) == ["accepted"] * 2


@pytest.mark.parametrize(("mint", "twin"), [(orders_original, orders_token), (login_former, login_token)])
def test_legacy_name_mints_nothing_after_the_move(mint: Callable[..., str], twin: Callable[..., str]) -> None:
    """A token minted at the moment of the move is refused under the old name, and one a second older is not."""
    with a_town() as town:
        move = town.clock.wall() + 43200
        town.clock.advance(43200 + 60)
        assert both_ways(town.validator, mint(town, issued_at=move - 1)) == ["accepted"] * 2
        assert both_ways(town.validator, mint(town, issued_at=move)) == ["issued_after_cutover"] * 2
        assert both_ways(town.validator, twin(town, issued_at=move)) == ["accepted"] * 2


def test_users_stay_the_same_users(town: Town) -> None:
    """Whichever name a token carries, ``(issuer, subject)`` is the same in a house and where it lived before."""
    families = [(orders_original, orders_token), (login_former, login_token), (attic_token, vendor_token)]
    for old, new in families:
        before, after = town.validator.validate(old(town)), town.validator.validate(new(town))
        assert (before.issuer, before.subject) == (after.issuer, after.subject)
        assert before.token_issuer != after.token_issuer
    assert len({town.validator.validate(new(town)).issuer for _, new in families}) == len(families)


def test_nothing_in_a_token_makes_a_request_leave_the_process() -> None:
    """Not an unknown issuer, and no header that names keys: with no keys known yet nobody is asked for any of these."""
    stranger = LoopbackServer(lambda request: (200, {}, b'{"keys":[]}'))
    with stranger, a_town(warm=False) as town, closing(TokenMint(["us-east-1"])) as foreign:
        url = stranger.url + "/.well-known/jwks.json"
        tokens = [
            foreign.access_token(issuer=iss)
            for iss in (stranger.url, url, "https://nobody.example", "", "file:///etc/passwd")
        ]
        tokens += [foreign.access_token(claims={"iss": iss}) for iss in (None, [town.login.url], {"url": url}, 7)]
        tokens += [row.bad(town) for row in ROWS if row.code not in ("unknown_key", "invalid_signature")]
        for token in tokens:
            assert set(both_ways(town.validator, token)).isdisjoint({"accepted", "keys_unavailable"})
        assert (stranger.count(), town.count()) == (0, 0)
        pointing = {"jku": url, "x5u": url, "jwk": foreign.access_key.jwk, "x5c": ["MII="]}
        assert both_ways(town.validator, login_token(town, header=pointing)) == ["accepted"] * 2
        assert stranger.count() == 0


def test_cost_of_a_token_does_not_grow_with_the_number_of_authorities(town: Town) -> None:
    """The same calls, call for call, whether the validator knows one provider or two hundred."""
    clock = SettableClock(town.clock.wall())
    mine = OidcProvider(
        town.vendor.url, audience="https://vendor.example", client_ids=["robot"], token_type="at+jwt",
        algorithms=["ES256"],
    )  # fmt: skip
    others = [
        OidcProvider(f"https://{number}.example", audience="a", client_ids=["c"], token_type="at+jwt")
        for number in range(200)
    ]
    token = vendor_token(town)
    traces: list[list[str]] = []
    for authorities in ([mine], [*others[:100], mine, *others[100:]]):
        with closing(TokenValidator(*authorities, clock=clock)) as validator:
            validator.validate(token)
            traces.append(calls_of(lambda validator=validator: validator.validate(token)))
    assert len(traces[0]) > 10
    assert traces[0] == traces[1]


def calls_of(act: Callable[[], object]) -> list[str]:
    """The names of all functions that ``act`` calls, in their order."""
    called: list[str] = []

    def note(frame: object, event: str, argument: object) -> None:
        if event == "call":
            called.append(frame.f_code.co_qualname)
        elif event == "c_call":
            called.append(argument.__name__)

    sys.setprofile(note)
    try:
        act()
    finally:
        sys.setprofile(None)
    return called
