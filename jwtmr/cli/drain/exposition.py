"""What ``/metrics`` says of tokens, out of the text format of Prometheus: the few metrics of jwtmr that matter here.

Lines of other metrics are not looked at. One of these that cannot be read, or has no sense, spoils the whole answer: a
count that is left out would be silence, and silence is what the verdict is made of.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Final, TypeAlias

from jwtmr.extras._measures import (
    ACCEPT_UNTIL,
    DRY_RUN,
    LATEST_EXPIRY,
    LATEST_ISSUE,
    LEGACY_TOKENS,
    SERVE_UNTIL,
    VALIDATIONS,
)

MAX_BYTES: Final = 16 * 1024 * 1024
"""Of one answer. Hundreds of metrics of many workers take one."""
MAX_AUTHORITIES: Final = 100
"""In one answer. A service has a handful; who invents thousands would have the verdict take minutes."""
MAX_COUNT: Final = 2.0**53
"""Tokens. Up to here every count is a float."""
MAX_MOMENT: Final = 1e12
"""Unix seconds, as in reports."""

COLLECTED: Final = ("job", "instance")
"""Labels by which a Prometheus server, or a collector, tells processes apart. A worker says neither of itself."""

_PREFIX: Final = "jwtmr_"
_NAME: Final = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*", re.ASCII)
_SAMPLE: Final = re.compile(r"(?:[ \t]*\{(.*)\})?[ \t]+([^ \t]+)(?:[ \t]+-?[0-9]+)?[ \t]*", re.ASCII)
"""What follows the name: labels, value, and a time stamp that says nothing here."""
_LABEL: Final = re.compile(r'[ \t]*([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\[\\"n])*)"[ \t]*(?:,|\Z)', re.ASCII)
_NUMBER: Final = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?|\+Inf", re.ASCII)
_ESCAPE: Final = re.compile(r"\\(.)")

Labels: TypeAlias = Mapping[str, str]
Client: TypeAlias = tuple[str, str]
"""Authority and client; the client is empty where the configuration names none."""


class BadMetrics(Exception):
    """This is no answer that tells of tokens; the text says why, in words of ours."""


@dataclass(slots=True)
class Told:
    """What one answer tells. Times are Unix seconds."""

    tokens: dict[Client, int] = field(default_factory=dict[Client, int])
    """Accepted legacy tokens."""
    refusals: dict[str, int] = field(default_factory=dict[str, int])
    """By authority: accepted tokens that the dry run would have refused."""
    expiry: dict[Client, float] = field(default_factory=dict[Client, float])
    """The largest ``exp`` of legacy tokens."""
    issue: dict[tuple[str, str], float] = field(default_factory=dict[tuple[str, str], float])
    """By authority and kind of issuer: the largest ``iat``."""
    until: dict[str, dict[str, float]] = field(default_factory=dict[str, dict[str, float]])
    """By authority, by legacy issuer: when its window ends. Infinite where a closed validator left that open."""
    watched: set[str] = field(default_factory=set[str])
    """Authorities whose settings are told: of these one without a window has no legacy issuer."""
    since: float | None = None
    """Since when it counts, as far as it says so."""

    @property
    def authorities(self) -> list[str]:
        """All that are named."""
        named = (one for series in (self.tokens, self.expiry, self.issue) for one, _ in series)
        return sorted({*named, *self.refusals, *self.watched})


def read_metrics(body: bytes) -> Told:
    """What ``body`` tells. Raises :class:`BadMetrics`."""
    try:
        text = body.decode("utf-8")
    except UnicodeError:
        raise BadMetrics("this is no text in UTF-8, so it is no answer of /metrics") from None
    told, seen, ours = Told(), set[tuple[object, ...]](), False
    instances: set[tuple[str, ...]] = set()
    for name, rest in _lines(text):
        ours = True
        take = _TAKES.get(name)
        if take is None:
            continue
        labels, value = _sample(name, rest)
        series = (name, *sorted(labels.items()))
        if series in seen:
            raise BadMetrics(f"{name} is told twice for the same labels")
        seen.add(series)
        instances.add(tuple(labels.get(name, "") for name in COLLECTED))
        take(told, labels, value)
    if len(instances) > 1:
        raise BadMetrics(
            "a collector tells of several processes in one answer, and one of them may have begun just now: ask each "
            "by itself"
        )
    if len(told.authorities) > MAX_AUTHORITIES:
        raise BadMetrics(f"it names more than {MAX_AUTHORITIES} authorities")
    if not ours:
        raise BadMetrics("there is no metric of jwtmr in it: is PrometheusObserver among the observers there?")
    return told


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """The lines of jwtmr's metrics: name, and what follows it."""
    if text and not text.endswith("\n"):
        raise BadMetrics("its last line has no end, so it was cut short")
    for line in (indented.lstrip(" \t") for indented in text.split("\n")):
        found = _NAME.match(line) if line.startswith(_PREFIX) else None
        if found is not None:
            yield found[0], line[found.end() :]


