"""Key sets with members that nobody may use, over real sockets: what serves, what operators see, what is never told."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import TypeAlias

import pytest
from source_kit import Making, Recorder, no_threads_left

from jwtmr import KeysUnavailable, TokenValidator
from jwtmr.errors import UnknownKey
from jwtmr.events import FetchFinished, KeysChanged
from jwtmr.testing import RegionalIssuer, SettableClock, validator_for

CANARY = "Y2FuYXJ5LWluLWEtcHJpdmF0ZS1tZW1iZXI"
PRESENT = "private members present: this key is never used again"
PUBLISHED = "its private members were published: this key is never used again"
REGION, FORM = "us-east-1", "original"
WEAK = {"kty": "oct", "kid": "weak", "k": CANARY, "alg": "HS256"}

Member: TypeAlias = dict[str, object]
Keys: TypeAlias = list[Member]


def leaking(key: Mapping[str, object]) -> Member:
    """A member as somebody publishes it who exports the wrong half."""
    return {**key, "d": CANARY, "p": CANARY, "q": CANARY}


def keys_of(issuer: RegionalIssuer) -> Keys:
    """The members of its set: the key of access tokens, and that of ID tokens."""
    return [{**key} for key in issuer.jwks()["keys"]]


class Watched:
    """A validator that has its keys, and the answers that it gets from then on."""

    def __init__(self, issuer: RegionalIssuer, clock: SettableClock, make: Making) -> None:
        self.issuer, self.clock = issuer, clock
        self.recorder = Recorder()
        self.url = issuer.jwks_uris_for(FORM)[0]
        self.validator: TokenValidator = make(self.url, observers=[self.recorder])
        self.token = issuer.access_token(expires_in=86000)
        self.validator.warm_up(require="all")
        self.validator.validate(self.token)

    def refresh(self, keys: Keys | None) -> None:
        """Publish these, None for what is right, let the keys become due, and see to it that they are fetched."""
        self.issuer.publish(REGION, FORM, None if keys is None else {"keys": keys})
        fetched, asked = len(self.recorder.of(FetchFinished)), self.issuer.count()
        self.clock.advance(850)
        self.validator.status()
        self.recorder.await_(FetchFinished, fetched + 1)
        no_threads_left()
        assert self.issuer.count() > asked, "the host has handed it out"

    def told(self) -> list[tuple[int, int, tuple[str, ...]]]:
        """The changes of keys since the start."""
        return [(event.added, event.removed, event.refused) for event in self.recorder.of(KeysChanged)[1:]]

    def problems(self) -> list[str]:
        """What an operator is told, without the URL."""
        (authority,) = self.validator.status().authorities
        return [problem.partition(": ")[2] for problem in authority.problems]


@pytest.fixture
def watched(issuer: RegionalIssuer, clock: SettableClock, make: Making) -> Watched:
    """A validator that has its keys."""
    return Watched(issuer, clock, make)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The warnings of the log."""
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def test_a_key_that_leaks_is_burnt(watched: Watched, caplog: pytest.LogCaptureFixture) -> None:
    """It is refused from that answer on, with one warning, and for good; the other key serves."""
    access, identity = keys_of(watched.issuer)
    other = watched.issuer.id_token(expires_in=86000)
    watched.refresh([leaking(access), identity])
    with pytest.raises(UnknownKey):
        watched.validator.validate(watched.token)
    watched.validator.validate(other)
    assert (watched.told(), watched.problems()) == ([(0, 1, (PRESENT,))], [PRESENT])
    assert warnings(caplog) == [f"{watched.issuer.user_pool_id}: unusable keys at {watched.url}: {PRESENT}"]
    watched.refresh(None)
    with pytest.raises(UnknownKey):
        watched.validator.validate(watched.token)
    watched.validator.validate(other)
    assert watched.problems() == [PUBLISHED]


