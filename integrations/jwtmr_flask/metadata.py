"""The document of RFC 9728 as a route."""

from __future__ import annotations

from typing import Final

from flask import Flask, Response, current_app, request

from jwtmr import ConfigurationError
from jwtmr.bearer import Edge, ResourceMetadata


class _Document:
    """The view. ``auth.protect`` lets everybody at it: who wants to know where tokens come from has none yet."""

    methods = ("GET",)

    def __init__(self, edge: Edge, metadata: ResourceMetadata) -> None:
        self._edge: Final = edge
        self.metadata: Final = metadata

    def __call__(self) -> Response:
        anyone = {"Access-Control-Allow-Origin": "*"}
        return Response(self._edge.metadata_document(), headers=anyone, content_type="application/json")


def serve_metadata(app: Flask, edge: Edge) -> None:
    """Add the route, where there is something to say. Raises :class:`ConfigurationError`."""
    metadata = edge.resource_metadata
    if metadata is None:
        return
    path = metadata.decoded_path
    if "<" in path:
        raise ConfigurationError("resource_metadata", "must name no resource with < in its path, as Flask has rules")
    endpoint = "jwtmr:" + path.replace(".", "-")  # a dot would name a blueprint
    there = app.view_functions.get(endpoint)
    if isinstance(there, _Document) and there.metadata == metadata:
        return
    if there is not None:
        raise ConfigurationError("resource_metadata", "must be the same wherever it is of the same resource")
    # Without redirects: their Location would be made from the caller's Host.
    app.add_url_rule(path, endpoint, _Document(edge, metadata), strict_slashes=False, merge_slashes=False)


def metadata_is_asked_for() -> bool:
    """Whether the current request is for such a document."""
    return isinstance(current_app.view_functions.get(request.endpoint or ""), _Document)