def _sample(name: str, rest: str) -> tuple[Labels, float]:
    found = _SAMPLE.fullmatch(rest.removesuffix("\r"))
    if found is None:
        raise BadMetrics(f"a line of {name} cannot be read")
    if _NUMBER.fullmatch(found[2]) is None:
        raise BadMetrics(f"a value of {name} is no number")
    return _labels(name, (found[1] or "").strip(" \t")), float(found[2])


def _labels(name: str, text: str) -> Labels:
    labels: dict[str, str] = {}
    place = 0
    while place < len(text):
        found = _LABEL.match(text, place)
        if found is None or found[1] in labels:
            raise BadMetrics(f"labels of {name} cannot be read")
        labels[found[1]] = _ESCAPE.sub(lambda escape: "\n" if escape[1] == "n" else escape[1], found[2])
        place = found.end()
    return labels


def _count(value: float) -> int:
    if not 0 <= value <= MAX_COUNT or value != int(value):
        raise BadMetrics("a count of tokens is no whole number")
    return int(value)


def _moment(value: float) -> float:
    if not 0 <= value <= MAX_MOMENT:
        raise BadMetrics("a time is none that could be meant")
    return value


def _authority(labels: Labels) -> str:
    authority = labels.get("authority", "")
    if not authority:
        raise BadMetrics("a metric of accepted tokens names no authority")
    return authority


def _take_tokens(told: Told, labels: Labels, value: float) -> None:
    key = _authority(labels), labels.get("client", "")
    told.tokens[key] = told.tokens.get(key, 0) + _count(value)


def _take_refusals(told: Told, labels: Labels, value: float) -> None:
    key = _authority(labels)
    told.refusals[key] = told.refusals.get(key, 0) + _count(value)


def _take_expiry(told: Told, labels: Labels, value: float) -> None:
    key = _authority(labels), labels.get("client", "")
    told.expiry[key] = max(told.expiry.get(key, 0.0), _moment(value))


def _take_issue(told: Told, labels: Labels, value: float) -> None:
    key = _authority(labels), labels.get("issuer_kind", "")
    told.issue[key] = max(told.issue.get(key, 0.0), _moment(value))


def _take_until(told: Told, labels: Labels, value: float) -> None:
    _take_watched(told, labels, value)
    windows = told.until.setdefault(_authority(labels), {})
    issuer = labels.get("issuer", "")
    windows[issuer] = max(windows.get(issuer, 0.0), value if value == inf else _moment(value))


def _take_watched(told: Told, labels: Labels, _: float) -> None:
    told.watched.add(_authority(labels))


def _take_created(told: Told, _: Labels, value: float) -> None:
    told.since = _moment(value) if told.since is None else min(told.since, _moment(value))


CREATED: Final = VALIDATIONS.prometheus_name.removesuffix("_total") + "_created"
"""When a counter began. Those of refused tokens begin with the process, so the earliest tells since when it counts."""

_TAKES: Final[Mapping[str, Callable[[Told, Labels, float], None]]] = {
    LEGACY_TOKENS.prometheus_name: _take_tokens,
    DRY_RUN.prometheus_name: _take_refusals,
    LATEST_EXPIRY.prometheus_name: _take_expiry,
    LATEST_ISSUE.prometheus_name: _take_issue,
    ACCEPT_UNTIL.prometheus_name: _take_until,
    SERVE_UNTIL.prometheus_name: _take_watched,
    CREATED: _take_created,
}
