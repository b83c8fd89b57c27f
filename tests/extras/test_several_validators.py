"""Validators that share their metrics, come and go: nothing is counted twice or taken back, and nobody is kept."""

from __future__ import annotations

import gc
import weakref
from contextlib import closing, suppress
from math import inf
from pathlib import Path

import pytest
from extras_kit import HTTP_GET, System, Watching
from interrupting import Interrupted, interrupted
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from server_processes import wait_until

from jwtmr import BackgroundObserver, ConfigurationError, Event, TokenValidator
from jwtmr.extras.prometheus import PrometheusObserver, registry_to_scrape
from jwtmr.testing import RegionalIssuer, SettableClock, validator_for

FAILURES, DROPPED = "jwtmr_observer_failures_total", "jwtmr_dropped_events_total"
SERVE_UNTIL, WINDOW = (
    "jwtmr_keys_serve_until_timestamp_seconds",
    "jwtmr_legacy_issuer_accept_until_timestamp_seconds",
)


class Failing:
    """An observer that fails at tokens, and may know a validator."""

    validator: TokenValidator | None = None

    def on_event(self, event: Event, /) -> None:
        """Fail."""
        if type(event).__name__ == "TokenAccepted":
            raise RuntimeError


def test_what_two_share_is_counted_once(issuer: RegionalIssuer, system: System, watched: Watching) -> None:
    """A queue of two validators, and a validator that is watched twice."""
    queue = BackgroundObserver(Failing())
    validators = [watched(observers=[system, queue, Failing()]) for _ in range(2)]
    for validator in (*validators, validators[0]):
        system.watch(validator, queue)
        validator.validate(issuer.access_token())
    assert queue.close(10)
    validators[0].validate(issuer.access_token())  # two events are dropped: nobody counts on how many
    assert system.value(FAILURES) == 4 + 3
    assert system.value(DROPPED) == queue.dropped > 0


def test_what_was_counted_is_not_taken_back(issuer: RegionalIssuer, system: System, watched: Watching) -> None:
    """A counter that falls is taken for one that began anew, and all of it for new."""
    queue = BackgroundObserver(Failing())
    validators = [watched(observers=[system, queue, Failing()]) for _ in range(2)]
    for validator in validators:
        system.watch(validator, queue)
        validator.validate(issuer.access_token())
    assert queue.close(10)
    assert system.value(FAILURES) == 4
    validators[0].close()
    del queue
    assert system.value(FAILURES) == 4
    validators[1].close()
    assert system.value(FAILURES) == 4
    assert system.values(SERVE_UNTIL) == []


def test_of_two_with_one_authority_the_later_one_tells(
    issuer: RegionalIssuer, system: System, watched: Watching, clock: SettableClock
) -> None:
    """Until it is closed; tokens of both are counted."""
    early, late = watched(accept_legacy_for=60), watched(accept_legacy_for=120)
    for validator in (early, late):
        validator.validate(issuer.access_token())
    assert system.value(WINDOW) == clock.wall() + 120
    assert system.total("jwtmr_validations_total", outcome="accepted") == 2
    late.close()
    assert system.value(WINDOW) == clock.wall() + 60


def test_metrics_keep_no_validator(issuer: RegionalIssuer, system: System) -> None:
    """Nor a queue whose observer knows it: metrics live as long as the process."""
    inner = Failing()
    queue = BackgroundObserver(inner)
    validator = validator_for(issuer, observers=[system, queue], http_get=HTTP_GET)
    inner.validator = validator
    system.watch(validator, queue)
    validator.validate(issuer.access_token())
    assert queue.close(10)
    assert system.values(SERVE_UNTIL)
    gone = weakref.ref(validator), weakref.ref(queue)
    del validator, queue, inner

    def forgotten() -> bool:
        gc.collect()
        return gone[0]() is gone[1]() is None

    wait_until(forgotten, "somebody keeps it")
    assert system.values(SERVE_UNTIL) == []
    assert system.value(FAILURES) == 1
    assert system.total("jwtmr_validations_total", outcome="accepted") == 1


def test_what_cannot_be_watched_is_refused_at_once(issuer: RegionalIssuer, system: System) -> None:
    """And not when somebody scrapes, who would get nothing at all."""
    with pytest.raises(ConfigurationError) as caught:
        system.watch("validator")
    assert caught.value.parameter == "validator"
    with (
        closing(validator_for(issuer, http_get=HTTP_GET)) as validator,
        pytest.raises(ConfigurationError) as caught,
    ):
        system.watch(validator, Failing())
    assert caught.value.parameter == "queues"
    assert system.values(FAILURES) == []


