"""A user of the extras, as mypy and pyright must accept it in their strictest mode. Never run."""

# pyright: strict, reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from typing import assert_type

from opentelemetry.metrics import MeterProvider
from prometheus_client import CollectorRegistry, generate_latest

from jwtmr import Authority, BackgroundObserver, Observer, TokenValidator
from jwtmr.extras.otel import OtelObserver
from jwtmr.extras.prometheus import PrometheusObserver, registry_to_scrape


def for_prometheus(pool: Authority, registry: CollectorRegistry) -> bytes:
    metrics = PrometheusObserver(registry)
    queue = BackgroundObserver(metrics)
    observers: list[Observer] = [metrics, queue]
    validator = TokenValidator(pool, observers=observers)
    metrics.watch(validator)
    metrics.watch(validator, queue)
    assert_type(registry_to_scrape(), CollectorRegistry)
    return generate_latest(registry_to_scrape(registry))


def for_opentelemetry(pool: Authority, provider: MeterProvider) -> TokenValidator:
    metrics = OtelObserver(provider)
    validator = TokenValidator(pool, observers=[metrics, OtelObserver()])
    metrics.watch(validator)
    return validator
