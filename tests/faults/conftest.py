"""A pool under fire: its clock, validators that are closed, and the promise that every fault has struck."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any, TypeAlias

import pytest
from fire_kit import HTTP_GET, eventually, own_threads

from jwtmr import TokenValidator
from jwtmr.testing import RegionalIssuer, SettableClock, validator_for
from jwtmr.testing.faults import Fault, Injection, Place

Making: TypeAlias = Callable[..., TokenValidator]


@pytest.fixture
def clock() -> SettableClock:
    """The time of the pool and of its validators."""
    return SettableClock()


@pytest.fixture
def pool(clock: SettableClock) -> Iterator[RegionalIssuer]:
    """A pool in two regions that has been switched to the updated issuer."""
    with RegionalIssuer(["us-east-1", "us-west-2"], clock=clock) as pool:
        pool.switch_to_updated()
        yield pool


@pytest.fixture
def make(pool: RegionalIssuer) -> Iterator[Making]:
    """``make(**options)``: a validator for the pool, closed when the test is over. Threads of the library end too."""
    with ExitStack() as made:

        def validator(**options: Any) -> TokenValidator:  # noqa: ANN401 - those of validator_for
            return made.enter_context(closing(validator_for(pool, **{"http_get": HTTP_GET, **options})))

        yield validator
    eventually(lambda: not own_threads(), "threads of the library are left")


@pytest.fixture(autouse=True)
def faults_strike(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A test of a row that says nothing else has had a fault that a server, or a look-up, has recorded."""
    injections: list[Injection] = []
    let = Place.let

    def noting(place: Place, *faults: Fault) -> Injection:
        injections.append(let(place, *faults))
        return injections[-1]

    monkeypatch.setattr(Place, "let", noting)
    yield
    if any(mark.kwargs.get("fault", True) for mark in request.node.iter_markers("row")):
        assert any(injection.times for injection in injections), "no fault has struck"
