"""Pictures of a recorded migration: three panels of the dashboard by themselves, and all of them on one page.

    migration_plots.py RECORD FOLDER

The record is what ``migration_run.py`` saves. This needs matplotlib and nothing else.
"""

from __future__ import annotations

import io
import json
import math
import sys
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt  # after the choice of what it draws with
from PIL import Image

PICTURES: Final = {
    "legacy-share.png": "Share of legacy tokens",
    "key-age.png": "Age of keys by region",
    "refusals.png": "Refusals by code",
}
SHADED: Final = {
    "the switch": ("the switch", "#dce9f7"),
    "one region is down": ("us-east-1 down", "#fbe3d6"),
    "both are down": ("both down", "#f5b7a5"),
}


def main(record: Path, folder: Path) -> None:
    """Draw everything into ``folder``."""
    told = json.loads(record.read_text("utf-8"))
    for name, title in PICTURES.items():
        figure, axes = plt.subplots(figsize=(8, 3.2), layout="constrained")
        _panel(axes, title, told)
        _shade(axes, told)
        figure.supxlabel(f"minutes    {told['note']}", fontsize=7)
        _save(figure, folder / name)
    figure, grid = plt.subplots(6, 3, figsize=(13, 15), layout="constrained")
    for axes, title in zip(grid.flat, told["panels"], strict=True):
        _panel(axes, title, told)
        _shade(axes, told, words=False)
        axes.tick_params(labelsize=7)
    figure.supxlabel(f"minutes    {told['note']}", fontsize=8)
    _save(figure, folder / "dashboard.png")


def _panel(axes: Any, title: str, told: dict[str, Any]) -> None:
    panel = told["panels"][title]
    for name, points in panel["lines"]:
        times, values = _with_gaps(points, told["step"])
        axes.plot([(moment - told["start"]) / 60 for moment in times], values, label=name, linewidth=1.2)
    axes.set_title(title, fontsize=9, loc="left", pad=12)
    axes.set_ylabel(panel["unit"], fontsize=7)
    axes.set_xlim(0, (told["end"] - told["start"]) / 60)
    axes.set_ylim(bottom=0)
    axes.grid(visible=True, alpha=0.25)
    if panel["lines"]:
        axes.legend(fontsize=6, loc="best", framealpha=0.7)


def _with_gaps(points: list[tuple[float, float]], step: float) -> tuple[list[float], list[float]]:
    """Where nothing was said no line is drawn."""
    times: list[float] = []
    values: list[float] = []
    for moment, value in points:
        if times and moment - times[-1] > 1.5 * step:
            times.append(moment)
            values.append(math.nan)
        times.append(moment)
        values.append(value)
    return times, values


def _shade(axes: Any, told: dict[str, Any], *, words: bool = True) -> None:
    top, start = axes.get_ylim()[1], told["start"]
    for phase, (text, colour) in SHADED.items():
        began, ended = told["phases"][phase]
        axes.axvspan((began - start) / 60, (ended - start) / 60, color=colour, zorder=0)
        if words:
            axes.text((began - start) / 60, top, f" {text}", fontsize=6, va="bottom", color="#555555")
    for text, moment in told["moments"].items():
        axes.axvline((moment - start) / 60, color="#555555", linestyle=":", linewidth=1)
        if words:
            axes.text((moment - start) / 60, top, f" {text}", fontsize=6, va="bottom", color="#555555")


def _save(figure: Any, path: Path) -> None:
    """A palette is enough for lines, and half of the size."""
    drawn = io.BytesIO()
    figure.savefig(drawn, dpi=100, metadata={"Software": None})
    plt.close(figure)
    Image.open(drawn).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
