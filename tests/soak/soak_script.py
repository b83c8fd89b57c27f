"""The acts that each soak begins with: the timelines that matter most, so that no seed goes without them.

They go on when enough has been asked and answered, and not after a time.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Final

from soak_faults import poses
from soak_stage import REGIONS, Stage, Where
from soak_tokens import FLOODS

from jwtmr.testing.faults import accept_silent, diverge, lag, reset, status

HALF_AN_HOUR: Final = 1800
DUE: Final = 900
"""Seconds after which all endpoints are asked again: the lifetime of a set."""
PAUSE_OVER: Final = 31
"""Seconds: the longest back-off."""
BUCKET_FULL: Final = 61
"""Seconds in which walks for unknown kids can be paid for again."""
SKIP_OVER: Final = 301
"""Seconds: the longest that a failing endpoint is left alone."""
WINDOW: Final = 40_000
"""Seconds that all acts take by the clocks, and some more."""


def cold_outage(stage: Stage) -> None:
    """Nobody answers at first: 503 for what cannot be checked, 401 for what is wrong in itself. Then they do."""
    with stage.spell(reset()):
        stage.await_answers(valid=4, bogus=2, expired=2)
    stage.move(PAUSE_OVER)
    stage.await_answers(valid=4)


def switch_and_rotation(stage: Stage) -> None:
    """The pool is switched, and has new keys twice. The first token of each is good."""
    stage.switch()
    stage.move(SKIP_OVER)
    stage.rotate()
    stage.await_answers(valid=3, legacy=2, former=2)
    stage.move(BUCKET_FULL)
    stage.rotate()
    stage.await_answers(valid=3)


def quiet_quarter(stage: Stage) -> None:
    """Nothing happens, and keys come of age: everybody is asked again, and no request waits for it."""
    stage.move(SKIP_OVER)
    stage.await_answers(bogus=2)  # for them everybody is asked
    stage.flood(0)
    stage.move(DUE)
    stage.await_answers(valid=50)  # for long enough to see who is asked
    stage.flood(FLOODS[-1])


def silence(stage: Stage) -> None:
    """All hosts accept connections and say nothing. Who has a key waits for nobody, who has none waits 2 s."""
    stage.move(BUCKET_FULL)
    with stage.spell(accept_silent()):
        stage.await_answers(valid=2, bogus=2)
        stage.flood(0)  # so that the refresh begins with somebody who has a key
        stage.move(DUE)
        stage.await_answers(valid=45)  # for long enough to see who waits for it
    stage.flood(FLOODS[-1])
    stage.move(SKIP_OVER)
    _all_asked_after(stage, DUE)


def total_outage(stage: Stage) -> None:
    """All are down for longer than keys may serve: an hour on known keys, never 401 for unknown ones, then 503."""
    _all_asked_after(stage, DUE)
    with stage.spell(status(500)):
        stage.move(BUCKET_FULL)
        stage.await_answers(bogus=3)  # keys are fresh, so the first to notice is a walk for an unknown kid
        stage.move(DUE)
        stage.await_answers(valid=4, bogus=4)
        stage.move(HALF_AN_HOUR)
        stage.await_answers(valid=4, bogus=4, forged=2)
        stage.move(HALF_AN_HOUR)
        stage.await_answers(valid=6, former=4, bogus=2, expired=2)
    stage.move(SKIP_OVER)
    stage.await_answers(valid=4)


def dropped_key(stage: Stage) -> None:
    """A key is withdrawn while a replica still publishes it: 503 for an hour, then 401. Then the replica follows."""
    _new_keys_everywhere(stage)
    with stage.spell(lag(), Where(stage.pool.regions[-1])):
        stage.withdraw(1)
        _all_asked_after(stage, DUE)
        stage.await_answers(withdrawn=5, valid=2)
        _all_asked_after(stage, HALF_AN_HOUR, HALF_AN_HOUR)
        stage.await_answers(withdrawn=3)
    _all_asked_after(stage, DUE)
    stage.await_answers(withdrawn=2)


def silent_dropper(stage: Stage) -> None:
    """The same, but who withdrew it falls silent: after an hour the others have the say, and the key is good again."""
    _new_keys_everywhere(stage)
    with ExitStack() as replicas:
        for region in stage.pool.replica_regions:
            replicas.enter_context(stage.spell(lag(), Where(region)))
        stage.withdraw(1)
        _all_asked_after(stage, DUE)
        with stage.spell(status(500), Where(stage.pool.primary_region)):
            _all_asked_after(stage, *[DUE + SKIP_OVER] * 4)
            stage.await_answers(withdrawn=4)
    _all_asked_after(stage, DUE)


def dropped_abroad(stage: Stage) -> None:
    """While the primary region is down a replica leaves a key out. What the primary said before that is no proof."""
    _new_keys_everywhere(stage)
    former = stage.purse.pairs[-2]
    dropped = diverge(drop=[former.access.kid, former.id.kid])
    with stage.spell(status(503), Where(stage.pool.primary_region)), stage.spell(dropped, Where(REGIONS[1])):
        _all_asked_after(stage, DUE)
        stage.await_answers(former=8)
    stage.move(SKIP_OVER)
    _all_asked_after(stage, DUE)


def poser(stage: Stage) -> None:
    """The primary region publishes another key under the same kid, and wins. With an old set it loses."""
    primary = Where(stage.pool.primary_region)
    with stage.spell(poses(stage.purse), primary):
        _all_asked_after(stage, DUE)
        stage.await_answers(valid=3, posed=3)
        with stage.spell(status(503), primary):
            _all_asked_after(stage, DUE)
            stage.await_answers(valid=3, posed=3)
    stage.move(SKIP_OVER)
    _all_asked_after(stage, DUE)


def _new_keys_everywhere(stage: Stage) -> None:
    stage.rotate()
    _all_asked_after(stage, DUE)


def _all_asked_after(stage: Stage, *moves: int) -> None:
    for seconds in moves:
        stage.move(seconds)
        stage.await_fetches()


ACTS: Final[tuple[Callable[[Stage], None], ...]] = (
    cold_outage,
    switch_and_rotation,
    quiet_quarter,
    silence,
    total_outage,
    dropped_key,
    silent_dropper,
    dropped_abroad,
    poser,
)