def test_all_keys_leak(watched: Watched, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is left that could check a token: 503, until there is another key."""
    watched.refresh([leaking(key) for key in keys_of(watched.issuer)])
    for _ in range(3):
        with pytest.raises(KeysUnavailable) as caught:
            watched.validator.validate(watched.token)
        assert (caught.value.retry_after or 0) >= 1
    assert watched.told() == [(0, 2, ("no usable key", PRESENT, PRESENT))]
    assert watched.validator.status().authorities[0].state == "down"
    assert len([line for line in warnings(caplog) if PRESENT in line]) == 1
    watched.issuer.publish(REGION, FORM, None)
    watched.issuer.rotate()
    watched.clock.advance(31)
    watched.validator.validate(watched.issuer.access_token())
    with pytest.raises(UnknownKey):
        watched.validator.validate(watched.token)


def test_a_key_that_leaks_in_one_region_serves_from_none(clock: SettableClock) -> None:
    """The other region lists it as ever, under every issuer of the pool."""
    with RegionalIssuer(["us-east-1", "us-west-2"], clock=clock) as issuer:
        recorder = Recorder()
        with closing(
            validator_for(issuer, issuer_type="original", accept_replica_issuers=True, observers=[recorder])
        ) as validator:
            old = issuer.access_token(expires_in=86000)
            validator.warm_up(require="all")
            clock.advance(850)
            validator.validate(old)
            recorder.await_(FetchFinished, 3)
            access, identity = keys_of(issuer)
            issuer.publish("us-west-2", "original", {"keys": [leaking(access), identity]})
            clock.advance(850)
            issuer.forget_requests()
            validator.validate(old)
            recorder.await_(FetchFinished, 5)
            no_threads_left()
            assert issuer.count("us-west-2") == 1
            for token in (old, issuer.access_token(issuer=issuer.replica_issuer("us-west-2"))):
                with pytest.raises(UnknownKey):
                    validator.validate(token)
            validator.validate(issuer.id_token())


def test_a_key_for_encryption_is_no_problem(watched: Watched, caplog: pytest.LogCaptureFixture) -> None:
    """Many providers list one beside the others: it is told once and shown, and nothing is wrong."""
    good = keys_of(watched.issuer)
    for _ in range(2):
        watched.refresh([*good, {**good[0], "kid": "enc", "use": "enc"}])
        watched.validator.validate(watched.token)
    (authority,) = watched.validator.status().authorities
    assert (authority.endpoints[0].reasons, authority.problems) == (("use is not sig",), ())
    assert watched.told() == [(0, 0, ("use is not sig",))]
    assert len(warnings(caplog)) == 1


def test_a_weak_member_is_told_once(watched: Watched, caplog: pytest.LogCaptureFixture) -> None:
    """When it comes, not at each refresh; and it is shown for as long as it is there."""
    good = keys_of(watched.issuer)
    for _ in range(3):
        watched.refresh([*good, WEAK])
        watched.validator.validate(watched.token)
        assert watched.problems() == ["private or symmetric key material"]
    assert "not_modified" in {event.outcome for event in watched.recorder.of(FetchFinished)}
    assert watched.told() == [(0, 0, ("private or symmetric key material",))]
    assert len(warnings(caplog)) == 1
    watched.refresh(good)
    assert (watched.told()[1:], watched.problems(), len(warnings(caplog))) == ([(0, 0, ())], [], 1)


SPOILED: dict[str, Callable[[Keys], Keys]] = {
    "one of two leaks": lambda keys: [leaking(keys[0]), keys[1]],
    "all leak": lambda keys: [leaking(key) for key in keys],
    "a third one leaks": lambda keys: [*keys, {**leaking(keys[0]), "kid": CANARY, "n": keys[1]["n"]}],
    "symmetric": lambda keys: [*keys, WEAK],
    "its name is the secret": lambda keys: [*keys, {"kty": CANARY, "kid": CANARY, "alg": CANARY}],
    "other members": lambda keys: [*keys, {**keys[0], "d": {"nested": [CANARY]}, "oth": [{"r": CANARY}]}],
}


@pytest.mark.parametrize("spoil", SPOILED.values(), ids=SPOILED)
def test_nothing_of_the_material_is_found_anywhere(
    spoil: Callable[[Keys], Keys], watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither in the log at its most talkative, nor in an event, the status, or an error."""
    caplog.set_level(logging.DEBUG)
    watched.refresh(spoil(keys_of(watched.issuer)))
    said = ""
    try:
        watched.validator.validate(watched.token)
    except (UnknownKey, KeysUnavailable) as error:
        said = repr(error) + str(error) + error.detail
    status = watched.validator.status()
    assert status.authorities[0].endpoints[0].reasons
    assert CANARY not in said + repr(status) + str(status) + repr(watched.recorder.of(object)) + caplog.text
