"""The questions of ``docs/operations.md`` to Prometheus, by what stands above each, and those of the dashboard."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

from migration_app import LEEWAY

ROOT: Final = Path(__file__).resolve().parents[2]
PAGE: Final = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
DASHBOARD: Final[dict[str, Any]] = json.loads(
    (ROOT / "examples" / "observability" / "dashboard.json").read_text(encoding="utf-8")
)


def questions() -> dict[str, str]:
    """Each with the first words of its comment; with the leeway of the workers here in the place of the usual one."""
    blocks = re.findall(r"```promql\n# ([^:,\n]+).*\n((?:.+\n)+?)```", PAGE)
    assert len(blocks) == PAGE.count("```promql")
    return {name: query.replace("+ 30", f"+ {LEEWAY:g}") for name, query in blocks}


def panels() -> dict[str, dict[str, Any]]:
    """The panels of the dashboard, by their titles."""
    return {panel["title"]: panel for panel in DASHBOARD["panels"] if panel["type"] != "row"}


def queries_of(panel: dict[str, Any], window: str) -> dict[str, str]:
    """The queries of a panel as Grafana sends them, by their legends, with a window of that length for rates."""
    return {
        target["legendFormat"]: target["expr"].replace("$__rate_interval", window).replace("$job", ".*")
        for target in panel["targets"]
    }
