"""Metrics for OpenTelemetry: ``pip install "jwtmr[otel]"``, which brings the API alone.

    from jwtmr.extras.otel import OtelObserver

    metrics = OtelObserver()
    validator = TokenValidator(..., observers=[metrics])
    metrics.watch(validator)

They go wherever the application's SDK sends them; without an SDK, nowhere. Attributes are named as the labels of
``jwtmr.extras.prometheus`` are, and one that would be empty is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from math import isfinite
from typing import Final

from jwtmr import BackgroundObserver, Event, TokenValidator, __version__
from jwtmr.extras._measures import MEASURES, Labels, Measure
from jwtmr.extras._recording import Record, Recording
from jwtmr.extras._watching import Watched

try:
    from opentelemetry.metrics import CallbackOptions, Counter, Histogram, Meter, MeterProvider, Observation, get_meter
except ImportError as error:
    raise ImportError('jwtmr.extras.otel needs opentelemetry-api: pip install "jwtmr[otel]"') from error


class OtelObserver:
    """Counts events for OpenTelemetry. One for each process, for any number of validators.

    ``meter_provider``
        Where its instruments are made; None: the global one, which may also be set later.

    What an SDK does for each token takes some microseconds, and locks: for code that validates tokens in a signal
    handler put it behind a ``BackgroundObserver``.
    """

    def __init__(self, meter_provider: MeterProvider | None = None) -> None:
        self._latest: Final[dict[tuple[str, Labels], float]] = {}
        self._instruments: Final[dict[str, Counter | Histogram]] = {}
        meter = get_meter("jwtmr", __version__, meter_provider)
        for measure in MEASURES:
            self._make(measure, meter)
        self._record: Final = Recording(self._bind)
        self._watched: Final = Watched(self._record.expect)

    def on_event(self, event: Event, /) -> None:
        """Count ``event``."""
        self._record(event)

    def watch(self, validator: TokenValidator, *queues: BackgroundObserver) -> None:
        """Tell of the keys of ``validator`` too, until it is closed or forgotten, and of what ``queues`` have dropped.

        Whoever collects the metrics asks for ``validator.status()``, which starts a refresh that is due. Of two
        validators with one authority the later one tells of its keys. Raises :class:`jwtmr.ConfigurationError`.
        """
        self._watched.add(validator, queues)

    def _make(self, measure: Measure, meter: Meter) -> None:
        name, unit, text = measure.name, measure.unit, measure.help
        if measure.from_status:
            make = meter.create_observable_counter if measure.kind == "counter" else meter.create_observable_gauge
            make(name, [partial(self._read, measure)], unit, text)
        elif measure.kind == "counter":
            self._instruments[name] = meter.create_counter(name, unit, text)
        elif measure.kind == "histogram":
            buckets = measure.buckets
            made = meter.create_histogram(name, unit, text, explicit_bucket_boundaries_advisory=buckets)
            self._instruments[name] = made
        else:
            meter.create_observable_gauge(name, [partial(self._tell_latest, measure)], unit, text)

    def _bind(self, measure: Measure, labels: Labels) -> Record:
        if measure.kind == "gauge":
            return partial(self._latest.__setitem__, (measure.name, labels))
        found, attributes = self._instruments[measure.name], _attributes(measure, labels)
        return partial(found.record if isinstance(found, Histogram) else found.add, attributes=attributes)

    def _tell_latest(self, measure: Measure, _: CallbackOptions) -> Iterable[Observation]:
        return [
            Observation(value, _attributes(measure, labels))
            for (name, labels), value in [*self._latest.items()]
            if name == measure.name
        ]

    def _read(self, measure: Measure, _: CallbackOptions) -> Iterator[Observation]:
        for told, labels, value in self._watched.values():
            if told is measure and isfinite(value):  # an SDK refuses others, and logs a line each time
                yield Observation(value, _attributes(measure, labels))


def _attributes(measure: Measure, labels: Labels) -> dict[str, str]:
    return {name: value for name, value in zip(measure.labels, labels, strict=True) if value}
