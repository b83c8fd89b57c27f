"""Who is calling, kept with the request: not in ``g``, which several requests of one application context share."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final, cast

from flask import Flask, Request, current_app, has_request_context, request
from werkzeug.local import LocalProxy

from jwtmr import Principal

_KEPT: Final = "jwtmr_flask"
"""The attribute of Flask's request object."""


class Callers:
    """The principals of one request: one for each ``BearerAuth`` that has looked, and the last one."""

    __slots__ = ("by_state", "last", "unused")

    def __init__(self) -> None:
        self.by_state: Final[dict[Hashable, Principal]] = {}
        self.last: Principal | None = None
        self.unused = 0
        """Decorators made while it was served, and not used yet."""


# What Flask's proxies stand for: each look through one would cost as much as all that is done here. The names of their
# methods are Werkzeug's, and documented.
current_request: Final = cast("LocalProxy[Request]", request)._get_current_object  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
the_app: Final = cast("LocalProxy[Flask]", current_app)._get_current_object  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


def callers() -> Callers:
    """Those of the current request."""
    current = current_request()
    kept: Callers | None = getattr(current, _KEPT, None)
    if kept is None:
        kept = Callers()
        setattr(current, _KEPT, kept)
    return kept


def get_principal() -> Principal | None:
    """Who is calling, or None: nobody had to say, or there is no request.

    Where several ``BearerAuth`` have looked at the request, the one that looked last says; so functions that a view
    calls had better not be decorated by another one.
    """
    return callers().last if has_request_context() else None


def _current() -> Principal:
    principal = get_principal()
    if principal is None:
        raise RuntimeError("there is no principal: no BearerAuth has let this request in, or it came without a token")
    return principal


current_principal: Final = cast("Principal", LocalProxy(_current))
"""Who is calling, as :func:`get_principal`, but a ``RuntimeError`` where there is nobody. Give other threads
``get_principal()``: this is a proxy, like Flask's ``request``."""
