"""Documents that need no token, as routes: ``auth.protect`` lets everybody at them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from flask import Blueprint, Flask, Response, current_app, request

from jwtmr import ConfigurationError
from jwtmr.bearer import Document

_MARK: Final = "jwtmr_document"
"""The attribute of a view that is such a document: whose."""


def serve_document(
    app: Flask | Blueprint,
    parameter: str,
    path: str,
    document: Callable[[], Document],
    *,
    owner: object,
    provide_automatic_options: bool | None = None,
) -> None:
    """Add the route. Raises :class:`ConfigurationError`, of ``parameter``, where it could not be found.

    ``provide_automatic_options`` is Flask's, whose default is None.
    """
    by_host = isinstance(app, Flask) and (app.url_map.host_matching or app.subdomain_matching)
    if by_host or "<" in path:
        reason = "cannot be served by an application that routes by host, and not below a path with <"
        raise ConfigurationError(parameter, reason)

    def jwtmr_document() -> Response:
        said = document()
        return Response(said.body, said.status, dict(said.headers), content_type="application/json")

    setattr(jwtmr_document, _MARK, owner)
    app.add_url_rule(
        path,
        _endpoint(path),
        jwtmr_document,
        provide_automatic_options=provide_automatic_options,
        # Without redirects: their Location would be made from the caller's Host.
        strict_slashes=False,
        merge_slashes=False,
    )


def owner_of_document(app: Flask, path: str) -> object | None:
    """Whose document ``app`` serves at ``path``, if there is one."""
    return getattr(app.view_functions.get(_endpoint(path)), _MARK, None)


def document_is_asked_for() -> bool:
    """Whether the current request is for such a document."""
    return hasattr(current_app.view_functions.get(request.endpoint or ""), _MARK)


def _endpoint(path: str) -> str:
    return "jwtmr:" + path.replace("%", "%25").replace(".", "%2E")  # a dot would name a blueprint
