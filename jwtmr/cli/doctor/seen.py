"""What the validator will make of what came of asking. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias, cast

from jwtmr._keys.keyset import KeySet
from jwtmr._keys.reading import Reading, read_answer
from jwtmr._strictjson import object_of
from jwtmr.cli.doctor.probe import Probe
from jwtmr.cli.doctor.targets import Target, where_keys_are
from jwtmr.issuers import Authority

Content: TypeAlias = Literal["html", "other"]

_SNIFFED: Final = 256
"""Bytes of a body that are looked at to tell what it is."""
_WHITE: Final = b" \t\r\n\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Seen:
    """One target, asked and read."""

    target: Target
    probes: tuple[Probe, ...]
    """Of the target, and of the place that its document names; at least one."""
    reading: Reading | None
    """As the validator reads it; None where there was no answer."""

    @property
    def last(self) -> Probe:
        """The probe that decided."""
        return self.probes[-1]

    @property
    def keys(self) -> KeySet | None:
        """The usable keys, where there are any."""
        return None if self.reading is None else self.reading.keys

    @property
    def has_nothing(self) -> bool:
        """Whether the host answered that there is nothing here: what a validator calls ``not_enabled``."""
        return self.reading is not None and self.reading.outcome == "client_error"

    @property
    def document(self) -> Mapping[str, Any]:
        """What the discovery document says; empty where there is none."""
        answer = self.probes[0].answer
        if self.target.endpoint.discovers is None or answer is None or answer.status != 200:
            return {}
        return object_of(answer.body) or {}


def see(target: Target, authority: Authority, probes: tuple[Probe, ...]) -> Seen:
    """Read the answers of one target."""
    return Seen(target, probes, _reading(target, authority, probes))


def _reading(target: Target, authority: Authority, probes: Sequence[Probe]) -> Reading | None:
    where = where_keys_are(target, probes[0])
    if isinstance(where, Reading):
        return where
    last = probes[-1]
    if where is None or last.answer is None or last.url != where:
        return None
    answer, allowed = last.answer, frozenset(authority.algorithms)
    return read_answer(answer.status, answer.headers, answer.body, allowed=allowed, etag=None, wall=last.sent_at)


def texts(value: object) -> list[str]:
    """The strings of a list in a stranger's document; none where it is no list."""
    return [one for one in cast("list[object]", value) if isinstance(one, str)] if type(value) is list else []


def content_of(probe: Probe) -> Content:
    """Whether a body is a page for people."""
    answer = probe.answer
    if answer is None:
        return "other"
    begins = answer.body[:_SNIFFED].lstrip(_WHITE).lower()
    says = answer.headers.get("content-type", "").lower()
    return "html" if begins.startswith((b"<!doctype", b"<html", b"<head", b"<body")) or "text/html" in says else "other"
