"""Schedules that Hypothesis draws: what happens to a world, and when."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from furniture import seeded
from hypothesis import strategies as st
from servers import Server
from world import World

from jwtmr.settings import KeyPolicy

Happening: TypeAlias = tuple[float, str, int, object]
"""After so many seconds, this, to that endpoint, with that value."""

KID_SETS = [("a",), ("a", "b"), ("b",), ("a=other",), ("a", "b=other", "c"), ("c",), ("a", "c!"), ("a=other!", "b")]
PAUSES = st.sampled_from(
    [0.0, 0.03125, 0.25, 0.5, 1.0, 2.25, 3.0, 7.0, 31.0, 61.0, 130.0, 301.0, 500.0, 1900.0, 3700.0]
)
VALUES: dict[str, st.SearchStrategy[object]] = {
    "kids": st.sampled_from(KID_SETS),
    "latency": st.sampled_from([0.0625, 0.0625, 0.5, 1.5, 2.4375, 2.75, 11.0, None]),
    "status": st.sampled_from([200, 200, 403, 500]),
    "down": st.booleans(),
    "age": st.sampled_from([None, 50, 5000]),
    "max_age": st.sampled_from([None, 60, 900]),
    "headers": st.sampled_from([{}, {"retry-after": "45"}, {"retry-after": "900"}]),
    "ask": st.sampled_from(["a", "a", "a", "b", "c", "x", "y"]),
    "traffic": st.sampled_from(["a", "b", "x"]),
    "burst": st.integers(1, 40),
}
CLOCKS: dict[str, st.SearchStrategy[object]] = {
    "suspend": st.sampled_from([3.0, 7.0, 700.0, 7200.0]),
    "freeze": st.sampled_from([3.0, 7.0, 700.0]),
    "forward": st.sampled_from([30.0, 700.0, 7200.0]),
    "back": st.sampled_from([1.0, 700.0, 7200.0]),
    "fork": st.none(),
}


def schedules(*more: str) -> st.SearchStrategy[list[Happening]]:
    """Up to sixteen happenings; of the clocks and forks only what is named."""
    kinds = VALUES | {kind: CLOCKS[kind] for kind in more}
    happening = st.sampled_from(sorted(kinds)).flatmap(
        lambda kind: st.tuples(PAUSES, st.just(kind), st.integers(0, 2), kinds[kind])
    )
    return st.lists(happening, min_size=1, max_size=16)


POLICIES = st.builds(
    KeyPolicy, max_stale=st.sampled_from([0, 1800, 3600]), refresh=st.sampled_from(["background", "inline"])
)


def worlds(policy: KeyPolicy, seed: int, *, eager: bool = False, kind: Callable[..., World] = World) -> World:
    """A world with three endpoints whose dice fall by ``seed``."""
    servers = [Server(etags=place != 1) for place in range(3)]
    return kind(*servers, policy=policy, uniform=seeded(seed), eager=eager)


def play(world: World, happening: Happening) -> None:
    """Let one thing happen."""
    pause, what, place, value = happening
    world.run(pause)
    if what == "ask":
        world.request(str(value))
    elif what == "traffic":
        world.keep_asking(str(value), 20, every=0.625)
    elif what == "burst":
        for n in range(int(str(value))):
            world.request(f"bogus{world.t}-{n}")
    elif what == "suspend":
        world.suspend(float(str(value)))
    elif what == "freeze":
        world.freeze(float(str(value)))
    elif what in ("forward", "back"):
        world.wall_shift += float(str(value)) * (1 if what == "forward" else -1)
    elif what == "fork":
        world.become_child(seeded(place))
    else:
        setattr(world.servers[place], what, value)
