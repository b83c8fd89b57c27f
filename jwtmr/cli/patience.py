"""A validation that may take the time of a start."""

from __future__ import annotations

from collections.abc import Callable

from jwtmr.errors import KeysUnavailable
from jwtmr.principal import Principal
from jwtmr.validator import TokenValidator


def validate_patiently(validator: TokenValidator, token: str, waits: Callable[[], None] = lambda: None) -> Principal:
    """Validate; where there are no keys yet wait for them longer than a request may, after telling ``waits``.

    Raises as ``TokenValidator.validate``.
    """
    try:
        return validator.validate(token)
    except KeysUnavailable:
        waits()
        validator.warm_up()
        return validator.validate(token)
