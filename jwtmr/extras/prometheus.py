"""Metrics for Prometheus: ``pip install "jwtmr[prometheus]"``.

    from jwtmr.extras.prometheus import PrometheusObserver, registry_to_scrape

    metrics = PrometheusObserver()
    validator = TokenValidator(..., observers=[metrics])
    metrics.watch(validator)
    prometheus_client.generate_latest(registry_to_scrape())  # what ``/metrics`` answers

Several processes behind one port are scraped through one of them. ``prometheus_client`` has a mode for that: where the
environment says ``PROMETHEUS_MULTIPROC_DIR`` every process writes its values into files of that directory, and whoever
is scraped reads all of them. Then the state of keys, which is otherwise read when somebody scrapes, is written every
10 s by a thread in each process that validates tokens; it begins with the first token, so that a parent that only
forks has none. ``docs/operations.md`` has the metrics, the set-up and the queries.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, TypeAlias

from jwtmr import BackgroundObserver, Event, TokenValidator
from jwtmr.events import TokenAccepted, TokenRefused
from jwtmr.extras._measures import MEASURES, Labels, Measure
from jwtmr.extras._recording import Record, Recording
from jwtmr.extras._refresher import Refresher
from jwtmr.extras._watching import Watched

try:
    from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram
    from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily
    from prometheus_client.multiprocess import MultiProcessCollector
except ImportError as error:
    raise ImportError('jwtmr.extras.prometheus needs prometheus-client: pip install "jwtmr[prometheus]"') from error

MULTIPROC: Final = "PROMETHEUS_MULTIPROC_DIR"
REFRESH: Final = 10.0
"""Seconds. Scrapes are usually 15 or more apart."""

Instrument: TypeAlias = Counter | Gauge | Histogram
Family: TypeAlias = CounterMetricFamily | GaugeMetricFamily


class PrometheusObserver:
    """Counts events for Prometheus. One for each process, for any number of validators.

    ``registry``
        Where the metrics are registered, once. Where several processes are scraped through one it does not matter.

    It takes some microseconds for each token, and ``prometheus_client`` takes locks: for code that validates tokens in
    a signal handler put it behind a ``BackgroundObserver``.
    """

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        self._alone: Final = MULTIPROC not in os.environ
        made = [measure for measure in MEASURES if not (self._alone and measure.from_status)]
        self._instruments: Final = {measure.name: _instrument(measure, registry) for measure in made}
        self._record: Final = Recording(self._bind)
        self._watched: Final = Watched(self._record.expect)
        self._written: dict[str, float] = {}
        self._refresher: Final = Refresher(self._write, REFRESH)
        if self._alone:
            registry.register(_AtScrape(self._watched))

    def on_event(self, event: Event, /) -> None:
        """Count ``event``."""
        self._record(event)
        if not self._alone and isinstance(event, (TokenAccepted, TokenRefused)):
            self._refresher.begin()

    def watch(self, validator: TokenValidator, *queues: BackgroundObserver) -> None:
        """Tell of the keys of ``validator`` too, until it is closed, and of what ``queues`` have dropped.

        Whoever reads the metrics asks for ``validator.status()``, which starts a refresh that is due. Of two validators
        with one authority the later one tells of its keys.
        """
        self._watched.add(validator, queues)

    def _write(self) -> bool:
        """Write it into the files of this process. Whether there is still something to be told."""
        values = self._watched.values()
        for measure, labels, value in values:
            if measure.kind == "counter":
                before = self._written.get(measure.name, 0.0)
                self._written[measure.name] = value
                self._bind(measure, labels)(max(0.0, value - before))  # those of a queue begin anew in a child
            else:
                self._bind(measure, labels)(value)
        return bool(values) or not self._watched

    def _bind(self, measure: Measure, labels: Labels) -> Record:
        found = self._instruments[measure.name]
        child = found.labels(*labels) if labels else found
        if isinstance(child, Histogram):
            return child.observe
        return child.inc if isinstance(child, Counter) else child.set


class _AtScrape:
    """Reads what is not counted when somebody scrapes."""

    def __init__(self, watched: Watched) -> None:
        self._watched: Final = watched

    def describe(self) -> Iterable[Family]:
        """The metrics without values, so that registering them reads none."""
        return [_family(measure) for measure in MEASURES if measure.from_status]

    def collect(self) -> Iterator[Family]:
        """The metrics."""
        families = {measure.name: _family(measure) for measure in MEASURES if measure.from_status}
        for measure, labels, value in self._watched.values():
            families[measure.name].add_metric(labels, value)
        yield from families.values()


def registry_to_scrape(registry: CollectorRegistry = REGISTRY) -> CollectorRegistry:
    """What ``/metrics`` tells: ``registry``, or where there are several processes what all of them have written.

    What a process that has ended told of its keys is removed then. Its counts stay, and the latest expiry that it saw.
    """
    directory = os.environ.get(MULTIPROC)
    if directory is None:
        return registry
    for file in Path(directory).glob("gauge_live*_*.db"):
        pid = file.stem.rpartition("_")[2]
        if pid.isdecimal() and not _lives(int(pid)):
            file.unlink(missing_ok=True)  # somebody else may be scraped at this moment
    merged = CollectorRegistry()
    MultiProcessCollector(merged, directory)  # type: ignore[no-untyped-call]  # it has no annotations
    return merged


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError as error:  # another one says that it lives and is somebody else's
        return error.errno != errno.ESRCH
    return True


def _instrument(measure: Measure, registry: CollectorRegistry) -> Instrument:
    name, text, labels = measure.prometheus_name, measure.help, measure.labels
    if measure.kind == "counter":
        return Counter(name, text, labels, registry=registry)
    if measure.kind == "histogram":
        return Histogram(name, text, labels, registry=registry, buckets=measure.buckets)
    return Gauge(name, text, labels, registry=registry, multiprocess_mode=measure.workers or "all")


def _family(measure: Measure) -> Family:
    made = CounterMetricFamily if measure.kind == "counter" else GaugeMetricFamily
    return made(measure.prometheus_name, measure.help, labels=measure.labels)
