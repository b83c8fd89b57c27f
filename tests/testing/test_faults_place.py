"""Where faults are in force, for how long, what is recorded of them, and that one which strikes nobody is a failure."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from faults_client import BODY, PATIENCE, Client, beside, client_of, nobody_is_served, plain_server

from jwtmr.testing import Answer, LoopbackServer, OidcIssuer, RecordedRequest, RegionalIssuer
from jwtmr.testing.faults import (
    Fault,
    FaultNotSuffered,
    Wire,
    age,
    at,
    body,
    delay,
    drip,
    hold,
    huge,
    refuse,
    reset,
    status,
)


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    """A started server."""
    with plain_server() as started:
        yield started


def keys_of(pool: RegionalIssuer) -> list[int]:
    """The status of each host's keys, by region, the updated form first."""
    path = f"/{pool.user_pool_id}/.well-known/jwks.json"
    return [Client(server.port, path).ask().status for server in pool.servers()]


def test_a_fault_lasts_until_its_block_ends(server: LoopbackServer) -> None:
    """Before, during and after: what the client hears changes with the block and with nothing else."""
    client = client_of(server)
    assert client.ask().status == 200
    with at(server).let(status(503)):
        assert client.ask().status == 503
        assert client.ask().status == 503
    assert client.ask().status == 200


def test_a_fault_lasts_until_it_is_ended(server: LoopbackServer) -> None:
    """Without a block an injection is ended by hand, any number of times, and need not have struck."""
    injection = at(server).let(status(503))
    assert client_of(server).ask().status == 503
    injection.end()
    injection.end()
    assert client_of(server).ask().status == 200
    at(server).let(status(503)).end()


def test_a_place_is_healed_whoever_hurt_it(server: LoopbackServer) -> None:
    """Healing ends every injection at the place, and those that come later are none of its business."""
    at(server).let(status(503))
    at(server).let(age(7))
    at(server).heal()
    heard = client_of(server).ask()
    assert (heard.status, heard.header("Age")) == (200, None)
    with at(server).let(age(8)):
        assert client_of(server).ask().header("Age") == "8"


@pytest.mark.parametrize(
    ("region", "form", "expected"),
    [
        (None, None, [503, 503, 503, 503]),
        ("us-east-1", None, [503, 503, 200, 200]),
        ("us-west-2", "original", [200, 200, 200, 503]),
        (None, "updated", [503, 200, 503, 200]),
    ],
)
def test_a_place_is_a_pool_or_part_of_it(region: str | None, form: str | None, expected: list[int]) -> None:
    """The hosts that are selected suffer, and no other does."""
    with RegionalIssuer() as pool:
        pool.switch_to_updated()
        with at(pool, region, form).let(status(503)):  # type: ignore[arg-type]
            assert keys_of(pool) == expected


@pytest.mark.parametrize(
    ("part", "expected"), [(None, [503, 503]), ("discovery", [503, 200]), ("keys", [200, 503])], ids=str
)
def test_a_place_is_a_provider_or_part_of_it(part: str | None, expected: list[int]) -> None:
    """A provider has two servers, which suffer together or alone."""
    with OidcIssuer() as issuer, at(issuer, part=part).let(status(503)):  # type: ignore[arg-type]
        urls = [issuer.discovery_url, issuer.jwks_uri]
        asked = [Client(int(url.split(":")[2].split("/")[0]), "/" + url.split("/", 3)[3]) for url in urls]
        assert [client.ask().status for client in asked] == expected


def test_healing_one_region_leaves_the_others_hurt() -> None:
    """An injection at several places goes on where nobody healed it, and ends as a whole."""
    with RegionalIssuer() as pool:
        pool.switch_to_updated()
        with at(pool).let(status(503)):
            at(pool, "us-west-2").heal()
            assert keys_of(pool) == [503, 503, 200, 200]
        assert keys_of(pool) == [200, 200, 200, 200]


def test_faults_act_together_in_their_order(server: LoopbackServer) -> None:
    """Several faults, of one injection or more, act on one answer; of two that change the same the later has it."""
    with at(server).let(age(7), status(503)), at(server).let(status(502), delay(0.01)):
        heard = client_of(server).ask()
    assert (heard.status, heard.header("Age"), heard.body) == (502, "7", BODY)
    (request,) = server.requests()
    assert request.fault == "age+status+status+delay"


