"""How a bad setting is refused: by name, with what would be right, and where it is made."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from jwtmr import ConfigurationError


def assert_refused(make: Callable[[], object], parameter: str, says: str) -> None:
    """``make`` is refused because of ``parameter``; the text names it first and says what would be right."""
    with pytest.raises(ConfigurationError) as caught:
        make()
    assert caught.value.parameter == parameter
    assert str(caught.value).startswith(f"{parameter}: ")
    assert says in str(caught.value)
