"""What is told of keys and their endpoints, by both systems: fetches, age, states, differing sets, ends of windows."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from math import inf

import pytest
from extras_kit import HTTP_GET, System, Watching, code_of

from jwtmr import UNCHECKED, BackgroundObserver, Event, OidcProvider, TokenValidator
from jwtmr.testing import OidcIssuer, RegionalIssuer, SettableClock, SigningKey, validator_for

ANSWERED, SERVE_UNTIL = "jwtmr_keys_answered_timestamp_seconds", "jwtmr_keys_serve_until_timestamp_seconds"
HASH, WINDOW = "jwtmr_key_set_hash", "jwtmr_legacy_issuer_accept_until_timestamp_seconds"
STATES = {"cold", "ok", "degraded", "down", "not_enabled"}
PATIENCE = 10.0
"""Seconds in which something has to happen on a machine of any speed."""


def eventually(condition: Callable[[], object], what: str) -> None:
    """Wait for what a thread of the validator does, of which nothing tells."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)


def refreshed(validator: TokenValidator, clock: SettableClock) -> None:
    """Let time pass until all endpoints are due, and wait until each has answered anew."""
    clock.advance(850)

    def answered() -> bool:
        ages = [endpoint.age for endpoint in validator.status().authorities[0].endpoints]
        return all(age is not None and age < 60 for age in ages)

    eventually(answered, "not every endpoint was asked")


def state_of(system: System, endpoint: str) -> str:
    """The one state that an endpoint is in; every state has a value."""
    values = {
        sample.labels["state"]: sample.value for sample in system.values("jwtmr_endpoint_state", endpoint=endpoint)
    }
    assert set(values) == STATES
    assert sorted(values.values()) == [0, 0, 0, 0, 1]
    return max(values, key=values.__getitem__)


def no_end(system: System) -> bool:
    """Whether nobody is told when keys will end: Prometheus says so, and OpenTelemetry knows no infinity."""
    return [sample.value for sample in system.values(SERVE_UNTIL)] == ([inf] if system.name == "prometheus" else [])


def test_fetches_by_region_and_outcome(issuer: RegionalIssuer, system: System, watched: Watching) -> None:
    """How attempts ended and why they were made, and how long they took."""
    issuer.switch_back()  # the updated host answers 403
    issuer.take_down("us-west-2")
    watched().warm_up()
    # Whoever waits goes on at once, and observers are told after that.
    eventually(lambda: system.total("jwtmr_fetch_duration_seconds_count") == 3, "not every attempt was told of")
    found = {
        (sample.labels["region"], sample.labels["outcome"], sample.labels["trigger"]): sample.value
        for sample in system.values("jwtmr_fetches_total")
    }
    assert found == {
        ("us-east-1", "client_error", "start"): 1,
        ("us-west-2", "network", "start"): 1,
        ("us-east-1", "ok", "start"): 1,
    }
    assert {sample.labels["endpoint"] for sample in system.values("jwtmr_fetches_total")} == set(issuer.jwks_uris)
    assert system.total("jwtmr_fetch_duration_seconds_count", region="us-east-1") == 2
    eventually(lambda: system.total("jwtmr_key_set_changes_total", region="us-east-1") == 1, "nobody was told")


def test_an_outage_from_beginning_to_end(
    issuer: RegionalIssuer, system: System, watched: Watching, clock: SettableClock
) -> None:
    """Keys grow old, serve past their lifetime, then end; their hosts come back, and all is as before."""
    validator, endpoint = watched(jwks_uris=issuer.jwks_uris[:1]), issuer.jwks_uris[0]
    validator.warm_up()
    fetched = system.value(ANSWERED)
    assert (state_of(system, endpoint), clock.wall() - fetched) == ("ok", pytest.approx(0, abs=PATIENCE))
    assert system.value(SERVE_UNTIL) == pytest.approx(fetched + 3600, abs=PATIENCE)
    issuer.take_down("us-east-1")
    clock.advance(1000)
    validator.validate(issuer.access_token())
    assert state_of(system, endpoint) == "degraded"
    assert system.value(ANSWERED) == pytest.approx(fetched, abs=PATIENCE)
    assert (system.total("jwtmr_stale_key_tokens_total"), system.total("jwtmr_stale_periods_total")) == (1, 1)
    clock.advance(2700)
    assert code_of(validator, issuer.access_token()) == "keys_unavailable"
    assert (state_of(system, endpoint), system.value(SERVE_UNTIL), system.value(HASH)) == ("down", 0, 0)
    issuer.bring_up("us-east-1")
    clock.advance(60)
    assert code_of(validator, issuer.access_token()) is None
    assert (state_of(system, endpoint), system.value(ANSWERED) > fetched + 3700) == ("ok", True)


def test_a_host_that_is_not_enabled_yet(issuer: RegionalIssuer, system: System, watched: Watching) -> None:
    """The updated host before the switch, beside one that answers."""
    issuer.switch_back()
    watched().warm_up()
    updated, first, replica = issuer.jwks_uris
    assert state_of(system, updated) == "not_enabled"
    assert sorted([state_of(system, first), state_of(system, replica)]) == ["cold", "ok"]


