"""What a simulator does when it is told to, as a validator sees it that has nothing but the settings it gives."""

from __future__ import annotations

import socket
from collections.abc import Generator
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import pytest
from simulated import Simulated, simulated, verdict

from jwtmr.cli.simulate.faults import _MAKERS
from jwtmr.cli.simulate.watch import KEPT, SHOWN
from jwtmr.cli.simulate.words import FAULTS, KINDS, OUTAGES
from jwtmr.testing.fault import OUTAGES as OUTAGES_THERE_ARE

PRIMARY, REPLICA = "us-east-1", "us-west-2"


@pytest.fixture
def world() -> Generator[Simulated, None, None]:
    """A simulator of two regions."""
    with simulated() as running:
        yield running


TOKENS = [
    ({}, "current"),
    ({"kind": "id", "groups": ["admins"]}, "current"),
    ({"kind": "machine", "scopes": ["orders/write"]}, "current"),
    ({"issuer": "original"}, "legacy"),
    ({"issuer": "updated", "expires_in": 60}, "current"),
    ({"issuer": REPLICA}, "untrusted_issuer"),
    ({"kind": "forged"}, "invalid_signature"),
    ({"kind": "forged", "issuer": "original"}, "invalid_signature"),
    ({"kind": "foreign"}, "untrusted_issuer"),
    ({"expires_in": -60}, "expired"),
    ({"expires_in": -86_400, "kind": "id"}, "expired"),
]


def test_tokens_are_what_they_are_said_to_be(world: Simulated) -> None:
    """Each kind of token is accepted or refused for the one reason that it is minted for."""
    world.order("switch")
    with world.validator() as validator:
        assert [(asked, verdict(validator, world.token(**asked))) for asked, _ in TOKENS] == TOKENS


def test_a_token_holds_what_was_asked_for(world: Simulated) -> None:
    """User, groups, scopes and lifetime are those of the order."""
    asked = {"username": "bob", "groups": ["admins", "staff"], "scopes": ["orders/read"], "expires_in": 120}
    with world.validator() as validator:
        principal = validator.validate(world.token(**asked))
    assert (principal.username, principal.groups, principal.scopes) == ("bob", {"admins", "staff"}, {"orders/read"})
    assert principal.issued_at is not None
    assert (principal.expires_at - principal.issued_at).total_seconds() == 120


def test_the_switch(world: Simulated) -> None:
    """Before it tokens are legacy and the updated host answers 403; after it, and after going back, the other way."""
    with world.validator() as validator:
        before = verdict(validator, world.token()), world.host(PRIMARY, "updated")["state"]
        world.order("switch")
        after = verdict(validator, world.token()), world.host(PRIMARY, "updated")["state"]
        world.order("switch", to="original")
        back = verdict(validator, world.token()), world.host(PRIMARY, "updated")["state"]
    assert (before, after, back) == (("legacy", "not_switched"), ("current", "up"), ("legacy", "not_switched"))


def test_it_can_begin_switched() -> None:
    """``updated=True`` is a pool that was switched before."""
    with simulated(updated=True) as world, world.validator() as validator:
        assert (world.state()["switched_to"], verdict(validator, world.token())) == ("updated", "current")


def test_rotation(world: Simulated) -> None:
    """New keys sign and are found; the old ones stay published, or do not."""
    with world.validator() as validator:
        old = world.token()
        verdict(validator, old)
        world.order("rotate")
        assert verdict(validator, world.token()) == "legacy"
        assert [key["signs"] for key in world.state()["keys"]] == [["access"], ["id"], [], []]
        world.order("rotate", keep_old=False)
        assert [key["signs"] for key in world.state()["keys"]] == [["access"], ["id"]]
    with world.validator() as newcomer:
        assert verdict(newcomer, old) == "unknown_key"


def test_withdrawal(world: Simulated) -> None:
    """A key is published no longer, and a second time there is nothing to withdraw."""
    kid = world.state()["keys"][0]["kid"]
    token = world.token()
    world.order("withdraw", kid=kid)
    with world.validator() as validator:
        assert verdict(validator, token) == "unknown_key"
    assert world.post("withdraw", kid=kid).status_code == 400


@pytest.mark.slow
def test_outages(world: Simulated) -> None:
    """A service goes on with the replica when the primary region is down, and cannot tell when both are."""
    world.order("take-down", region=PRIMARY, how="refuse")
    with world.validator() as validator:
        assert verdict(validator, world.token()) == "legacy"
    world.order("take-down", how="accept_silent")
    assert {host["outage"] for host in world.state()["hosts"]} == {"accept_silent"}
    with world.validator() as validator:
        assert verdict(validator, world.token()) == "keys_unavailable"
    world.order("bring-up", region=REPLICA, form="original")
    with world.validator() as validator:
        assert verdict(validator, world.token()) == "legacy"
    assert world.host(REPLICA, "original")["state"] == "up"


