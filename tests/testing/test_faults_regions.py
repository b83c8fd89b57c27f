"""Servers that do not agree: what each publishes, how old it is, and when it is there."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator

import pytest
from faults_client import Client, client_of, plain_server

from jwtmr.testing import OidcIssuer, RegionalIssuer, SettableClock, SigningKey, TokenMint
from jwtmr.testing.faults import (
    Fault,
    FaultNotSuffered,
    accept_silent,
    at,
    diverge,
    dns_fails,
    flap,
    lag,
    reset,
    status,
)

EAST, WEST = "us-east-1", "us-west-2"


@pytest.fixture
def clock() -> SettableClock:
    """A clock that the test sets."""
    return SettableClock()


@pytest.fixture
def pool(clock: SettableClock) -> Iterator[RegionalIssuer]:
    """A started pool in two regions."""
    with RegionalIssuer([EAST, WEST], clock=clock) as started:
        yield started


def client_in(pool: RegionalIssuer, region: str) -> Client:
    """A client that asks the original host of a region for the keys."""
    (server,) = pool.servers(region, "original")
    return Client(server.port, f"/{pool.user_pool_id}/.well-known/jwks.json")


def kids(pool: RegionalIssuer, region: str) -> list[str]:
    """What a region publishes."""
    return [key.get("kid") for key in json.loads(client_in(pool, region).ask().body)["keys"]]


def kids_of(pool: RegionalIssuer) -> list[str]:
    """What the pool publishes."""
    return [key["kid"] for key in pool.jwks()["keys"]]


def test_a_region_lags_behind(pool: RegionalIssuer) -> None:
    """It goes on with the keys of the moment at which the fault began, through any number of changes, to its end."""
    pool.rotate()
    before = kids_of(pool)
    with at(pool, WEST).let(lag()):
        pool.rotate()
        pool.withdraw(before[0])
        assert (kids(pool, WEST), kids(pool, EAST)) == (before, kids_of(pool))
        pool.rotate(keep_old=False)
        assert (kids(pool, WEST), kids(pool, EAST)) == (before, kids_of(pool))
    assert kids(pool, WEST) == kids_of(pool)


def test_a_region_lags_by_a_time(pool: RegionalIssuer, clock: SettableClock) -> None:
    """It tells of each change so many seconds later, to the second, by the clock of the pool."""
    first = kids_of(pool)
    with at(pool, WEST).let(lag(600)) as late:
        assert kids(pool, WEST) == first
        assert late.times == 0
        clock.advance(100)
        pool.rotate()
        second = kids_of(pool)
        assert kids(pool, WEST) == first
        clock.advance(300)
        pool.rotate()
        clock.advance(299)
        assert kids(pool, WEST) == first
        clock.advance(1)
        assert kids(pool, WEST) == second
        clock.advance(299)
        assert kids(pool, WEST) == second
        clock.advance(1)
        assert kids(pool, WEST) == kids_of(pool) == kids(pool, EAST)
        assert late.times == 4


def test_a_lag_that_shows_nothing_strikes_nobody(pool: RegionalIssuer) -> None:
    """Without a change of keys there is nothing to be behind, and a test that thinks otherwise fails."""
    with pytest.raises(FaultNotSuffered, match=r"^nobody suffered lag\(600\)$"), at(pool).let(lag(600)):
        kids(pool, WEST)
    assert pool.requests()[-1].fault is None


def test_keys_of_a_moment(pool: RegionalIssuer, clock: SettableClock) -> None:
    """An issuer knows what it published when, from its first keys on."""
    first, moment = pool.jwks(), clock.monotonic()
    clock.advance(10)
    pool.rotate()
    assert pool.jwks_at(moment + 9) == pool.jwks_at(0) == first
    assert pool.jwks_at(clock.monotonic()) == pool.jwks_at(clock.monotonic() + 1e9) == pool.jwks() != first


class StandingClock(SettableClock):
    """A clock of which all three stand still until the test moves them."""

    def monotonic(self) -> float:
        """What was advanced."""
        return self.wall()


def test_a_change_of_keys_is_in_force_from_its_moment_on() -> None:
    """Not only after it."""
    mint = TokenMint([EAST], clock=StandingClock(1000))
    first = mint.jwks()
    mint.clock.advance(10)  # type: ignore[attr-defined]
    mint.rotate()
    assert (mint.jwks_at(1009.9), mint.jwks_at(1010)) == (first, mint.jwks())
    mint.close()


def test_conditional_requests_stay_honest(pool: RegionalIssuer) -> None:
    """A region that publishes something else has another ``ETag``, and knows it again."""
    client = client_in(pool, WEST)
    usual = client.ask().header("ETag")
    with at(pool).let(diverge(add=[SigningKey.generate("ES256", "new")])) as injection:
        other = client.ask(f"If-None-Match: {usual}")
        assert other.status == 200
        assert other.header("ETag") not in (usual, None)
        assert client.ask(f"If-None-Match: {other.header('ETag')}").status == 304
        assert injection.times == 2
    assert client.ask(f"If-None-Match: {other.header('ETag')}").status == 200


def test_regions_diverge(pool: RegionalIssuer) -> None:
    """One has a key more, another a key less; what is common follows the pool."""
    new = SigningKey.generate("ES256", "new")
    access, identity = kids_of(pool)
    with at(pool, EAST).let(diverge(add=[new])), at(pool, WEST).let(diverge(drop=[access])):
        assert kids(pool, EAST) == [access, identity, "new"]
        assert kids(pool, WEST) == [identity]
        pool.rotate()
        assert kids(pool, EAST) == [*kids_of(pool), "new"]
        assert kids(pool, WEST) == [kid for kid in kids_of(pool) if kid != access]
    assert kids(pool, EAST) == kids(pool, WEST) == kids_of(pool)


def test_a_region_has_another_key_under_a_name(pool: RegionalIssuer) -> None:
    """A key is dropped and another added under its ``kid``."""
    other = SigningKey.generate("RS256", pool.access_kid)
    with at(pool, WEST).let(diverge(drop=[other.kid], add=[other])):
        published = json.loads(client_in(pool, WEST).ask().body)["keys"]
    assert published == [pool.id_key.jwk, other.jwk]


def test_any_jwk_can_be_added(pool: RegionalIssuer) -> None:
    """Also one that is none, as it was when the fault was made."""
    secret = {"kty": "oct", "k": "AAAA"}
    fault = diverge(add=[secret])
    secret["k"] = "changed"
    with at(pool, WEST).let(fault):
        published = json.loads(client_in(pool, WEST).ask().body)["keys"]
    assert published[-1] == {"kty": "oct", "k": "AAAA"}


def test_what_a_region_was_told_to_publish_diverges_too(pool: RegionalIssuer) -> None:
    """A set of one's own is changed like the common one, and a lag knows nothing of it."""
    pool.publish(WEST, "original", {"keys": [{"kid": "own"}], "more": 1})
    with at(pool, WEST).let(diverge(add=[{"kid": "added"}])):
        assert json.loads(client_in(pool, WEST).ask().body) == {"keys": [{"kid": "own"}, {"kid": "added"}], "more": 1}
    with at(pool, WEST).let(lag()):
        assert kids(pool, WEST) == kids_of(pool)


