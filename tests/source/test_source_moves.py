"""A provider's two hosts over real sockets: each goes down and comes back, and the keys move from one to another."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from discovery_kit import WELL_KNOWN, House, status
from source_kit import FRESH, Recorder

from jwtmr import KeysUnavailable
from jwtmr.errors import UnknownKey
from jwtmr.events import EndpointChanged, KeysChanged
from jwtmr.testing import LoopbackServer, SettableClock


@pytest.fixture
def house(clock: SettableClock) -> Iterator[House]:
    """A provider whose document and whose keys are on two hosts, all of them up."""
    with House(clock) as started:
        yield started


def test_keys_are_refreshed_without_the_document(house: House, clock: SettableClock) -> None:
    """Its host may be down within the day: rotations are followed."""
    recorder = Recorder()
    validator = house.validator(observers=[recorder])
    validator.validate(house.token())
    house.take_down("refuse", "discovery")
    house.rotate()
    validator.validate(house.token())
    assert house.refresh(validator, recorder).outcome == "not_modified"


def test_both_hosts_are_down(house: House, clock: SettableClock) -> None:
    """Keys serve for an hour after their last success, then it is 503; nothing has to be restarted."""
    recorder, good = Recorder(), house.token()
    validator = house.validator(observers=[recorder])
    validator.validate(good)
    house.take_down()
    assert house.refresh(validator, recorder, 3590).outcome == "network"
    validator.validate(good)
    clock.advance(20)
    with pytest.raises(KeysUnavailable):
        validator.validate(good)
    house.bring_up()
    clock.advance(30)
    validator.validate(good)


@pytest.mark.parametrize("how", ["404", "refuse", "500"])
def test_the_first_request_after_a_move(how: str, house: House) -> None:
    """The attempt that finds the old place gone finds the new one: a new key is known at once, an old one no more."""
    validator, before = house.validator(), house.token()
    validator.validate(before)
    with LoopbackServer(lambda _: (200, FRESH, json.dumps(house.jwks()).encode())) as server:
        house.rotate(keep_old=False)
        house.discovery = {"jwks_uri": server.url + "/new"}
        if how == "refuse":
            house.take_down("refuse", "keys")
        else:
            house.replace_answer("keys", (int(how), {}, b""))
        house.forget_requests()
        validator.validate(house.token())
        assert (house.count("discovery"), server.count()) == (1, 1)
        assert status(validator).jwks_uri == server.url + "/new"
        assert not any("if-none-match" in request.headers for request in server.requests())
        with pytest.raises(UnknownKey):
            validator.validate(before)


@pytest.mark.parametrize("how", ["refuse", "500", pytest.param("silent", marks=pytest.mark.slow)])
def test_the_old_keys_are_void_while_the_new_place_fails(how: str, house: House, clock: SettableClock) -> None:
    """503 for what the old place listed, from the attempt on that heard the document name another one."""
    recorder, good = Recorder(), house.token()
    validator = house.validator(observers=[recorder])
    validator.validate(good)
    with LoopbackServer(lambda _: (500, {}, b"")) as server:
        if how != "500":
            server.take_down("refuse" if how == "refuse" else "accept_silent")
        house.discovery = {"jwks_uri": server.url + "/new"}
        house.replace_answer("keys", (404, {}, b""))
        assert house.refresh(validator, recorder).outcome != "ok"
        with pytest.raises(KeysUnavailable):
            validator.validate(good)
    house.discovery = {}
    house.replace_answer("keys", None)
    clock.advance(40)
    validator.validate(good)


def test_a_move_on_the_same_host(house: House, clock: SettableClock) -> None:
    """No ``ETag`` of the old place is shown to the new one, though it would fit; the keys serve throughout."""
    recorder, good = Recorder(), house.token()
    validator = house.validator(observers=[recorder])
    validator.validate(good)
    assert house.refresh(validator, recorder).outcome == "not_modified"
    house.move_keys("/new.json")
    house.forget_requests()
    assert house.refresh(validator, recorder).outcome == "ok"
    asked = [(request.path, "if-none-match" in request.headers) for request in house.requests()]
    assert asked == [("/jwks.json", True), ("/pool" + WELL_KNOWN, False), ("/new.json", False)]
    assert house.refresh(validator, recorder).outcome == "not_modified"
    assert house.paths()[-1] == "/new.json"
    validator.validate(good)
    assert len(recorder.of(KeysChanged)) == 1
    assert [event.after for event in recorder.of(EndpointChanged)][-1] == "ok"
