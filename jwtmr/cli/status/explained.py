"""A health view in words: what each state means, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

import msgspec

from jwtmr.cli.command import Exit
from jwtmr.cli.output import Page, Tone
from jwtmr.cli.status.view import Authority, Endpoint, Health

_TONES: Final[Mapping[str, Tone]] = {
    "ok": "good", "degraded": "doubtful", "cold": "doubtful", "retired": "doubtful", "down": "bad",
    "unavailable": "bad",
}  # fmt: skip
_OVERALL: Final = {
    "ok": "it is ready, and its keys are fresh",
    "degraded": "it is ready, but not all is well: see below",
    "unavailable": "it is not ready: it should get no requests until tokens can be checked",
}
OVERRIDDEN: Final = (
    "It looks at no token at all: authentication is overridden there, as in tests. In production this must not be."
)
REQUIRED: Final = "An authority is ready, but another one is not that this view was told to require (required=)."
_MEANS: Final = {
    "ok": "its keys are fresh",
    "degraded": "its keys are past their lifetime and still serve, as no endpoint brings newer ones",
    "cold": "nobody has asked for its keys yet",
    "down": "there are no keys: its tokens are answered with 503 (keys_unavailable)",
    "retired": "its issuers are all retired: its tokens are refused",
}
_TO_DO: Final = {
    "degraded": "See why the key hosts do not answer before that time is over: then its tokens are answered with 503. "
    "`jwtmr doctor`, run beside the app with the same settings, names what is wrong.",
    "cold": "The first token does it, or warm_up() at the start of the app.",
    "down": "`jwtmr doctor`, run beside the app with the same settings, names what is wrong with each endpoint.",
    "retired": "If that is meant, take it out of the configuration; else move accept_legacy_until to the future.",
}
_ENDPOINTS: Final = {
    "cold": "not asked yet",
    "ok": "fresh keys",
    "degraded": "keys past their lifetime",
    "down": "no keys that may serve",
    "not_enabled": "answers that there is nothing here: not enabled yet",
}


@dataclass(frozen=True, slots=True)
class Explained:
    """A health view that answered."""

    schema: ClassVar[str] = "jwtmr.status/1"
    source: str
    http_status: int | None
    health: Health
    strict: bool
    """Whether everything but ``ok`` is a no."""

    @property
    def warnings(self) -> list[str]:
        """What is not well about the whole."""
        authorities, status = self.health.authorities, self.health.status
        found = [OVERRIDDEN] if status == "ok" and not authorities else []
        if status == "unavailable" and any(one.ready for one in authorities):
            found.append(REQUIRED)
        if status == "degraded":
            found.append("It serves, and something is wrong: this is the time to look.")
        return found

    @property
    def exit(self) -> Exit:
        """Yes where it is ready; under ``strict`` only where nothing is to be said against it."""
        ready = self.health.status != "unavailable" and not (self.strict and self.warnings)
        return Exit.YES if ready else Exit.NO

    def document(self) -> Mapping[str, object]:
        """The view as it was told, with what each part means."""
        return {
            "source": self.source,
            "http_status": self.http_status,
            "status": self.health.status,
            "ready": self.health.status != "unavailable",
            "warnings": self.warnings,
            "authorities": [
                {**msgspec.to_builtins(one), "means": means(one), "to_do": _TO_DO.get(one.state)}
                for one in self.health.authorities
            ],
        }

    def write(self, page: Page) -> None:
        """The whole, then each authority."""
        status = self.health.status
        page.line(f"{status}: {_OVERALL[status]}", _TONES[status])
        for warning in self.warnings:
            page.line(warning, "doubtful", indent=2)
        for number, one in enumerate(self.health.authorities, 1):
            page.line()
            _write_authority(one, number, page)


def means(one: Authority) -> str:
    """The state of an authority in a sentence."""
    text = _MEANS[one.state]
    if one.seconds_left is None:
        return text
    return f"{text}; if all its endpoints stay silent, tokens can be checked for {span(one.seconds_left)} more"


def _write_authority(one: Authority, number: int, page: Page) -> None:
    page.line(one.id if one.id is not None else f"authority {number}", "strong")
    page.line(f"{one.state}: {means(one)}", _TONES[one.state], indent=2)
    if one.state in _TO_DO:
        page.line(_TO_DO[one.state], indent=2)
    for problem in one.problems:
        page.line(f"! {problem}", "doubtful", indent=2)
    for endpoint in one.endpoints:
        _write_endpoint(endpoint, page)


def _write_endpoint(one: Endpoint, page: Page) -> None:
    page.line(f"{one.region or '-'}  {one.url}", indent=2)
    parts = [f"{one.state}: {_ENDPOINTS[one.state]}"]
    parts.append("1 key" if one.keys == 1 else f"{one.keys} keys")
    if one.age is not None:
        parts.append(f"answered {span(one.age)} ago")
    if one.seconds_left is not None:
        parts.append(f"serves for {span(one.seconds_left)} more")
    if one.failures:
        often = "once" if one.failures == 1 else f"{one.failures} times in a row"
        parts.append(f"failed {often}, the last time with {one.last_outcome or 'nothing'}")
    page.line(", ".join(parts), _TONES.get(one.state, "doubtful"), indent=4)
    if one.jwks_uri not in (None, one.url):
        page.line(f"its keys are at {one.jwks_uri}", indent=4)


def span(seconds: int) -> str:
    """A stretch of time in its two largest units."""
    units = [(seconds // 86400, "d"), (seconds // 3600 % 24, "h"), (seconds // 60 % 60, "min"), (seconds % 60, "s")]
    first = next((place for place, (count, _) in enumerate(units) if count), len(units) - 1)
    told = [f"{count} {unit}" for count, unit in units[first : first + 2] if count]
    return " ".join(told) or "0 s"
