"""Decorators in the wrong place, which Flask takes without a word: the view would be open.

Above ``@app.get("/orders")`` a decorator gets what the route already has, and decorates what nobody calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final
from weakref import WeakSet, WeakValueDictionary

from flask import Flask

from jwtmr import ConfigurationError

View = Callable[..., Any]


class _Known:
    """Objects told by identity. Held weakly, where they can be: an application that is gone takes its views along."""

    def __init__(self) -> None:
        self._weakly: Final = WeakValueDictionary[int, object]()
        self._for_good: Final[dict[int, object]] = {}

    def add(self, known: object) -> None:
        try:
            self._weakly[id(known)] = known
        except TypeError:
            self._for_good[id(known)] = known

    def __contains__(self, other: object) -> bool:
        return id(other) in self._weakly or id(other) in self._for_good


_PROTECTING: Final = _Known()
"""What every ``BearerAuth`` has made of views: a view may be protected by one at one route, by two at another."""


class Placement:
    """What one ``BearerAuth`` has decorated, and whether applications call it through its decorators."""

    def __init__(self) -> None:
        self._decorated: Final = _Known()
        self._checked: Final = WeakSet[Flask]()

    def note(self, target: View, wrapper: View) -> None:
        """Remember that ``wrapper`` protects ``target``, and what ``target`` is itself wrapped around."""
        _PROTECTING.add(wrapper)
        for layer in _layers(target):
            self._decorated.add(layer)

    def check(self, app: Flask) -> None:
        """Raise :class:`ConfigurationError` where ``app`` calls a function that has a decorator, but without one.

        So what is protected for one route cannot be open at another: that takes a function of its own.
        """
        if app in self._checked:
            return
        for name, view in _called_by(app):
            protected = False
            for layer in _layers(view):
                if layer in self._decorated and not protected:
                    reason = f"must stand below what registers {name!r}: above it, it protects nothing"
                    raise ConfigurationError("require", reason)
                protected = protected or layer in _PROTECTING
        self._checked.add(app)


def _called_by(app: Flask) -> Iterator[tuple[str, View]]:
    """What ``app`` calls for a request: its views, and what it asks before them."""
    yield from app.view_functions.items()
    for hooks in app.before_request_funcs.values():
        yield from ((getattr(hook, "__name__", "before_request"), hook) for hook in hooks)


def _layers(view: object) -> Iterator[object]:
    """``view``, and what it is wrapped around, layer by layer."""
    seen: set[int] = set()
    while view is not None and id(view) not in seen:
        seen.add(id(view))
        yield view
        if isinstance(view, partial):
            view = view.func  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        else:
            view = getattr(view, "__wrapped__", None) or getattr(view, "__func__", None)
