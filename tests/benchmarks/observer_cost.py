"""What do the observers of ``jwtmr.extras`` cost for each token? CPU time, the least of many rounds.

    .venv/bin/python tests/benchmarks/observer_cost.py [ROUNDS]

Several processes that are scraped through one write into files, which is chosen before Python starts: so that row is
measured in a process of its own.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from tempfile import TemporaryDirectory

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from prometheus_client import CollectorRegistry, Counter, Histogram

from jwtmr import Event
from jwtmr.events import TokenAccepted, TokenRefused
from jwtmr.extras.otel import OtelObserver
from jwtmr.extras.prometheus import PrometheusObserver

CALLS = 2000
EVENTS: dict[str, Event] = {
    "accepted": TokenAccepted("pool", "current", "r", "access", False, 2.0, client="web", issued_at=1.0, seconds=1e-4),
    "legacy": TokenAccepted("pool", "legacy", "r", "access", False, 2.0, client="web", issued_at=1.0, seconds=1e-4),
    "refused": TokenRefused("expired", seconds=1e-4),
}
SEVERAL = "PROMETHEUS_MULTIPROC_DIR"


def least(act: Callable[[], object], rounds: int) -> float:
    """Microseconds for one call."""

    def one_round() -> float:
        began = time.process_time()
        for _ in range(CALLS):
            act()
        return (time.process_time() - began) / CALLS

    return 1e6 * min(one_round() for _ in range(rounds))


def bare(registry: CollectorRegistry) -> Callable[[], object]:
    """What prometheus_client itself needs for one counter and one histogram."""
    counter = Counter("bare", "Bare.", registry=registry)
    histogram = Histogram("bare_seconds", "Bare.", registry=registry)

    def act() -> None:
        counter.inc()
        histogram.observe(1e-4)

    return act


def rows(rounds: int) -> Iterator[tuple[str, list[float]]]:
    """Names and figures."""
    where = "several processes" if SEVERAL in os.environ else "one process"
    registry = CollectorRegistry()
    observers = {f"prometheus, {where}": PrometheusObserver(registry)}
    yield f"bare prometheus, {where}", [least(bare(registry), rounds)]
    if SEVERAL not in os.environ:
        observers["otel, API alone"] = OtelObserver()
        observers["otel, SDK"] = OtelObserver(MeterProvider([InMemoryMetricReader()], shutdown_on_exit=False))
    for name, observer in observers.items():
        yield name, [least(lambda o=observer, e=event: o.on_event(e), rounds) for event in EVENTS.values()]


def main(rounds: int) -> None:
    """Print the table."""
    if SEVERAL not in os.environ:
        packages = ", ".join(f"{name} {version(name)}" for name in ("prometheus-client", "opentelemetry-sdk"))
        print(f"us per token; Python {platform.python_version()}, {packages}")
        print(f"{'':36}" + "".join(f"{name:>10}" for name in EVENTS), flush=True)
    for name, figures in rows(rounds):
        print(f"{name:36}" + "".join(f"{figure:10.1f}" for figure in figures), flush=True)
    if SEVERAL not in os.environ:
        with TemporaryDirectory() as folder:
            environment = {**os.environ, SEVERAL: folder}
            subprocess.run([sys.executable, __file__, str(rounds)], env=environment, check=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50)
