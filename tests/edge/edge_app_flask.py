"""The application of the table in Flask."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, request

from jwtmr.bearer import ValidatorOrMaker
from jwtmr_flask import BearerAuth, current_principal

METHODS = ["GET", "HEAD", "POST"]


def me() -> dict[str, Any]:
    """Say who is calling."""
    return {"subject": current_principal.subject, "method": request.method}


def inside() -> dict[str, Any]:
    """Ask for scopes, and say who is calling."""
    current_principal.require(scopes=["orders/read", "orders/write"])
    return me()


def flask_application(validator: ValidatorOrMaker, **keywords: Any) -> Flask:  # noqa: ANN401 - of BearerAuth
    """The application, protected."""
    auth, app = BearerAuth(**keywords), Flask(__name__)
    auth.init_app(app, validator)
    views: dict[str, Callable[[], dict[str, Any]]] = {
        "/me": auth.require(me),
        "/orders": auth.require(scopes=["orders/read", "orders/write"])(me),
        "/admins": auth.require(any_group=["admins"])(me),
        "/inside": auth.require(inside),
    }
    for path, view in views.items():
        app.add_url_rule(path, path, view, methods=METHODS)
    return app