def test_key_sets_that_differ(issuer: RegionalIssuer, system: System, watched: Watching, clock: SettableClock) -> None:
    """Regions with the same keys have the same number, with other keys another one; it is what the hash begins with."""
    validator = watched(None, issuer_type="original")
    validator.warm_up()
    refreshed(validator, clock)
    hashes = {sample.labels["region"]: sample.value for sample in system.values(HASH)}
    assert len(set(hashes.values())) == 1
    told = {endpoint.key_set_hash for endpoint in validator.status().authorities[0].endpoints}
    assert {f"{int(value):012x}" for value in hashes.values()} == {str(whole)[:12] for whole in told}
    listed = {"keys": [issuer.access_key.jwk, SigningKey.generate().jwk]}
    issuer.publish("us-west-2", "original", listed)
    refreshed(validator, clock)
    after = {sample.labels["region"]: sample.value for sample in system.values(HASH)}
    assert after["us-east-1"] == hashes["us-east-1"] != after["us-west-2"]
    eventually(lambda: system.total("jwtmr_key_divergences_total", reason="dropped") == 1, "nobody was told")


def test_unknown_keys_that_are_not_looked_for(issuer: RegionalIssuer, system: System, watched: Watching) -> None:
    """While a region is silent nobody knows, and once the bucket of walks is empty nobody looks: that is told once."""
    validator = watched()
    validator.warm_up()
    issuer.take_down("us-west-2")
    for number in range(6):
        assert code_of(validator, issuer.access_token(header={"kid": f"bogus-{number}"})) == "keys_unavailable"
    assert system.value("jwtmr_refreshes_suppressed_total", reason="bucket") == 1
    assert system.value("jwtmr_validations_total", code="keys_unavailable") == 6


def test_a_window_that_has_closed(
    issuer: RegionalIssuer, system: System, watched: Watching, clock: SettableClock
) -> None:
    """Its end stays told, as long as the configuration names it."""
    closes = clock.wall() + 7200
    validator = watched(7200)
    for code in (None, "legacy_issuer_retired"):
        assert system.value(WINDOW, issuer=issuer.original_issuer) == closes
        assert code_of(validator, issuer.access_token(issuer=issuer.original_issuer)) == code
        clock.advance(7200)


def test_an_old_house_that_has_closed_alarms_nobody(system: System, clock: SettableClock) -> None:
    """No keys are needed of it, and its host may be gone."""
    until = clock.now() + timedelta(seconds=60)
    with OidcIssuer("/old", algorithms=["ES256"], clock=clock) as old:
        house = OidcProvider(
            old.url, audience=UNCHECKED, client_ids=[old.client_id], token_type="at+jwt", accept_until=until,
            algorithms=["ES256"], stable_issuer="https://new.example",
        )  # fmt: skip
        with closing(TokenValidator(house, clock=clock, http_get=HTTP_GET)) as validator:
            system.watch(validator)
            validator.warm_up()
            assert system.value("jwtmr_endpoint_state", state="ok") == 1
            clock.advance(4000)
            assert system.total("jwtmr_endpoint_state") == system.value(ANSWERED) == system.value(HASH) == 0
            assert no_end(system)


class Failing:
    """An observer that fails."""

    def on_event(self, event: Event, /) -> None:
        """Fail."""
        raise RuntimeError(type(event).__name__)


def test_observers_that_fail_and_queues_that_are_full(issuer: RegionalIssuer, system: System) -> None:
    """Failures of observers that are called inline and of those behind a queue; what did not fit is counted."""
    queue = BackgroundObserver(Failing(), max_events=1)
    with closing(validator_for(issuer, observers=[Failing(), queue], http_get=HTTP_GET)) as validator:
        system.watch(validator, queue)
        assert (system.value("jwtmr_observer_failures_total"), system.value("jwtmr_dropped_events_total")) == (0, 0)
        validator.warm_up()
        eventually(lambda: validator.status().observer_failures >= 3, "not all was told")  # fetch, keys, state
        queue.close()
        queue.on_event(None)  # type: ignore[arg-type]  # whatever it is, it comes too late
        assert queue.failures > 0

        def all_counted() -> bool:
            return (
                system.value("jwtmr_observer_failures_total") == validator.status().observer_failures + queue.failures
            )

        eventually(all_counted, "not every failure was counted")
        assert system.value("jwtmr_dropped_events_total") == queue.dropped > 0


def test_a_closed_validator_tells_nothing(issuer: RegionalIssuer, system: System, watched: Watching) -> None:
    """What was counted stays, its state goes, and nothing fails."""
    validator = watched()
    validator.validate(issuer.access_token())
    validator.close()
    assert system.values(SERVE_UNTIL) == system.values("jwtmr_endpoint_state") == []
    assert system.total("jwtmr_validations_total") == 1
