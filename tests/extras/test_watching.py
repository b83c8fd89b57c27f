"""From a status to numbers, without a system of metrics: an authority that is cold, serves, cannot, or is over."""

from __future__ import annotations

from datetime import UTC, datetime
from math import inf

import pytest

from jwtmr import AuthorityStatus, EndpointStatus, IssuerStatus, ValidatorStatus
from jwtmr.events import EndpointState
from jwtmr.extras._measures import ACCEPT_UNTIL, ANSWERED, ENDPOINT_STATE, KEY_SET_HASH, SERVE_UNTIL, Measure
from jwtmr.extras._watching import values_of
from jwtmr.reports import AuthorityState

NOW = 1000.0
UNTIL = datetime.fromtimestamp(5000, UTC)


def status(
    state: AuthorityState, endpoint: EndpointState, *, left: float | None, age: float | None, open_: bool
) -> ValidatorStatus:
    """One authority with one endpoint and one legacy issuer."""
    held = EndpointStatus(
        "https://a", None, endpoint, 2, age, left, 0, None, key_set_hash=None if age is None else "ffffffffffff0000"
    )
    issuer = IssuerStatus("https://old", "legacy", None, UNTIL, open_)
    return ValidatorStatus((AuthorityStatus("pool", state, left, (held,), (issuer,), (), False),), 0, NOW)


@pytest.mark.parametrize(
    ("given", "until", "answered", "number", "seen"),
    [
        (status("cold", "cold", left=None, age=None, open_=True), inf, 0, 0, "cold"),
        (status("ok", "ok", left=3500, age=100, open_=True), NOW + 3500, NOW - 100, 2**48 - 1, "ok"),
        (status("degraded", "degraded", left=60, age=3540, open_=True), NOW + 60, NOW - 3540, 2**48 - 1, "degraded"),
        (status("down", "down", left=None, age=None, open_=True), 0, 0, 0, "down"),
        (status("down", "down", left=None, age=9000, open_=False), inf, 0, 0, None),
    ],
    ids=["cold", "ok", "degraded", "down", "over"],
)
def test_what_a_status_tells(
    given: ValidatorStatus, until: float, answered: float, number: float, seen: str | None
) -> None:
    """Moments by the clock of the validator; 0 for never; no end where none is near; and nothing of what is over."""
    values = list(values_of(given))

    def of(measure: Measure) -> dict[str, float]:
        return {value.labels[-1]: value.value for value in values if value.measure is measure}

    assert of(SERVE_UNTIL) == {"pool": until}
    assert list(of(ANSWERED).values()) == [answered]
    assert list(of(KEY_SET_HASH).values()) == [number]
    assert [state for state, value in of(ENDPOINT_STATE).items() if value] == ([seen] if seen else [])
    assert of(ACCEPT_UNTIL) == {"https://old": 5000}
