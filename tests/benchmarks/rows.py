"""From what the workers measured to rows of a result: a number in a unit, its spread, and whether it is as wanted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from measure import Comparison, Spread

UNITS: Final = {"ratio": "times", "added": "us", "took": "us", "kept": "%", "memory": "MB"}
"""By kind of a subject."""


@dataclass(frozen=True, slots=True)
class Row:
    """One subject on one runtime."""

    group: str
    name: str
    runtime: str
    """``Python 3.11.7``, ``Node.js 20.20.2``."""
    kind: str
    value: float
    low: float
    high: float
    least: float
    most: float
    bare: float
    full: float
    """Seconds per call, medians; of memory, megabytes."""
    limit: float | None = None
    goal: float | None = None
    verifies: bool = False
    """Whether ``bare`` is the bare verification of an RS256 token."""
    version: str | None = None
    """Of the peer."""
    accepts: tuple[str, ...] | None = None
    """Which spoilt tokens the peer lets in."""
    remark: str | None = None
    """What else a reader has to know of the peer."""

    @property
    def unit(self) -> str:
        """What ``value`` is counted in."""
        return UNITS[self.kind]

    @property
    def title(self) -> str:
        """The name with the version: ``fast-jwt 6.3.6, key function``."""
        name, comma, rest = self.name.partition(",")
        return f"{name} {self.version}{comma}{rest}" if self.version else self.name

    @property
    def met(self) -> bool | None:
        """Whether it is as wanted; None where nothing is."""
        if self.limit is None:
            return None
        return self.value >= self.limit if self.kind == "kept" else self.value <= self.limit

    @classmethod
    def of(cls, told: Mapping[str, Any], result: Comparison, about: Mapping[str, Any]) -> Row:
        """From what a worker said of a subject, what its pairs say, and what it said of itself."""
        spread = _spread(told["kind"], result)
        accepts = about.get("accepts")
        return cls(
            told["group"], told["name"], runtime_of(about), told["kind"],
            spread.middle, spread.low, spread.high, spread.least, spread.most,
            result.bare.middle, result.full.middle,
            limit=told.get("limit"), goal=told.get("goal"), verifies=told.get("verifies", False),
            version=about.get("version"), accepts=None if accepts is None else tuple(accepts),
            remark=about.get("remark"),
        )  # fmt: skip

    def as_json(self) -> dict[str, Any]:
        """What a file holds of it, rounded to what a measurement can tell."""
        rounded = {name: _rounded(value) for name, value in asdict(self).items()}
        return {name: value for name, value in rounded.items() if value not in (None, False)}

    @classmethod
    def from_json(cls, held: Mapping[str, Any]) -> Row:
        """Read what :meth:`as_json` wrote."""
        accepts = held.get("accepts")
        return cls(**{**held, "accepts": None if accepts is None else tuple(accepts)})


def runtime_of(about: Mapping[str, Any]) -> str:
    """What a worker runs under."""
    return f"Node.js {about['node']}" if "node" in about else f"Python {about['python']}"


def _spread(kind: str, result: Comparison) -> Spread:
    if kind == "ratio":
        return result.ratio
    if kind == "kept":
        ratio = result.ratio
        return Spread(
            100 / ratio.middle, 100 / ratio.high, 100 / ratio.low, 100 / ratio.most, 100 / ratio.least
        )  # fmt: skip
    if kind == "memory":
        return result.added
    return (result.full if kind == "took" else result.added).times(1e6)


def _rounded(value: object) -> object:
    return float(f"{value:.5g}") if isinstance(value, float) else value
