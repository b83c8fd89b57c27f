"""Views that are entered only with leave."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from flask import Blueprint, Flask

from jwtmr import ConfigurationError

F = TypeVar("F", bound=Callable[..., Any])


def entering_first(view: F, enter: Callable[[], None]) -> F:
    """``view`` after ``enter``, which raises if it must not be seen. Async views stay async: Flask wants to know."""
    if isinstance(view, (type, Flask, Blueprint)) or not callable(view):
        reason = (
            "must decorate a function; scopes and groups are named, a class has it among its decorators, "
            "and an application or a blueprint is protected by protect()"
        )
        raise ConfigurationError("view", reason)
    if inspect.iscoroutinefunction(view):

        @wraps(view)
        async def protected_async(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - whatever the view takes
            enter()
            return await view(*args, **kwargs)

        return cast("F", protected_async)

    @wraps(view)
    def protected(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - whatever the view takes
        enter()
        return view(*args, **kwargs)

    return cast("F", protected)
