"""The small types that every setting is made of: what a caller may say, and how a wrong word is refused.

A setting is checked where it is made. ``ConfigurationError`` names the parameter and says what would be right, and it
never waits for the first request to do so.
"""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Final, Literal, NamedTuple, Protocol, TypeAlias, cast

from jwtmr.errors import ConfigurationError


class Unchecked(Enum):
    """The type of :data:`UNCHECKED`, for annotations."""

    UNCHECKED = "UNCHECKED"

    def __repr__(self) -> str:
        return "jwtmr.UNCHECKED"


UNCHECKED: Final = Unchecked.UNCHECKED
"""Leaves one check out. There is no other way to do that, so a reviewer can search for this word."""

Names: TypeAlias = list[str] | tuple[str, ...] | set[str] | frozenset[str]
"""Several names. Never a bare ``str``: type checkers let ``client_ids="abc"`` pass as a sequence of three letters."""

TokenUse: TypeAlias = Literal["access", "id"]
"""What a token is for: to call an API, or to tell a client who signed in."""

IssuerKind: TypeAlias = Literal["current", "legacy"]
"""Whether an issuer is here to stay, or accepted until its window closes."""

TOKEN_USES: Final[tuple[TokenUse, ...]] = ("access", "id")


def names(parameter: str, value: object, *, allow_empty: bool = False, uncheckable: bool = False) -> tuple[str, ...]:
    """Return ``value`` as a tuple of distinct, non-empty strings in their order.

    Raises :class:`ConfigurationError` for a bare string, for anything that is no collection of strings, and for an
    empty one unless ``allow_empty``. ``uncheckable``: ``UNCHECKED`` is what an empty one may have meant.
    """
    if not isinstance(value, (list, tuple, set, frozenset)):
        raise ConfigurationError(parameter, f"must be a list, tuple or set of strings, not {type(value).__name__}")
    given = cast("Collection[object]", value)
    listed = [item for item in given if isinstance(item, str) and item]
    if len(listed) != len(given):
        raise ConfigurationError(parameter, "must hold non-empty strings only")
    if not listed and not allow_empty:
        advice = "; to leave a check out write jwtmr.UNCHECKED" if uncheckable else ""
        raise ConfigurationError(parameter, "must not be empty" + advice)
    return tuple(dict.fromkeys(listed if isinstance(value, (list, tuple)) else sorted(listed)))


def seconds(parameter: str, value: object, *, low: float, high: float) -> float:
    """Return ``value`` as a float of seconds between ``low`` and ``high``, both included.

    Raises :class:`ConfigurationError` for a ``bool``, for what is no number, and outside the bounds.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not -math.inf < value < math.inf:
        raise ConfigurationError(parameter, f"must be a number of seconds, not {type(value).__name__}")
    if not low <= value <= high:
        raise ConfigurationError(parameter, f"must be between {low:g} and {high:g} seconds")
    return float(value)


def check_methods(parameter: str, value: object, methods: Iterable[str]) -> None:
    """Raise :class:`ConfigurationError` unless ``value`` has all ``methods``."""
    for method in methods:
        if not callable(getattr(value, method, None)):
            raise ConfigurationError(parameter, f"must have a method {method}, not be {type(value).__name__}")


def flag(parameter: str, value: object) -> None:
    """Raise :class:`ConfigurationError` unless ``value`` is True or False: ``"false"`` would count as true."""
    if type(value) is not bool:
        raise ConfigurationError(parameter, f"must be a bool, not {type(value).__name__}")


def one_of(parameter: str, value: object, allowed: Iterable[str]) -> None:
    """Raise :class:`ConfigurationError` unless ``value`` is one of ``allowed``."""
    choices = tuple(allowed)
    if value not in choices:
        raise ConfigurationError(parameter, "must be " + " or ".join(repr(choice) for choice in choices))


class Instant(NamedTuple):
    """One moment on three clocks, in seconds."""

    mono: float
    """Monotonic: for waits, back-off and the bucket. Stands still while the machine is suspended."""
    boot: float
    """Boot time: monotonic that also counts suspension, where the system has it."""
    wall: float
    """Unix time: for claims."""


class Clock(Protocol):
    """Where the time comes from. ``jwtmr.testing.SettableClock`` is one that tests set."""

    def wall(self) -> float:
        """Seconds since 1970-01-01 UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back; from any origin."""
        ...

    def boottime(self) -> float:
        """Like :meth:`monotonic`, and never slower; counts suspension of the machine too, where that can be known."""
        ...


_BOOTTIME: Final[int | None] = getattr(time, "CLOCK_BOOTTIME", None)


class SystemClock:
    """The clocks of this machine. ``boottime`` is the monotonic clock where the system has no better one."""

    wall = staticmethod(time.time)
    monotonic = staticmethod(time.monotonic)
    boottime = staticmethod(time.monotonic if _BOOTTIME is None else partial(time.clock_gettime, _BOOTTIME))

    def __repr__(self) -> str:
        return "SystemClock()"


def read(clock: Clock) -> Instant:
    """Read all three clocks."""
    return Instant(clock.monotonic(), clock.boottime(), clock.wall())


MAX_LIFETIME: Final = 15 * 60.0
"""Seconds. A withdrawn key is noticed within this time, whatever the cache headers of its host say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPolicy:
    """How keys are kept and waited for. Checked when it is made."""

    max_stale: float = 3600.0
    """Seconds that a set of keys serves after the last success of its own endpoint, never extended. ``0`` means not
    past its lifetime; otherwise at least twice the longest lifetime (1800), at most a day. For this long a withdrawn
    key may still be used while its endpoint is silent, and for this long, counted from the last refresh before it, an
    outage of the key hosts is not noticed by users."""

    wait: float = 2.0
    """Seconds that one call waits for keys at most, 0.1 to 30. Then it ends with ``keys_unavailable`` (503)."""

    refresh: Literal["background", "inline"] = "background"
    """``"inline"`` refreshes in the request that finds the keys due: for AWS Lambda, which freezes background
    threads."""

    def __post_init__(self) -> None:
        seconds("max_stale", self.max_stale, low=0, high=86400)
        if 0 < self.max_stale < 2 * MAX_LIFETIME:
            raise ConfigurationError("max_stale", f"must be 0 or at least {2 * MAX_LIFETIME:g} seconds")
        seconds("wait", self.wait, low=0.1, high=30)
        one_of("refresh", self.refresh, ("background", "inline"))
