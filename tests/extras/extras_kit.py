"""Both systems of metrics behind one face, so that every test is one of both.

What OpenTelemetry collects is renamed here as its translation into Prometheus does it: dots, units, ``_total``. So a
test names a metric as Prometheus does, whoever was listening.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import HistogramDataPoint, InMemoryMetricReader, Metric, Sum
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from jwtmr import AuthError, BackgroundObserver, Event, TokenValidator
from jwtmr.extras.otel import OtelObserver
from jwtmr.extras.prometheus import PrometheusObserver
from jwtmr.http import httpx_get

HTTP_GET = httpx_get()
"""One for all validators of these tests: reading the CA certificates takes longer than a validation."""


class Sample(NamedTuple):
    """A number under its name and its labels. An empty label is none."""

    name: str
    labels: Mapping[str, str]
    value: float


Observing: TypeAlias = PrometheusObserver | OtelObserver
Watching: TypeAlias = Callable[..., TokenValidator]
"""What the fixture ``watched`` is."""


class System(NamedTuple):
    """An observer, and what can be read of it."""

    name: str
    observer: Observing
    samples: Callable[[], list[Sample]]
    text: Callable[[], str]
    """Everything that leaves the process."""

    def on_event(self, event: Event, /) -> None:
        """Listen."""
        self.observer.on_event(event)

    def watch(self, validator: TokenValidator, *queues: BackgroundObserver) -> None:
        """Watch."""
        self.observer.watch(validator, *queues)

    def values(self, name: str, **labels: str) -> list[Sample]:
        """The samples of ``name`` that have these labels."""
        return [
            sample
            for sample in self.samples()
            if sample.name == name and all(sample.labels.get(key, "") == value for key, value in labels.items())
        ]

    def value(self, name: str, **labels: str) -> float:
        """The only one of them."""
        (sample,) = self.values(name, **labels)
        return sample.value

    def total(self, name: str, **labels: str) -> float:
        """Their sum; 0 where there are none."""
        return sum(sample.value for sample in self.values(name, **labels))


def prometheus() -> System:
    """A registry of its own."""
    registry = CollectorRegistry()
    observer = PrometheusObserver(registry)

    def text() -> str:
        return generate_latest(registry).decode()

    return System("prometheus", observer, lambda: parsed(text()), text)


def parsed(text: str) -> list[Sample]:
    """What an exposition says, but for when its counters began."""
    return [
        Sample(sample.name, {key: value for key, value in sample.labels.items() if value}, sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if not sample.name.endswith("_created")
    ]


def otel() -> System:
    """The SDK, with a reader in memory."""
    reader = InMemoryMetricReader()
    observer = OtelObserver(MeterProvider([reader], shutdown_on_exit=False))

    def collected() -> list[Metric]:
        data = reader.get_metrics_data()
        resources = [] if data is None else data.resource_metrics
        return [metric for each in resources for scope in each.scope_metrics for metric in scope.metrics]

    def samples() -> list[Sample]:
        return [sample for metric in collected() for point in metric.data.data_points for sample in _of(metric, point)]

    return System("otel", observer, samples, lambda: repr([(metric, metric.to_json()) for metric in collected()]))


def _of(metric: Metric, point: Any) -> list[Sample]:  # noqa: ANN401 - whatever data points there are
    assert metric.unit in ("", "s")
    name = metric.name.replace(".", "_") + ("_seconds" if metric.unit else "")
    labels = {key: str(value) for key, value in (point.attributes or {}).items()}
    if isinstance(point, HistogramDataPoint):
        bounds = [*(str(bound) for bound in point.explicit_bounds), "+Inf"]
        sums = [sum(point.bucket_counts[: place + 1]) for place in range(len(bounds))]
        buckets = [Sample(f"{name}_bucket", {**labels, "le": le}, n) for le, n in zip(bounds, sums, strict=True)]
        return [*buckets, Sample(f"{name}_count", labels, point.count), Sample(f"{name}_sum", labels, point.sum)]
    total = isinstance(metric.data, Sum)
    assert not total or metric.data.is_monotonic
    return [Sample(name + ("_total" if total else ""), labels, point.value)]


def code_of(validator: TokenValidator, token: str, **wanted: Any) -> str | None:  # noqa: ANN401 - what validate takes
    """The code with which it is refused, or None."""
    try:
        validator.validate(token, **wanted)
    except AuthError as error:
        return error.code
    return None
