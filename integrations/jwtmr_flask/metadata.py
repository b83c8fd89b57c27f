"""The document of RFC 9728 as a route."""

from __future__ import annotations

from typing import Final

from flask import Flask, Response, current_app, request

from jwtmr import ConfigurationError
from jwtmr_flask.state import AppState

_MARK: Final = "jwtmr_resource_metadata"
"""The attribute of a view that is such a document: whose."""


def serve_metadata(app: Flask, state: AppState) -> None:
    """Add the route, where there is something to say. Raises :class:`ConfigurationError`.

    ``auth.protect`` lets everybody at it: whoever wants to know where tokens come from has none yet.
    """
    metadata = state.edge.resource_metadata
    if metadata is None:
        return
    path = metadata.decoded_path
    if app.url_map.host_matching or app.subdomain_matching or "<" in path:
        reason = "cannot be served by an application that routes by host, and not below a path with <"
        raise ConfigurationError("resource_metadata", reason)
    endpoint = "jwtmr:" + path.replace("%", "%25").replace(".", "%2E")  # a dot would name a blueprint
    there: AppState | None = getattr(app.view_functions.get(endpoint), _MARK, None)
    if there is not None and not _says_the_same(there, state):
        raise ConfigurationError("resource_metadata", "must be said once of a resource, or with authorization_servers")
    if there is not None:
        return

    def protected_resource_metadata() -> Response:
        anyone = {"Access-Control-Allow-Origin": "*"}
        return Response(state.edge.metadata_document(), headers=anyone, content_type="application/json")

    setattr(protected_resource_metadata, _MARK, state)
    # Without redirects: their Location would be made from the caller's Host.
    app.add_url_rule(path, endpoint, protected_resource_metadata, strict_slashes=False, merge_slashes=False)


def _says_the_same(one: AppState, other: AppState) -> bool:
    metadata = other.edge.resource_metadata
    if metadata is None or one.edge.resource_metadata != metadata:
        return False
    return metadata.authorization_servers is not None or one is other or one.validator is other.validator


def metadata_is_asked_for() -> bool:
    """Whether the current request is for such a document."""
    return hasattr(current_app.view_functions.get(request.endpoint or ""), _MARK)