def test_a_second_one_in_a_registry_is_refused() -> None:
    """And the first one goes on; a metric of somebody else's that is in the way leaves nothing half registered."""
    registry = CollectorRegistry()
    PrometheusObserver(registry)
    before = generate_latest(registry)
    with pytest.raises(ConfigurationError) as caught:
        PrometheusObserver(registry)
    assert caught.value.parameter == "registry"
    assert generate_latest(registry) == before
    other = CollectorRegistry()
    other.register(_InTheWay())
    with pytest.raises(ConfigurationError):
        PrometheusObserver(other)
    assert b"jwtmr_validations" not in generate_latest(other)


class _InTheWay:
    """Somebody else's metric with the name of one of ours."""

    def describe(self) -> list[object]:
        """Only its name."""
        return [type("Family", (), {"name": "jwtmr_stale_periods", "type": "counter"})()]

    def collect(self) -> list[object]:
        """Nothing."""
        return []


@pytest.mark.parametrize("registry", [None, "registry", {}])
def test_what_is_no_registry_is_refused(registry: object) -> None:
    """At once."""
    with pytest.raises(ConfigurationError) as caught:
        PrometheusObserver(registry)
    assert caught.value.parameter == "registry"


def test_several_processes_are_told_that_it_ended(
    issuer: RegionalIssuer, clock: SettableClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No file forgets what was written: it says that there is nothing, or an alarm would go off in an hour."""
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    registry = CollectorRegistry()
    metrics, pool = PrometheusObserver(registry), issuer.user_pool_id

    def told(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(name, {"authority": pool, **labels})

    with closing(validator_for(issuer, observers=[metrics], http_get=HTTP_GET)) as validator:
        metrics.watch(validator)
        validator.validate(issuer.access_token())
        assert told(SERVE_UNTIL) == pytest.approx(clock.wall() + 3600, abs=60)
        where = {"endpoint": issuer.jwks_uris[0], "region": "us-east-1"}
        assert told("jwtmr_endpoint_state", state="ok", **where) == 1
    assert metrics._write() is False  # noqa: SLF001  # as its thread does, which would take ten seconds
    assert told(SERVE_UNTIL) == inf
    assert told("jwtmr_endpoint_state", state="ok", **where) == 0
    assert told("jwtmr_keys_answered_timestamp_seconds", **where) == 0
    with closing(validator_for(issuer, observers=[metrics], http_get=HTTP_GET)) as another:
        metrics.watch(another)
        another.warm_up()
        assert metrics._write() is True  # noqa: SLF001
        assert told("jwtmr_endpoint_state", state="ok", **where) == 1


def test_several_processes_are_told_though_writing_was_cut_short(
    issuer: RegionalIssuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a full disk or a signal handler, and then the validator ended: what had been told is taken back."""
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    for at in range(0, 200, 4):
        registry = CollectorRegistry()
        metrics = PrometheusObserver(registry)
        with closing(validator_for(issuer, http_get=HTTP_GET)) as validator:
            validator.warm_up()
            metrics.watch(validator)
            with interrupted(PrometheusObserver._write, at) as raised, suppress(Interrupted):  # noqa: SLF001
                metrics._write()  # noqa: SLF001
        metrics._write()  # noqa: SLF001
        assert registry.get_sample_value(SERVE_UNTIL, {"authority": issuer.user_pool_id}) in (inf, None), f"call {at}"
        if not raised:
            break
    assert at > 10, "nothing was interrupted"
    assert not raised, "there are more moments than were tried"


def test_counts_that_begin_anew_in_a_child(
    issuer: RegionalIssuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What its parent has dropped is in the parent's file; what the child drops is added from the first one on."""
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    registry = CollectorRegistry()
    metrics, queue = PrometheusObserver(registry), BackgroundObserver(Failing())
    assert queue.close(10)
    with closing(validator_for(issuer, observers=[metrics], http_get=HTTP_GET)) as validator:
        metrics.watch(validator, queue)
        for dropped in (3, 5, 0, 2):
            queue.dropped = dropped  # 0: as ``in_child`` makes it
            metrics._write()  # noqa: SLF001
        assert registry.get_sample_value(DROPPED) == 5 + 2


def test_the_old_name_of_the_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``prometheus_client`` writes there too, so what is scraped is there."""
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
    monkeypatch.setenv("prometheus_multiproc_dir", str(tmp_path))
    assert registry_to_scrape() is not REGISTRY
    registry = CollectorRegistry()
    PrometheusObserver(registry)
    assert "jwtmr_keys_serve_until_timestamp_seconds" in generate_latest(registry).decode()
