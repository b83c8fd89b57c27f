"""Several processes that are scraped through one: what is added up, what is kept apart, what goes with a process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import NamedTuple

import pytest
from extras_kit import HTTP_GET, Sample, parsed
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from server_processes import wait_until

from jwtmr.extras.prometheus import PrometheusObserver, registry_to_scrape
from jwtmr.testing import RegionalIssuer, SettableClock, validator_for

SCRIPT = Path(__file__).parent / "scripts" / "one_worker.py"
WARNINGS = ["-W", "error", "-W", "ignore:This process:DeprecationWarning"]
"""It forks while a thread that has fetched keys may still be ending, which newer Pythons warn of."""
LIVE = {"jwtmr_keys_answered_timestamp_seconds", "jwtmr_key_set_hash"}
"""What is told by each process of its own."""
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


class Worker(NamedTuple):
    """A process that has validated its tokens."""

    process: subprocess.Popen[str]
    pid: int
    """Of the one that validates: itself, or its child."""

    def end(self) -> None:
        """Let it end by itself."""
        self.process.communicate(timeout=60)
        assert self.process.returncode == 0


class Fleet:
    """Workers that write into one directory."""

    def __init__(self, stack: ExitStack, directory: Path) -> None:
        self._stack, self._directory = stack, directory
        self.issuer = stack.enter_context(RegionalIssuer())
        self.issuer.switch_to_updated()

    def start(self, how: str, *tokens: str) -> Worker:
        """Start one, and wait until it has validated ``tokens``."""
        issuer, until = self.issuer, self.issuer.clock.wall() + 3 * 86400
        told = [how, issuer.jwks_uris[0], issuer.user_pool_id, issuer.client_id, str(until), *tokens]
        process = self._stack.enter_context(
            subprocess.Popen(
                [sys.executable, *WARNINGS, str(SCRIPT), *told], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                text=True, env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(self._directory)},
            )
        )  # fmt: skip
        self._stack.callback(process.kill)
        assert process.stdout is not None
        return Worker(process, int(process.stdout.readline()))

    def legacy(self, *, expires_at: float) -> str:
        """A token of the legacy issuer."""
        now = int(self.issuer.clock.wall())
        return self.issuer.access_token(issuer=self.issuer.original_issuer, expires_in=int(expires_at) - now)

    def scraped(self, name: str, **labels: str) -> list[Sample]:
        """What somebody who scrapes any of them reads."""
        told = parsed(generate_latest(registry_to_scrape()).decode())
        return [each for each in told if each.name == name and labels.items() <= {*each.labels.items()}]


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fleet]:
    """A directory for this process too, which reads and writes nothing."""
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    with ExitStack() as stack:
        yield Fleet(stack, tmp_path)


@pytest.mark.slow
def test_a_scrape_tells_of_all_and_not_of_the_dead(fleet: Fleet) -> None:
    """Counts add up and outlive their process, as does the latest expiry; what one tells of its keys goes with it."""
    now = int(fleet.issuer.clock.wall())
    early, late = fleet.legacy(expires_at=now + 600), fleet.legacy(expires_at=now + 7200)
    one = fleet.start("itself", late, early)
    other = fleet.start("itself", early, early, early)

    def told() -> tuple[list[float], list[float]]:
        legacy = fleet.scraped("jwtmr_legacy_tokens_total")
        latest = fleet.scraped("jwtmr_legacy_token_latest_expiry_timestamp_seconds")
        return [sample.value for sample in legacy], [sample.value for sample in latest]

    assert told() == ([5], [now + 7200])
    for name in LIVE:
        assert {sample.labels["pid"] for sample in fleet.scraped(name)} == {f"{one.pid}", f"{other.pid}"}
    assert len({sample.value for sample in fleet.scraped("jwtmr_key_set_hash")}) == 1
    assert [sample.value for sample in fleet.scraped("jwtmr_endpoint_state", state="ok")] == [2]
    (until,) = fleet.scraped("jwtmr_keys_serve_until_timestamp_seconds")
    assert until.value == pytest.approx(now + 3600, abs=120)
    one.end()
    assert told() == ([5], [now + 7200])
    for name in LIVE:
        assert {sample.labels["pid"] for sample in fleet.scraped(name)} == {f"{other.pid}"}
    assert [sample.value for sample in fleet.scraped("jwtmr_endpoint_state", state="ok")] == [1]


@pytest.mark.slow
def test_a_parent_that_only_forks_has_no_say(fleet: Fleet) -> None:
    """What it has fetched is counted; but it refreshes no keys, so what it knows of them would only grow old."""
    worker = fleet.start("child", fleet.issuer.access_token())
    assert worker.pid != worker.process.pid
    assert [sample.value for sample in fleet.scraped("jwtmr_fetches_total", outcome="ok")] == [1]
    for name in LIVE:
        assert {sample.labels["pid"] for sample in fleet.scraped(name)} == {f"{worker.pid}"}
    worker.end()
    assert [fleet.scraped(name) for name in LIVE] == [[], []]


def test_a_process_by_itself_is_its_own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody names a directory."""
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
    assert registry_to_scrape() is REGISTRY
    own = CollectorRegistry()
    assert registry_to_scrape(own) is own


def test_what_is_written_by_each_process(
    issuer: RegionalIssuer, clock: SettableClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The state of keys begins with the first token; counters that are read elsewhere get what was added since."""
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    registry = CollectorRegistry()
    metrics = PrometheusObserver(registry)

    def failures() -> float | None:
        return registry.get_sample_value("jwtmr_observer_failures_total")

    with closing(validator_for(issuer, observers=[metrics, Failing()], http_get=HTTP_GET)) as validator:
        metrics.watch(validator)
        validator.warm_up()
        assert registry.get_sample_value("jwtmr_keys_serve_until_timestamp_seconds") is None
        validator.validate(issuer.access_token())
        assert failures()

        def all_written() -> bool:
            metrics._write()  # noqa: SLF001  # as its thread does, which would take ten seconds
            return failures() == validator.status().observer_failures

        wait_until(all_written, "not every failure was counted once")
        until = registry.get_sample_value(
            "jwtmr_keys_serve_until_timestamp_seconds", {"authority": issuer.user_pool_id}
        )
        assert until == pytest.approx(clock.wall() + 3600, abs=60)
    assert metrics._write() is False  # noqa: SLF001


class Failing:
    """An observer that fails."""

    def on_event(self, event: object, /) -> None:
        """Fail."""
        raise RuntimeError(type(event).__name__)


def test_files_of_processes_that_live_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also of those that belong to somebody else; and what is no file of a process is not ours to remove."""
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    live = [f"gauge_liveall_{os.getpid()}.db", "gauge_livesum_1.db", "gauge_livemin_worker.db"]
    kept = [*live, f"counter_{ended.pid}.db", f"gauge_max_{ended.pid}.db"]
    for name in [*kept, f"gauge_liveall_{ended.pid}.db"]:
        (tmp_path / name).write_bytes(bytes(1 << 16))
    registry_to_scrape()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(kept)
