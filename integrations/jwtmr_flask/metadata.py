"""The document of RFC 9728 as a route: once for each resource."""

from __future__ import annotations

from flask import Flask

from jwtmr import ConfigurationError
from jwtmr_flask.documents import owner_of_document, serve_document
from jwtmr_flask.state import AppState


def serve_metadata(app: Flask, state: AppState) -> None:
    """Add the route, where there is something to say. Raises :class:`ConfigurationError`.

    ``auth.protect`` lets everybody at it: whoever wants to know where tokens come from has none yet.
    """
    metadata = state.edge.resource_metadata
    if metadata is None:
        return
    path = metadata.decoded_path
    there = owner_of_document(app, path)
    if there is None:
        serve_document(app, "resource_metadata", path, state.metadata_document, owner=state)
    elif not isinstance(there, AppState) or not _says_the_same(there, state):
        raise ConfigurationError("resource_metadata", "must be said once of a resource, or with authorization_servers")


def _says_the_same(one: AppState, other: AppState) -> bool:
    metadata = other.edge.resource_metadata
    if metadata is None or one.edge.resource_metadata != metadata:
        return False
    return metadata.authorization_servers is not None or one is other or one.validator is other.validator
