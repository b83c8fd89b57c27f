"""What must hold whatever happens: random schedules of outages, rotations, floods, sleep and forks."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations

import pytest
from furniture import Outcome, Request
from hypothesis import given, settings
from hypothesis import strategies as st
from schedules import POLICIES, Happening, play, schedules, worlds
from test_bogus_flood import reachable
from world import World

from jwtmr._keys.breaker import MAX_RETRY_AFTER, MAX_RETRY_AFTER_WITHOUT_KEYS
from jwtmr._keys.decision import Ask
from jwtmr._keys.jwk import Key
from jwtmr._keys.reading import Reading
from jwtmr._keys.walk import ATTEMPT_TIME, FLIGHT_TIME, Walk
from jwtmr.settings import Instant, KeyPolicy


def gone(since: Instant, now: Instant) -> float:
    """Seconds by the larger of the two clocks that cannot be set."""
    return max(now.mono - since.mono, now.boot - since.boot)


class WatchedWorld(World):
    """A world that is watched: each breach of a rule fails at the moment when it happens."""

    def watch(self) -> None:
        """Begin to take notes."""
        self.good: defaultdict[int, list[tuple[Instant, float, frozenset[str]]]] = defaultdict(list)
        self.told: dict[int, tuple[float, float]] = {}
        self.flight: Walk | None = None
        self.frozen = 0.0

    def freeze(self, seconds: float) -> None:
        """Nobody keeps time while the process stands still."""
        self.frozen += seconds
        super().freeze(seconds)

    def become_child(self, *args: object) -> None:
        """The flight stays with the parent."""
        self.flight = None
        super().become_child(*args)  # type: ignore[arg-type]

    def _answer(self, request: Request, outcome: Outcome, key: Key | None = None) -> None:
        super()._answer(request, outcome, key)
        assert request.waited <= self.policy.wait + self.frozen + 1e-6, "a request waited too long"
        assert (outcome == "key") is (key is not None)
        assert (outcome == "503") is (request.retry_after is not None and 1 <= request.retry_after <= 300)
        assert key is None or self._may_serve(key), "a key was served past the end of every set that lists it"

    def _may_serve(self, key: Key) -> bool:
        now, max_stale = self.now(), self.policy.max_stale
        return any(
            key.thumbprint in prints and gone(sent, now) < (max_stale or lifetime)
            for answers in self.good.values() for sent, lifetime, prints in answers
        )  # fmt: skip

    def _come_home(self, ask: Ask, reading: Reading) -> None:
        heard = gone(ask.sent, self.now()) < ATTEMPT_TIME
        if heard and reading.good:
            self.told.pop(ask.place, None)
            prints = self.good[ask.place][-1][2] if reading.keys is None else _prints(reading)
            self.good[ask.place].append((ask.sent, reading.lifetime, prints))
        elif heard and reading.retry_after is not None:
            self.told[ask.place] = (self.now().mono, reading.retry_after)
        super()._come_home(ask, reading)

    def _send(self, ask: Ask) -> None:
        at, seconds = self.told.get(ask.place, (0.0, 0.0))
        limit = MAX_RETRY_AFTER if self.state.view.alive else MAX_RETRY_AFTER_WITHOUT_KEYS
        assert self.now().mono >= at + min(seconds, limit), "an endpoint was asked that had said to wait"
        super()._send(ask)

    def _carry(self, walk: Walk) -> None:
        assert self.flight is None or gone(self.flight.took_off, self.now()) >= FLIGHT_TIME, "two walks in the air"
        self.flight = walk
        super()._carry(walk)

    def _step(self, number: int) -> None:
        super()._step(number)
        if self.flight is not None and self.flight.number == number and self.state.walk is not self.flight:
            self.flight = None


def _prints(reading: Reading) -> frozenset[str]:
    assert reading.keys is not None
    return frozenset(key.thumbprint for by_alg in reading.keys.keys.values() for key in by_alg.values())


def watched(policy: KeyPolicy, seed: int) -> WatchedWorld:
    """A watched world."""
    world = worlds(policy, seed, kind=WatchedWorld)
    assert isinstance(world, WatchedWorld)
    world.watch()
    return world


def keeps_to_the_bucket(walks: list[float]) -> bool:
    """Whether no stretch of time holds more walks than a bucket of two that fills by one each thirty seconds."""
    return all(
        last - first + 1 <= 2 + (walks[last] - walks[first]) / 30 + 1e-6
        for first, last in combinations(range(len(walks)), 2)
    )  # fmt: skip


@pytest.mark.slow
@settings(max_examples=80, derandomize=True)
@given(POLICIES, st.integers(0, 3), schedules("suspend", "freeze", "forward", "back", "fork"))
def test_invariants(policy: KeyPolicy, seed: int, schedule: list[Happening]) -> None:
    """Keys end in time, walks are paid for and alone, waits and memory are bounded, and nothing is ever raised."""
    world = watched(policy, seed)
    for happening in schedule:
        play(world, happening)
    world.run(40)
    assert keeps_to_the_bucket(world.walks_for("unknown_kid"))
    world.events.clear()
    assert reachable(world.state) < 6000


@pytest.mark.slow
@settings(max_examples=40, derandomize=True)
@given(POLICIES, st.integers(0, 3), schedules("suspend", "freeze", "forward", "back", "fork"))
def test_recovery(policy: KeyPolicy, seed: int, schedule: list[Happening]) -> None:
    """Whatever has happened: once all are well for a quarter of an hour their keys serve, and a bogus kid is a 401."""
    world = watched(policy, seed)
    for happening in schedule:
        play(world, happening)
    for server in world.servers:
        server.recover()
        server.kids, server.age, server.headers = ("a", "b"), None, {}
    world.keep_asking("a", 1300, every=4)
    assert [world.get(kid).outcome for kid in ("a", "b", "bogus")] == ["key", "key", "401"]


def test_the_bucket_of_these_tests_is_strict() -> None:
    """Three at once are too many, and so are four in a minute less a second."""
    assert keeps_to_the_bucket([0, 0, 30, 60])
    assert not keeps_to_the_bucket([0, 0, 0])
    assert not keeps_to_the_bucket([0, 1, 30, 59])
