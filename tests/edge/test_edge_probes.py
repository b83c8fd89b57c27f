"""Readiness probes of real servers: nobody waits, a start in an outage ends well, and what it costs the key hosts."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator

import pytest
from edge_health import ADAPTERS, PATH, WITHIN, Adapter, Houses, at_rest, some_houses, until
from edge_wire import Client, Reply

from jwtmr import CognitoUserPool, TokenValidator
from jwtmr.testing import Answer, LoopbackServer, RecordedRequest

EVERY = [pytest.param(adapter, id=adapter.name) for adapter in ADAPTERS]
LONGEST_PAUSE = 31
"""Seconds: after each failed walk, while there are no keys."""


@pytest.fixture
def houses() -> Iterator[Houses]:
    """A pool and a provider."""
    with some_houses() as made:
        yield made


class Gate:
    """Answers every request with nothing of use, when it is let go."""

    def __init__(self) -> None:
        self.asked, self.may_answer = threading.Event(), threading.Event()

    def __call__(self, _: RecordedRequest) -> Answer:
        """Wait, and answer."""
        self.asked.set()
        self.may_answer.wait(WITHIN)
        return 500, {}, b""


def validator_of(houses: Houses, url: str) -> TokenValidator:
    """A validator of a pool whose keys are at ``url``."""
    return houses.validator(
        CognitoUserPool(
            "us-east-1_Ab12Cd34", issuer_type="original", client_ids=["a"], token_use="access", jwks_uris=[url]
        )
    )


def probe(port: int, method: str = "GET") -> Reply:
    """One probe, as a kubelet makes it."""
    return Client(port).http(method, PATH.encode(), [b"User-Agent: kube-probe/1.31"])


@pytest.mark.parametrize("adapter", EVERY)
def test_a_probe_does_not_wait(houses: Houses, adapter: Adapter) -> None:
    """It is answered while the host that its fetch asks says nothing, and so is the next one, which asks no more."""
    gate = Gate()
    with LoopbackServer(gate) as host, adapter.serve(adapter.build(validator_of(houses, host.url))) as port:
        first = probe(port)
        assert gate.asked.wait(WITHIN)
        second, head = probe(port), probe(port, "HEAD")
        assert not gate.may_answer.is_set()
        assert host.count() == 1
        gate.may_answer.set()
    assert [reply.status for reply in (first, second, head)] == [503] * 3
    assert (first.content["status"], second.content) == ("unavailable", first.content)
    assert head.body == b""
    assert head.values("content-length") in ([], second.values("content-length"))


@pytest.mark.parametrize("adapter", EVERY)
def test_a_start_in_an_outage_ends_well(houses: Houses, adapter: Adapter) -> None:
    """By probes alone; each pause that passes costs the key host one request, whoever probes how often."""
    host, began = houses.pool.servers("us-east-1", "original")[0], time.monotonic()
    houses.pool.publish("us-east-1", "original", {"keys": []})  # an answer that is counted, and of no use
    validator = houses.validator(houses.a_pool)
    with adapter.serve(adapter.build(validator, startup="warn")) as port:
        for pauses in range(4):
            assert {probe(port).status for _ in range(10)} == {503}
            until(lambda: host.count() > pauses)  # noqa: B023  # called here
            assert host.count() <= pauses + 1 + math.ceil(time.monotonic() - began)
            at_rest()
            houses.clock.advance(LONGEST_PAUSE)
        houses.pool.publish("us-east-1", "original", None)
        until(lambda: probe(port).status == 200)
        assert probe(port).content["authorities"][0]["state"] == "ok"
