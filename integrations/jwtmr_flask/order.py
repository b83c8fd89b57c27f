"""Decorators in the wrong order, which Flask takes without a word: the view would be open.

@auth.require       # decorates what nobody calls
@app.get("/orders")
def orders() -> str: ...
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from types import FunctionType

from flask import Flask

from jwtmr import ConfigurationError


def check_order(app: Flask, decorated: Collection[object]) -> None:
    """Raise :class:`ConfigurationError` where a function that was ``decorated`` is a view without its decorator.

    One that is a view with its decorator too is open on purpose.
    """
    inside = {function for view in app.view_functions.values() for function in _wrapped_by(view)}
    for endpoint, view in app.view_functions.items():
        if isinstance(view, FunctionType) and view in decorated and view not in inside:
            reason = f"must stand below the route of {endpoint!r}: above it, it protects nothing"
            raise ConfigurationError("require", reason)


def _wrapped_by(view: object) -> Iterator[FunctionType]:
    seen: set[int] = set()
    while isinstance(view := getattr(view, "__wrapped__", None), FunctionType) and id(view) not in seen:
        seen.add(id(view))
        yield view
