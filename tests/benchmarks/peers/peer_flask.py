"""What all that protect a view of Flask share: an open view and a protected one, and who is told from whom."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any

from flask import Flask
from in_process import WsgiRequest, without_listeners
from peer_kit import Case
from subject import Subject, each

Headers = Callable[[str], Mapping[str, str]]
"""From a token to the headers of its request."""


def add_views(app: Flask, protect: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    """Both views."""

    @app.get("/open")
    def open_to_all() -> dict[str, str]:
        return {"hello": "world"}

    @app.get("/protected")
    @protect
    def protected() -> dict[str, str]:
        return {"hello": "world"}


def per_request(
    case: Case, name: str, distribution: str, app: Flask, headers: Headers
) -> tuple[list[Subject], dict[str, Any]]:
    """The subject, and what is to be said of it."""

    def accepts(token: str) -> bool:
        return WsgiRequest(app, "/protected", headers(token)).status() == 200

    let_in = case.judge(accepts)
    bare, full = (WsgiRequest(app, path, headers(case.token)) for path in ("/open", "/protected"))
    facts = {"version": version(distribution), "accepts": let_in}
    subject = Subject("Flask, per request", name, "added", without_listeners(each(bare)), each(full))
    return [subject], facts