def test_a_provider_lags_too(clock: SettableClock) -> None:
    """Its keys are behind, its discovery document is not."""
    with OidcIssuer(algorithms=["ES256"], clock=clock) as issuer, at(issuer).let(lag()):
        before = issuer.jwks()
        issuer.rotate()
        (keys,), (discovery,) = issuer.servers("keys"), issuer.servers("discovery")
        assert json.loads(Client(keys.port, "/jwks.json").ask().body) == before
        assert Client(discovery.port, "/.well-known/openid-configuration").ask().status == 200
        assert [request.fault for request in issuer.requests()] == ["lag", None]


@pytest.mark.parametrize(("first", "expected"), [("down", [True, False, True]), ("up", [False, True, False])])
def test_a_fault_comes_and_goes(first: str, expected: list[bool], pool: RegionalIssuer, clock: SettableClock) -> None:
    """It acts every other period of the pool's clock, from its start on, to the second."""
    client = client_in(pool, EAST)
    struck = []
    with at(pool, EAST).let(flap(status(503), every=60, first=first)) as flapping:  # type: ignore[arg-type]
        for _ in expected:
            early = client.ask().status == 503
            clock.advance(59)
            struck.append(client.ask().status == 503)
            assert early == struck[-1]
            clock.advance(1)
        assert flapping.times == 2 * expected.count(True)
    assert struck == expected
    assert client.ask().status == 200


def test_regions_take_turns(pool: RegionalIssuer, clock: SettableClock) -> None:
    """In antiphase there is always one that answers."""
    with at(pool, EAST).let(flap(reset(), every=2)), at(pool, WEST).let(flap(reset(), every=2, first="up")):
        heard = []
        for _ in range(4):
            heard.append([client_in(pool, region).ask().end for region in (EAST, WEST)])
            clock.advance(2)
    assert heard == [["reset", "closed"], ["closed", "reset"]] * 2


@pytest.mark.parametrize("fault", [dns_fails(), accept_silent("accept"), diverge(drop=["x"], add=[{}])], ids=str)
def test_a_fault_of_any_stage_can_flap(fault: Fault, pool: RegionalIssuer, clock: SettableClock) -> None:
    """While it does not act nobody notices it."""
    with at(pool, EAST).let(flap(fault, every=60)) as flapping:
        client_in(pool, EAST).brief.ask()
        clock.advance(60)
        assert client_in(pool, EAST).ask().status == 200
        assert [suffered.fault for suffered in flapping.suffered()] == [fault.name]
    assert str(flap(fault, every=60)) == f'flap({fault}, every=60, first="down")'


def test_who_hangs_when_a_fault_goes_hangs_on(pool: RegionalIssuer, clock: SettableClock) -> None:
    """A fault that flaps strikes who comes while it acts, and lets nobody go before it ends."""
    silent = at(pool, EAST).let(flap(accept_silent(), every=60))
    heard: list[str] = []
    waiting = threading.Thread(target=lambda: heard.append(client_in(pool, EAST).brief.ask().end))
    waiting.start()
    silent.await_struck()
    clock.advance(60)
    waiting.join()
    assert heard == ["silence"]


def test_a_server_that_is_no_issuer_goes_by_the_clock_of_the_machine() -> None:
    """It flaps all the same."""
    with plain_server() as server, at(server).let(flap(status(503), every=3600)):
        assert client_of(server).ask().status == 503
