"""What is measured, for whichever system collects it: names, units, labels.

A name is written as OpenTelemetry writes it; what its translation into Prometheus makes of it is the name there. So the
same dashboard and the same alerts serve both. Labels come from closed sets: what the configuration names (authorities,
regions, clients, URLs) and fixed words (codes, outcomes, states). Where there is nothing to say a label is empty.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Final, Literal, NamedTuple, TypeAlias

Labels: TypeAlias = tuple[str, ...]

VALIDATION_TIMES: Final = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1.0, 2.5)
"""Seconds. A validation takes a tenth of a millisecond; one that waits for keys up to ``KeyPolicy.wait``."""
FETCH_TIMES: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Seconds. An attempt is given up after 2.5."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One metric."""

    name: str
    kind: Literal["counter", "histogram", "gauge"]
    labels: Labels
    help: str
    unit: Literal["", "s"] = ""
    buckets: tuple[float, ...] = ()
    from_status: bool = False
    """Whether it is read from ``TokenValidator.status()`` when somebody wants to know, and not counted from events."""
    workers: Literal["", "max", "liveall", "livemin", "livesum"] = ""
    """How the gauges of several processes behind one port become one: ``liveall`` keeps them apart by process, and all
    but ``max`` forget processes that have ended."""

    @property
    def prometheus_name(self) -> str:
        """What Prometheus calls it."""
        unit = "_seconds" if self.unit == "s" else ""
        return self.name.replace(".", "_") + unit + ("_total" if self.kind == "counter" else "")

    @property
    def nothing(self) -> float:
        """What a gauge says where there is nothing more to say, and it cannot be taken back."""
        return inf if self.workers == "livemin" else 0.0


def _counter(name: str, labels: str, text: str, *, from_status: bool = False) -> Measure:
    return Measure(f"jwtmr.{name}", "counter", tuple(labels.split()), text, from_status=from_status)


def _duration(name: str, labels: str, text: str, buckets: tuple[float, ...]) -> Measure:
    return Measure(f"jwtmr.{name}.duration", "histogram", tuple(labels.split()), text, "s", buckets)


def _latest(name: str, labels: str, text: str) -> Measure:
    return Measure(f"jwtmr.{name}_timestamp", "gauge", tuple(labels.split()), text, "s", workers="max")


VALIDATIONS: Final = _counter(
    "validations",
    "authority issuer_kind region outcome code",
    "Tokens that were accepted or refused. What a refused one says is only told where its signature was good.",
)
VALIDATION_TIME: Final = _duration(
    "validation", "outcome", "How long validations took, waiting included.", VALIDATION_TIMES
)
LEGACY_TOKENS: Final = _counter(
    "legacy_tokens", "authority region client", "Tokens of legacy issuers that were accepted, by configured client."
)
DRY_RUN: Final = _counter(
    "removal_dry_run_refusals",
    "authority region client",
    "Accepted tokens that would be refused if their issuer were retired; counted under removal_dry_run.",
)
LATEST_EXPIRY: Final = _latest(
    "legacy_token.latest_expiry",
    "authority region client",
    "The largest exp of all legacy tokens that were accepted: when the last one that was seen expires.",
)
LATEST_ISSUE: Final = _latest(
    "token.latest_issue", "authority issuer_kind", "The largest iat of all tokens that were accepted."
)
STALE_KEYS: Final = _counter(
    "stale_key_tokens", "authority", "Tokens that were accepted with a key from a set past its lifetime."
)
FETCHES: Final = _counter(
    "fetches", "authority endpoint region outcome trigger", "Attempts to fetch keys, by how they ended."
)
FETCH_TIME: Final = _duration("fetch", "authority endpoint region", "How long attempts took.", FETCH_TIMES)
KEY_SETS_CHANGED: Final = _counter("key_set_changes", "authority endpoint region", "Other keys were listed.")
DIVERGED: Final = _counter(
    "key_divergences", "authority reason", "Endpoints contradicted each other: dropped, or conflict."
)
STALE_PERIODS: Final = _counter("stale_periods", "authority", "Keys past their lifetime began to serve.")
SUPPRESSED: Final = _counter(
    "refreshes_suppressed", "authority reason", "An unknown key id was not looked for; once per quiet period."
)
ENDPOINT_STATE: Final = Measure(
    "jwtmr.endpoint.state",
    "gauge",
    ("authority", "endpoint", "region", "state"),
    "How many processes see the endpoint in this state: cold, ok, degraded, down, not_enabled.",
    from_status=True,
    workers="livesum",
)
ANSWERED: Final = Measure(
    "jwtmr.keys.answered_timestamp",
    "gauge",
    ("authority", "endpoint", "region"),
    "When the endpoint last answered with usable keys; 0 where it never did.",
    "s",
    from_status=True,
    workers="liveall",
)
SERVE_UNTIL: Final = Measure(
    "jwtmr.keys.serve_until_timestamp",
    "gauge",
    ("authority",),
    "Until when tokens can be checked if all endpoints stay silent; 0: not even now; +Inf: nobody has asked for keys.",
    "s",
    from_status=True,
    workers="livemin",
)
KEY_SET_HASH: Final = Measure(
    "jwtmr.key_set.hash",
    "gauge",
    ("authority", "endpoint", "region"),
    "The first 48 bits of the hash of the keys that the endpoint listed last; 0 where none may serve.",
    from_status=True,
    workers="liveall",
)
ACCEPT_UNTIL: Final = Measure(
    "jwtmr.legacy_issuer.accept_until_timestamp",
    "gauge",
    ("authority", "issuer"),
    "When the window of a legacy issuer ends.",
    "s",
    from_status=True,
    workers="livemin",
)
OBSERVER_FAILURES: Final = _counter(
    "observer_failures", "", "Exceptions that observers raised, all swallowed.", from_status=True
)
DROPPED: Final = _counter("dropped_events", "", "Events that did not fit into a BackgroundObserver.", from_status=True)

MEASURES: Final = (
    VALIDATIONS, VALIDATION_TIME, LEGACY_TOKENS, DRY_RUN, LATEST_EXPIRY, LATEST_ISSUE, STALE_KEYS, FETCHES, FETCH_TIME,
    KEY_SETS_CHANGED, DIVERGED, STALE_PERIODS, SUPPRESSED, ENDPOINT_STATE, ANSWERED, SERVE_UNTIL, KEY_SET_HASH,
    ACCEPT_UNTIL, OBSERVER_FAILURES, DROPPED,
)  # fmt: skip


class Value(NamedTuple):
    """What a measure says under these labels."""

    measure: Measure
    labels: Labels
    value: float
