"""One setting from text, or from a value that has its type already. No error repeats what was given."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Final, cast

from jwtmr.config.given import renamed
from jwtmr.config.table import SEVERAL, Kind, Setting
from jwtmr.errors import ConfigurationError
from jwtmr.oidc import LegacyIssuer
from jwtmr.settings import UNCHECKED

UNCHECKED_WORD: Final = UNCHECKED.value
NONE_WORD: Final = "NONE"

_NUMBER: Final = re.compile(r"[0-9]{1,18}(\.[0-9]{1,18})?")
_COUNT: Final = re.compile(r"[0-9]{1,18}")


def from_texts(setting: Setting, texts: Sequence[str], place: str) -> object:
    """The value that ``texts`` say: one, or several for a list. Raises :class:`ConfigurationError` naming ``place``."""
    if not all(texts):
        raise ConfigurationError(place, "must not be empty")
    if setting.kind is Kind.LEGACY_ISSUERS:
        return tuple(_legacy_issuer(text, place) for text in texts)
    if setting.kind in SEVERAL:
        return from_value(setting, texts[0] if [*texts] == [UNCHECKED_WORD] else tuple(texts), place)
    return from_value(setting, _SCALARS[setting.kind](texts[0], place), place)


def from_value(setting: Setting, given: object, place: str) -> object:
    """``given`` with ``UNCHECKED`` and ``NONE`` understood and a list made a tuple; it is not checked otherwise."""
    value: object = tuple(cast("list[object]", given)) if isinstance(given, list) else given
    if isinstance(value, str):
        if setting.uncheckable and value == UNCHECKED_WORD:
            return UNCHECKED
        if setting.nullable and value.upper() == NONE_WORD:
            _check_spelling(value, NONE_WORD, place)
            return None
    if _says_unchecked(value):
        _refuse_unchecked(setting, place)
    return value


def _says_unchecked(value: object) -> bool:
    members = cast("Iterable[object]", value) if isinstance(value, (tuple, set, frozenset)) else (value,)
    return any(isinstance(member, str) and member.upper() == UNCHECKED_WORD for member in members)


def _check_spelling(value: str, word: str, place: str) -> None:
    if value != word:
        raise ConfigurationError(place, f"must be {word} in upper case, where that is meant")


def _refuse_unchecked(setting: Setting, place: str) -> None:
    """A client called "unchecked" is nobody's; whoever wrote that meant another thing, and must learn of it."""
    if setting.uncheckable:
        raise ConfigurationError(place, f"leaves its check out as {UNCHECKED_WORD}, in upper case and alone")
    raise ConfigurationError(place, "is no check that can be left out")


def _moment(text: str, place: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ConfigurationError(place, "must be a date and time with its offset, such as 2027-01-31T00:00:00Z")
    return moment


def _flag(text: str, place: str) -> bool:
    if text not in ("true", "false"):
        raise ConfigurationError(place, "must be true or false")
    return text == "true"


def _number(text: str, place: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise ConfigurationError(place, "must be a number of seconds, such as 30 or 0.5")
    return float(text)


def _count(text: str, place: str) -> int:
    if not _COUNT.fullmatch(text):
        raise ConfigurationError(place, "must be a whole number")
    return int(text)


def _text(text: str, place: str) -> str:  # noqa: ARG001  # one of several of the same shape
    return text


def _legacy_issuer(text: str, place: str) -> LegacyIssuer:
    words = text.split()
    if len(words) not in (2, 3):
        raise ConfigurationError(
            place, "must be a URL, until when it is accepted and, where given, when it moved, with spaces between"
        )
    url, *moments = words
    with renamed(lambda _: place):
        return LegacyIssuer(url, *(_moment(moment, place) for moment in moments))


_SCALARS: Final[Mapping[Kind, Callable[[str, str], object]]] = MappingProxyType(
    {Kind.TEXT: _text, Kind.MOMENT: _moment, Kind.FLAG: _flag, Kind.SECONDS: _number, Kind.COUNT: _count}
)
