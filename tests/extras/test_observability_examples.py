"""``examples/observability``: the alerts say what they should, and every query names what is emitted."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from contextlib import closing
from itertools import combinations
from pathlib import Path
from typing import Any, Final

import pytest
from event_rows import ROWS
from extras_kit import HTTP_GET, Sample, prometheus

from jwtmr.extras._measures import MEASURES
from jwtmr.testing import RegionalIssuer, SettableClock, validator_for

HERE: Final = Path(__file__).resolve().parent
EXAMPLES: Final = HERE.parents[1] / "examples" / "observability"
ALERTS: Final = (EXAMPLES / "alerts.yml").read_text(encoding="utf-8")
DASHBOARD: Final[dict[str, Any]] = json.loads((EXAMPLES / "dashboard.json").read_text(encoding="utf-8"))
PANELS: Final = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
QUERIES: Final = [target["expr"] for panel in PANELS for target in panel["targets"]]
OF_PROMETHEUS: Final = {"job", "instance", "pid", "le", "hash"}
"""Labels that come from elsewhere, or from the query itself."""


def run(*command: str | Path) -> None:
    """Run it; what it says goes with a failure."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.system("promtool")
def test_alerts_say_what_they_should(needs: Callable[[str], str], tmp_path: Path) -> None:
    """Each fires when it should, with the words that it should, and is silent before."""
    for file in (EXAMPLES / "alerts.yml", HERE / "alerts_test.yml"):
        shutil.copy(file, tmp_path)
    run(needs("promtool"), "test", "rules", tmp_path / "alerts_test.yml")


@pytest.mark.system("promtool")
def test_the_configuration_and_every_query_can_be_read(needs: Callable[[str], str], tmp_path: Path) -> None:
    """By Prometheus itself, with what Grafana puts in for its variables."""
    run(needs("promtool"), "check", "config", EXAMPLES / "prometheus.yml")
    rules = [{"record": f"panel:{n}", "expr": filled_in(query)} for n, query in enumerate(QUERIES)]
    (tmp_path / "panels.yml").write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))
    run(needs("promtool"), "check", "rules", tmp_path / "panels.yml")


def filled_in(query: str) -> str:
    """``query`` as Grafana sends it."""
    return query.replace("$__rate_interval", "1m").replace("$job", ".*")


def test_every_alert_is_tested() -> None:
    """Once where it fires and once where it is silent."""
    told = (HERE / "alerts_test.yml").read_text(encoding="utf-8")
    for alert in re.findall(r"- alert: (\w+)", ALERTS):
        assert re.search(rf"alertname: {alert}, exp_alerts: \[\]", told), alert
        assert re.search(rf"alertname: {alert}\n +exp_alerts:\n", told), alert


@pytest.fixture
def emitted(issuer: RegionalIssuer, clock: SettableClock) -> list[Sample]:
    """All that Prometheus gets to see when everything has happened once."""
    system = prometheus()
    with closing(validator_for(issuer, accept_legacy_until=clock.now(), http_get=HTTP_GET)) as validator:
        system.watch(validator)
        for event, _ in ROWS:
            system.on_event(event)
        return system.samples()


def expressions() -> list[str]:
    """The queries of the dashboard, and the rules without their comments and texts."""
    rules = re.findall(r"expr: (?:\|\n((?:          .*\n)+)|(.*)\n)", ALERTS)
    assert len(rules) == ALERTS.count("expr:")
    return [*QUERIES, *("".join(rule) for rule in rules)]


def test_every_metric_that_is_asked_for_is_emitted(emitted: list[Sample]) -> None:
    """By its name, and with the labels that the query looks at."""
    labels: dict[str, set[str]] = {}
    for sample in emitted:
        labels.setdefault(sample.name, set()).update(sample.labels)
    declared = {measure.prometheus_name: set(measure.labels) for measure in MEASURES}
    for query in expressions():
        names = set(re.findall(r"\bjwtmr_\w+", query))
        assert names or "jwtmr:legacy_tokens:increase1h" in query, query
        assert names <= set(labels), query
        looked_at = set(re.findall(r"(\w+)(?:=~?|!=|!~)\"", query))
        grouped = re.findall(r"\b(?:by|on) \(([^)]*)\)", query)
        looked_at |= {label.strip() for group in grouped for label in group.split(",")}
        known = {label for name in names for label in declared.get(name.removesuffix("_bucket"), set())}
        if names:
            assert looked_at <= known | OF_PROMETHEUS, query


def test_every_metric_is_shown(emitted: list[Sample]) -> None:
    """On the dashboard, by itself or by its buckets."""
    shown = {name.removesuffix("_bucket") for query in QUERIES for name in re.findall(r"\bjwtmr_\w+", query)}
    assert shown == {measure.prometheus_name for measure in MEASURES}
    suffixes = r"_(bucket|count|sum)$"
    assert shown == {
        re.sub(suffixes, "", sample.name) if "duration" in sample.name else sample.name for sample in emitted
    }


def test_the_dashboard_is_whole() -> None:
    """No two panels share an id or a place; each says what it shows, and asks the source that was chosen."""
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for one, other in combinations([panel["gridPos"] for panel in panels], 2):
        apart = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        assert apart or one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
    for panel in PANELS:
        assert panel["title"]
        assert panel["description"].endswith(".")
        assert panel["datasource"]["uid"] == "${datasource}"
        assert all('job=~"$job"' in target["expr"] for target in panel["targets"])
    assert {variable["name"] for variable in DASHBOARD["templating"]["list"]} == {"datasource", "job"}
