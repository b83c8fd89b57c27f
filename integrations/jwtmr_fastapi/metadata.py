"""The document of RFC 9728 as a route."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from jwtmr import ConfigurationError
from jwtmr.bearer import Edge


def router_of(edge: Edge) -> APIRouter:
    """A router with the well-known path. Raises :class:`ConfigurationError` where nothing is to be said.

    Its route is Starlette's own: no schema shows it, and dependencies of an application or of an including router do
    not reach it. Whoever wants to know where tokens come from has none yet.
    """
    if edge.resource_metadata is None:
        raise ConfigurationError("resource_metadata", "must be given for there to be a metadata_router")

    def protected_resource_metadata(_: Request) -> Response:  # in a thread: the validator may have to be made
        anyone = {"access-control-allow-origin": "*"}
        return Response(edge.metadata_document(), headers=anyone, media_type="application/json")

    router = APIRouter()
    path = edge.resource_metadata.decoded_path
    router.add_route(path, protected_resource_metadata, methods=["GET"], include_in_schema=False)
    return router