def test_of_two_ways_to_send_the_latest_acts(server: LoopbackServer) -> None:
    """An answer can be sent only once, so the earlier fault strikes nobody."""
    slow = at(server).let(drip(1))
    with at(server).let(reset("body")):
        assert client_of(server).ask().end == "reset"
    assert slow.times == 0
    assert client_of(server).brief.ask().end == "silence"
    assert slow.times == 1


def test_a_fault_that_struck_nobody_fails_the_block(server: LoopbackServer) -> None:
    """Each fault of a block has to have struck; the message names the one that did not, and it is over all the same."""
    both = at(server).let(status(503), refuse())
    with pytest.raises(FaultNotSuffered, match=r"^nobody suffered status\(503\)$"), both:
        assert client_of(server).ask().end == "nobody"
    with pytest.raises(FaultNotSuffered, match=r"^nobody suffered status"), at(server).let(status(503)):
        assert server.count() == 0
    assert client_of(server).ask().status == 200
    assert issubclass(FaultNotSuffered, AssertionError)


def test_the_error_of_a_block_is_told_before_its_faults(server: LoopbackServer) -> None:
    """What went wrong in the block is the news, not that therefore nothing was struck."""
    with pytest.raises(KeyError), at(server).let(status(503)):
        raise KeyError
    assert client_of(server).ask().status == 200


def test_a_fault_that_changes_nothing_strikes_nobody(server: LoopbackServer) -> None:
    """A body that is the usual one, and the trap of a redirect, are no faults."""
    with pytest.raises(FaultNotSuffered), at(server).let(Fault(name="x", text="x", answer=lambda _, usual: usual)):
        assert client_of(server).ask().status == 200
    assert server.requests()[0].fault is None


def test_what_was_suffered_is_recorded(server: LoopbackServer) -> None:
    """A record names the fault, the URL and the request, which is the one of the server's own record, and the time."""
    before = time.monotonic()
    with at(server).let(status(503)) as injection:
        heard = client_of(server).ask()
        client_of(server).ask()
    (first, second), requests = at(server).suffered(), server.requests()
    assert (first.fault, first.url, first.sent) == ("status", server.url + "/path", len(heard.data))
    assert [first.request, second.request] == requests
    assert [request.fault for request in requests] == ["status", "status"]
    assert before <= first.time <= second.time <= time.monotonic()
    assert first.client_left_after == math.inf
    assert (injection.times, injection.suffered()) == (2, [first, second])


def test_records_are_those_of_a_place_and_a_fault() -> None:
    """A place knows what was suffered there, by all or by one fault, in its order, and an injection its own."""
    with RegionalIssuer() as pool:
        with at(pool, "us-west-2").let(status(503)) as west, at(pool).let(age(7)) as everywhere:
            for server in reversed(pool.servers()):
                client_of(server).ask()
        assert [suffered.fault for suffered in at(pool, "us-east-1").suffered()] == ["age", "age"]
        assert [suffered.fault for suffered in at(pool, "us-west-2").suffered()] == ["status", "age"] * 2
        assert len(at(pool).suffered()) == 6
        assert at(pool).suffered("status") == west.suffered()
        assert (west.times, everywhere.times) == (2, 4)
        asked = [suffered.url for suffered in everywhere.suffered()]
        assert asked == [f"{server.url}/path" for server in reversed(pool.servers())]
        assert [suffered.url for suffered in at(pool).suffered("age")] == asked
        assert at(pool).suffered("drip") == []


def test_a_record_is_there_as_soon_as_a_fault_strikes(server: LoopbackServer) -> None:
    """A test can wait until somebody hangs, and then for the end of that."""
    with at(server).let(hold()) as held:
        heard = beside(client_of(server).ask)
        held.await_struck()
        assert server.requests()[0].fault == "hold"
        assert not heard.done()
    assert heard.result(PATIENCE).status == 200