def asked(url: str) -> bytes:
    """Ask for the keys by hand; return what came within a moment, at most 64 KiB."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=0.2) as connection:
        connection.sendall(f"GET {parts.path} HTTP/1.1\r\nConnection: close\r\n\r\n".encode())
        came = b""
        try:
            while len(came) < 65536 and (more := connection.recv(65536)):
                came += more
        except (TimeoutError, ConnectionResetError):
            pass
    return came


@pytest.mark.parametrize("name", FAULTS)
def test_faults_strike(world: Simulated, name: str) -> None:
    """Each fault strikes whoever asks, is told of as it is called here, and is over when it is healed."""
    host = world.host(PRIMARY, "original")
    world.order("fault", fault=name, region=PRIMARY, form="original")
    world.order("rotate")  # or publishing old keys would be none
    came = asked(host["jwks_uri"])
    assert [(seen["fault"], seen["status"]) for seen in world.state()["requests"]] == [(name, None)], came[:200]
    assert (world.host(PRIMARY, "original")["state"], world.host(PRIMARY, "original")["faults"]) == ("faulty", [name])
    world.order("heal")
    assert asked(host["jwks_uri"]).startswith(b"HTTP/1.1 200 ")
    assert [(seen["fault"], seen["status"]) for seen in world.state()["requests"]] == [(None, 200), (name, None)]


def test_words_are_complete() -> None:
    """Every fault and every outage that there is has its words, and the other way round."""
    assert (FAULTS.keys(), OUTAGES.keys()) == (_MAKERS.keys(), set(OUTAGES_THERE_ARE))


def test_a_fault_begins_anew(world: Simulated) -> None:
    """Twice the same fault is one, and heals at once."""
    world.order("fault", fault="error-500")
    world.order("fault", fault="error-500")
    world.order("fault", fault="stale", region=PRIMARY)
    assert world.host(PRIMARY, "original")["faults"] == ["error-500", "stale"]
    world.order("heal", region=PRIMARY)
    assert (world.host(PRIMARY, "original")["faults"], world.host(REPLICA, "original")["faults"]) == ([], ["error-500"])


def test_only_the_last_requests_are_kept(world: Simulated) -> None:
    """However many there were, some are shown, all are counted, and no more than a bound is remembered."""
    host, times = world.host(REPLICA, "original"), KEPT + 50
    (server,) = world.simulator.issuer.servers(REPLICA, "original")
    for _ in range(times):
        world.client.get(host["jwks_uri"])
    assert world.host(REPLICA, "original")["requests"] == times
    assert len(world.state()["requests"]) == SHOWN
    assert server.count() <= KEPT


WRONG = [
    ("nothing", {}, "order: must be token or switch"),
    ("token", {"kind": "golden"}, "kind: must be"),
    ("token", {"kind": 7}, "kind: must be a text"),
    ("token", {"issuer": "eu-west-1"}, "issuer: must be"),
    ("token", {"expires_in": 86_401}, "expires_in: must be between"),
    ("token", {"expires_in": True}, "expires_in: must be a whole number"),
    ("token", {"groups": "admins"}, "groups: must be a list"),
    ("token", {"groups": ["a\nb"]}, "groups: must be a text"),
    ("token", {"username": "x" * 257}, "username: must be a text"),
    ("token", {"kind": "foreign", "groups": ["admins"]}, "kind: foreign tokens come as they are"),
    ("token", {"kind": "machine", "username": "bob"}, "kind: machine tokens"),
    ("token", {"kind": "id", "scopes": ["a"]}, "kind: id tokens"),
    ("token", {"subject": "x"}, "subject: is no part"),
    ("switch", {"to": "new"}, "to: must be"),
    ("rotate", {"keep_old": 1}, "keep_old: must be true or false"),
    ("withdraw", {}, "kid: must be a text"),
    ("withdraw", {"kid": "x"}, "kid: must be one of"),
    ("take-down", {"how": "gently"}, "how: must be"),
    ("take-down", {"region": "eu-west-1"}, "region: must be us-east-1 or us-west-2"),
    ("bring-up", {"form": "new"}, "form: must be"),
    ("fault", {}, "fault: must be a text"),
    ("fault", {"fault": "plague"}, "fault: must be"),
    ("settings", {"form": "yaml"}, "form: must be"),
    ("stop", {"now": True}, "now: is no part"),
]


@pytest.mark.parametrize(("name", "members", "says"), WRONG)
def test_what_cannot_be_done_is_refused(name: str, members: dict[str, object], says: str) -> None:
    """A wrong order is answered with what would be right, and changes nothing."""
    with simulated() as world:
        before = world.state()
        answer = world.post(name, **members)
        assert (answer.status_code, answer.json()["error"][: len(says)]) == (400, says)
        assert world.state() == before


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_its_words(world: Simulated, kind: str) -> None:
    """The answer says what was minted."""
    assert world.order("token", kind=kind)["says"] == f"minted {KINDS[kind]}"


def test_it_waits_until_it_is_stopped(world: Simulated) -> None:
    """For ever, or for as long as it was told to; whoever stops it first need not wait at all."""
    world.simulator.wait(0)
    assert world.order("stop")["says"] == "the simulator stops"
    world.simulator.wait()


def test_a_skewed_clock(world: Simulated) -> None:
    """The answers are dated an hour back, and the keys are those that there are."""
    url = world.host(PRIMARY, "original")["jwks_uri"]
    usual = parsedate_to_datetime(world.client.get(url).headers["date"])
    world.order("fault", fault="clock-behind")
    answer = world.client.get(url)
    assert world.client.get(world.host(PRIMARY, "updated")["jwks_uri"]).status_code == 403  # which has no date
    late = usual - parsedate_to_datetime(answer.headers["date"])
    assert (round(late.total_seconds() / 60), len(answer.json()["keys"])) == (60, 2)


def test_a_weak_key(world: Simulated) -> None:
    """It is published beside the others, which go on verifying."""
    world.order("fault", fault="weak-key")
    (weak,) = (
        key
        for key in world.client.get(world.host(PRIMARY, "original")["jwks_uri"]).json()["keys"]
        if key["kid"] == "weak"
    )
    assert len(weak["n"]) == 171  # 128 bytes
    with world.validator() as validator:
        assert verdict(validator, world.token()) == "legacy"
