"""Draws the image of ``docs/performance.md`` from the record: ``python plot.py``. Needs matplotlib and nothing else.

Libraries in times the bare verification, above; what the guards of frameworks add to a request, below.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl

mpl.use("agg")
import matplotlib.pyplot as plt

RECORD: Final = Path(__file__).with_name("record.json")
IMAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "images" / "performance.png"
OURS: Final = "#1f6f8b"
THEIRS: Final = "#b8bfc6"
OTHER_RUNTIME: Final = "#dfe3e7"
INK: Final = "#30363c"


def main() -> None:
    """Draw and write the image."""
    held = json.loads(RECORD.read_text("utf-8"))
    libraries = _sorted(held, ("libraries", "libraries under Node.js"))
    requests = _sorted(held, ("FastAPI, per request", "Flask, per request"))
    heights = [len(libraries), len(requests)]
    figure, (upper, lower) = plt.subplots(
        2, 1, figsize=(9, 0.36 * sum(heights) + 2.2), height_ratios=heights, layout="constrained"
    )
    _bars(upper, libraries, "Validating a token: times the bare RS256 verification in the same runtime", "{:.2f}")
    _bars(lower, requests, "Protecting a route: microseconds added to a request", "{:.0f}")
    versions = ", ".join(f"{name} {number}" for name, number in held["versions"].items() if name in ("Python", "jwtmr"))
    figure.supxlabel(f"{held['date']}; {versions}; {held['machine']}; less is better", fontsize=8, color=INK)
    IMAGE.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(IMAGE, dpi=110, metadata={"Software": None})


def _sorted(held: dict[str, Any], groups: tuple[str, ...]) -> list[dict[str, Any]]:
    return sorted((row for row in held["rows"] if row["group"] in groups), key=lambda row: -row["value"])


def _bars(axes: Any, rows: list[dict[str, Any]], title: str, number: str) -> None:  # noqa: ANN401 - matplotlib's
    names, values = [_title(row) for row in rows], [row["value"] for row in rows]
    end = _end(values)
    spread = [[row["value"] - row["low"] for row in rows], [row["high"] - row["value"] for row in rows]]
    axes.barh(names, values, color=[_colour(row) for row in rows], height=0.7)
    axes.errorbar(values, range(len(rows)), xerr=spread, fmt="none", ecolor=INK, elinewidth=1)
    for place, row in enumerate(rows):
        text, cut = number.format(row["value"]), row["value"] > end
        where = end * 0.985 if cut else row["high"] + end * 0.01
        axes.text(where, place, f"{text} →" if cut else text, ha="right" if cut else "left", va="center", fontsize=9)
    axes.set_xlim(0, end)
    axes.set_title(title, loc="left", fontsize=10, color=INK)
    axes.tick_params(labelsize=9, colors=INK, length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)


def _end(values: list[float]) -> float:
    """Where the axis ends: beyond the longest bar, unless that is five times the next; it is cut, and says so."""
    longest, second, *_ = sorted(values, reverse=True)
    return 1.5 * second if longest > 5 * second else 1.12 * longest


def _title(row: dict[str, Any]) -> str:
    """The name with the version in its place, and where it runs if that is elsewhere."""
    name, comma, rest = row["name"].partition(",")
    return f"{name} {row['version']}{comma}{rest}{' (Node.js)' if row['runtime'].startswith('Node') else ''}"


def _colour(row: dict[str, Any]) -> str:
    if row["name"].startswith("jwtmr"):
        return OURS
    return OTHER_RUNTIME if row["runtime"].startswith("Node") else THEIRS


if __name__ == "__main__":
    main()