def test_waiting_for_a_strike_ends(server: LoopbackServer) -> None:
    """A fault that does not strike, or not so often, or whose client does not leave, is an error after that time."""
    with at(server).let(age(7)) as injection:
        with pytest.raises(FaultNotSuffered, match=r"^nobody suffered age\(7\) 1 times within 0.01 seconds$"):
            injection.await_struck(within=0.01)
        client_of(server).ask()
        injection.await_struck()
        with pytest.raises(FaultNotSuffered, match="2 times"):
            injection.await_struck(2, within=0.01)
        with pytest.raises(FaultNotSuffered, match="hung up"):
            injection.await_left(within=0.01)


def test_when_a_client_leaves_is_recorded(server: LoopbackServer) -> None:
    """The record says after how many seconds, however little was sent."""
    with at(server).let(hold()) as held:
        started = time.monotonic()
        heard = client_of(server).brief.ask()
        (suffered,) = held.await_left()
    assert (heard.end, suffered.sent) == ("silence", 0)
    assert started < suffered.time <= suffered.time + suffered.client_left_after < time.monotonic()
    assert nobody_is_served()


def test_all_who_hang_are_woken_at_once(server: LoopbackServer) -> None:
    """Fifty clients in one fault hear the rest together when it ends."""
    with at(server).let(hold()) as held:
        clients = [beside(client_of(server).ask) for _ in range(50)]
        held.await_struck(50)
        ended = time.monotonic()
    assert [client.result(PATIENCE).status for client in clients] == [200] * 50
    assert time.monotonic() - ended < 1
    assert nobody_is_served()


def test_a_fault_that_is_over_before_its_turn_does_not_act(server: LoopbackServer) -> None:
    """What was in force when a request came, and is not when it would act, strikes nobody."""

    def heals(_: RecordedRequest, usual: Answer) -> Answer:
        at(server).heal()
        return usual

    at(server).let(Fault(name="x", text="x", answer=heals))
    later = at(server).let(status(503), hold(), drip(1))
    assert client_of(server).ask().status == 200
    assert later.times == 0


def test_closing_the_server_hangs_up_on_who_hangs() -> None:
    """A server that closes gives nobody an answer that it kept back, and a fault that is over can be ended."""
    with ExitStack() as running:
        server = running.enter_context(plain_server())
        held = at(server).let(hold())
        heard = beside(client_of(server).ask)
        held.await_struck()
        running.close()
        assert heard.result(PATIENCE).data == b""
        held.end()
        at(server).heal()
    assert held.suffered()[0].client_left_after == math.inf


def test_head_is_answered_without_drops_and_floods(server: LoopbackServer) -> None:
    """There is no body to play with, so what plays with how one is sent leaves HEAD alone."""
    flood = at(server).let(huge())
    with at(server).let(age(7)):
        heard = client_of(server).ask(method="HEAD")
    assert (heard.status, heard.header("Age"), heard.body, heard.end) == (200, "7", b"", "closed")
    assert (flood.times, server.requests()[0].fault) == (0, "age")


def test_an_answer_that_fails_tells_the_client(server: LoopbackServer) -> None:
    """The bug of a fault of one's own is told like that of a handler."""

    def broken(request: RecordedRequest, _: Answer) -> Answer:
        raise LookupError(request.path)

    at(server).let(Fault(name="x", text="x", answer=broken))
    heard = client_of(server).ask()
    assert (heard.status, b"LookupError: /path" in heard.body) == (500, True)


def test_a_fault_of_ones_own(server: LoopbackServer) -> None:
    """What the kit lacks is a function away."""

    def teapot(wire: Wire) -> None:
        wire.send(b"HTTP/1.1 418 Tea\r\n\r\n")
        wire.hang_up()

    fault = Fault(name="teapot", text="teapot()", wait=teapot)
    with at(server).let(fault):
        heard = client_of(server).ask()
    assert (heard.status, heard.end, str(fault), fault.stage) == (418, "closed", "teapot()", "wait")


def test_faults_are_values() -> None:
    """One fault can be in force at several places at once, and a second time later."""
    fault = body("<html>")
    with plain_server() as one, plain_server() as two, at(one).let(fault), at(two).let(fault) as second:
        assert client_of(one).ask().body == client_of(two).ask().body == b"<html>"
        assert [suffered.url for suffered in second.suffered()] == [two.url + "/path"]
    with pytest.raises(AttributeError):
        fault.name = "x"  # type: ignore[misc]
