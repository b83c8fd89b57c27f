"""Bugs that are planted to see the soak find them: each is one that somebody could write, in one place."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

from jwtmr._keys import merge
from jwtmr._keys.endpoints import Endpoints
from jwtmr._keys.merge import Ledger


class Plant(NamedTuple):
    """What is replaced, and by what."""

    where: Any
    name: str
    bug: Callable[..., object]


PLANTS: Final[dict[str, Plant]] = {
    # Keys serve for as long as nobody answers.
    "stale-bound": Plant(Ledger, "limit", lambda *_: math.inf),
    # That an endpoint dropped a key speaks against nobody else's copy.
    "revived-key": Plant(merge, "_blocked", lambda *_: False),
    # Nobody is asked again while there are keys.
    "never-refreshed": Plant(Endpoints, "due", lambda *_, **__: ([], [])),
    # An endpoint that fails has no say in what is unknown.
    "outage-401": Plant(Endpoints, "silent", lambda *_: True),
}


@contextmanager
def planted(name: str | None) -> Iterator[None]:
    """Have a bug during the block; without a name, none."""
    if name is None:
        yield
        return
    plant = PLANTS[name]
    good = getattr(plant.where, plant.name)
    setattr(plant.where, plant.name, plant.bug)
    try:
        yield
    finally:
        setattr(plant.where, plant.name, good)
