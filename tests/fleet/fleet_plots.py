"""The curves of ``docs/fleet.md``, from what ``fleet_main.py`` saved. Needs matplotlib alone.

python tests/fleet/fleet_plots.py build/fleet.json docs/images
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

Record: TypeAlias = Mapping[str, Any]
Records: TypeAlias = Mapping[str, Record]

# Okabe and Ito's colours, which can be told apart by everybody; dashes help in black and white. What is drawn first is
# wider, so that it shows where curves lie upon each other.
STYLES: Final = (
    {"color": "#56B4E9", "linestyle": "-", "linewidth": 2.6},
    {"color": "#D55E00", "linestyle": "--", "linewidth": 1.6},
    {"color": "#000000", "linestyle": ":", "linewidth": 1.2},
    {"color": "#009E73", "linestyle": "-.", "linewidth": 1.6},
)
SHADE: Final = "#DDDDDD"
MINUTE: Final = 60


def main(source: str, target: str) -> None:
    """Draw every figure."""
    document = json.loads(Path(source).read_text())
    records = {record["name"]: record for record in document["records"]}
    plt.rcParams.update({"font.size": 9, "axes.grid": True, "grid.alpha": 0.3, "axes.titlesize": 9})
    for name, draw in FIGURES.items():
        figure = draw(records)
        figure.text(0.995, 0.005, document["header"], ha="right", va="bottom", fontsize=6, color="#666666")
        save(figure, Path(target) / f"fleet-{name}.png")


def save(figure: Figure, path: Path) -> None:
    """Write it with a palette, which halves the file."""
    drawn = io.BytesIO()
    figure.savefig(drawn, dpi=110)
    plt.close(figure)
    Image.open(drawn).convert("RGB").quantize(256).save(path, optimize=True)


# -- numbers ----------------------------------------------------------------------------------------------------------


def rates(record: Record, host: str, width: int) -> tuple[list[float], list[float]]:
    """The middle of each ``width`` seconds, and the requests a second in it."""
    seconds = [sum(column) for column in zip(*record["rates"][host].values(), strict=True)]
    starts = range(0, len(seconds) - width + 1, width)
    return (
        [record["begin"] + start + width / 2 for start in starts],
        [sum(seconds[start : start + width]) / width for start in starts],
    )


def hosts(record: Record) -> list[str]:
    """Their names, in order of precedence."""
    return list(record["rates"])


# -- parts of figures -------------------------------------------------------------------------------------------------


def panels(number: int, height: float = 1.9, **more: Any) -> tuple[Figure, list[Axes]]:
    """A figure of panels, one below the other."""
    figure, axes = plt.subplots(
        number, 1, figsize=(8, 0.5 + height * number), layout="constrained", squeeze=False, **more
    )
    return figure, [row[0] for row in axes]


def draw_rates(axes: Axes, record: Record, *, width: int, unit: int = MINUTE, log: bool = False) -> None:
    """Requests a second at each host."""
    for host, style in zip(hosts(record), STYLES, strict=False):
        times, values = rates(record, host, width)
        axes.plot([t / unit for t in times], values, label=host, drawstyle="steps-mid", **style)
    axes.set_title(f"{record['title']} ({width} s means)" if width > 1 else record["title"], loc="left")
    axes.set_ylabel("requests / s")
    axes.set_xlabel("minutes" if unit == MINUTE else "seconds")
    if log:
        stretch(axes)
    axes.set_ylim(bottom=0)


def stretch(axes: Axes) -> None:
    """Room for what differs by a thousand times, zero included: straight up to ten, then a decade per step."""
    axes.set_yscale("symlog", linthresh=10, linscale=0.5)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}".replace(",", " "))


def shade(axes: Axes, begin: float, end: float, name: str) -> None:
    """Mark a stretch of time."""
    axes.axvspan(begin, end, color=SHADE, zorder=0, label=name)


def legend(figure: Figure, axes: Axes) -> None:
    """One legend for all panels, above them."""
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels), frameon=False)


# -- figures ----------------------------------------------------------------------------------------------------------


def steady(records: Records) -> Figure:
    """An hour in which nothing happens, and what lifetimes make of it."""
    figure, axes = panels(1, height=2.6)
    draw_rates(axes[0], records["steady"], width=10)
    legend(figure, axes[0])
    return figure


def stacked(records: Records, *names: str, outage: float | None = None, **how: Any) -> Figure:
    """Scenarios that share an axis of time."""
    figure, axes = panels(len(names), sharex=True)
    for panel, name in zip(axes, names, strict=True):
        draw_rates(panel, records[name], **how)
        panel.label_outer()
        if outage is not None:
            shade(panel, 0, outage, "outage")
    legend(figure, axes[0])
    return figure


def restart(records: Records) -> Figure:
    """Everything starts."""
    return stacked(records, "restart", "restart-rolling", "restart-own", width=5, log=True)


def in_step(records: Records) -> Figure:
    """Everything starts while a host does not answer: who asks again marches in step."""
    return stacked(records, "restart-dark", "restart-403", width=1, log=True)


def one_region(records: Records) -> Figure:
    """One region is dark."""
    return stacked(records, "one-silent", "one-refusing", width=10, outage=30)


def both_regions(records: Records) -> Figure:
    """Both are."""
    figure, axes = panels(4)
    for panel, name in zip(axes, ("both-silent", "both-refusing", "both-weak"), strict=False):
        draw_rates(panel, records[name], width=10)
        shade(panel, 0, 30, "outage")
    draw_standings(axes[3], records["both-long"])
    legend(figure, axes[0])
    return figure


def draw_standings(axes: Axes, record: Record) -> None:
    """How many processes have keys."""
    times = [(record["begin"] + n + 1) / MINUTE for n in range(len(record["standings"]["fresh"]))]
    for kind, name, style in zip(
        ("fresh", "stale", "none"), ("keys within their lifetime", "keys past it", "no keys: 503"), STYLES, strict=False
    ):
        axes.plot(times, [100 * n / record["processes"] for n in record["standings"][kind]], label=name, **style)
    axes.set_title(record["title"], loc="left")
    axes.set_ylabel("% of processes")
    axes.set_xlabel("minutes")
    shade(axes, 0, 90, "")
    axes.legend(loc="center right", fontsize=8)


def flood(records: Records) -> Figure:
    """Bogus kids."""
    figure, axes = panels(2)
    draw_rates(axes[0], records["flood"], width=1, log=True)
    shade(axes[0], 0, 10, "flood")
    draw_rates(axes[1], records["flood"], width=1, unit=1, log=True)
    axes[1].set_xlim(-10, 130)
    axes[1].set_title("the same, its first two minutes", loc="left")
    legend(figure, axes[0])
    return figure


ROTATIONS: Final = {
    "rotation": "at once",
    "rotation-lag": "at once, primary region lags 60 s",
    "rotation-flood": "at once, under a flood",
    "rotation-ramp": "by and by, in an hour",
}


def rotation(records: Records) -> Figure:
    """A new key, and who knows it."""
    figure, axes = panels(2)
    for (name, label), style in zip(ROTATIONS.items(), STYLES, strict=True):
        record = records[name]
        known = [100 * (n + 1) / record["simulated"] for n in range(len(record["learnt"]))]
        axes[0].plot([max(t, 0.01) for t in record["learnt"]], known, label=label, **style)
        times, values = rates(record, hosts(record)[0], 5)
        axes[1].plot(times, values, **style)
    axes[0].set_xscale("log")
    axes[0].xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes[0].set_ylabel("% of processes")
    axes[0].set_xlabel("seconds since tokens of the new key came into use")
    axes[0].set_title("processes that have the new key", loc="left")
    stretch(axes[1])
    axes[1].set_ylim(bottom=0)
    axes[1].set_ylabel("requests / s")
    axes[1].set_xlabel("seconds")
    axes[1].set_title(f"requests at {hosts(records['rotation'])[0]} (5 s means)", loc="left")
    legend(figure, axes[0])
    return figure


FIGURES: Final[Mapping[str, Callable[[Records], Figure]]] = {
    "steady": steady,
    "restart": restart,
    "in-step": in_step,
    "one-region": one_region,
    "both-regions": both_regions,
    "flood": flood,
    "rotation": rotation,
}

if __name__ == "__main__":
    main(*sys.argv[1:])
