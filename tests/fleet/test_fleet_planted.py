"""A simulation that cannot fail shows nothing: faults planted in the state machine must show in its figures."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fleet_bounds import BOUNDS
from fleet_scenarios import BY_NAME
from fleet_simulation import Fleet

from jwtmr._keys import breaker, pace
from jwtmr._keys.endpoints import Endpoints
from jwtmr._keys.merge import Ledger

Plant = Callable[[pytest.MonkeyPatch], None]


def no_jitter(patch: pytest.MonkeyPatch) -> None:
    """All refresh at 80 % of the lifetime exactly."""
    patch.setattr(Endpoints, "_refresh_age", lambda self, lifetime: 0.8 * lifetime)


def a_short_back_off(patch: pytest.MonkeyPatch) -> None:
    """All hosts are tried again after five seconds, for ever."""
    patch.setattr(pace, "LAST_STEP", 5.0)


def a_short_skip(patch: pytest.MonkeyPatch) -> None:
    """A dark host is asked again after half a minute, for ever."""
    patch.setattr(breaker, "LAST_SKIP", 30.0)


def no_stale_keys(patch: pytest.MonkeyPatch) -> None:
    """Keys end with their lifetime."""
    patch.setattr(Ledger, "limit", lambda self, copy: copy.lifetime)


def a_quick_bucket(patch: pytest.MonkeyPatch) -> None:
    """A walk for an unknown kid every ten seconds."""
    patch.setattr(pace, "BUCKET_PERIOD", 10.0)


@pytest.mark.parametrize(
    ("plant", "name", "processes", "what"),
    [
        (no_jitter, "restart", 40, "in the worst ten seconds afterwards"),
        pytest.param(a_short_back_off, "both-refusing", 4, "in the outage", marks=pytest.mark.slow),
        (a_short_skip, "one-refusing", 4, "in the outage"),
        (no_stale_keys, "both-refusing", 2, "not told 200"),
        pytest.param(a_quick_bucket, "flood", 2, "afterwards", marks=pytest.mark.slow),
    ],
)
def test_a_planted_fault_is_seen(
    plant: Plant, name: str, processes: int, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bound that speaks of it is broken, which holds without the fault."""
    bounds = [bound for bound in BOUNDS if bound.scenario == name and what in bound.what]
    sound = Fleet(BY_NAME[name], processes, 1).live()
    assert all(bound.holds(sound) for bound in bounds)
    plant(monkeypatch)
    faulty = Fleet(BY_NAME[name], processes, 1).live()
    assert any(not bound.holds(faulty) for bound in bounds)
