"""Faults of servers that do not agree: in what they publish, how old it is, and when they are there."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final, Literal, cast

from jwtmr.errors import ConfigurationError
from jwtmr.settings import Names, names, one_of
from jwtmr.settings import seconds as check_seconds
from jwtmr.testing.fault import Fault, JwkSet, Past
from jwtmr.testing.keys import SigningKey

LONGEST_LAG: Final = 366 * 86400.0
"""Seconds."""

SHORTEST_PHASE: Final = 0.001
"""Seconds. Nothing on a network is faster."""


def diverge(*, add: Iterable[SigningKey | Mapping[str, object]] = (), drop: Names = ()) -> Fault:
    """Publish other keys than the issuer has: some more, ``SigningKey`` or any JWK, and some ``kid`` less.

    A key that is to be another under the same ``kid`` is dropped and added. What else the issuer publishes follows it.
    """
    added = [dict(key.jwk) if isinstance(key, SigningKey) else copy.deepcopy(dict(key)) for key in add]
    dropped = names("drop", drop, allow_empty=True)
    if not added and not dropped:
        raise ConfigurationError("add", "must not be empty unless drop says something")

    def publish(content: JwkSet, _: Past) -> JwkSet:
        keys = cast("list[Mapping[str, object]]", content["keys"])
        return {**content, "keys": [*(key for key in keys if key.get("kid") not in dropped), *added]}

    return Fault(name="diverge", text=f"diverge(add={len(added)}, drop={len(dropped)})", publish=publish)


def lag(seconds: float | None = None) -> Fault:
    """Publish the keys that the issuer had so many seconds ago, by ``monotonic()`` of its clock.

    ``None``: the keys of the moment at which the fault is put in force, for as long as it is. What
    ``RegionalIssuer.publish`` put in their place is not remembered.
    """
    behind = None if seconds is None else check_seconds("seconds", seconds, low=0, high=LONGEST_LAG)

    def publish(_: JwkSet, past: Past) -> JwkSet:
        return past.at(past.began if behind is None else past.now - behind)

    return Fault(name="lag", text=f"lag({'' if behind is None else f'{behind:g}'})", publish=publish)


def flap(fault: Fault, *, every: float, first: Literal["down", "up"] = "down") -> Fault:
    """Let ``fault`` act for ``every`` seconds, then not, and so on, by ``monotonic()`` of the issuer's clock.

    It begins with acting; with ``first="up"`` it does not, so two places can take turns. Whoever hangs in it when its
    time is over goes on hanging. A port that refuses or drops knows no time: ``reset()`` and ``accept_silent()`` do.
    """
    phase = check_seconds("every", every, low=SHORTEST_PHASE, high=LONGEST_LAG)
    one_of("first", first, ("down", "up"))
    if fault.stage == "outage":
        raise ConfigurationError("fault", f"must not be {fault}, which knows no time")
    odd = first == "up"

    def active(since: float) -> bool:
        return since // phase % 2 == odd

    return replace(fault, text=f'flap({fault}, every={every:g}, first="{first}")', active=active)
