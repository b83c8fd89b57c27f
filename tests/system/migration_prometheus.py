"""A real Prometheus server, what it scrapes, and what it answers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode
from urllib.request import ProxyHandler, build_opener

from processes import free_port, listening

EXAMPLES: Final = Path(__file__).resolve().parents[2] / "examples" / "observability"
DIRECT: Final = build_opener(ProxyHandler({}))
"""No proxy of the environment: it is asked on loopback."""


class Series(NamedTuple):
    """One series of an answer, and its points as (Unix seconds, value)."""

    labels: Mapping[str, str]
    points: Sequence[tuple[float, float]]

    @property
    def last(self) -> float:
        """The last value."""
        return self.points[-1][1]


def by(label: str, found: Sequence[Series]) -> dict[str, float]:
    """The last values of an answer by one of its labels."""
    values = {series.labels.get(label, ""): series.last for series in found}
    assert len(values) == len(found), f"{label} does not tell them apart: {found}"
    return values


class Prometheus:
    """Asks a server that runs."""

    def __init__(self, url: str) -> None:
        self._url: Final = url

    def ask(self, query: str) -> list[Series]:
        """What ``query`` says now."""
        found = self._get("query", query=query)["result"]
        return [_series(each, [each["value"]]) for each in found]

    def value(self, query: str) -> float:
        """The only number that it says; 0 where it says nothing."""
        found = self.ask(query)
        assert len(found) <= 1, found
        return found[0].last if found else 0.0

    def over(self, query: str, start: float, end: float, step: float) -> list[Series]:
        """What it said from ``start`` to ``end``."""
        found = self._get("query_range", query=query, start=start, end=end, step=step)["result"]
        return [_series(each, each["values"]) for each in found]

    def rules(self) -> list[dict[str, Any]]:
        """The rules, and how they are doing."""
        return [rule for group in self._get("rules")["groups"] for rule in group["rules"]]

    def _get(self, what: str, **parameters: object) -> dict[str, Any]:
        with DIRECT.open(f"{self._url}/api/v1/{what}?{urlencode(parameters)}", timeout=60) as answer:
            told: dict[str, Any] = json.loads(answer.read())
        assert told["status"] == "success", told
        data: dict[str, Any] = told["data"]
        return data


def _series(told: dict[str, Any], points: list[tuple[float, str]]) -> Series:
    return Series(told["metric"], [(float(moment), float(value)) for moment, value in points])


@contextmanager
def scraping(program: str, directory: Path, port: int, every: float) -> Iterator[Prometheus]:
    """Scrape what listens on ``port``, with the alerts of the examples, as ``job="orders"``."""
    own = free_port()
    interval = f"{int(every * 1000)}ms"
    config = {
        "global": {"scrape_interval": interval, "scrape_timeout": interval, "evaluation_interval": interval},
        "rule_files": [str(EXAMPLES / "alerts.yml")],
        "scrape_configs": [{"job_name": "orders", "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}],
    }
    (directory / "prometheus.yml").write_text(json.dumps(config))  # JSON is YAML
    command = [
        program,
        "--config.file=prometheus.yml",
        "--storage.tsdb.path=data",
        f"--web.listen-address=127.0.0.1:{own}",
        "--log.level=warn",
    ]
    with listening(command, directory, own):
        yield Prometheus(f"http://127.0.0.1:{own}")
