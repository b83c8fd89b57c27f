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

from jwtmr import BackgroundObserver, ConfigurationError, Event, TokenValidator
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
        Where the metrics are registered. Where several processes are scraped through one it does not matter.

    It takes some microseconds for each token, and ``prometheus_client`` takes locks: for code that validates tokens in
    a signal handler put it behind a ``BackgroundObserver``. Raises :class:`jwtmr.ConfigurationError`, also for
    a second one in a registry.
    """

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        if not isinstance(registry, CollectorRegistry):
            raise ConfigurationError("registry", "must be a CollectorRegistry of prometheus_client")
        self._alone: Final = _directory() is None
        made = [measure for measure in MEASURES if not (self._alone and measure.from_status)]
        self._instruments: Final = _registered(made, registry)
        self._record: Final = Recording(self._bind)
        self._watched: Final = Watched(self._record.expect)
        self._counted: dict[str, float] = {}
        self._told: set[tuple[Measure, Labels]] = set()
        self._refresher: Final = Refresher(self._write, REFRESH)
        if self._alone:
            registry.register(_AtScrape(self._watched))

    def on_event(self, event: Event, /) -> None:
        """Count ``event``."""
        self._record(event)
        if not self._alone and isinstance(event, (TokenAccepted, TokenRefused)):
            self._refresher.begin()

    def watch(self, validator: TokenValidator, *queues: BackgroundObserver) -> None:
        """Tell of the keys of ``validator`` too, until it is closed or forgotten, and of what ``queues`` have dropped.

        Whoever reads the metrics asks for ``validator.status()``, which starts a refresh that is due. Of two validators
        with one authority the later one tells of its keys. Raises :class:`jwtmr.ConfigurationError`.
        """
        self._watched.add(validator, queues)

    def _write(self) -> bool:
        """Write it into the files of this process. Whether there may be more to tell."""
        told: set[tuple[Measure, Labels]] = set()
        try:
            for measure, labels, value in self._watched.values():
                if measure.kind == "counter":
                    self._bind(measure, labels)(_risen(self._counted.get(measure.name, 0.0), value))
                    self._counted[measure.name] = value
                else:
                    told.add((measure, labels))
                    self._bind(measure, labels)(value)
        except BaseException:
            self._told |= told  # a full disk, or a signal handler: what was told must be taken back all the same
            raise
        for measure, labels in self._told - told:  # of a validator that has ended: no file can be told to forget it
            self._bind(measure, labels)(measure.nothing)
        self._told = told
        return not self._watched.over

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
    directory = _directory()
    if directory is None:
        return registry
    for file in Path(directory).glob("gauge_live*_*.db") if hasattr(os, "fork") else ():
        pid = file.stem.rpartition("_")[2]
        if pid.isdecimal() and not _lives(int(pid)):
            file.unlink(missing_ok=True)  # somebody else may be scraped at this moment
    merged = CollectorRegistry()
    MultiProcessCollector(merged, directory)  # type: ignore[no-untyped-call]  # it has no annotations
    return merged


def _directory() -> str | None:
    """Where several processes write; None: this one is by itself. ``prometheus_client`` also knows the old name."""
    return os.environ.get(MULTIPROC, os.environ.get(MULTIPROC.lower()))


def _risen(before: float, value: float) -> float:
    """By how much. What is less than before has begun anew, as the queues of a child do."""
    return value - before if value >= before else value


def _lives(pid: int) -> bool:
    """Whether there is such a process, by a signal that is none (but on Windows it is one)."""
    try:
        os.kill(pid, 0)
    except OSError as error:  # another one says that it lives and is somebody else's
        return error.errno != errno.ESRCH
    return True


def _registered(measures: list[Measure], registry: CollectorRegistry) -> dict[str, Instrument]:
    """The instruments of ``measures``, by name: all of them, or none."""
    made: dict[str, Instrument] = {}
    try:
        for measure in measures:
            made[measure.name] = _instrument(measure, registry)
    except ValueError as error:
        for instrument in made.values():
            registry.unregister(instrument)
        raise ConfigurationError(
            "registry", "has such metrics: one PrometheusObserver serves all validators"
        ) from error
    return made


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
