"""Whatever happens in whatever order: a key serves no more from the moment on when its private half came home."""

from __future__ import annotations

import pytest
from furniture import Outcome, Request
from hypothesis import given, settings
from hypothesis import strategies as st
from keymaterial import thumbprint_of
from schedules import PAUSES, POLICIES, VALUES, Happening, play
from servers import Server
from test_invariants import WatchedWorld, keeps_to_the_bucket

from jwtmr._keys.decision import Ask
from jwtmr._keys.jwk import Key
from jwtmr._keys.reading import Reading
from jwtmr.settings import KeyPolicy

LEAKS = [("a!", "b"), ("a", "b!"), ("a!", "b!"), ("b", "z=a!"), ("a",), ("a", "b", "c"), ("c",), ("z=a", "b"), ("b=a",)]
KINDS: dict[str, st.SearchStrategy[object]] = VALUES | {
    "kids": st.sampled_from(LEAKS),
    "traffic": st.sampled_from(["a", "b", "c", "z"]),
    "suspend": st.sampled_from([7.0, 7200.0]),
    "fork": st.none(),
}
SCHEDULES: st.SearchStrategy[list[Happening]] = st.lists(
    st.sampled_from([*sorted(KINDS), "kids", "kids", "traffic"]).flatmap(
        lambda kind: st.tuples(PAUSES, st.just(kind), st.integers(0, 2), KINDS[kind])
    ),
    min_size=3,
    max_size=16,
)


class LeakyWorld(WatchedWorld):
    """A watched world that notes which private halves its hosts have sent."""

    def watch(self) -> None:
        """Begin to take notes."""
        super().watch()
        self.sent: dict[int, tuple[str, ...]] = {}
        self.burnt: set[str] = set()

    def _send(self, ask: Ask) -> None:
        self.sent[ask.number] = self.servers[ask.place].kids
        super()._send(ask)

    def _come_home(self, ask: Ask, reading: Reading) -> None:
        if reading.outcome in ("ok", "unusable"):
            leaking = (name.removesuffix("!") for name in self.sent[ask.number] if name.endswith("!"))
            self.burnt |= {thumbprint_of(name.rpartition("=")[2]) for name in leaking}
        super()._come_home(ask, reading)
        serving = {key.thumbprint for by_alg in self.state.view.keys.values() for key in by_alg.values()}
        assert not serving & self.burnt

    def _answer(self, request: Request, outcome: Outcome, key: Key | None = None) -> None:
        super()._answer(request, outcome, key)
        assert key is None or key.thumbprint not in self.burnt


def leaky(policy: KeyPolicy) -> LeakyWorld:
    """A world with three endpoints that may leak."""
    world = LeakyWorld(*[Server(etags=place != 1) for place in range(3)], policy=policy)
    world.watch()
    return world


@pytest.mark.slow
@settings(max_examples=150, derandomize=True)
@given(POLICIES, SCHEDULES)
def test_no_burnt_key_ever_serves(policy: KeyPolicy, schedule: list[Happening]) -> None:
    """Nor is anybody asked more often than the bucket allows, nor does a request wait for too long."""
    world = leaky(policy)
    for happening in schedule:
        play(world, happening)
    world.run(40)
    assert keeps_to_the_bucket(world.walks_for("unknown_kid"))


@pytest.mark.slow
@settings(max_examples=60, derandomize=True)
@given(POLICIES, SCHEDULES)
def test_new_keys_end_it(policy: KeyPolicy, schedule: list[Happening]) -> None:
    """Once all endpoints list fresh keys for a quarter of an hour those serve, whatever was burnt before."""
    world = leaky(policy)
    for happening in schedule:
        play(world, happening)
    for server in world.servers:
        server.recover()
        server.kids, server.age, server.headers = ("n", "m", "a"), None, {}
    world.keep_asking("n", 1300, every=4)
    burnt = thumbprint_of("a") in world.burnt
    assert [world.get(kid).outcome for kid in ("n", "m", "a", "bogus")] == [
        "key", "key", "401" if burnt else "key", "401",
    ]  # fmt: skip


def test_these_worlds_do_leak() -> None:
    """The notes are taken of what came home, under whichever name."""
    world = leaky(KeyPolicy())
    world.servers[0].kids = ("b", "z=a!")
    world.get("b")
    assert world.burnt == {thumbprint_of("a")}
