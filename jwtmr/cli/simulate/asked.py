"""The members of an order, read strictly: what is unknown, missing or of another type is refused, never guessed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

from jwtmr.errors import ConfigurationError
from jwtmr.settings import names

MAX_TEXT: Final = 256
"""Characters of any text. Names of users, groups and scopes are shorter."""


class Asked:
    """One order. All methods raise :class:`ConfigurationError`, which names the member."""

    def __init__(self, members: Mapping[str, object]) -> None:
        self._left = dict(members)

    def text(self, name: str, default: str | None = None) -> str:
        """A text; without a default it must be there."""
        value = self._left.pop(name, default)
        if type(value) is not str or len(value) > MAX_TEXT or not value.isprintable():
            raise ConfigurationError(name, f"must be a text of at most {MAX_TEXT} printable characters")
        return value

    def maybe(self, name: str) -> str | None:
        """A text, or nothing: left out or null."""
        if self._left.get(name) is None:
            self._left.pop(name, None)
            return None
        return self.text(name)

    def texts(self, name: str) -> tuple[str, ...]:
        """Several texts, none where it is left out."""
        listed = names(name, self._left.pop(name, []), allow_empty=True)
        return tuple(Asked({name: each}).text(name) for each in listed)

    def number(self, name: str, default: int) -> int:
        """A whole number."""
        value = self._left.pop(name, default)
        if type(value) is not int:
            raise ConfigurationError(name, "must be a whole number")
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        """True or false."""
        value = self._left.pop(name, default)
        if type(value) is not bool:
            raise ConfigurationError(name, "must be true or false")
        return value

    def nothing_else(self) -> None:
        """Refuse what was not asked for."""
        for name in sorted(self._left):
            raise ConfigurationError(ascii(name)[1:-1][:64], "is no part of this order")


def chosen(value: str | None) -> Any:  # noqa: ANN401 - the simulator looks at it, whatever its type says
    """A text that only the simulator knows the choices of."""
    return cast("Any", value)
